import type { Ref, Statement } from '../../core/fact.ts'
import { paymentRank } from './charge.ts'
import { intent } from './intent.ts'
import { child, idIn, type Node, needId, needInstant, needText, text } from './json.ts'
import { sessionComponents, sessionLines } from './lines.ts'
import { needAmount, needCurrency } from './money.ts'
import { customerId, customerSeen, person, shippingTo } from './people.ts'
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
 * A Checkout Session. Open ones say nothing yet, set-up ones buy nothing, an expired one makes no order. Its word that
 * it is paid moves no money: the charge or intent does, and is re-read where no event of theirs came.
 *
 * @see https://docs.stripe.com/api/checkout/sessions/object (checked 2026-11)
 */
export function session(node: Node, witness: Witness): Statement[] {
  const status = text(node, 'status')
  const mode = text(node, 'mode')
  if (mode === 'setup' || (status === 'open' && !isAsync(witness))) return []
  const id = needId(node, 'id')
  const subject: Ref = { kind: 'checkout_session', id }
  const intentId = idIn(node, 'payment_intent')
  const created = needInstant(node, 'created')
  const number = orderNumber(node, witness.connection)
  const joins: Ref[] = [
    subject,
    ...refs(['payment_intent', intentId], ['invoice', idIn(node, 'invoice')]),
    ...numberRef(number),
  ]
  const state = stateAbout(joins)
  if (status === 'expired') {
    const gone = momentOr(witness, witness.type === 'checkout.session.expired', created)
    return [state('checkout_expired', subject, gone, {})]
  }
  const currency = needCurrency(node)
  const totalMinor = needAmount(node, 'amount_total', currency)
  if (mode === 'subscription' && totalMinor === 0n) return [] // a trial: the first invoice that asks for money is the order
  const when = at(created, saleRank.session)
  const anchor = anchorOf(intentId, subject)
  const fallback = fallbackNumber(witness.connection, intentId ?? id, intentId === undefined ? 2 : 0)
  const who = person(child(node, 'customer_details'), {
    email: text(node, 'customer_email'),
    customerId: customerId(node),
    locale: text(node, 'locale'),
  })
  const expanded = child(node, 'payment_intent')
  return [
    ...sale(state, witness, { node, anchor, when, currency, number: number ?? fallback }),
    ...(speaksForOrders(witness)
      ? ordered(node, state, { subject, anchor, when, currency, totalMinor })
      : []),
    ...customerSeen(state, { subject, when, by: 'session', who }),
    ...payment(node, witness, state, { subject: anchor, created, currency, totalMinor }),
    ...(expanded ? intent(expanded, witness) : []),
  ]
}

function isAsync(witness: Witness): boolean {
  return witness.type.startsWith('checkout.session.async_payment_')
}

type State = ReturnType<typeof stateAbout>
type Sold = { subject: Ref; anchor: Ref; when: ReturnType<typeof at>; currency: string; totalMinor: bigint }

function ordered(
  node: Node,
  state: State,
  { subject, anchor, when, currency, totalMinor }: Sold,
): Statement[] {
  const components = sessionComponents(node, currency)
  const lines = sessionLines(node, currency, components?.taxIncluded === true)
  const total = { totalMinor, currency, by: 'session' as const }
  const collected = child(node, 'collected_information')
  const shipping =
    (collected && child(collected, 'shipping_details')) ??
    child(node, 'shipping_details') ??
    child(node, 'shipping')
  return [
    state('order_total', subject, when, total, { apart: `session:${totalMinor}` }),
    ...(components
      ? [state('order_components', subject, when, { ...components, currency }, { apart: 'session' })]
      : []),
    ...(lines
      ? [state('order_lines', subject, when, { lines, currency, by: 'session' }, { apart: 'session' })]
      : []),
    ...shippingTo(state, { subject: anchor, when, shipping }),
  ]
}

type Paid = { subject: Ref; created: string; currency: string; totalMinor: bigint }

/** What the session itself knows of its payment: waiting for it, or that the attempt failed. */
function payment(
  node: Node,
  witness: Witness,
  state: State,
  { subject, created, currency, totalMinor }: Paid,
): Statement[] {
  const status = needText(node, 'payment_status')
  const when = momentOr(witness, true, created, paymentRank.intent)
  const money = { amountMinor: totalMinor, currency }
  if (witness.type === 'checkout.session.async_payment_failed') {
    return [state('payment_failed', subject, when, { ...money, reason: 'async_payment_failed' })]
  }
  if (status === 'no_payment_required' || totalMinor === 0n) return []
  const reason = status === 'paid' ? 'session_paid' : 'processing'
  return [state('payment_pending', subject, when, { ...money, reason }, { apart: reason })]
}
