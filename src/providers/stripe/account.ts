import type { FactData, Ref, Statement } from '../../core/fact.ts'
import { balanceLine } from './balance.ts'
import { child, flag, instant, type Node, needId, needInstant, needText, step, Unreadable } from './json.ts'
import { needCurrency, needSigned } from './money.ts'
import { at } from './sale.ts'
import { momentOr, stateAbout, type Witness } from './witness.ts'

const payoutStates = new Set<string>(['pending', 'in_transit', 'paid', 'failed', 'canceled'])

/**
 * A payout's state, one fact each: `failed` may follow `paid`. All are dated by the payout's making, as no state has a
 * time of its own in the object.
 *
 * @see https://docs.stripe.com/api/payouts/object (checked 2026-11)
 */
export function payout(node: Node): Statement[] {
  const id = needId(node, 'id')
  const subject: Ref = { kind: 'payout', id }
  const status = needText(node, 'status')
  if (!payoutStates.has(status))
    throw new Unreadable(step(node, 'status'), 'is no state of a payout that we know')
  const created = needInstant(node, 'created')
  const currency = needCurrency(node)
  const arrivalDate = instant(node, 'arrival_date')
  const state = status as FactData['payout_state']['state']
  const data = {
    state,
    amountMinor: needSigned(node, 'amount', currency),
    currency,
    ...(arrivalDate !== undefined && { arrivalDate }),
    automatic: flag(node, 'automatic'),
  }
  const say = stateAbout([subject])
  return [
    say('payout_state', subject, at(created, 0), data, { apart: status, level: 'account' }),
    ...['balance_transaction', 'failure_balance_transaction'].flatMap((key) => {
      const line = child(node, key)
      return line === undefined ? [] : balanceLine(line, { joins: [], source: subject })
    }),
  ]
}

/** An observed subscription: it makes no order, its invoices do. Each change is a fact of its own. */
export function subscription(node: Node, witness: Witness): Statement[] {
  const id = needId(node, 'id')
  const subject: Ref = { kind: 'subscription', id }
  const status = needText(node, 'status')
  const when = momentOr(witness, true, needInstant(node, 'created'))
  const apart = `${status}:${when.at}`
  return [stateAbout([subject])('subscription_seen', subject, when, { status }, { apart, level: 'account' })]
}
