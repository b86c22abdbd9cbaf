import type { FactData, Ref, Statement } from '../../core/fact.ts'
import {
  child,
  idIn,
  instant,
  type Node,
  needId,
  needInstant,
  present,
  step,
  text,
  Unreadable,
  word,
} from './json.ts'
import { bareMoney, needCurrency, needMoney } from './money.ts'
import { refs, stateAbout } from './witness.ts'

type State = FactData['dispute_state']['state']

/** Each status as our state, and how far along it is: of all that were seen of one dispute the highest counts. */
const chargeback = new Map<string, { state: State; rank: number }>([
  ['needs_response', { state: 'open', rank: 20 }],
  ['under_review', { state: 'open', rank: 21 }],
  ['charge_refunded', { state: 'withdrawn', rank: 30 }],
  ['prevented', { state: 'withdrawn', rank: 30 }],
  ['accepted', { state: 'lost', rank: 40 }],
  ['lost', { state: 'lost', rank: 41 }],
  ['won', { state: 'won', rank: 50 }],
])

/** An inquiry takes no money; it may still become a chargeback, whose states then rank above all of these. */
const inquiry = new Map<string, { state: State; rank: number }>([
  ['needs_response', { state: 'inquiry', rank: 10 }],
  ['under_review', { state: 'inquiry', rank: 11 }],
  ['charge_refunded', { state: 'withdrawn', rank: 12 }],
  ['accepted', { state: 'withdrawn', rank: 12 }],
  ['prevented', { state: 'withdrawn', rank: 12 }],
  ['lost', { state: 'withdrawn', rank: 13 }],
  ['won', { state: 'withdrawn', rank: 13 }],
])

/**
 * A dispute of the shop's own payments. It names the order, and no transaction of it; its money is told by the
 * balance's lines.
 *
 * @see https://shopify.dev/docs/api/admin-rest/latest/resources/dispute (checked 2026-11)
 */
export function dispute(node: Node): Statement[] {
  const subject: Ref = { kind: 'dispute', id: needId(node, 'id') }
  const status = word(node, 'status') ?? ''
  const isInquiry = word(node, 'type') === 'inquiry'
  const known = (isInquiry ? inquiry : chargeback).get(status)
  if (known === undefined) throw new Unreadable(step(node, 'status'), 'is no state of a dispute that we know')
  const stated = bareMoney(node, 'amount')
  const currency = stated?.currency ?? needCurrency(node)
  const initiated = needInstant(node, 'initiated_at')
  const isAsked = status === 'needs_response'
  const data = {
    ...known,
    detail: isInquiry ? `inquiry_${status}` : status,
    amountMinor: stated?.amountMinor ?? needMoney(node, 'amount', currency),
    currency,
    reason: word(child(node, 'reason_details') ?? node, 'reason') ?? 'general',
    ...present({ dueBy: isAsked ? instant(node, 'evidence_due_by') : undefined }),
    paymentId: text(node, 'payment_id') ?? '',
  }
  const at = instant(node, 'finalized_on') ?? initiated
  const joins = refs(['order', idIn(node, 'order_id') ?? idIn(node, 'order')])
  return [stateAbout(joins)('dispute_state', subject, at, data, { apart: data.detail })]
}
