import type { FactData, Ref, Statement } from '../../core/fact.ts'
import { balanceLine } from './balance.ts'
import {
  child,
  children,
  flag,
  idIn,
  instant,
  type Node,
  needId,
  needInstant,
  needText,
  step,
  text,
  Unreadable,
} from './json.ts'
import { needAmount, needCurrency } from './money.ts'
import { at } from './sale.ts'
import { momentOr, refs, stateAbout, type Witness } from './witness.ts'

type State = FactData['dispute_state']['state']

/**
 * Each status as our state, and how far along it is: of all that were seen of one dispute the highest counts. An
 * inquiry may become a dispute after it was closed, and a lost one may be won on a second look, never the other way.
 *
 * @see https://docs.stripe.com/disputes/how-disputes-work (checked 2026-11)
 */
const states = new Map<string, { state: State; rank: number }>([
  ['warning_needs_response', { state: 'inquiry', rank: 10 }],
  ['warning_under_review', { state: 'inquiry', rank: 11 }],
  ['warning_closed', { state: 'withdrawn', rank: 12 }],
  ['needs_response', { state: 'open', rank: 20 }],
  ['under_review', { state: 'open', rank: 21 }],
  ['prevented', { state: 'withdrawn', rank: 30 }],
  ['charge_refunded', { state: 'withdrawn', rank: 30 }], // its name in old versions for an inquiry answered by a refund
  ['lost', { state: 'lost', rank: 40 }],
  ['won', { state: 'won', rank: 50 }],
])

const needsAnswer = new Set(['warning_needs_response', 'needs_response'])

/** A dispute's state, and the balance lines embedded in it: the same lines, word for word, that a poll gives. */
export function dispute(node: Node, witness: Witness): Statement[] {
  const id = needId(node, 'id')
  const subject: Ref = { kind: 'dispute', id }
  const paymentId = needId(node, 'charge')
  const status = needText(node, 'status')
  const known = states.get(status)
  if (known === undefined) throw new Unreadable(step(node, 'status'), 'is no state of a dispute that we know')
  const created = needInstant(node, 'created')
  const currency = needCurrency(node)
  const amountMinor = needAmount(node, 'amount', currency)
  const joins: Ref[] = [
    subject,
    ...refs(['charge', paymentId], ['payment_intent', idIn(node, 'payment_intent')]),
  ]
  const evidence = child(node, 'evidence_details')
  const dueBy = needsAnswer.has(status) && evidence ? instant(evidence, 'due_by') : undefined
  const isMoment = witness.type === 'charge.dispute.closed' || witness.changed.has('status')
  const data = {
    state: known.state,
    detail: status,
    rank: known.rank,
    amountMinor,
    currency,
    reason: text(node, 'reason') ?? 'general',
    ...(dueBy !== undefined && { dueBy }),
    paymentId,
  }
  return [
    stateAbout(joins)('dispute_state', subject, momentOr(witness, isMoment, created), data, {
      apart: status,
    }),
    ...children(node, 'balance_transactions').flatMap((line) =>
      balanceLine(line, { joins, source: subject }),
    ),
  ]
}

/** An early fraud warning; `actionable` ends when the charge is refunded or disputed, and the closed word outranks. */
export function fraudWarning(node: Node): Statement[] {
  const id = needId(node, 'id')
  return warning(node, { id, detail: text(node, 'fraud_type') ?? 'misc', isOpen: flag(node, 'actionable') })
}

/** The provider's own review of a payment: open until somebody there or at the merchant decides. */
export function review(node: Node): Statement[] {
  const id = needId(node, 'id')
  const detail = text(node, 'reason') ?? text(node, 'opened_reason') ?? 'review'
  return warning(node, { id, detail, isOpen: flag(node, 'open') })
}

function warning(
  node: Node,
  { id, detail, isOpen }: { id: string; detail: string; isOpen: boolean },
): Statement[] {
  const payment = refs(['charge', idIn(node, 'charge')], ['payment_intent', idIn(node, 'payment_intent')])
  const subject = payment[0]
  if (subject === undefined)
    throw new Unreadable(step(node, 'charge'), 'is missing, and so is payment_intent')
  const when = at(needInstant(node, 'created'), isOpen ? 0 : 1)
  return [stateAbout(payment)('fraud_warning', subject, when, { detail, open: isOpen }, { apart: id })]
}
