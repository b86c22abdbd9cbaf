import { outgoingDue } from './due-outgoing.ts'
import { trackingDue } from './due-write-back.ts'
import type { Effect, Policy, StockLine } from './effect.ts'
import { refKey } from './evidence.ts'
import type { Instant } from './fact.ts'
import type { Order, Review } from './order.ts'
import { counts } from './refunds.ts'
import { linesToShip } from './requested.ts'
import { hasLeft } from './goods.ts'
import { gatewayWord, keptMinor, leftToShip, requestNumber } from './status.ts'

/** An effect that exists for this order already, whatever became of it. `overtaken`: it was taken back before it left. */
export type ExistingEffect = { readonly key: string; readonly state: string }

/**
 * External effects that this order's state calls for and that do not exist yet, in order of key. Declarative: what should
 * exist, judged on amounts and quantities, so that no path is needed to get there. Keys name resources, never our order
 * id. With `existing` empty it says all that is called for now.
 */
export function effectsDue(
  order: Order,
  policy: Policy,
  existing: readonly ExistingEffect[],
  scope: string,
): Effect[] {
  if (!order.isAttached) return []
  const held = new Set(existing.map((effect) => effect.key))
  const home = order.scope ?? scope
  const due = [
    ...(policy.sinks.receipt === true ? [...receipts(order, policy), ...refundNotices(order, policy)] : []),
    ...(policy.sinks.fulfillment === true ? fulfillment(order, policy, existing, home) : []),
    ...outgoingDue(order, policy, existing, home),
    ...trackingDue(order, policy),
    ...(policy.sinks.notify === true ? notices(order, policy, home) : []),
  ]
  const isNew = (effect: Effect) =>
    !held.has(effect.key) && (effect.formerly === undefined || !held.has(effect.formerly))
  return due.filter(isNew).sort((a, b) => (a.key < b.key ? -1 : 1))
}

/** One per capture, also where a charge grew; none for money that the bank has taken back meanwhile. */
function receipts(order: Order, policy: Policy): Effect[] {
  return order.payments
    .filter((payment) => payment.state === 'captured')
    .flatMap((payment) =>
      payment.captures.map((capture) => ({
        key: `receipt:${payment.scope}:${payment.ref.id}:${capture.amountMinor}`,
        ...(payment.intentId === undefined
          ? {}
          : { formerly: `receipt:${payment.scope}:${payment.intentId}:${capture.amountMinor}` }),
        sink: 'receipt' as const,
        kind: 'receipt',
        body: {
          resource: payment.ref.id,
          resource_kind: payment.ref.kind,
          amount_minor: capture.riseMinor.toString(),
          captured_minor: capture.amountMinor.toString(),
          currency: payment.currency,
          occurred_at: capture.occurredAt,
        },
        ...mailWait(order, policy),
        ...mailedBy(payment.scope, policy),
      })),
    )
}

/** One per refund that has gone or is going back. A late failure is none: nothing was given back. */
function refundNotices(order: Order, policy: Policy): Effect[] {
  return order.refunds.filter(counts).map((refund) => ({
    key: `refund_notice:${refund.scope}:${refund.ref.id}`,
    sink: 'receipt',
    kind: 'refund_notice',
    body: {
      resource: refund.ref.id,
      resource_kind: refund.ref.kind,
      payment: refund.paymentId,
      amount_minor: refund.amountMinor.toString(),
      currency: refund.currency,
      occurred_at: refund.occurredAt,
    },
    ...mailWait(order, policy),
    ...mailedBy(refund.scope, policy),
  }))
}

/** One message of a kind is enough for a buyer. */
function mailedBy(scope: string, policy: Policy): { cancelled?: string } {
  return policy.mailedByProvider?.includes(scope) ? { cancelled: 'provider_mails' } : {}
}

/** A mail waits a while for the event that knows whom to write to and what the order is called. */
function mailWait(order: Order, policy: Policy): { waitForMs?: number } {
  const isReady = order.hasEmail && order.number !== undefined && !order.isStandInNumber
  return isReady ? {} : { waitForMs: policy.receiptWaitMs }
}

