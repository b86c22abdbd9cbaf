import { byText, type Evidence, evidenceOf, type Known, type SpeaksFor } from './evidence.ts'
import { refundAllocationOf } from './allocation.ts'
import { returnsOf, shipmentsOf } from './goods.ts'
import { requestedOf } from './requested.ts'
import { disputesOf, disputeStatusOf } from './disputes.ts'
import type { Instant, KnownFact, Ref } from './fact.ts'
import { standInPriority } from './fact.ts'
import { basketOf } from './lines.ts'
import type { Order, Payment, Refund, Totals } from './order.ts'
import { paymentsOf } from './payments.ts'
import { refundsOf } from './refunds.ts'
import { isAcceptedAsFull, reviewsOf } from './reviews.ts'
import {
  fulfillmentStatusOf,
  gatewayWord,
  isCancelled,
  keptMinor,
  paymentStatusOf,
  pendingReasonOf,
  requestNumber,
  statusOf,
} from './status.ts'
import { claimOf, presentmentOf, refundClaimOf, tendersOf } from './presented.ts'
import { withTold } from './told.ts'
import { exchangeOf, orderedOf, settlementOf, totalsOf } from './totals.ts'
import { wantsOf } from './wants.ts'

/** What the fold may know besides the facts: the configuration's part in what an order is. */
export type FoldContext = {
  /** SKUs that somebody keeps stock under; absent: every SKU is taken as known. */
  readonly knownSkus?: ReadonlySet<string>
  /** Whose word counts for what: who does not speak for orders makes none, and only adds to one. Absent: everybody's. */
  readonly speaksFor?: SpeaksFor
  /** Connections that can be read, so that they may be asked which of two states stands. Absent: every one. */
  readonly canRead?: (connection: string) => boolean
}

/**
 * The order that these facts add up to. Pure: the same set gives the same order in any sequence, with any repetition,
 * whoever told us first. Never looks at our clock or at when or how a fact arrived.
 */
export function fold(facts: readonly KnownFact[], context: FoldContext = {}): Order {
  const evidence = evidenceOf(facts, context.speaksFor)
  const money = moneyOf(evidence)
  const { ordered, totals, payments, refunds } = money
  const shipments = shipmentsOf(evidence)
  const basket = basketOf(evidence, ordered, shipments, context.knownSkus)
  const { lineItems } = basket
  const paymentStatus = paymentStatusOf({ evidence, payments, totals, isTotalKnown: ordered !== undefined })
  const cancelled = isCancelled(evidence, paymentStatus)
  const fulfillmentStatus = fulfillmentStatusOf(evidence, lineItems, shipments, cancelled)
  const isAttached = isAttachedBy(evidence)
  const placedAt = placedAtOf(evidence)
  const resource = resourceOf(evidence, payments, refunds)
  const saleKind = saleKindOf(evidence)
  const shipTo = shipToOf(evidence)
  const needsNoAddress = saleKind !== 'sale' && shipTo === undefined
  const isPaidFor = ordered !== undefined && isEnough(evidence, totals)
  const goods = { shipments, requested: requestedOf(evidence, lineItems, shipTo?.personId) }
  const shop = shopOf(evidence, ordered?.currency)
  const subject = { evidence, ...money, ...basket, ...goods, currency: ordered?.currency, paymentStatus }
  const judged = {
    ...subject,
    placedAt: placedAt ?? '',
    isCovered: isPaidFor,
    isCancelled: cancelled,
    isOnDelivery: shop.gateways.some((name) => gatewayWord(name).startsWith('cash_on_delivery')),
    canRead: context.canRead ?? (() => true),
  }
  return {
    ...numberOf(evidence, resource),
    ...customerOf(evidence),
    ...shop,
    ...goods,
    ...partsOf(money),
    isAttached,
    saleKind,
    status: statusOf({
      paymentStatus,
      fulfillmentStatus,
      lines: lineItems,
      isCancelled: cancelled,
      needsNoAddress,
    }),
    paymentStatus,
    pendingReason: paymentStatus === 'pending' ? pendingReasonOf(payments) : undefined,
    disputeStatus: disputeStatusOf(money.disputes),
    fulfillmentStatus,
    parts: basket.parts,
    lineItems,
    shipTo,
    // A reference that nobody has named yet is no order: what looks odd about it is what has not arrived.
    ...(isAttached ? reviewsOf(judged) : { reviews: [], decisions: [] }),
    exchange: exchangeOf(evidence, payments),
    settlement: settlementOf(evidence),
    wants: wantsOf(evidence, payments, refunds),
    isCovered: isPaidFor && lineItems.length > 0,
    releasedAt: lastOf(evidence.of('operator_released').map((fact) => fact.occurredAt)),
    resource,
    scope: resource === undefined ? undefined : scopeOf(evidence, resource),
    placedAt,
    version: evidence.all.filter((fact) => !ours.has(fact.kind)).length,
    fulfillmentRequests: requestsOf(evidence),
  }
}

