import { byText, type Evidence, sum } from './evidence.ts'
import type { Total } from './lines.ts'
import { shareHalfEven } from './money.ts'
import type { Claim, Payment, Presentment, Refund, TenderSum } from './order.ts'
import { counts, refundedMinor } from './refunds.ts'
import { isCalledPaid } from './told.ts'

type Presented = {
  readonly currency: string
  readonly orderedMinor: bigint
  count(amountMinor: bigint): bigint
}

/** The buyer's currency, and what an amount in it counts in the order's own. */
export function presentedOf(evidence: Evidence, ordered: Total | undefined): Presented | undefined {
  const shop = evidence.shop.best
  const shown = shop?.data.presentment
  if (shown === undefined || ordered?.subjectId !== shop?.subject.id) return undefined
  if (shown.totalMinor <= 0n || shown.currency === ordered?.currency) return undefined
  return {
    currency: shown.currency,
    orderedMinor: shown.totalMinor,
    count: (amountMinor) => shareHalfEven(amountMinor, shop!.data.totalMinor, shown.totalMinor),
  }
}

/** Undefined where the buyer saw the order's own currency. */
export function presentmentOf(
  evidence: Evidence,
  payments: readonly Payment[],
  refunds: readonly Refund[],
  ordered: Total | undefined,
): Presentment | undefined {
  const seen = presentedOf(evidence, ordered)
  if (seen === undefined) return undefined
  const { currency, orderedMinor } = seen
  const own = payments.filter((payment) => payment.currency === currency)
  return {
    currency,
    orderedMinor,
    capturedMinor: sum(own.map((payment) => payment.capturedMinor)),
    refundedMinor: refundedMinor(evidence, refunds, payments, currency),
  }
}

/** What was captured by each kind of money, in order of kind, then currency. */
export function tendersOf(payments: readonly Payment[]): TenderSum[] {
  const taken = payments.filter((payment) => payment.capturedMinor > 0n)
  return [...Map.groupBy(taken, (one) => `${one.tender} ${one.currency}`)]
    .sort(([a], [b]) => byText(a, b))
    .map(([, group]) => ({
      tender: group[0]!.tender,
      currency: group[0]!.currency,
      capturedMinor: sum(group.map((one) => one.capturedMinor)),
    }))
}

/**
 * What the shop says came by a payment that another connection speaks for, beside what that one knows; undefined where
 * it says nothing more. Its word moves no money: it is why we ask.
 */
export function claimOf(
  evidence: Evidence,
  payments: readonly Payment[],
  ordered: Total | undefined,
): Claim | undefined {
  const shop = evidence.shop.best
  if (shop === undefined || ordered === undefined || evidence.speaksFor(shop.connection, 'payment'))
    return undefined
  const unseen = sum(payments.filter((one) => one.tender !== 'provider').map((one) => one.capturedMinor))
  const taken = evidence
    .of('payment_evidence')
    .filter(
      ({ data }) =>
        data.status === 'success' && (data.transaction === 'sale' || data.transaction === 'capture'),
    )
  const counted = counterOf(evidence, ordered)
  const shown = sum(taken.map(({ data }) => counted(data.amountMinor, data.currency)))
  const claimedMinor = shown > 0n || !isCalledPaid(shop) ? shown : ordered.amountMinor - unseen
  const known = payments.filter((one) => one.tender === 'provider')
  const knownMinor = sum(known.map((one) => counted(one.capturedMinor, one.currency)))
  return claimedMinor > knownMinor ? { claimedMinor, knownMinor } : undefined
}

/**
 * What the shop says was given back of payments that another connection speaks for, beside what that one knows;
 * undefined where both say the same, and where the shop tells of no such payment at all.
 */
export function refundClaimOf(
  evidence: Evidence,
  refunds: readonly Refund[],
  ordered: Total | undefined,
): Claim | undefined {
  const told = evidence.of('payment_evidence').filter(({ data }) => data.status === 'success')
  if (ordered === undefined || told.length === 0) return undefined
  const counted = counterOf(evidence, ordered)
  const given = told.filter(({ data }) => data.transaction === 'refund')
  const claimedMinor = sum(given.map(({ data }) => counted(data.amountMinor, data.currency)))
  const shops = new Set(told.map(({ scope }) => scope))
  const known = refunds.filter((refund) => counts(refund) && !shops.has(refund.scope))
  const knownMinor = sum(known.map((refund) => counted(refund.amountMinor, refund.currency)))
  return claimedMinor === knownMinor ? undefined : { claimedMinor, knownMinor }
}

/** Counts money in the order's currency; what is in neither its own nor the buyer's counts nothing. */
function counterOf(evidence: Evidence, ordered: Total): (amountMinor: bigint, currency: string) => bigint {
  const seen = presentedOf(evidence, ordered)
  return (amountMinor, currency) => {
    if (currency === ordered.currency) return amountMinor
    return currency === seen?.currency ? seen.count(amountMinor) : 0n
  }
}
