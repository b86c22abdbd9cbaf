import { byText, type Evidence, type Known, sum } from './evidence.ts'
import type { Dispute, Order } from './order.ts'

/**
 * Disputes by their own id. Of states about one dispute the highest rank counts; money moves by balance lines alone, so
 * a dispute may be lost with nothing withdrawn, or won before its money is back.
 */
export function disputesOf(evidence: Evidence): Dispute[] {
  const best = new Map<string, Known<'dispute_state'>>()
  for (const fact of evidence.of('dispute_state')) {
    const held = best.get(fact.subject.id)
    if (held === undefined || fact.data.rank > held.data.rank) best.set(fact.subject.id, fact)
  }
  const lines = evidence.of('balance_line').filter((line) => line.data.source?.kind === 'dispute')
  return [...best.values()]
    .sort((a, b) => byText(a.subject.id, b.subject.id))
    .map(({ subject, data }) => ({
      ref: subject,
      paymentId: data.paymentId,
      state: data.state,
      amountMinor: data.amountMinor,
      withdrawnMinor: -sum(
        lines.filter((line) => line.data.source?.id === subject.id).map((line) => line.data.amountMinor),
      ),
      currency: data.currency,
      reason: data.reason,
      dueBy: data.dueBy,
    }))
}

/** Several disputes: open > inquiry > lost > won. One that ended as if it had never been does not show. */
export function disputeStatusOf(disputes: readonly Dispute[]): Order['disputeStatus'] {
  const states = new Set(disputes.map((dispute) => dispute.state))
  return (['open', 'inquiry', 'lost', 'won'] as const).find((state) => states.has(state)) ?? 'none'
}
