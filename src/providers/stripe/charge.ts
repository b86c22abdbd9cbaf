import type { Ref, Statement } from '../../core/fact.ts'
import { balanceLine } from './balance.ts'
import { child, children, flag, idIn, type Node, needId, needInstant, needText, text } from './json.ts'
import { amount, needAmount, needCurrency } from './money.ts'
import { customerId, customerSeen, person, shippingTo } from './people.ts'
import { refund } from './refund.ts'
import { anchorOf, at, sale, saleRank } from './sale.ts'
import {
  fallbackNumber,
  momentOr,
  numberRef,
  orderNumber,
  refs,
  speaksForOrders,
  stateAbout,
  type Witness,
} from './witness.ts'

/**
 * Ranks of what a charge shares with its intent: an intent has no time of the payment itself (0, or 1 from the event
 * that announces it), a charge has its own (2), and the event that announces a later capture knows it best (3).
 */
export const paymentRank = { intent: 0, charge: 2 } as const

/**
 * Everything that a charge shows, whichever event brought it: any one of its events is enough to know where it stands.
 *
 * `amount_refunded` includes what a partial capture released, so refunds are what is above that.
 * @see https://docs.stripe.com/api/charges/object (checked 2026-11)
 */
export function charge(node: Node, witness: Witness): Statement[] {
  const id = needId(node, 'id')
  const subject: Ref = { kind: 'charge', id }
  const intent = idIn(node, 'payment_intent')
  const created = needInstant(node, 'created')
  const currency = needCurrency(node)
  const amountMinor = needAmount(node, 'amount', currency)
  const number = orderNumber(node, witness.connection)
  const joins: Ref[] = [
    subject,
    ...refs(['payment_intent', intent], ['invoice', idIn(node, 'invoice')]), // `invoice` left the charge in 2025-03
    ...numberRef(number),
  ]
  const state = stateAbout(joins)
  const anchor = anchorOf(intent, subject)
  const when = at(created, saleRank.charge)
  const fallback = fallbackNumber(witness.connection, intent ?? id, intent === undefined ? 1 : 0)
  const who = person(child(node, 'billing_details'), {
    email: text(node, 'receipt_email'),
    customerId: customerId(node),
  })
  const statements = [
    ...sale(state, witness, { node, anchor, when, currency, number: number ?? fallback }),
    ...customerSeen(state, { subject, when, by: 'charge', who }),
    ...chargeMoney(node, witness, { subject, currency, amountMinor, state, created }),
    ...children(node, 'refunds').flatMap((each) => refund(each, witness)),
    ...expandedLine(child(node, 'balance_transaction'), joins, subject),
  ]
  if (speaksForOrders(witness)) {
    const total = { totalMinor: amountMinor, currency, by: 'charge' as const }
    statements.push(state('order_total', anchor, when, total, { apart: `charge:${amountMinor}` }))
    statements.push(...shippingTo(state, { subject: anchor, when, shipping: child(node, 'shipping') }))
  }
  return statements
}

function expandedLine(line: Node | undefined, joins: readonly Ref[], source: Ref): Statement[] {
  return line === undefined ? [] : balanceLine(line, { joins, source })
}

type Money = {
  subject: Ref
  currency: string
  amountMinor: bigint
  state: ReturnType<typeof stateAbout>
  created: string
}

function chargeMoney(node: Node, witness: Witness, money: Money): Statement[] {
  const { subject, currency, amountMinor, state, created } = money
  const status = needText(node, 'status')
  const when = at(created, paymentRank.charge)
  const failure = text(node, 'failure_code') ?? 'failed'
  if (status === 'pending') {
    return [
      state(
        'payment_pending',
        subject,
        when,
        { amountMinor, currency, reason: 'processing' },
        { apart: 'processing' },
      ),
    ]
  }
  if (status === 'failed') {
    if (idIn(node, 'failure_balance_transaction') === undefined) {
      return [state('payment_failed', subject, when, { amountMinor, currency, reason: failure })]
    }
    return returnedLater(node, witness, money, failure)
  }
  if (!flag(node, 'captured')) return authorization(node, witness, money)
  const captured = capturedAmount(node, money)
  const moment = momentOr(witness, witness.type === 'charge.captured', created, paymentRank.charge)
  const isReturned = idIn(node, 'failure_balance_transaction') !== undefined
  return [
    ...(captured === 0n
      ? []
      : [
          state(
            'payment_captured',
            subject,
            moment,
            { amountMinor: captured, currency, tender: 'provider' },
            { apart: captured },
          ),
        ]),
    ...refundsTotal(node, money, captured),
    ...(isReturned ? returnedLater(node, witness, money, failure).slice(1) : []),
  ]
}

function capturedAmount(node: Node, { currency, amountMinor }: Money): bigint {
  return amount(node, 'amount_captured', currency) ?? amountMinor // older versions do not say: then it is all of it
}

/** A bank debit that failed after it had succeeded: it was captured, and the payer's bank took it back. */
function returnedLater(node: Node, witness: Witness, money: Money, reason: string): Statement[] {
  const { subject, currency, amountMinor, state, created } = money
  const captured = amount(node, 'amount_captured', currency) || amountMinor
  const back = momentOr(witness, witness.type === 'charge.failed', created, paymentRank.charge)
  return [
    state(
      'payment_captured',
      subject,
      at(created, paymentRank.charge),
      { amountMinor: captured, currency, tender: 'provider' },
      { apart: captured },
    ),
    state('payment_returned', subject, back, { amountMinor: captured, currency, reason }),
  ]
}

/** Not captured: still held, or, once `refunded` shows without a capture, let go. */
function authorization(
  node: Node,
  witness: Witness,
  { subject, currency, amountMinor, state, created }: Money,
): Statement[] {
  const when = at(created, paymentRank.charge)
  const held = state('payment_authorized', subject, when, { amountMinor, currency }, { apart: amountMinor })
  const isExpiry = witness.type === 'charge.expired'
  if (!isExpiry && !flag(node, 'refunded')) return [held]
  const gone = momentOr(witness, isExpiry, created, paymentRank.charge)
  return [held, state('payment_voided', subject, gone, { reason: isExpiry ? 'expired' : 'released' })]
}

function refundsTotal(
  node: Node,
  { subject, currency, amountMinor, state, created }: Money,
  captured: bigint,
): Statement[] {
  const shown = amount(node, 'amount_refunded', currency) ?? 0n
  const released = amountMinor > captured ? amountMinor - captured : 0n
  const refunded = shown - released
  if (refunded <= 0n) return []
  const when = at(created, paymentRank.charge)
  return [state('refunds_total', subject, when, { amountMinor: refunded, currency }, { apart: refunded })]
}
