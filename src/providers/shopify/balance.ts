import type { FactData, FeeDetail, Ref, Statement } from '../../core/fact.ts'
import {
  child,
  fail,
  flag,
  idIn,
  type Node,
  needId,
  needInstant,
  present,
  step,
  Unreadable,
  word,
} from './json.ts'
import { type Amount, bareMoney } from './money.ts'
import { refs, stateAbout } from './witness.ts'

/** Their types as the books know lines; what is not here keeps its name, and somebody has to map it. */
const categories = new Map<string, string>([
  ['charge', 'charge'],
  ['refund', 'refund'],
  ['refund_failure', 'refund_failure'],
  ['dispute', 'dispute'],
  ['dispute_withdrawal', 'dispute'],
  ['dispute_reversal', 'dispute_reversal'],
  ['chargeback_fee', 'fee'],
  ['chargeback_fee_refund', 'fee'],
  ['shopify_fee', 'fee'],
  ['transfer', 'payout'],
  ['transfer_failure', 'payout_failure'],
  ['transfer_cancel', 'payout_cancel'],
  ['payout', 'payout'],
  ['payout_failure', 'payout_failure'],
  ['payout_cancellation', 'payout_cancel'],
  ['reserve', 'reserved_funds'],
  ['reserved_funds', 'reserved_funds'],
  ['reserved_funds_reversal', 'reserved_funds'],
  ['adjustment', 'adjustment'],
])

/**
 * One line of the shop's own payments: the only place where their fees stand.
 *
 * @see https://shopify.dev/docs/api/admin-graphql/latest/objects/ShopifyPaymentsBalanceTransaction (checked 2026-11)
 */
export function balanceLine(node: Node): Statement[] {
  const id = needId(node, 'id')
  const subject: Ref = { kind: 'transaction', id: `balance_${id}` } // transactions of orders have ids of their own
  const type = word(node, 'type') ?? 'unknown'
  const amount = needBare(node, 'amount')
  const fee = needBare(node, 'fee')
  const category = categories.get(type) ?? type
  const source = sourceOf(node, category)
  const payout = child(node, 'payout')
  const fees: FeeDetail[] = fee.amountMinor === 0n ? [] : [{ type: 'provider', amountMinor: fee.amountMinor }]
  const order = child(node, 'order')
  const joins = [subject, ...(source ? [source] : []), ...refs(['order', order && idIn(order, 'id')])]
  const data: FactData['balance_line'] = {
    category,
    type,
    amountMinor: amount.amountMinor,
    feeMinor: fee.amountMinor,
    netMinor: needBare(node, 'net').amountMinor,
    currency: amount.currency,
    fees,
    ...present({ source, payout: payout && idIn(payout, 'id') }),
  }
  const level = source !== undefined && order !== undefined ? 'order' : 'account'
  return [stateAbout(joins)('balance_line', subject, needInstant(node, 'created_at'), data, { level })]
}

const sourceKinds = new Map<string, Ref['kind']>([
  ['charge', 'transaction'],
  ['refund', 'refund'],
  ['refund_failure', 'refund'],
  ['dispute', 'dispute'],
  ['dispute_reversal', 'dispute'],
])

function sourceOf(node: Node, category: string): Ref | undefined {
  const kind = sourceKinds.get(category)
  const id =
    kind === 'dispute'
      ? idIn(node, 'source_id')
      : (idIn(node, 'source_order_transaction_id') ?? idIn(node, 'source_id'))
  return kind === undefined ? undefined : refs([kind, id])[0]
}

const payoutStates = new Map<string, FactData['payout_state']['state']>([
  ['scheduled', 'pending'],
  ['in_transit', 'in_transit'],
  ['paid', 'paid'],
  ['failed', 'failed'],
  ['canceled', 'canceled'],
])

/** A payout's state, one fact each; all are dated by its making, as no state has a time of its own. */
export function payout(node: Node): Statement[] {
  const subject: Ref = { kind: 'payout', id: needId(node, 'id') }
  const state = payoutStates.get(word(node, 'status') ?? '')
  if (state === undefined) throw new Unreadable(step(node, 'status'), 'is no state of a payout that we know')
  const { amountMinor, currency } = needBare(node, 'net')
  const isWithdrawal = word(node, 'transaction_type') === 'withdrawal'
  const data = {
    state,
    amountMinor: isWithdrawal ? -amountMinor : amountMinor,
    currency,
    automatic: !flag(node, 'is_manual'),
  }
  return [
    stateAbout([subject])('payout_state', subject, needInstant(node, 'issued_at'), data, {
      apart: state,
      level: 'account',
    }),
  ]
}

function needBare(node: Node, key: string): Amount {
  return bareMoney(node, key) ?? fail(node, key)
}
