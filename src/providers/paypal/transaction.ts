import type { FactData, Ref, Statement } from '../../core/fact.ts'
import {
  child,
  children,
  idIn,
  isId,
  type Node,
  needAmount,
  needId,
  needInstant,
  needText,
  signed,
  step,
  text,
  Unreadable,
} from './json.ts'
import { present, refs, stateAbout, upIn } from './state.ts'

/**
 * Money that PayPal took back from a capture, read together with the cases about it: with a case it is disputed, without
 * one the payment was returned.
 */
export function reversal(root: Node): Statement[] {
  const taken = child(root, 'reversal')
  const node = taken ?? child(root, 'transaction', 'transaction_info')
  if (node === undefined) throw new Unreadable('reversal', 'is missing')
  const id = needId(node, taken ? 'id' : 'transaction_id')
  const captureId = taken ? upIn(taken, 'captures') : idIn(node, 'paypal_reference_id')
  if (captureId === undefined) throw new Unreadable(step(node, 'links'), 'name no capture')
  const money = taken ? needAmount(taken, 'amount') : signedOf(node)
  const amountMinor = taken ? -money.amountMinor : money.amountMinor
  const { currency } = money
  const dispute = children(child(root, 'disputes'), 'items')
    .map((item) => idIn(item, 'dispute_id'))
    .find(isId)
  const subject: Ref = { kind: 'transaction', id }
  const of = refs(['capture', captureId], ['dispute', dispute])
  const say = stateAbout(needInstant(node, taken ? 'create_time' : 'transaction_initiation_date'), [
    subject,
    ...of,
  ])
  if (dispute !== undefined) {
    const source: Ref = { kind: 'dispute', id: dispute }
    const line = {
      category: 'dispute',
      type: 'reversal',
      amountMinor,
      feeMinor: 0n,
      netMinor: amountMinor,
      currency,
      fees: [],
      source,
    }
    return [say('balance_line', subject, line)]
  }
  if (amountMinor >= 0n) return []
  const returned = { amountMinor: -amountMinor, currency, reason: 'reversed' }
  return [say('payment_returned', { kind: 'capture', id: captureId }, returned)]
}

function signedOf(node: Node) {
  const money = signed(node, 'transaction_amount')
  if (money === undefined) throw new Unreadable(step(node, 'transaction_amount'), 'is missing')
  return money
}

/** Groups of event codes by what they mean to the books; the rest keep their code and wait for somebody to map it. */
const categories: readonly (readonly [pattern: RegExp, category: string])[] = [
  [/^T01/, 'fee'],
  [/^T(15|21)/, 'reserved_funds'],
  [/^T03/, 'topup'],
  [/^T08/, 'adjustment'],
]

const payoutStates = new Map<string, FactData['payout_state']['state']>([
  ['S', 'paid'],
  ['P', 'in_transit'],
  ['D', 'failed'],
  ['V', 'failed'],
])

/**
 * A row of the transaction search that no other resource tells of: withdrawals, fees of the account, holds. A row is
 * known by its id and code, as one transaction may be in several.
 *
 * @see https://developer.paypal.com/docs/transaction-search/transaction-event-codes/ (checked 2026-11)
 */
export function transaction(root: Node): Statement[] {
  const node = child(root, 'transaction_info')
  if (node === undefined) throw new Unreadable('transaction_info', 'is missing')
  const id = needId(node, 'transaction_id')
  const code = needText(node, 'transaction_event_code')
  const { amountMinor, currency } = signedOf(node)
  const say = stateAbout(needInstant(node, 'transaction_initiation_date'), [])
  const state = payoutStates.get(text(node, 'transaction_status') ?? 'S')
  if (/^T04/.test(code)) {
    if (state === undefined)
      throw new Unreadable(step(node, 'transaction_status'), 'is no state that we know')
    const data = { state, amountMinor: -amountMinor, currency, automatic: false }
    return [say('payout_state', { kind: 'payout', id }, data, { apart: state, level: 'account' })]
  }
  if (state !== 'paid') return []
  const feeMinor = -(signed(node, 'fee_amount')?.amountMinor ?? 0n)
  const category = categories.find(([pattern]) => pattern.test(code))?.[1] ?? code
  const fees = feeMinor === 0n ? [] : [{ type: 'provider' as const, amountMinor: feeMinor }]
  const line = {
    category,
    type: code,
    amountMinor,
    feeMinor,
    netMinor: amountMinor - feeMinor,
    currency,
    fees,
  }
  return [
    say('balance_line', { kind: 'transaction', id: `${id}:${code}` }, present(line) as typeof line, {
      level: 'account',
    }),
  ]
}
