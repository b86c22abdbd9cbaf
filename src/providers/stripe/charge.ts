import type { Ref, Statement } from '../../core/fact.ts'
import { balanceLine } from './balance.ts'
import { child, children, flag, idIn, type Node, needId, needInstant, needText, text } from './json.ts'
import { amount, needAmount, needCurrency } from './money.ts'
import { customerId, customerSeen, person, shippingTo } from './people.ts'
import { refund } from './refund.ts'
import { anchorOf, at, sale, saleRank } from './sale.ts'
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
    // `invoice` left the charge in 2025-03. The failure's line names a source of its own, so the charge names the line.
    ...refs(
      ['payment_intent', intent],
      ['invoice', idIn(node, 'invoice')],
      ['transaction', idIn(node, 'failure_balance_transaction')],
    ),
    ...numberRef(number),
  ]
  const state = stateAbout(joins)
  const anchor = anchorOf(intent, subject)
  const when = at(created, saleRank.charge)
  const fallback = standIn(intent ?? id, intent === undefined ? 1 : 0)
  const who = person(child(node, 'billing_details'), {
    email: text(node, 'receipt_email'),
    customerId: customerId(node),
  })
  const statements = [
    ...sale(state, witness, { node, anchor, when, currency, number: number ?? fallback }),
    ...customerSeen(state, { subject, when, by: 'charge', who }),
    ...chargeMoney(node, witness, {
      subject,
      of: intent === undefined ? {} : { intentId: intent },
      currency,
      amountMinor,
      state,
      when: at(created, paymentRank.charge),
    }),
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
  of: { intentId?: string } // on every fact of the payment: whose attempt it is
  currency: string
  amountMinor: bigint
  state: ReturnType<typeof stateAbout>
  when: When
}

function chargeMoney(node: Node, witness: Witness, money: Money): Statement[] {
  const { subject, of, currency, amountMinor, state, when } = money
  const status = needText(node, 'status')
  const isReturned = idIn(node, 'failure_balance_transaction') !== undefined
  const reason = text(node, 'failure_code') ?? 'failed'
  if (status === 'pending') {
    const data = { amountMinor, currency, reason: 'processing', ...of }
    return [state('payment_pending', subject, when, data, { apart: 'processing' })]
  }
  if (status === 'failed' && !isReturned) {
    return [state('payment_failed', subject, when, { amountMinor, currency, reason, ...of })]
  }
  if (!isReturned && !flag(node, 'captured')) return authorization(node, witness, money)
  const captured = capturedAmount(node, money, isReturned)
  return [
    ...capture(witness, money, captured),
    ...refundsTotal(node, witness, money, captured),
    ...(isReturned ? [returned(witness, money, captured, reason)] : []),
  ]
}

/** Older versions do not say how much was captured: then it is all of it. So it is where a failure set it back to zero. */
function capturedAmount(node: Node, { currency, amountMinor }: Money, isReturned: boolean): bigint {
  const stated = amount(node, 'amount_captured', currency) ?? amountMinor
  return isReturned && stated === 0n ? amountMinor : stated
}

function capture(
  witness: Witness,
  { subject, of, currency, state, when }: Money,
  captured: bigint,
): Statement[] {
  if (captured === 0n) return []
  const moment = momentOr(witness, witness.type === 'charge.captured', when.at, when.rank)
  const data = { amountMinor: captured, currency, tender: 'provider' as const, ...of }
  return [state('payment_captured', subject, moment, data, { apart: captured })]
}

/** A bank debit that failed after it had succeeded: it was captured, and the payer's bank took it back. */
function returned(
  witness: Witness,
  { subject, of, currency, state, when }: Money,
  captured: bigint,
  reason: string,
): Statement {
  const back = momentOr(witness, witness.type === 'charge.failed', when.at, when.rank)
  return state('payment_returned', subject, back, { amountMinor: captured, currency, reason, ...of })
}

/** Not captured: still held, or, once `refunded` shows without a capture, let go. */
function authorization(
  node: Node,
  witness: Witness,
  { subject, of, currency, amountMinor, state, when }: Money,
): Statement[] {
  const data = { amountMinor, currency, ...of }
  const held = state('payment_authorized', subject, when, data, { apart: amountMinor })
  const isExpiry = witness.type === 'charge.expired'
  if (!isExpiry && !flag(node, 'refunded')) return [held]
  const gone = momentOr(witness, isExpiry, when.at, when.rank)
  return [held, state('payment_voided', subject, gone, { reason: isExpiry ? 'expired' : 'released', ...of })]
}

function refundsTotal(
  node: Node,
  witness: Witness,
  { subject, currency, amountMinor, state, when }: Money,
  captured: bigint,
): Statement[] {
  const shown = amount(node, 'amount_refunded', currency) ?? 0n
  const refunded = shown - (amountMinor > captured ? amountMinor - captured : 0n)
  if (refunded <= 0n) return []
  const moment = momentOr(witness, witness.type === 'charge.refunded', when.at, when.rank)
  return [state('refunds_total', subject, moment, { amountMinor: refunded, currency }, { apart: refunded })]
}
