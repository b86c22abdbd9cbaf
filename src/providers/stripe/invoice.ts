import type { Ref, Statement } from '../../core/fact.ts'
import { paymentRank } from './charge.ts'
import { child, children, field, flag, idIn, type Node, needId, needInstant, needText, text } from './json.ts'
import { invoiced, shippingOf } from './invoice-lines.ts'
import { amount, needCurrency, needSigned, signed } from './money.ts'
import { customerId, customerSeen, person, shippingTo } from './people.ts'
import { at, saleRank } from './sale.ts'
import {
  momentOr,
  numberRef,
  orderNumber,
  orderReferences,
  refs,
  speaksForOrders,
  standIn,
  stateAbout,
  type When,
  type Witness,
} from './witness.ts'

/**
 * An order per invoice. Drafts say nothing yet, and one of zero (a trial) makes no order. It is evidence of its charge,
 * never money by itself; only what was paid outside (by hand, or from the customer's credit) is money that no charge shows.
 *
 * @see https://docs.stripe.com/api/invoices/object (checked 2026-11)
 */
export function invoice(node: Node, witness: Witness): Statement[] {
  const id = needId(node, 'id')
  const status = text(node, 'status') ?? 'open'
  const currency = needCurrency(node)
  const totalMinor =
    needSigned(node, 'total', currency) - (signed(node, 'pre_payment_credit_notes_amount', currency) ?? 0n)
  if (status === 'draft' || totalMinor <= 0n || !speaksForOrders(witness)) return []
  const subject: Ref = { kind: 'invoice', id }
  const created = needInstant(node, 'created')
  const joins = [subject, ...payments(node), ...numberRef(orderNumber(node, witness.connection))]
  const sold: Sold = {
    subject,
    currency,
    totalMinor,
    created,
    state: stateAbout(joins),
    when: at(created, saleRank.invoice),
  }
  return [
    ...placed(node, witness, sold),
    ...invoiced(node, sold),
    ...who(node, sold),
    ...outcome(node, witness, status, sold),
    ...paid(node, status, sold),
  ]
}

type Sold = {
  subject: Ref
  currency: string
  totalMinor: bigint
  created: string
  state: ReturnType<typeof stateAbout>
  when: When
}

/** Charges and intents no longer name their invoice (since 2025-03): the invoice's payments do, where they are shown. */
function payments(node: Node): Ref[] {
  return [
    ...refs(['payment_intent', idIn(node, 'payment_intent')], ['charge', idIn(node, 'charge')]),
    ...children(node, 'payments').flatMap((each) => paymentRefs(child(each, 'payment'))),
  ]
}

function paymentRefs(payment: Node | undefined): Ref[] {
  if (payment === undefined) return []
  return refs(['payment_intent', idIn(payment, 'payment_intent')], ['charge', idIn(payment, 'charge')])
}

/** Its number is the invoice's own, after any order number that the shop put into the metadata. */
function placed(node: Node, witness: Witness, { subject, when, state }: Sold): Statement[] {
  const isRenewal = (text(node, 'billing_reason') ?? '').startsWith('subscription')
  const last = orderReferences(witness.connection).length
  const printed = text(node, 'number')
  const number =
    orderNumber(node, witness.connection) ??
    (printed === undefined ? standIn(subject.id, 3) : { number: printed, priority: last })
  return [
    state('order_placed', subject, when, { saleKind: isRenewal ? 'renewal' : 'invoice' }),
    state('order_numbered', subject, when, number, { apart: `${number.priority}:${number.number}` }),
  ]
}

function who(node: Node, { subject, when, state }: Sold): Statement[] {
  const details: Node = {
    path: node.path,
    value: {
      email: field(node, 'customer_email'),
      name: field(node, 'customer_name'),
      phone: field(node, 'customer_phone'),
      address: field(node, 'customer_address'),
    },
  }
  return [
    ...customerSeen(state, {
      subject,
      when,
      by: 'invoice',
      who: person(details, { customerId: customerId(node) }),
    }),
    ...shippingTo(state, { subject, when, shipping: shippingOf(node) }),
  ]
}

function outcome(
  node: Node,
  witness: Witness,
  status: string,
  { subject, state, created, currency, totalMinor }: Sold,
): Statement[] {
  const money = { amountMinor: totalMinor, currency }
  const when = momentOr(witness, true, created, paymentRank.intent)
  if (witness.type === 'invoice.payment_failed') {
    const reason = field(node, 'next_payment_attempt') === undefined ? 'payment_failed' : 'retry_due'
    return [state('payment_failed', subject, when, { ...money, reason }, { apart: reason })]
  }
  if (witness.type === 'invoice.payment_action_required') {
    return [
      state(
        'payment_pending',
        subject,
        when,
        { ...money, reason: 'requires_action' },
        { apart: 'requires_action' },
      ),
    ]
  }
  if (status === 'void') return [state('order_cancelled', subject, when, { reason: 'voided' })]
  if (status === 'uncollectible') {
    return [
      state(
        'payment_failed',
        subject,
        when,
        { ...money, reason: 'uncollectible' },
        { apart: 'uncollectible' },
      ),
    ]
  }
  return []
}

/** Paid, which says that there is a payment to be found; and what no charge will ever show of it. */
function paid(node: Node, status: string, { subject, state, when, currency, totalMinor }: Sold): Statement[] {
  if (status !== 'paid') return []
  const due = amount(node, 'amount_due', currency) ?? totalMinor
  const paidMinor = amount(node, 'amount_paid', currency) || due
  const started = { amountMinor: paidMinor, currency }
  const captured = (amountMinor: bigint, tender: 'manual' | 'store_credit') => {
    if (amountMinor <= 0n) return []
    const data = { amountMinor, currency, tender }
    return [state('payment_captured', subject, when, data, { apart: `${tender}:${amountMinor}` })]
  }
  return [
    ...(paidMinor > 0n ? [state('payment_started', subject, when, started, { apart: paidMinor })] : []),
    ...captured(isPaidByHand(node) ? paidMinor : 0n, 'manual'),
    ...captured(totalMinor - due, 'store_credit'),
  ]
}

/** Old versions say so; since 2025-03 it shows in the list of payments, which only a reading has: nothing paid is in it. */
function isPaidByHand(node: Node): boolean {
  if (flag(node, 'paid_out_of_band')) return true
  const list = child(node, 'payments')
  if (list === undefined || flag(list, 'has_more')) return false
  const paid = children(node, 'payments').filter((each) => text(each, 'status') === 'paid')
  return paid.every((each) => paymentRefs(child(each, 'payment')).length === 0)
}

/** The link between an invoice and the intent or charge that paid it; the fact is that payment having been started. */
export function invoicePayment(node: Node): Statement[] {
  const payment = child(node, 'payment')
  const named = paymentRefs(payment)
  const subject = named[0]
  if (subject === undefined) return [] // a payment record: money by hand, which the invoice shows itself
  needText(node, 'status')
  const currency = needCurrency(node)
  const amountMinor =
    amount(node, 'amount_paid', currency) ?? amount(node, 'amount_requested', currency) ?? 0n
  const joins: Ref[] = [...named, { kind: 'invoice', id: needId(node, 'invoice') }]
  const when = at(needInstant(node, 'created'), 0)
  return [
    stateAbout(joins)('payment_started', subject, when, { amountMinor, currency }, { apart: amountMinor }),
  ]
}
