import type { FactData, Ref, Statement } from '../../core/fact.ts'
import {
  child,
  children,
  instant,
  type Node,
  needAmount,
  needId,
  needInstant,
  needText,
  step,
  text,
  Unreadable,
} from './json.ts'
import { refs, stateAbout } from './state.ts'

const stages = ['INQUIRY', 'CHARGEBACK', 'PRE_ARBITRATION', 'ARBITRATION']

/**
 * How a case ended, for us: where the buyer withdrew, or PayPal paid the buyer out of its own pocket, we keep the money.
 *
 * @see https://developer.paypal.com/docs/api/customer-disputes/v1/#disputes_get (checked 2026-11)
 */
const outcomes = new Map<string, FactData['dispute_state']['state']>([
  ['RESOLVED_SELLER_FAVOUR', 'won'],
  ['RESOLVED_WITH_PAYOUT', 'won'],
  ['CANCELED_BY_BUYER', 'won'],
  ['DENIED', 'won'],
  ['RESOLVED_BUYER_FAVOUR', 'lost'],
  ['ACCEPTED', 'lost'],
  ['NONE', 'withdrawn'],
])

const answers = new Set(['OPEN', 'WAITING_FOR_SELLER_RESPONSE'])

/**
 * A case and how far it has come: stages only go up, within one an end outranks what led there, and winning outranks
 * losing. Its money moves by transactions of their own.
 */
export function dispute(node: Node): Statement[] {
  const subject: Ref = { kind: 'dispute', id: needId(node, 'dispute_id') }
  const about = children(node, 'disputed_transactions')[0]
  if (about === undefined) throw new Unreadable(step(node, 'disputed_transactions'), 'is missing')
  const paymentId = needId(about, 'seller_transaction_id')
  const stage = text(node, 'dispute_life_cycle_stage') ?? 'INQUIRY'
  const status = needText(node, 'status')
  const outcome = text(child(node, 'dispute_outcome'), 'outcome_code') ?? 'NONE'
  if (!stages.includes(stage))
    throw new Unreadable(step(node, 'dispute_life_cycle_stage'), 'is no stage that we know')
  const isOver = status === 'RESOLVED'
  const state = isOver ? outcomes.get(outcome) : stage === 'INQUIRY' ? 'inquiry' : 'open'
  if (state === undefined)
    throw new Unreadable(step(node, 'dispute_outcome.outcome_code'), 'is no outcome that we know')
  const within = { inquiry: 0, open: 0, lost: 5, withdrawn: 6, won: 7 }[state]
  const dueBy = answers.has(status) ? instant(node, 'seller_response_due_date') : undefined
  const detail = isOver ? outcome : status
  const data = {
    state,
    detail,
    rank: (stages.indexOf(stage) + 1) * 10 + within + (status === 'UNDER_REVIEW' ? 1 : 0),
    ...needAmount(node, 'dispute_amount'),
    reason: text(node, 'reason') ?? 'OTHER',
    ...(dueBy !== undefined && { dueBy }),
    paymentId,
  }
  const say = stateAbout(needInstant(node, 'create_time'), [subject, ...refs(['capture', paymentId])])
  return [say('dispute_state', subject, data, { apart: `${stage}:${detail}` })]
}
