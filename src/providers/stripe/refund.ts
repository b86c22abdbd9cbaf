import type { Ref, Statement } from '../../core/fact.ts'
import { balanceLine } from './balance.ts'
import { child, idIn, type Node, needId, needInstant, step, text, Unreadable } from './json.ts'
import { needAmount, needCurrency } from './money.ts'
import { at } from './sale.ts'
import { momentOr, refs, stateAbout, type Witness } from './witness.ts'

/**
 * One refund and its state; `requires_action` counts as pending. Its balance lines say whether money has moved, and
 * whether it came back: `failed` may follow `succeeded`.
 *
 * @see https://docs.stripe.com/refunds#failed-refunds (checked 2026-11)
 */
export function refund(node: Node, witness: Witness): Statement[] {
  const id = needId(node, 'id')
  const subject: Ref = { kind: 'refund', id }
  const charge = idIn(node, 'charge')
  const intent = idIn(node, 'payment_intent')
  const paymentId = charge ?? intent
  if (paymentId === undefined)
    throw new Unreadable(step(node, 'charge'), 'is missing, and so is payment_intent')
  const created = needInstant(node, 'created')
  const currency = needCurrency(node)
  const amountMinor = needAmount(node, 'amount', currency)
  const joins = [subject, ...refs(['charge', charge], ['payment_intent', intent])]
  const state = stateAbout(joins)
  const money = { amountMinor, currency, paymentId }
  const when = at(created, 0)
  const turned = momentOr(witness, witness.type === 'refund.failed' || witness.changed.has('status'), created)
  const statements = [stateOf(node, state, { subject, money, when, turned })]
  if (idIn(node, 'balance_transaction') !== undefined)
    statements.push(state('refund_moved', subject, when, money))
  if (idIn(node, 'failure_balance_transaction') !== undefined) {
    statements.push(state('refund_returned', subject, turned, money))
  }
  for (const key of ['balance_transaction', 'failure_balance_transaction']) {
    const line = child(node, key)
    if (line !== undefined) statements.push(...balanceLine(line, { joins, source: subject }))
  }
  return statements
}

type Parts = {
  subject: Ref
  money: { amountMinor: bigint; currency: string; paymentId: string }
  when: ReturnType<typeof at>
  turned: ReturnType<typeof at>
}

function stateOf(
  node: Node,
  state: ReturnType<typeof stateAbout>,
  { subject, money, when, turned }: Parts,
): Statement {
  const status = text(node, 'status') ?? 'succeeded' // very old refunds have none: they were immediate
  switch (status) {
    case 'pending':
    case 'requires_action':
      return state('refund_pending', subject, when, money)
    case 'succeeded':
      return state('refund_succeeded', subject, when, money)
    case 'failed':
      return state('refund_failed', subject, turned, {
        ...money,
        reason: text(node, 'failure_reason') ?? 'unknown',
      })
    case 'canceled':
      return state('refund_canceled', subject, turned, money)
    default:
      throw new Unreadable(step(node, 'status'), 'is no state of a refund that we know')
  }
}
