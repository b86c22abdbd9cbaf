import { byText, type Evidence } from './evidence.ts'
import { mismatchFigures, type Subject } from './review.ts'
import { derivedReviews } from './reviews-derived.ts'
import { effectReviews } from './reviews-effects.ts'
import { stickyReviews } from './reviews-sticky.ts'
import type { Review, Totals } from './order.ts'

/**
 * Open reasons for a person to look, in order of code. Derived ones go when facts remove their cause; sticky ones stay
 * until an operator's resolution. Either is closed while a resolution accepted the very figures that stand now.
 */
export function reviewsOf(subject: Subject): Review[] {
  const resolved = new Set(
    subject.evidence.of('operator_resolved').map(({ data }) => `${data.code} ${data.figures}`),
  )
  return [...derivedReviews(subject), ...stickyReviews(subject), ...effectReviews(subject)]
    .filter((review) => !resolved.has(`${review.code} ${review.figures}`))
    .sort((a, b) => byText(a.code, b.code))
}

/** True where an operator has accepted what was captured, as it stands, as full payment. */
export function isAcceptedAsFull(evidence: Evidence, totals: Totals): boolean {
  const figures = mismatchFigures(totals)
  return evidence
    .of('operator_resolved')
    .some(
      ({ data }) =>
        data.code === 'amount_mismatch' && data.as.startsWith('accept') && data.figures === figures,
    )
}
