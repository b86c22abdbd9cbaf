import { hasLeft } from './goods.ts'
import type { Review } from './order.ts'
import { latest, money, refsOf, type Subject } from './review.ts'
import { keptMinor } from './status.ts'

type Rule = (subject: Subject) => Review | undefined

/** True where the order cost no more than was kept, before its shop edited it up. */
export function wasEditedUp({ evidence, totals }: Subject): boolean {
  const kept = keptMinor(totals)
  const before = earlierTotals(evidence)
  return kept > 0n && kept < totals.orderedMinor && before.some((total) => total <= kept)
}

/** True where the order cost at least what is kept, before its shop edited it down. */
export function wasEditedDown({ evidence, totals }: Subject): boolean {
  const kept = keptMinor(totals) - totals.refundedMinor
  const before = earlierTotals(evidence)
  return kept > totals.orderedMinor && before.some((total) => total >= kept)
}

/** A shop's version is a second: what it said within the same second, and was outdone, is earlier too. */
function earlierTotals({ shop, snapshots }: Subject['evidence']): bigint[] {
  const { best } = shop
  return snapshots
    .filter((one) => best !== undefined && one !== best && one.subject.id === best.subject.id)
    .filter((one) => one.data.version <= best!.data.version && one.data.currency === best!.data.currency)
    .map((one) => one.data.totalMinor)
}

/** The shop added something after payment, or what an invoice asks for was given up. */
const balanceDue: Rule = (subject) => {
  const { evidence, totals, payments, currency, isCancelled, placedAt } = subject
  const givenUp = payments.filter((payment) => payment.reason === 'uncollectible')
  const isDue = totals.orderedMinor > keptMinor(totals) && (wasEditedUp(subject) || givenUp.length > 0)
  if (!isDue || isCancelled) return undefined
  const due = totals.orderedMinor - keptMinor(totals)
  return {
    code: 'balance_due',
    detail: `${money(due, currency)} is due: ${money(keptMinor(totals), currency)} is paid of ${money(totals.orderedMinor, currency)} ordered.`,
    holds: true,
    since: latest(
      givenUp.map((payment) => payment.occurredAt),
      evidence.shop.best?.data.version ?? placedAt,
    ),
    figures: `${keptMinor(totals)}/${totals.orderedMinor}`,
    refs: refsOf(givenUp),
  }
}

/** The shop took something off after payment; or ended the order, and the promise to refund has passed. */
const refundDue: Rule = (subject) => {
  const { evidence, totals, payments, currency, isCancelled } = subject
  const kept = keptMinor(totals) - totals.refundedMinor
  const owed = evidence.cancelledAt.length > 0 ? 0n : totals.orderedMinor
  const figures = `${kept}/${owed}`
  const isLate = lagsOf(subject, 'refund_due').has(figures)
  const isDue = isCancelled ? evidence.cancelledAt.length > 0 && isLate : wasEditedDown(subject)
  if (!isDue || kept <= owed) return undefined
  return {
    code: 'refund_due',
    detail: `${money(kept - owed, currency)} is to be refunded: ${money(kept, currency)} is kept of ${money(owed, currency)} owed.`,
    holds: false,
    since: evidence.cancelledAt[0] ?? evidence.shop.best!.data.version,
    figures,
    refs: refsOf(payments.filter((payment) => payment.capturedMinor > 0n)),
  }
}

/** The shop says paid, and the connection that speaks for payment was still silent when its lag had passed. */
const unmatchedOrder: Rule = (subject) => {
  const { claim, evidence, currency, isCancelled, placedAt } = subject
  if (claim === undefined || isCancelled) return undefined
  const figures = `${claim.knownMinor}/${claim.claimedMinor}`
  if (!lagsOf(subject, 'unmatched_order').has(figures)) return undefined
  return {
    code: 'unmatched_order',
    detail: `The shop says that ${money(claim.claimedMinor, currency)} was paid, ${money(claim.knownMinor, currency)} is known where it was paid.`,
    holds: true,
    since: evidence.shop.best?.data.version ?? placedAt,
    figures,
    refs: evidence.shop.best === undefined ? [] : [evidence.shop.best.subject],
  }
}

function lagsOf({ evidence }: Subject, what: string): ReadonlySet<string> {
  const passed = evidence.of('lag_passed').filter(({ data }) => data.what === what)
  return new Set(passed.map(({ data }) => data.figures))
}

/** What was asked for is not what is to be sent any more, and the request still stands at the warehouse. */
const changedAfterRequest: Rule = ({ requested, shipments, evidence, placedAt, isCancelled }) => {
  if (requested === undefined || !requested.isOutdated || isCancelled) return undefined
  const left = shipments.filter(hasLeft)
  const outcome =
    left.length > 0 ? 'goods have left as they were asked for' : 'the warehouse has not confirmed'
  return {
    code: 'changed_after_request',
    detail: `Lines or address changed after request ${requested.number}, and ${outcome}.`,
    holds: true,
    since: evidence.shop.best?.data.version ?? placedAt,
    figures: `${requested.number} ${evidence.shop.best?.digest.slice(0, 12) ?? ''}`,
    refs: refsOf(left),
  }
}

/** Reviews of what a shop says beside its payments and its warehouse. */
export const shopReviews: readonly Rule[] = [balanceDue, refundDue, unmatchedOrder, changedAfterRequest]
