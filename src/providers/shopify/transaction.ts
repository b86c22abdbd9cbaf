import type { FactData, Instant, Ref, Statement, Tender } from '../../core/fact.ts'
import {
  flag,
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
import { type Amount, needCurrency, needMoney, presented, shopMoney } from './money.ts'
import { plainName, speakerOf } from './tender.ts'
import { refs, stateAbout, type Witness } from './witness.ts'

/** Their kinds in our words; a card terminal has a name of its own for an authorization. */
const kinds = new Map<string, FactData['payment_evidence']['transaction']>([
  ['authorization', 'authorization'],
  ['emv_authorization', 'authorization'],
  ['sale', 'sale'],
  ['capture', 'capture'],
  ['void', 'void'],
  ['refund', 'refund'],
])

/** Given back over the counter out of what was tendered, or only proposed: neither is money of the order. */
const noMoney = new Set(['change', 'suggested_refund'])

const statuses = new Map<string, FactData['payment_evidence']['status']>([
  ['success', 'success'],
  ['pending', 'pending'],
  ['awaiting_response', 'pending'],
  ['unknown', 'pending'],
  ['failure', 'failure'],
  ['error', 'error'],
])

/** One transaction as its body has it. */
type Transaction = Amount & {
  readonly id: string
  readonly kind: FactData['payment_evidence']['transaction']
  readonly status: FactData['payment_evidence']['status']
  readonly gateway: string
  readonly parentId: string | undefined
  readonly at: Instant
  readonly reason: string
}

/**
 * One transaction of an order: money where no other connection can see it or this one speaks for payment, otherwise
 * evidence. A gift card is money whoever speaks; a card payment that Stripe or PayPal took is theirs to tell.
 *
 * Its amount is in the currency that the buyer paid in, the shop's or the one shown to them.
 */
export function transaction(node: Node, witness: Witness, around: { order?: Ref } = {}): Statement[] {
  if (noMoney.has(word(node, 'kind') ?? '')) return []
  const one = transactionOf(node)
  const joins = [...(around.order ? [around.order] : refs(['order', idIn(node, 'order_id')]))]
  const speaker = speakerOf(one.gateway, flag(node, 'manual_payment_gateway'), witness.connection)
  const state = stateAbout(joins)
  if (speaker.kind === 'evidence') return [evidenceOf(one, state)]
  return one.kind === 'refund'
    ? refundMoney(one, state, speaker.tender)
    : paymentMoney(one, state, speaker.tender)
}

function transactionOf(node: Node): Transaction {
  const kind = kinds.get(word(node, 'kind') ?? '')
  if (kind === undefined) throw new Unreadable(step(node, 'kind'), 'is no kind of transaction that we know')
  const status = statuses.get(word(node, 'status') ?? '')
  if (status === undefined)
    throw new Unreadable(step(node, 'status'), 'is no state of a transaction that we know')
  return {
    id: needId(node, 'id'),
    kind,
    status,
    gateway: text(node, 'gateway') ?? 'unknown',
    parentId: idIn(node, 'parent_id'),
    at: instant(node, 'processed_at') ?? needInstant(node, 'created_at'),
    reason: word(node, 'error_code') ?? 'failed',
    ...paidAmount(node),
  }
}

function paidAmount(node: Node): Amount {
  const paid = presented(node, 'amount') ?? shopMoney(node, 'amount')
  if (paid !== undefined) {
    if (paid.amountMinor < 0n) throw new Unreadable(step(node, 'amount_set'), 'is negative')
    return paid
  }
  const currency = needCurrency(node)
  return { amountMinor: needMoney(node, 'amount', currency), currency }
}

type State = ReturnType<typeof stateAbout>

function evidenceOf(one: Transaction, state: State): Statement {
  const { kind, status, amountMinor, currency, gateway, parentId } = one
  const data = { transaction: kind, status, amountMinor, currency, gateway, ...present({ parentId }) }
  return state('payment_evidence', { kind: 'transaction', id: one.id }, one.at, data, { apart: status })
}

/**
 * A capture takes what its authorization held, so it names it as what it was an attempt of. A sale is both in one.
 */
function paymentMoney(one: Transaction, state: State, tender: Tender): Statement[] {
  const { kind, status, amountMinor, currency, at, reason } = one
  const isHold = kind === 'authorization'
  const intentId = isHold ? one.id : one.parentId
  const subject: Ref = { kind: isHold ? 'authorization' : 'transaction', id: one.id }
  const data = { amountMinor, currency, ...present({ intentId }) }
  if (kind === 'void') return voided(one, state)
  if (status === 'pending') {
    const why = tender === 'provider' ? 'processing' : plainName(one.gateway)
    return [state('payment_pending', subject, at, { ...data, reason: why }, { apart: why })]
  }
  if (status !== 'success') return [state('payment_failed', subject, at, { ...data, reason })]
  if (isHold) return [state('payment_authorized', subject, at, data, { apart: amountMinor })]
  if (amountMinor === 0n) return []
  return [
    state('payment_captured', subject, at, { ...data, tender }, { apart: amountMinor }),
    ...released(one, state),
  ]
}

/** What a capture leaves of its authorization is let go, unless the shop may capture in parts, which no webhook says. */
function released({ kind, parentId, at }: Transaction, state: State): Statement[] {
  if (kind !== 'capture' || parentId === undefined) return []
  return [state('payment_voided', { kind: 'authorization', id: parentId }, at, { reason: 'captured' })]
}

function voided({ status, parentId, at }: Transaction, state: State): Statement[] {
  if (status !== 'success' || parentId === undefined) return []
  const subject: Ref = { kind: 'authorization', id: parentId }
  return [state('payment_voided', subject, at, { reason: 'voided', intentId: parentId })]
}

/** Success means that the shop let the money go; what the buyer's bank does later is a failure of its own. */
function refundMoney(one: Transaction, state: State, tender: Tender): Statement[] {
  const { status, amountMinor, currency, at, reason, parentId } = one
  const subject: Ref = { kind: 'refund', id: one.id }
  const data = { amountMinor, currency, paymentId: parentId ?? '' }
  if (status === 'pending') return [state('refund_pending', subject, at, data)]
  if (status !== 'success') return [state('refund_failed', subject, at, { ...data, reason })]
  const moved = tender === 'provider' ? data : { ...data, tender }
  return [state('refund_succeeded', subject, at, data), state('refund_moved', subject, at, moved)]
}