/** What we did, and what we saw when a lag had passed or goods ran out: nobody outside asserted it. */
const ours: ReadonlySet<string> = new Set(['effect_performed', 'lag_passed', 'stock_short'])

/** All that is known of the order's money. */
function moneyOf(evidence: Evidence) {
  const known = paymentsOf(evidence)
  const refunds = refundsOf(evidence)
  const ordered = orderedOf(evidence, known)
  const payments = withTold(evidence, known, ordered)
  return {
    payments,
    refunds,
    disputes: disputesOf(evidence),
    ordered,
    totals: totalsOf(evidence, payments, refunds, ordered),
    tenders: tendersOf(payments),
    presentment: presentmentOf(evidence, payments, refunds, ordered),
    claim: claimOf(evidence, payments, ordered),
    refundClaim: refundClaimOf(evidence, refunds, ordered),
  }
}

function partsOf({ ordered, ...money }: ReturnType<typeof moneyOf>) {
  return { ...money, currency: ordered?.currency }
}

/** What only a shop says of its order. */
function shopOf(evidence: Evidence, currency: string | undefined) {
  const shop = evidence.shop.best?.data
  return {
    gateways: shop?.gateways ?? [],
    tags: shop?.tags ?? [],
    saidAt: shop?.version,
    cancelledAt: evidence.cancelledAt[0],
    isHandedOver: shop?.isFulfilledElsewhere === true,
    returns: returnsOf(evidence),
    refundAllocation: refundAllocationOf(evidence, currency),
  }
}

/** Kept money covers what was ordered, or an operator said that it does. */
function isEnough(evidence: Evidence, totals: Totals): boolean {
  return (
    keptMinor(totals) >= totals.orderedMinor || (keptMinor(totals) > 0n && isAcceptedAsFull(evidence, totals))
  )
}

/** Smallest priority, then smallest text: the number may become better, and never depends on what came first. */
function numberOf(evidence: Evidence, resource: Ref | undefined): Pick<Order, 'number' | 'isStandInNumber'> {
  const compare = (a: Known<'order_numbered'>, b: Known<'order_numbered'>) =>
    a.data.priority - b.data.priority || byText(a.data.number, b.data.number)
  const best = [...evidence.of('order_numbered')].sort(compare)[0]
  const intent = resource?.kind === 'payment_intent' ? resource.id : undefined
  return {
    number: best?.data.number ?? intent,
    isStandInNumber: best === undefined || best.data.priority >= standInPriority,
  }
}

const attaching = [
  'order_placed',
  'order_snapshot',
  'payment_started',
  'payment_pending',
  'payment_authorized',
  'payment_failed',
  'payment_voided',
  'payment_captured',
  'payment_returned',
] as const

/** Facts of a refund, a dispute or a balance line alone name no order yet. */
function isAttachedBy(evidence: Evidence): boolean {
  return attaching.some((kind) =>
    evidence.of(kind).some((fact) => evidence.speaksFor(fact.connection, 'order')),
  )
}