/**
 * Requests and cancellations, numbered: a request is open while no cancellation has its number. Released and none open:
 * the next request. Must not ship any more, or not as it was asked for, and has not: one cancellation of the open one;
 * what is to be sent instead is asked for when that has been answered.
 */
function fulfillment(
  order: Order,
  policy: Policy,
  existing: readonly ExistingEffect[],
  scope: string,
): Effect[] {
  if (order.resource === undefined) return []
  const held = new Set(existing.map((effect) => effect.key))
  const requests = existing.filter((effect) => effect.key.startsWith('fulfil:'))
  const open = requests.filter((effect) => !held.has(cancelKey(effect.key)) && effect.state !== 'overtaken')
  const lines = shipLines(order)
  const shipTo = order.shipTo?.personId ?? null
  const body = { resource: order.resource.id, resource_kind: order.resource.kind, lines, ship_to: shipTo }
  if (open.length > 0) {
    const isUnwanted = mustNotShip(order, policy) || order.requested?.isOutdated === true
    if (!isUnwanted || hasShipped(order)) return []
    return open
      .filter((request) => mayHaveLeft.has(request.state))
      .map(({ key }) => ({
        key: cancelKey(key),
        sink: 'fulfillment',
        kind: 'cancellation',
        body: { ...body, number: requestNumber(key), request: key },
      }))
  }
  const isAnswered = existing.every(
    (effect) => !effect.key.startsWith('cancel:') || !underWay.has(effect.state),
  )
  if (lines.length === 0 || !isAnswered || !isReleased(order, policy)) return []
  if (mustNotShip(order, policy) || isHeld(order)) return []
  const number = Math.max(0, ...requests.map((effect) => requestNumber(effect.key))) + 1
  const key = `fulfil:${scope}:${order.resource.id}:${number}`
  return [{ key, sink: 'fulfillment', kind: 'request', body: { ...body, number } }]
}

function cancelKey(requestKey: string): string {
  return requestKey.replace(/^fulfil:/, 'cancel:')
}

/** States of a request that its receiver may know of, or is about to. One that failed or was recorded only is unknown there. */
const mayHaveLeft = new Set(['due', 'performing', 'done', 'unknown'])

/** States of a cancellation that the warehouse has not answered yet. */
const underWay = new Set(['due', 'performing'])

function shipLines(order: Order): StockLine[] {
  if (order.saleKind !== 'sale' && order.shipTo === undefined) return []
  return order.isHandedOver ? [] : linesToShip(order.lineItems)
}

/** As far as its way to pay asks for: cash on delivery is paid when it arrives. */
function isReleased(order: Order, policy: Policy): boolean {
  return (
    reaches(order, policy.releaseOn) || stepsByGateway(order, policy).some((step) => reaches(order, step))
  )
}

function stepsByGateway(order: Order, policy: Policy): Policy['releaseOn'][] {
  const rules = Object.entries(policy.releaseByGateway ?? {})
  const words = order.gateways.map(gatewayWord)
  return rules.filter(([name]) => words.some((word) => word.startsWith(name))).map(([, step]) => step)
}

/** Placed < authorized < covered: how far an order must have come by policy. */
function reaches(order: Order, step: Policy['releaseOn']): boolean {
  if (order.isCovered || step === 'placed') return order.lineItems.length > 0
  const promised = keptMinor(order.totals) + order.totals.authorizedMinor
  return (
    step === 'authorized' &&
    order.lineItems.length > 0 &&
    promised > 0n &&
    promised >= order.totals.orderedMinor
  )
}

/** Ended, given back, contested, or no longer paid for because the bank took the money back. A review alone recalls nothing. */
function mustNotShip(order: Order, policy: Policy): boolean {
  if (hasEnded(order) || order.disputeStatus === 'open') return true
  return order.totals.returnedMinor > 0n && !isReleased(order, policy)
}

