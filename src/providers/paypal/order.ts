import type { Components, LineItem, Person, Ref, Statement } from '../../core/fact.ts'
import { standInPriority } from '../../core/fact.ts'
import type { ConnectionSettings } from '../provider.ts'
import {
  amount,
  child,
  children,
  type Node,
  needAmount,
  needId,
  needInstant,
  needText,
  step,
  text,
  Unreadable,
} from './json.ts'
import { authorization, capture, refund } from './payment.ts'
import { numberRef, orderNumber, present, stateAbout } from './state.ts'

type State = ReturnType<typeof stateAbout>

/** An order is placed once its payer has approved it; before that it is a cart. */
const placed = new Set(['APPROVED', 'COMPLETED'])

/**
 * A checkout order with everything that was paid on it. Approved is not paid. Where another connection speaks for
 * orders, only its payments say anything: what was ordered is for the shop to say.
 *
 * @see https://developer.paypal.com/docs/api/orders/v2/#orders_get (checked 2026-11)
 */
export function order(node: Node, connection: ConnectionSettings): Statement[] {
  const subject: Ref = { kind: 'order', id: needId(node, 'id') }
  const status = needText(node, 'status')
  const units = children(node, 'purchase_units')
  const numbers = units.map((unit) => orderNumber(unit, connection) ?? orderNumber(node, connection))
  const money = units.flatMap((unit, index) =>
    payments(unit, connection, { orderId: subject.id, number: numbers[index] }),
  )
  const number = numbers.find((one) => one !== undefined)
  const state = stateAbout(needInstant(node, 'create_time'), [subject, ...numberRef(number)])
  const ended =
    status === 'VOIDED'
      ? [stateAbout(needInstant(node, 'update_time'), [subject])('checkout_expired', subject, {})]
      : []
  if (!connection.speaksFor.includes('order') || !placed.has(status)) return [...money, ...ended]
  return [...placing(node, units, { state, subject, number }), ...money]
}

function payments(
  unit: Node,
  connection: ConnectionSettings,
  around: Parameters<typeof capture>[2],
): Statement[] {
  const within = child(unit, 'payments')
  return [
    ...children(within, 'authorizations').flatMap((each) => authorization(each, connection, around)),
    ...children(within, 'captures').flatMap((each) => capture(each, connection, around)),
    ...children(within, 'refunds').flatMap((each) => refund(each, connection, around)),
  ]
}

type Placing = { state: State; subject: Ref; number: ReturnType<typeof orderNumber> }

function placing(node: Node, units: readonly Node[], { state, subject, number }: Placing): Statement[] {
  const first = units[0]
  if (first === undefined) throw new Unreadable(step(node, 'purchase_units'), 'is missing')
  const { currency } = needAmount(first, 'amount')
  const total = units.reduce((sum, unit) => {
    const part = needAmount(unit, 'amount')
    if (part.currency !== currency)
      throw new Unreadable(step(unit, 'amount.currency_code'), `is not ${currency}`)
    return sum + part.amountMinor
  }, 0n)
  const { number: name, priority } = number ?? { number: subject.id, priority: standInPriority }
  const lines = units.flatMap((unit, at) => children(unit, 'items').map((item) => lineOf(item, at, currency)))
  return [
    state('order_placed', subject, { saleKind: 'sale' }),
    state('order_numbered', subject, { number: name, priority }, { apart: `${priority}:${name}` }),
    state('payment_started', subject, { amountMinor: total, currency }, { apart: total }),
    state(
      'order_total',
      subject,
      { totalMinor: total, currency, by: 'session' },
      { apart: `session:${total}` },
    ),
    state('order_components', subject, { ...componentsOf(units), currency }),
    ...(lines.length === 0
      ? []
      : [state('order_lines', subject, { lines, currency, by: 'session' }, { apart: 'session' })]),
    ...people(node, first, state, subject),
  ]
}

function componentsOf(units: readonly Node[]): Components {
  const sum = (key: string) => {
    const parts = units.map((unit) => amount(child(unit, 'amount', 'breakdown'), key)?.amountMinor)
    return parts.every((part) => part === undefined)
      ? undefined
      : parts.reduce<bigint>((total, part) => total + (part ?? 0n), 0n)
  }
  const handling = [sum('shipping'), sum('handling'), sum('insurance')].filter((part) => part !== undefined)
  const off = [sum('discount'), sum('shipping_discount')].filter((part) => part !== undefined)
  const totalOf = (parts: readonly bigint[]) =>
    parts.length === 0 ? undefined : parts.reduce((a, b) => a + b, 0n)
  return present({
    subtotalMinor: sum('item_total'),
    shippingMinor: totalOf(handling),
    discountMinor: totalOf(off),
    taxMinor: sum('tax_total'),
  })
}

const quantityPattern = /^[1-9][0-9]{0,8}$/

/** They have no ids of their own for lines; the position stands in. */
function lineOf(item: Node, unit: number, currency: string): LineItem {
  const quantity = needText(item, 'quantity')
  if (!quantityPattern.test(quantity)) throw new Unreadable(step(item, 'quantity'), 'is not a count')
  const price = amount(item, 'unit_amount')
  if (price !== undefined && price.currency !== currency)
    throw new Unreadable(step(item, 'unit_amount'), `is not in ${currency}`)
  const tax = amount(item, 'tax')?.amountMinor
  const count = BigInt(quantity)
  return {
    id: `${unit}:${/\[(\d+)\]$/.exec(item.path)?.[1] ?? '0'}`,
    quantity: Number(quantity),
    ...present({
      sku: text(item, 'sku'),
      title: text(item, 'name'),
      unitPriceMinor: price?.amountMinor,
      totalMinor: price && price.amountMinor * count,
      taxMinor: tax === undefined ? undefined : tax * count,
      requiresShipping: text(item, 'category') === 'DIGITAL_GOODS' ? false : undefined,
    }),
  }
}

/** `personId` stays empty: it is a keyed hash of the person beside it, and whoever records holds the key. */
function people(node: Node, unit: Node, state: State, subject: Ref): Statement[] {
  const payer = child(node, 'payer')
  const shipping = child(unit, 'shipping')
  const to = addressOf(child(shipping, 'address'))
  const name = [text(child(payer, 'name'), 'given_name'), text(child(payer, 'name'), 'surname')]
    .filter(Boolean)
    .join(' ')
  const who: Person = present({
    email: text(payer, 'email_address'),
    name: name === '' ? undefined : name,
    customerId: text(payer, 'payer_id'),
    phone: text(child(payer, 'phone', 'phone_number'), 'national_number'),
    address: addressOf(child(payer, 'address')),
  })
  const seen = {
    personId: '',
    hasEmail: who.email !== undefined,
    hasAddress: who.address?.line1 !== undefined,
    by: 'session' as const,
  }
  const receiver: Person = {
    address: { ...to, ...present({ name: text(child(shipping, 'name'), 'full_name') }) },
  }
  return [
    ...(Object.keys(who).length === 0 ? [] : [state('customer_seen', subject, seen, { person: who })]),
    ...(to === undefined
      ? []
      : [state('order_shipping', subject, { personId: '', required: true }, { person: receiver })]),
  ]
}

function addressOf(node: Node | undefined): Person['address'] {
  const parts = present({
    line1: text(node, 'address_line_1'),
    line2: text(node, 'address_line_2'),
    city: text(node, 'admin_area_2'),
    state: text(node, 'admin_area_1'),
    postalCode: text(node, 'postal_code'),
    country: text(node, 'country_code'),
  })
  return Object.keys(parts).length === 0 ? undefined : parts
}
