import { byText, type Evidence, type Known, largest, sum } from './evidence.ts'
import type { Payment, Refund, Want } from './order.ts'

/**
 * Refunds by their own id, in order of time, then id. A refund that failed or was cancelled stays so, whatever was
 * said of it before or arrives later: it cannot come back under the same id.
 */
export function refundsOf(evidence: Evidence): Refund[] {
  const best = new Map<string, RefundFact>()
  for (const kind of refundKinds) for (const fact of evidence.of(kind)) best.set(fact.subject.id, fact)
  return [...best.values()]
    .map((fact) => ({
      ref: fact.subject,
      scope: fact.scope,
      paymentId: fact.data.paymentId,
      state: states[fact.kind],
      amountMinor: fact.data.amountMinor,
      currency: fact.data.currency,
      reason: fact.kind === 'refund_failed' ? fact.data.reason : undefined,
      occurredAt: fact.occurredAt,
    }))
    .sort((a, b) => byText(a.occurredAt, b.occurredAt) || byText(a.ref.id, b.ref.id))
}

// In rising order: the last one that is known counts.
const refundKinds = ['refund_pending', 'refund_succeeded', 'refund_canceled', 'refund_failed'] as const
type RefundFact = Known<(typeof refundKinds)[number]>
const states = {
  refund_pending: 'pending',
  refund_succeeded: 'succeeded',
  refund_canceled: 'canceled',
  refund_failed: 'failed',
} as const

/** True for a refund that has gone or is going back. */
export function counts(refund: Refund): boolean {
  return refund.state === 'pending' || refund.state === 'succeeded'
}

/**
 * What has gone or is going back, in `currency`. Per payment the larger of what its refunds say one by one and what its
 * cumulative total says less those that came back: a total alone must neither be added to them nor be lost.
 */
export function refundedMinor(
  evidence: Evidence,
  refunds: readonly Refund[],
  payments: readonly Payment[],
  currency: string,
): bigint {
  const perPayment = new Map<string, { counted: bigint; cameBack: bigint; total: bigint }>()
  const at = (id: string) => {
    const held = perPayment.get(id) ?? { counted: 0n, cameBack: 0n, total: 0n }
    perPayment.set(id, held)
    return held
  }
  for (const refund of refunds) {
    if (refund.currency !== currency) continue
    const held = at(chargeOf(refund.paymentId, payments))
    if (counts(refund)) held.counted += refund.amountMinor
    else held.cameBack += refund.amountMinor
  }
  for (const { subject, data } of evidence.of('refunds_total')) {
    if (data.currency !== currency) continue
    const held = at(chargeOf(subject.id, payments))
    held.total = largest(held.total, data.amountMinor)
  }
  return sum(
    [...perPayment.values()].map(({ counted, cameBack, total }) => largest(counted, total - cameBack)),
  )
}

/** Charges whose cumulative refunds are more than the refunds that we know by name. */
export function unexplainedRefunds(
  evidence: Evidence,
  refunds: readonly Refund[],
  payments: readonly Payment[],
): Want[] {
  const unexplained = evidence.of('refunds_total').filter(({ subject, data }) => {
    const id = chargeOf(subject.id, payments)
    const named = refunds.filter((refund) => chargeOf(refund.paymentId, payments) === id)
    return data.amountMinor > sum(named.map((refund) => refund.amountMinor))
  })
  const resources = new Map(unexplained.map(({ subject }) => [subject.id, subject]))
  return [...resources.values()].map((resource) => ({ resource, reason: 'refunds' }))
}

/** A refund may name the intent where another witness names its charge: both mean one payment. */
function chargeOf(id: string, payments: readonly Payment[]): string {
  if (payments.some((payment) => payment.ref.id === id)) return id
  return payments.find((payment) => payment.intentId === id && payment.capturedMinor > 0n)?.ref.id ?? id
}