/** Cancelled, voided, or refunded in full: nothing of it is to be shipped or kept for the buyer. */
function hasEnded(order: Order): boolean {
  return order.status === 'cancelled' || order.paymentStatus === 'refunded'
}

function hasShipped(order: Order): boolean {
  return order.shipments.some(hasLeft) || order.fulfillmentStatus === 'fulfilled'
}

/** A review holds the goods unless an operator released them after it opened; an inquiry holds like an open dispute. */
function isHeld(order: Order): boolean {
  return order.reviews.some(
    (review) => review.holds && (order.releasedAt === undefined || review.since > order.releasedAt),
  )
}

/** Once when a review opens and once when its deadline is near, per resource it is about where it has some, so that a second failed refund is told as well. */
function notices(order: Order, policy: Policy, scope: string): Effect[] {
  const wanted = order.reviews.filter(
    (review) =>
      policy.notifyOn.includes('needs_review') ||
      (review.code === 'dispute_open' && policy.notifyOn.includes('dispute')),
  )
  const { notifyKeys: channels = ['notify'] } = policy
  const told = wanted.flatMap((review) =>
    subjectsOf(review, order).flatMap((resource) =>
      channels.map((channel) => ({ channel, review, resource })),
    ),
  )
  return told.flatMap(({ channel, review, resource }) => {
    const { code, detail, holds, since, dueAt } = review
    const body = { code, detail, holds, since, due_at: dueAt ?? null, resource }
    const opened = {
      key: `${channel}:${code}:${scope}:${resource}`,
      sink: 'notify',
      kind: 'review',
      body,
    } as const
    if (dueAt === undefined) return [opened]
    const key = `${channel}:${code}_deadline:${scope}:${resource}:${dueAt}`
    return [opened, { ...opened, key, kind: 'deadline', notBefore: nearTo(dueAt) }]
  })
}

const nearMs = 48 * 3_600_000 // two working days to gather evidence

function nearTo(dueAt: Instant): Instant {
  return new Date(Date.parse(dueAt) - nearMs).toISOString()
}

const toldOneByOne = new Set(['refund_failed', 'payment_reversed', 'dispute_open'])

function subjectsOf(review: Review, order: Order): string[] {
  if (toldOneByOne.has(review.code) && review.refs.length > 0) return review.refs.map((ref) => ref.id)
  return [order.resource?.id ?? refKey({ kind: 'number', id: order.number ?? '' })]
}

/**
 * What this order's state calls for in stock, per SKU, relative to before the order: what is kept for the buyer, and what
 * has left. Judged on what was captured, so neither a dispute nor the payer's bank moves any goods.
 */
export function stockTarget(
  order: Order,
  policy: Policy,
): Map<string, { onHand: number; committed: number }> {
  const target = new Map<string, { onHand: number; committed: number }>()
  if (!order.isAttached) return target
  const isKept = isCommitted(order, policy) && !hasEnded(order)
  for (const line of order.lineItems) {
    if (line.sku === undefined || !line.isKnownSku || line.requiresShipping === false) continue
    const held = target.get(line.sku) ?? { onHand: 0, committed: 0 }
    const left = isKept && !order.isHandedOver ? leftToShip(line) : 0
    const gone = line.fulfilledQuantity - line.returnedQuantity + line.lostQuantity
    const moved = { onHand: held.onHand - gone, committed: held.committed + left }
    if (moved.onHand !== 0 || moved.committed !== 0) target.set(line.sku, moved)
  }
  return target
}

/** Covered once stays covered here: what the bank took back later is no reason to sell the goods twice. */
function isCommitted(order: Order, policy: Policy): boolean {
  const wasCovered = order.currency !== undefined && order.totals.capturedMinor >= order.totals.orderedMinor
  return (
    (wasCovered && order.lineItems.length > 0) || reaches(order, policy.commitOn) || isReleased(order, policy)
  )
}
