import { type FactData, type Ref, type Statement, standInPriority } from '../../core/fact.ts'
import type { ConnectionSettings } from '../provider.ts'
import {
  type Amount,
  amount,
  child,
  children,
  field,
  idIn,
  type Node,
  needAmount,
  needId,
  needInstant,
  needText,
  step,
  text,
  Unreadable,
} from './json.ts'
import { numberRef, orderNumber, refs, stateAbout, upIn } from './state.ts'

type State = ReturnType<typeof stateAbout>

/** Around a payment inside an order: the order names itself, and its number where the payment has none. */
export type Around = { readonly orderId?: string; readonly number?: ReturnType<typeof orderNumber> }

/** What captures and authorizations share: who they are, what they belong to, and their number. */
function opened(
  node: Node,
  kind: 'capture' | 'authorization',
  connection: ConnectionSettings,
  around: Around,
) {
  const subject: Ref = { kind, id: needId(node, 'id') }
  const related = child(node, 'supplementary_data', 'related_ids')
  const number = orderNumber(node, connection) ?? around.number
  const authorizationId =
    kind === 'capture' ? (idIn(related, 'authorization_id') ?? upIn(node, 'authorizations')) : undefined
  const joins: Ref[] = [
    subject,
    ...refs(
      ['order', around.orderId ?? idIn(related, 'order_id') ?? upIn(node, 'orders')],
      ['authorization', authorizationId],
    ),
    ...numberRef(number),
  ]
  const state = stateAbout(needInstant(node, 'create_time'), joins)
  const money = needAmount(node, 'amount')
  const { number: name, priority } = number ?? { number: subject.id, priority: standInPriority + 1 }
  const numbered = state(
    'order_numbered',
    subject,
    { number: name, priority },
    { apart: `${priority}:${name}` },
  )
  return { subject, state, money, numbered, joins, authorizationId, reason: reasonOf(node) }
}

/** Why it is pending or was declined, in their own word; where there is none, that it is. */
function reasonOf(node: Node): string {
  return text(child(node, 'status_details'), 'reason') ?? needText(node, 'status')
}

const took = new Set(['COMPLETED', 'PARTIALLY_REFUNDED', 'REFUNDED'])
const declined = new Set(['DECLINED', 'DENIED', 'FAILED'])

/**
 * One capture: pending, failed, or taken with what it cost. A capture never grows; each part of an authorization is one.
 *
 * @see https://developer.paypal.com/docs/api/payments/v2/#captures_get (checked 2026-11)
 */
export function capture(node: Node, connection: ConnectionSettings, around: Around = {}): Statement[] {
  const { subject, state, money, numbered, joins, authorizationId, reason } = opened(
    node,
    'capture',
    connection,
    around,
  )
  const status = needText(node, 'status')
  if (status === 'PENDING')
    return [numbered, state('payment_pending', subject, { ...money, reason }, { apart: reason })]
  if (declined.has(status)) return [numbered, state('payment_failed', subject, { ...money, reason })]
  if (!took.has(status)) throw new Unreadable(step(node, 'status'), 'is no state of a capture that we know')
  const data = { ...money, tender: 'provider' as const }
  return [
    numbered,
    state('payment_captured', subject, data, { apart: money.amountMinor }),
    ...balance(state, {
      subject,
      joins,
      gross: money,
      sign: 1n,
      breakdown: child(node, 'seller_receivable_breakdown'),
    }),
    // The last capture lets go of what its authorization still held.
    ...(authorizationId === undefined || field(node, 'final_capture') === false
      ? []
      : [state('payment_voided', { kind: 'authorization', id: authorizationId }, { reason: 'captured' })]),
  ]
}

/**
 * Held money. Captured in full it holds nothing any more; captured in part it goes on.
 *
 * @see https://developer.paypal.com/docs/api/payments/v2/#authorizations_get (checked 2026-11)
 */
export function authorization(node: Node, connection: ConnectionSettings, around: Around = {}): Statement[] {
  const { subject, state, money, numbered, reason } = opened(node, 'authorization', connection, around)
  const status = needText(node, 'status')
  const held = state('payment_authorized', subject, money, { apart: money.amountMinor })
  const voided = (why: string) => state('payment_voided', subject, { reason: why })
  switch (status) {
    case 'CREATED':
    case 'PARTIALLY_CAPTURED':
      return [numbered, held]
    case 'CAPTURED':
      return [numbered, held, voided('captured')]
    case 'VOIDED':
    case 'EXPIRED':
      return [numbered, held, voided(status === 'VOIDED' ? 'released' : 'expired')]
    case 'PENDING':
      return [numbered, state('payment_pending', subject, { ...money, reason }, { apart: reason })]
    case 'DENIED':
      return [numbered, state('payment_failed', subject, { ...money, reason })]
    default:
      throw new Unreadable(step(node, 'status'), 'is no state of an authorization that we know')
  }
}

