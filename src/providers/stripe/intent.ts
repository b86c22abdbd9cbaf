import type { FactData, Ref, Statement } from '../../core/fact.ts'
import { charge, paymentRank } from './charge.ts'
import { child, idIn, instant, type Node, needId, needInstant, needText, text } from './json.ts'
import { intentLines } from './lines.ts'
import { amount, needAmount, needCurrency } from './money.ts'
import { customerId, customerSeen, person, shippingTo } from './people.ts'
import { at, sale, saleRank } from './sale.ts'
import {
  standIn,
  momentOr,
  numberRef,
  orderNumber,
  refs,
  speaksForOrders,
  stateAbout,
  type When,
  type Witness,
} from './witness.ts'

/**
 * Everything that a payment intent shows. Where it names its charge, what is known of the money is said of the charge,
 * so that intent and charge are witnesses of one fact; older API versions list `charges`, which say the same.
 *
 * @see https://docs.stripe.com/payments/paymentintents/lifecycle (checked 2026-11)
 */
export function intent(node: Node, witness: Witness): Statement[] {
  const id = needId(node, 'id')
  const subject: Ref = { kind: 'payment_intent', id }
  const latest = idIn(node, 'latest_charge')
  const created = needInstant(node, 'created')
  const currency = needCurrency(node)
  const amountMinor = needAmount(node, 'amount', currency)
  const number = orderNumber(node, witness.connection)
  const joins: Ref[] = [
    subject,
    ...refs(['charge', latest], ['invoice', idIn(node, 'invoice')]),
    ...numberRef(number),
  ]
  const state = stateAbout(joins)
  const when = at(created, saleRank.intent)
  const fallback = standIn(id)
  const who = person(undefined, { email: text(node, 'receipt_email'), customerId: customerId(node) })
  const expanded = child(node, 'latest_charge')
  const started = state('payment_started', subject, when, { amountMinor, currency }, { apart: amountMinor })
  const statements = [
    ...sale(state, witness, { node, anchor: subject, when, currency, number: number ?? fallback }),
    started,
    ...customerSeen(state, { subject, when, by: 'intent', who }),
    ...intentMoney(node, witness, { subject, latest, currency, amountMinor, state, created }),
    ...(expanded ? charge(expanded, witness) : []),
  ]
  if (speaksForOrders(witness)) {
    const total = { totalMinor: amountMinor, currency, by: 'intent' as const }
    statements.push(state('order_total', subject, when, total, { apart: `intent:${amountMinor}` }))
    statements.push(...shippingTo(state, { subject, when, shipping: child(node, 'shipping') }))
    statements.push(...intentLines(node, state, { subject, when, currency }))
  }
  return statements
}

type Money = {
  subject: Ref
  latest: string | undefined
  currency: string
  amountMinor: bigint
  state: ReturnType<typeof stateAbout>
  created: string
}

function intentMoney(node: Node, witness: Witness, money: Money): Statement[] {
  const status = needText(node, 'status')
  return [
    ...pending(witness, status, money),
    ...failedAttempt(node, witness, status, money),
    ...authorizedAndCaptured(node, witness, status, money),
    ...(status === 'canceled' ? canceled(node, witness, money) : []),
  ]
}

const pendingReasons = new Map([
  ['processing', 'processing'],
  ['requires_action', 'requires_action'],
  ['requires_source_action', 'requires_action'], // its name before 2019
])

function pending(
  witness: Witness,
  status: string,
  { subject, currency, amountMinor, state, created }: Money,
): Statement[] {
  const isPart = witness.type === 'payment_intent.partially_funded'
  const reason = isPart ? 'part_funded' : pendingReasons.get(status)
  if (reason === undefined) return []
  const when = momentOr(witness, true, created, paymentRank.intent)
  return [state('payment_pending', subject, when, { amountMinor, currency, reason }, { apart: reason })]
}

/** `last_payment_error` outlives its attempt, so it counts only with a code or a charge, and not on an intent that went on. */
function failedAttempt(node: Node, witness: Witness, status: string, money: Money): Statement[] {
  const error = child(node, 'last_payment_error')
  const isEvent = witness.type === 'payment_intent.payment_failed'
  const code = error && (text(error, 'code') ?? text(error, 'decline_code'))
  const failed = error && idIn(error, 'charge')
  const shows = status === 'requires_payment_method' && (code !== undefined || failed !== undefined)
  if (!isEvent && !shows) return []
  const { currency, amountMinor, created } = money
  const when = momentOr(witness, isEvent, created, paymentRank.intent)
  const data = { amountMinor, currency, reason: code ?? 'failed' }
  return [about('payment_failed', failed ?? money.latest, money, when, data)]
}

/** `amount_capturable` is what is still held and `amount_received` what was taken: held at first is the sum of both. */
function authorizedAndCaptured(node: Node, witness: Witness, status: string, money: Money): Statement[] {
  const { currency, created, amountMinor, latest } = money
  const received = amount(node, 'amount_received', currency) ?? (status === 'succeeded' ? amountMinor : 0n)
  const held = (amount(node, 'amount_capturable', currency) ?? 0n) + received
  const statements: Statement[] = []
  if (status === 'requires_capture' && held > 0n) {
    const when = at(created, paymentRank.intent)
    statements.push(about('payment_authorized', latest, money, when, { amountMinor: held, currency }, held))
  }
  if (received > 0n && (status === 'succeeded' || status === 'requires_capture')) {
    const when = momentOr(witness, witness.type === 'payment_intent.succeeded', created, paymentRank.intent)
    const data = { amountMinor: received, currency, tender: 'provider' as const }
    statements.push(about('payment_captured', latest, money, when, data, received))
  }
  return statements
}

/** A canceled intent lets go of its charge too, in the charge's own words, unless that had failed before. */
function canceled(node: Node, witness: Witness, money: Money): Statement[] {
  const own = instant(node, 'canceled_at')
  const when = own
    ? at(own, paymentRank.intent + 1)
    : momentOr(witness, true, money.created, paymentRank.intent)
  const reason = text(node, 'cancellation_reason') ?? 'canceled'
  const voided = money.state('payment_voided', money.subject, when, { reason })
  if (money.latest === undefined || child(node, 'last_payment_error') !== undefined) return [voided]
  return [voided, about('payment_voided', money.latest, money, when, { reason: 'released' })]
}

type OfCharge = 'payment_failed' | 'payment_authorized' | 'payment_captured' | 'payment_voided'

/** A fact of the charge where it is known, just as the charge itself would state it; else of the intent. */
function about<K extends OfCharge>(
  kind: K,
  charge: string | undefined,
  { subject, state }: Money,
  when: When,
  data: FactData[K],
  apart?: bigint,
): Statement {
  const extras = apart === undefined ? {} : { apart }
  if (charge === undefined) return state(kind, subject, when, data, extras)
  return state(kind, { kind: 'charge', id: charge }, when, { ...data, intentId: subject.id }, extras)
}
