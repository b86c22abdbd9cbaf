import type { Known } from './evidence.ts'
import { isOpen } from './payments.ts'
import { earliest, latest, mismatchFigures, money, refsOf, type Subject } from './review.ts'
import { keptMinor, leftToShip } from './status.ts'
import { firstLeftAt } from './goods.ts'
import type { Review } from './order.ts'
import { shopReviews, wasEditedDown, wasEditedUp } from './reviews-shop.ts'

/** Reviews that are part of the fold: each goes by itself when facts remove its cause. */
export function derivedReviews(subject: Subject): Review[] {
  return [
    amountMismatch,
    currencyMismatch,
    overpaid,
    overRefunded,
    paidAfterCancel,
    totalsInconsistent,
    unknownSku,
    oversold,
    disputeOpen,
    shippedUnpaid,
    ...shopReviews,
  ].flatMap((review) => review(subject) ?? [])
}

type Rule = (subject: Subject) => Review | undefined

/** Money came, not enough, and nothing is on its way that could make it enough. */
const amountMismatch: Rule = (subject) => {
  const { totals, payments, currency, paymentStatus, isCancelled, placedAt } = subject
  const isShort = keptMinor(totals) > 0n && totals.capturedMinor < totals.orderedMinor
  if (
    !isShort ||
    wasEditedUp(subject) ||
    isCancelled ||
    paymentStatus === 'refunded' ||
    payments.some(isOpen)
  )
    return undefined
  const paid = payments.filter((payment) => payment.capturedMinor > 0n)
  return {
    code: 'amount_mismatch',
    detail: `${money(totals.capturedMinor, currency)} was captured of ${money(totals.orderedMinor, currency)} ordered.`,
    holds: true,
    since: latest(captureTimes(paid), placedAt),
    figures: mismatchFigures(totals),
    refs: refsOf(paid),
  }
}

const currencyMismatch: Rule = ({ payments, currency, presentment, totals, placedAt }) => {
  const isForeign = (code: string) => code !== currency && code !== presentment?.currency
  const foreign = payments.filter((payment) => payment.capturedMinor > 0n && isForeign(payment.currency))
  if (currency === undefined || foreign.length === 0) return undefined
  const sums = foreign.map((payment) => money(payment.capturedMinor, payment.currency)).join(' and ')
  return {
    code: 'currency_mismatch',
    detail: `${sums} was captured for an order of ${money(totals.orderedMinor, currency)}.`,
    holds: true,
    since: latest(captureTimes(foreign), placedAt),
    figures: `${sums}/${totals.orderedMinor}`,
    refs: refsOf(foreign),
  }
}

/** A surplus that was given back is none. */
const overpaid: Rule = (subject) => {
  const { totals, payments, currency, placedAt, isCancelled } = subject
  if (wasEditedDown(subject)) return undefined
  const kept = keptMinor(totals) - totals.refundedMinor
  if (currency === undefined || isCancelled || kept <= totals.orderedMinor || totals.capturedMinor === 0n)
    return undefined
  const paid = payments.filter((payment) => payment.capturedMinor > 0n)
  return {
    code: 'overpaid',
    detail: `${money(totals.capturedMinor, currency)} was captured of ${money(totals.orderedMinor, currency)} ordered.`,
    holds: false,
    since: latest(captureTimes(paid), placedAt),
    figures: `${kept}/${totals.orderedMinor}`,
    refs: refsOf(paid),
  }
}

const overRefunded: Rule = ({ totals, refunds, disputes, currency, placedAt }) => {
  const back = totals.refundedMinor + totals.disputedMinor + totals.returnedMinor
  if (totals.capturedMinor === 0n || back <= totals.capturedMinor) return undefined
  return {
    code: 'over_refunded',
    detail: `${money(back, currency)} went back of ${money(totals.capturedMinor, currency)} captured.`,
    holds: false,
    since: latest(
      refunds.map((refund) => refund.occurredAt),
      placedAt,
    ),
    figures: `${back}/${totals.capturedMinor}`,
    refs: refsOf([...refunds, ...disputes]),
  }
}

/** Cancelled first and paid afterwards; the other way round is a refund that is due, which needs a clock to be late. */
const paidAfterCancel: Rule = ({ evidence, totals, payments, currency }) => {
  const [cancelledAt] = evidence.cancelledAt
  if (cancelledAt === undefined) return undefined
  const late = payments.filter((payment) =>
    payment.captures.some((capture) => capture.occurredAt > cancelledAt),
  )
  const kept = keptMinor(totals) - totals.refundedMinor
  if (late.length === 0 || kept <= 0n) return undefined
  return {
    code: 'paid_after_cancel',
    detail: `${money(totals.capturedMinor, currency)} was captured on an order cancelled before; ${money(kept, currency)} is not refunded.`,
    holds: true,
    since: earliest(captureTimes(late).filter((at) => at > cancelledAt)) ?? cancelledAt,
    figures: `${kept}`,
    refs: refsOf(late),
  }
}

