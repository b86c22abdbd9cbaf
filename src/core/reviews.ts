import { byText, type Evidence } from './evidence.ts'
import { mismatchFigures, type Subject } from './review.ts'
import { derivedReviews } from './reviews-derived.ts'
import { effectReviews } from './reviews-effects.ts'
import { stickyReviews } from './reviews-sticky.ts'
import type { Decision, Review, Totals } from './order.ts'

/**
 * Open reasons for a person to look, in order of code, and how operators closed the others. Derived ones go when facts
 * remove their cause; sticky ones stay until an operator's resolution. Either is closed while a resolution accepted the
 * very figures that stand now.
 */
export function reviewsOf(subject: Subject): { reviews: Review[]; decisions: Decision[] } {
  const [reviews, decisions]: [Review[], Decision[]] = [[], []]
  const reasons = [...derivedReviews(subject), ...stickyReviews(subject), ...effectReviews(subject)]
  for (const review of reasons.sort((a, b) => byText(a.code, b.code))) {
    const as = resolutionOf(subject.evidence, review)
    if (as === undefined) reviews.push(review)
    else decisions.push({ code: review.code, as })
  }
  return { reviews, decisions }
}

/** Of several resolutions of one thing the last by time. */
function resolutionOf(evidence: Evidence, { code, figures }: Review): string | undefined {
  return evidence
    .of('operator_resolved')
    .filter(({ data }) => data.code === code && data.figures === figures)
    .toSorted((a, b) => byText(a.occurredAt, b.occurredAt) || byText(a.id, b.id))
    .at(-1)?.data.as
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