/** A shop says itself when it was placed; elsewhere it is when anything was first heard of it. */
function placedAtOf(evidence: Evidence): Instant | undefined {
  const byShop = evidence.of('order_placed').filter(({ subject }) => subject.kind === 'order')
  if (byShop.length > 0) return byShop.map((fact) => fact.occurredAt).sort()[0]
  return attaching.flatMap((kind) => evidence.of(kind).map((fact) => fact.occurredAt)).sort()[0]
}

// The witness that the buyer dealt with last before paying is asked first.
const witnesses = ['shop', 'session', 'invoice', 'charge', 'intent'] as const

/** The customer an order was placed with: one with an address to write to before one without, then the best witness. */
function customerOf(evidence: Evidence): Pick<Order, 'personId' | 'hasEmail'> {
  const rank = ({ data }: Known<'customer_seen'>) =>
    (data.hasEmail ? 0 : 100) + witnesses.indexOf(data.by) * 10 + (data.hasAddress ? 0 : 1)
  const best = [...evidence.of('customer_seen')].sort(
    (a, b) =>
      rank(a) - rank(b) || byText(a.occurredAt, b.occurredAt) || byText(a.data.personId, b.data.personId),
  )[0]
  return { personId: best?.data.personId, hasEmail: best?.data.hasEmail ?? false }
}

const shippingWitnesses = ['order', 'checkout_session', 'payment_intent', 'charge', 'invoice']

function shipToOf(evidence: Evidence): Order['shipTo'] {
  const rank = ({ subject, data }: Known<'order_shipping'>) =>
    (data.personId === undefined ? 100 : 0) + ((shippingWitnesses.indexOf(subject.kind) + 100) % 100)
  const best = [...evidence.of('order_shipping')].sort(
    (a, b) => rank(a) - rank(b) || byText(b.occurredAt, a.occurredAt),
  )[0]
  return best === undefined ? undefined : { personId: best.data.personId, method: best.data.method }
}

/** An invoice says what kind of sale it is; whatever paid it only says that something was sold. */
function saleKindOf(evidence: Evidence): Order['saleKind'] {
  const kinds = new Set(evidence.of('order_placed').map((fact) => fact.data.saleKind))
  return (['renewal', 'invoice'] as const).find((kind) => kinds.has(kind)) ?? 'sale'
}

const naming = ['order', 'payment_intent', 'charge', 'capture', 'checkout_session', 'invoice']

/**
 * The same resource whatever arrived first, once the facts are the same: what those name who speak for orders, kinds in a
 * fixed order, then the smallest id.
 */
function resourceOf(
  evidence: Evidence,
  payments: readonly Payment[],
  refunds: readonly Refund[],
): Ref | undefined {
  const intents = payments.flatMap(({ intentId }) =>
    intentId === undefined ? [] : [{ kind: 'payment_intent' as const, id: intentId, isSpoken: false }],
  )
  const subjects = evidence.all.map(({ subject, connection }) => ({
    ...subject,
    isSpoken: subject.kind === 'order' && evidence.speaksFor(connection, 'order'),
  }))
  const known = [...subjects, ...intents].filter((ref) => naming.includes(ref.kind))
  const [best] = known.sort(
    (a, b) =>
      Number(b.isSpoken) - Number(a.isSpoken) ||
      naming.indexOf(a.kind) - naming.indexOf(b.kind) ||
      byText(a.id, b.id),
  )
  if (best !== undefined) return { kind: best.kind, id: best.id }
  return refunds[0]?.ref ?? evidence.all[0]?.subject
}

function scopeOf(evidence: Evidence, resource: Ref): string | undefined {
  const about = evidence.all.find(
    (fact) => fact.subject.kind === resource.kind && fact.subject.id === resource.id,
  )
  return (about ?? evidence.all[0])?.scope
}

function requestsOf(evidence: Evidence): number {
  const requests = evidence
    .of('effect_performed')
    .filter(({ data }) => data.sink === 'fulfillment' && data.effectKind === 'request')
  return Math.max(0, ...requests.map(({ data }) => requestNumber(data.key)))
}

function lastOf(instants: readonly Instant[]): Instant | undefined {
  return [...instants].sort().at(-1)
}
