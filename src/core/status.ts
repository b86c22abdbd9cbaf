import type { Evidence } from './evidence.ts'
import { largest } from './evidence.ts'
import type { Order, OrderLine, Payment, PaymentStatus, Shipment, Totals } from './order.ts'
import { standingAtWarehouse } from './performed.ts'
import { hasLeft } from './goods.ts'
import { intentOf, isOpen, voidedIntents } from './payments.ts'

/** What the words of an order are judged on. */
export type Standing = {
  readonly evidence: Evidence
  readonly payments: readonly Payment[]
  readonly totals: Totals
  readonly isTotalKnown: boolean
}

/** Money that came and stayed with us, refunds apart: what the payer's bank took back does not pay for anything. */
export function keptMinor(totals: Totals): bigint {
  return largest(0n, totals.capturedMinor - totals.returnedMinor)
}

/** Precedence of contract §4: total zero, nothing captured, taken back, refunded, part refunded, part paid, paid. */
export function paymentStatusOf(standing: Standing): PaymentStatus {
  const { totals, isTotalKnown } = standing
  if (totals.capturedMinor === 0n) {
    if (isTotalKnown && totals.orderedMinor === 0n) return 'paid'
    return uncapturedStatusOf(standing)
  }
  const kept = keptMinor(totals)
  if (kept === 0n) return 'failed'
  if (totals.refundedMinor >= kept) return 'refunded'
  if (totals.refundedMinor > 0n) return 'partially_refunded'
  return kept < totals.orderedMinor ? 'partially_paid' : 'paid'
}

function uncapturedStatusOf({ evidence, payments }: Standing): PaymentStatus {
  if (evidence.cancelledAt.length > 0) return 'voided'
  if (payments.some((payment) => payment.state === 'authorized')) return 'authorized'
  if (payments.some((payment) => payment.state === 'pending')) return 'pending'
  const voided = voidedIntents(payments)
  const expiredAt = lastExpiry(evidence)
  const isEnded = (intent: string | undefined, at: string) => voided.has(intent ?? '') || at <= expiredAt
  const failed = payments.filter((payment) => payment.state === 'failed' || payment.state === 'returned')
  if (
    failed.some((payment) => payment.state === 'returned' || !isEnded(intentOf(payment), payment.occurredAt))
  )
    return 'failed'
  const hasEnd = expiredAt !== '' || payments.some((payment) => payment.state === 'voided')
  return hasEnd && !mayStillBePaid(evidence, payments, isEnded) ? 'voided' : 'pending'
}

/** Another intent that was never ended, or a checkout that was completed and did not expire. */
function mayStillBePaid(
  evidence: Evidence,
  payments: readonly Payment[],
  isEnded: (intent: string, at: string) => boolean,
): boolean {
  const expired = new Set(evidence.of('checkout_expired').map((fact) => fact.subject.id))
  const started = new Set(
    evidence
      .of('payment_started')
      .filter(({ subject, occurredAt }) => !isEnded(subject.id, occurredAt))
      .map(({ subject }) => subject.id),
  )
  // A void that names no intent, in an order with one intent, is that intent's.
  const isUnnamedVoid = payments.some(
    (payment) => payment.state === 'voided' && intentOf(payment) === undefined,
  )
  if (started.size > (isUnnamedVoid ? 1 : 0)) return true
  const isVoided = payments.some((payment) => payment.state === 'voided')
  const placed = evidence.of('order_placed').filter((fact) => fact.subject.kind === 'checkout_session')
  return !isVoided && placed.some((fact) => !expired.has(fact.subject.id))
}

function lastExpiry(evidence: Evidence): string {
  return evidence
    .of('checkout_expired')
    .reduce((latest, fact) => (fact.occurredAt > latest ? fact.occurredAt : latest), '')
}

/** Why a payment is still pending, in the provider's words: of the latest attempt that is open. */
export function pendingReasonOf(payments: readonly Payment[]): string | undefined {
  return payments.filter((payment) => isOpen(payment) && payment.state === 'pending').at(-1)?.reason
}

/** True when the shop ended the order, or its payment was ended before anything was taken. */
export function isCancelled(evidence: Evidence, paymentStatus: PaymentStatus): boolean {
  return evidence.cancelledAt.length > 0 || paymentStatus === 'voided'
}

/** Closed: nothing is left to be paid, shipped or given back. */
export function statusOf(judged: {
  readonly paymentStatus: PaymentStatus
  readonly fulfillmentStatus: Order['fulfillmentStatus']
  readonly lines: readonly OrderLine[]
  readonly isCancelled: boolean
  readonly needsNoAddress: boolean // a renewal or an invoice that ships nowhere
}): Order['status'] {
  const { paymentStatus, lines } = judged
  if (judged.isCancelled) return 'cancelled'
  if (paymentStatus === 'refunded') return 'closed'
  const isPaid = paymentStatus === 'paid' || paymentStatus === 'partially_refunded'
  const needsNothing =
    judged.needsNoAddress || (lines.length > 0 && lines.every((line) => line.requiresShipping === false))
  return isPaid && (judged.fulfillmentStatus === 'fulfilled' || needsNothing) ? 'closed' : 'open'
}

/** What was to be handed over in all: of lines that need shipping, less what was taken out before it left. */
export function toShip(line: OrderLine): number {
  return line.requiresShipping === false ? 0 : Math.max(0, line.quantity - line.withdrawnQuantity)
}

/** What is still to be handed over. */
export function leftToShip(line: OrderLine): number {
  return Math.max(0, toShip(line) - line.fulfilledQuantity)
}

/** Shipments first; then what we asked for: a request that a later cancellation took back counts no more. */
export function fulfillmentStatusOf(
  evidence: Evidence,
  lines: readonly OrderLine[],
  shipments: readonly Shipment[],
  cancelled: boolean,
): Order['fulfillmentStatus'] {
  const shipped = lines.reduce((total, line) => total + line.fulfilledQuantity, 0)
  const wanted = lines.reduce((total, line) => total + toShip(line), 0)
  const isBlank = lines.length === 0 && shipments.some(hasLeft)
  if (isBlank || (shipped > 0 && shipped >= wanted)) return 'fulfilled'
  if (shipped > 0) return 'partially_fulfilled'
  if (cancelled) return 'cancelled'
  const numbers = (kind: 'request' | 'cancellation') =>
    standingAtWarehouse(evidence, kind).map(({ data }) => requestNumber(data.key))
  const [requested, takenBack] = [Math.max(0, ...numbers('request')), Math.max(0, ...numbers('cancellation'))]
  if (requested > takenBack) return 'requested'
  return takenBack > 0 ? 'cancelled' : 'unfulfilled'
}

/** A way to pay in the form that rules are written in: `Cash on Delivery (COD)` → `cash_on_delivery_cod`. */
export function gatewayWord(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '_')
    .replaceAll(/^_|_$/g, '')
}

/** The number at the end of a request's or cancellation's key. */
export function requestNumber(key: string): number {
  return Number(/:(\d+)$/.exec(key)?.[1] ?? 0)
}
