import type { Ref, Statement } from '../../core/fact.ts'
import { reportedPaid } from '../../core/wants.ts'
import { paymentRank } from './charge.ts'
import { intent } from './intent.ts'
import { invoice } from './invoice.ts'
import {
  child,
  children,
  idIn,
  instant,
  isId,
  type Node,
  needId,
  needInstant,
  needText,
  text,
} from './json.ts'
import { sessionComponents, sessionLines } from './lines.ts'
import { needAmount, needCurrency } from './money.ts'
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
  type Witness,
} from './witness.ts'

/**
 * A Checkout Session. Open ones say nothing yet, set-up ones buy nothing, an expired one makes no order. That it was paid
 * at once moves no money: the charge or intent does, and is re-read where no event of theirs came.
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
  const fallback = standIn(intentId ?? id, intentId === undefined ? 2 : 0)
  const who = person(child(node, 'customer_details'), {
    email: text(node, 'customer_email'),
    customerId: customerId(node),
    locale: text(node, 'locale'),
  })
  const expanded = child(node, 'payment_intent')
  const billed = child(node, 'invoice')
  return [
    ...sale(state, witness, { node, anchor: subject, when, currency, number: number ?? fallback }),
    ...(speaksForOrders(witness) ? ordered(node, state, { subject, when, currency, totalMinor }) : []),
    ...customerSeen(state, { subject, when, by: 'session', who }),
    ...payment(node, witness, state, { intentId, created, currency, totalMinor }),
    ...(expanded ? intent(expanded, witness) : []),
    ...(billed ? invoice(billed, witness) : []),
  ]
}

function isAsync(witness: Witness): boolean {
  return witness.type.startsWith('checkout.session.async_payment_')
}

type State = ReturnType<typeof stateAbout>
type Sold = { subject: Ref; when: ReturnType<typeof at>; currency: string; totalMinor: bigint }

function ordered(node: Node, state: State, { subject, when, currency, totalMinor }: Sold): Statement[] {
  const components = sessionComponents(node, currency)
  const lines = sessionLines(node, currency)
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
    ...shippingTo(state, { subject, when, shipping }),
  ]
}

type Paid = { intentId: string | undefined; created: string; currency: string; totalMinor: bigint }

/**
 * What the session knows of its intent: that it was asked to pay, is waited for, failed, or was paid in the end; a session
 * that was complete at once only says so, which is a reason to read the intent and no money. Invoices speak for themselves.
 */
function payment(
  node: Node,
  witness: Witness,
  state: State,
  { intentId, created, currency, totalMinor }: Paid,
): Statement[] {
  const status = needText(node, 'payment_status')
  if (intentId === undefined || totalMinor === 0n || status === 'no_payment_required') return []
  const subject: Ref = { kind: 'payment_intent', id: intentId }
  const money = { amountMinor: totalMinor, currency }
  const started = state('payment_started', subject, at(created, 0), money, { apart: totalMinor })
  const when = momentOr(witness, true, created, paymentRank.intent)
  if (witness.type === 'checkout.session.async_payment_failed') {
    return [started, state('payment_failed', subject, when, { ...money, reason: 'async_payment_failed' })]
  }
  const reason = status === 'paid' ? reportedPaid : 'processing'
  const said = [started, state('payment_pending', subject, when, { ...money, reason }, { apart: reason })]
  if (witness.type !== 'checkout.session.async_payment_succeeded') return said
  const taken = { ...money, tender: 'provider' as const }
  return [...said, state('payment_captured', subject, when, taken, { apart: totalMinor })]
}

/**
 * The lines of a session from their own list, which is read where a session has more than its first page shows. The
 * list names its session in its address only, and has no time but its prices'.
 */
export function lineList(node: Node, witness: Witness): Statement[] {
  const id = /\/sessions\/([^/]+)\/line_items/.exec(text(node, 'url') ?? '')?.[1]
  const items = children(node, 'data')
  const first = items[0]
  if (!isId(id) || first === undefined || !speaksForOrders(witness)) return []
  const currency = needCurrency(first)
  const created = items
    .map((item) => child(item, 'price'))
    .flatMap((price) => (price && instant(price, 'created')) ?? [])
    .sort()[0]
  const list: Node = { path: '', value: { line_items: node.value } }
  const lines = sessionLines(list, currency)
  const subject: Ref = { kind: 'checkout_session', id }
  if (lines === undefined || created === undefined) return []
  return [
    stateAbout([subject])(
      'order_lines',
      subject,
      at(created, 0),
      { lines, currency, by: 'session' },
      { apart: 'session' },
    ),
  ]
}