/**
 * One refund by its own state. A failed one has moved and come back: whether it ever left is not said, and both ways
 * add up to the same.
 *
 * @see https://developer.paypal.com/docs/api/payments/v2/#refunds_get (checked 2026-11)
 */
export function refund(node: Node, connection: ConnectionSettings, around: Around = {}): Statement[] {
  const subject: Ref = { kind: 'refund', id: needId(node, 'id') }
  const paymentId = upIn(node, 'captures')
  if (paymentId === undefined) throw new Unreadable(step(node, 'links'), 'name no capture')
  const joins = [
    subject,
    ...refs(['capture', paymentId], ['order', around.orderId]),
    ...numberRef(orderNumber(node, connection)),
  ]
  const state = stateAbout(needInstant(node, 'create_time'), joins)
  const gross = needAmount(node, 'amount')
  const money = { ...gross, paymentId }
  const breakdown = child(node, 'seller_payable_breakdown')
  switch (needText(node, 'status')) {
    case 'PENDING':
      return [state('refund_pending', subject, money)]
    case 'CANCELLED':
      return [state('refund_canceled', subject, money)]
    case 'FAILED':
      return [
        state('refund_failed', subject, { ...money, reason: reasonOf(node) }),
        state('refund_moved', subject, money),
        state('refund_returned', subject, money),
      ]
    case 'COMPLETED':
      return [
        state('refund_succeeded', subject, money),
        state('refund_moved', subject, money),
        ...balance(state, { subject, joins, gross, sign: -1n, breakdown }),
        ...refundsTotal(state, paymentId, breakdown),
      ]
    default:
      throw new Unreadable(step(node, 'status'), 'is no state of a refund that we know')
  }
}

/** The sum so far, which also tells of refunds that nobody has told us of. */
function refundsTotal(state: State, paymentId: string, breakdown: Node | undefined): Statement[] {
  const total = amount(breakdown, 'total_refunded_amount')
  if (total === undefined || total.amountMinor === 0n) return []
  return [state('refunds_total', { kind: 'capture', id: paymentId }, total, { apart: total.amountMinor })]
}

type Moved = {
  subject: Ref
  joins: readonly Ref[]
  gross: Amount
  sign: 1n | -1n
  breakdown: Node | undefined
}

/**
 * The line of their balance that a capture or refund is, under its own id, and, where it was converted, the two sides
 * of that. They take their fee before converting, so what is converted is the net amount.
 */
function balance(state: State, { subject, gross, sign, breakdown }: Moved): Statement[] {
  if (breakdown === undefined) return []
  const { currency } = gross
  const fees: FactData['balance_line']['fees'] = [
    ...feesOf(breakdown, 'paypal_fee', 'provider', currency, sign),
    ...children(breakdown, 'platform_fees').flatMap((each) =>
      feesOf(each, 'amount', 'application', currency, sign),
    ),
  ]
  const feeMinor = fees.reduce((total, fee) => total + fee.amountMinor, 0n)
  const grossMinor = sign * gross.amountMinor
  const netMinor = grossMinor - feeMinor
  const net = amount(breakdown, 'net_amount')
  if (net !== undefined && (net.currency !== currency || sign * net.amountMinor !== netMinor))
    throw new Unreadable(step(breakdown, 'net_amount'), 'is not the gross amount less its fees')
  const category = sign > 0n ? 'charge' : 'refund'
  const data = {
    category,
    type: category,
    amountMinor: grossMinor,
    feeMinor,
    netMinor,
    currency,
    fees,
    source: subject,
  }
  const line: Ref = { kind: 'transaction', id: subject.id }
  return [
    state('balance_line', line, data),
    ...converted(state, { line, source: subject, breakdown, sign, net: { amountMinor: netMinor, currency } }),
  ]
}

function feesOf(node: Node, key: string, type: 'provider' | 'application', currency: string, sign: 1n | -1n) {
  const fee = amount(node, key)
  if (fee === undefined || fee.amountMinor === 0n) return []
  if (fee.currency !== currency) throw new Unreadable(step(node, key), `is not in ${currency}`)
  return [{ type, amountMinor: sign * fee.amountMinor }]
}

function converted(
  state: State,
  {
    line,
    source,
    breakdown,
    sign,
    net,
  }: { line: Ref; source: Ref; breakdown: Node; sign: 1n | -1n; net: Amount },
): Statement[] {
  const other = amount(breakdown, sign > 0n ? 'receivable_amount' : 'net_amount_in_receivable_currency')
  if (other === undefined || other.currency === net.currency) return []
  const sides = [
    { side: 'out', amountMinor: -net.amountMinor, currency: net.currency },
    { side: 'in', amountMinor: sign * other.amountMinor, currency: other.currency },
  ]
  return sides.map(({ side, amountMinor, currency }) =>
    state(
      'balance_line',
      { kind: 'transaction', id: `${line.id}:${side}` },
      {
        category: 'conversion',
        type: 'conversion',
        amountMinor,
        feeMinor: 0n,
        netMinor: amountMinor,
        currency,
        fees: [],
        source,
      },
    ),
  )
}