const totalsInconsistent: Rule = ({ inconsistentMinor, totals, currency, placedAt, evidence }) => {
  const crooked = evidence
    .of('balance_line')
    .filter(({ data }) => data.amountMinor - data.feeMinor !== data.netMinor)
  const [line] = crooked
  if (inconsistentMinor === undefined && line === undefined) return undefined
  const sentences = []
  if (inconsistentMinor !== undefined) {
    const [parts, total] = [money(inconsistentMinor, currency), money(totals.orderedMinor, currency)]
    sentences.push(`Lines, tax, shipping and discounts come to ${parts}, the order's total is ${total}.`)
  }
  if (line !== undefined) {
    const { amountMinor, feeMinor, netMinor, currency: settled } = line.data
    sentences.push(
      `${line.subject.id} is ${money(amountMinor - feeMinor, settled)} after its fee and says ${money(netMinor, settled)}.`,
    )
  }
  return {
    code: 'totals_inconsistent',
    detail: sentences.join(' '),
    holds: false,
    since: latest(
      crooked.map((one) => one.occurredAt),
      placedAt,
    ),
    figures: [
      `${inconsistentMinor ?? ''}/${totals.orderedMinor}`,
      ...crooked.map((one) => one.subject.id),
    ].join(' '),
    refs: refsOf(crooked.map((one) => ({ ref: one.subject }))),
  }
}

const unknownSku: Rule = ({ lineItems, placedAt }) => {
  const unknown = lineItems.filter((line) => !line.isKnownSku && leftToShip(line) > 0)
  if (unknown.length === 0) return undefined
  const names = unknown.map((line) => line.sku ?? `line ${line.id}`).join(', ')
  return {
    code: 'unknown_sku',
    detail: `${unknown.length} of ${lineItems.length} lines must ship and have no SKU in stock: ${names}.`,
    holds: true,
    since: placedAt,
    figures: names,
    refs: [],
  }
}

/** More was sold than is there, and it fell to this order to wait. */
const oversold: Rule = ({ evidence, lineItems, isCancelled, placedAt }) => {
  const newest = new Map<string, Known<'stock_short'>>()
  for (const fact of evidence.of('stock_short')) {
    const held = newest.get(fact.data.sku)
    if (held === undefined || held.data.turn < fact.data.turn) newest.set(fact.data.sku, fact)
  }
  const isOpen = (sku: string) => lineItems.some((line) => line.sku === sku && leftToShip(line) > 0)
  const short = [...newest.values()].filter(({ data }) => data.short > 0 && isOpen(data.sku))
  if (short.length === 0 || isCancelled) return undefined
  const figures = short.map(({ data }) => `${data.sku}:${data.short}`).sort()
  return {
    code: 'oversold',
    detail: `${short.map(({ data }) => `${data.short} of ${data.sku}`).join(' and ')} were sold and are not there.`,
    holds: short.some(({ data }) => data.holds),
    since: latest(
      short.map((fact) => fact.occurredAt),
      placedAt,
    ),
    figures: figures.join(' '),
    refs: [],
  }
}

const disputeOpen: Rule = ({ evidence, disputes, totals, currency, placedAt }) => {
  const open = disputes.filter((dispute) => dispute.state === 'open' || dispute.state === 'inquiry')
  if (open.length === 0) return undefined
  const first = open.toSorted((a, b) => ((a.dueBy ?? '9') < (b.dueBy ?? '9') ? -1 : 1))[0]!
  const ids = new Set(open.map((dispute) => dispute.ref.id))
  const times = evidence.of('dispute_state').filter((fact) => ids.has(fact.subject.id))
  const until = first.dueBy === undefined ? '' : `, to be answered by ${first.dueBy}`
  return {
    code: 'dispute_open',
    detail: `${money(first.amountMinor, first.currency)} is disputed (${first.reason}) of ${money(totals.capturedMinor, currency)} captured${until}.`,
    holds: true,
    since: earliest(times.map((fact) => fact.occurredAt)) ?? placedAt,
    figures: open.map((dispute) => `${dispute.ref.id}:${dispute.state}:${dispute.amountMinor}`).join(' '),
    refs: refsOf(open),
    ...(first.dueBy === undefined ? {} : { dueAt: first.dueBy }),
  }
}

const shippedUnpaid: Rule = ({ shipments, isCovered, totals, currency, isOnDelivery }) => {
  const leftAt = firstLeftAt(shipments)
  if (leftAt === undefined || isCovered || currency === undefined || isOnDelivery) return undefined
  return {
    code: 'shipped_unpaid',
    detail: `Goods left with ${money(keptMinor(totals), currency)} paid of ${money(totals.orderedMinor, currency)} ordered.`,
    holds: false,
    since: leftAt,
    figures: `${keptMinor(totals)}/${totals.orderedMinor}`,
    refs: [],
  }
}

function captureTimes(payments: Subject['payments']): string[] {
  return payments.flatMap((payment) => payment.captures.map((capture) => capture.occurredAt))
}
