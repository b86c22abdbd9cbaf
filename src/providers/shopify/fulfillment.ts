import type { FactData, Ref, Statement } from '../../core/fact.ts'
import type { Outcome } from '../../core/outcome.ts'
import {
  child,
  children,
  count,
  fail,
  field,
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
import { stateAbout, type Witness } from './witness.ts'

type State = FactData['fulfillment_state']['state']

const ended = new Map<string, State>([
  ['cancelled', 'cancelled'],
  ['error', 'failed'],
  ['failure', 'failed'],
  ['pending', 'pending'],
  ['open', 'pending'],
  ['success', 'shipped'],
])

/** Where the parcel is, once the shop has let it go. A delivery that failed is an attempt: the goods have left all the same. */
const onItsWay = new Map<string, State>([
  ['in_transit', 'in_transit'],
  ['out_for_delivery', 'out_for_delivery'],
  ['delivered', 'delivered'],
  ['picked_up', 'delivered'],
  ['attempted_delivery', 'attempted'],
  ['not_delivered', 'attempted'],
  ['failure', 'attempted'],
])

/** From first to last: of two states of one second, which is all that their versions tell apart, the later counts. */
const course: readonly State[] = [
  'pending',
  'shipped',
  'in_transit',
  'out_for_delivery',
  'attempted',
  'delivered',
  'failed',
  'cancelled',
]

/**
 * One shipment at one version of it.
 *
 * @see https://shopify.dev/docs/api/admin-rest/latest/resources/fulfillment (checked 2026-11)
 */
export function fulfillment(node: Node, _witness: Witness, around: { order?: Ref } = {}): Statement[] {
  const subject: Ref = { kind: 'fulfillment', id: needId(node, 'id') }
  const orderId = idIn(node, 'order_id') ?? idIn(node, 'order')
  const order = around.order ?? { kind: 'order' as const, id: orderId ?? fail(node, 'order_id') }
  const status = word(node, 'status') ?? 'success'
  const state = ended.get(status)
  if (state === undefined)
    throw new Unreadable(step(node, 'status'), 'is no state of a fulfillment that we know')
  const version = instant(node, 'updated_at') ?? needInstant(node, 'created_at')
  const data = {
    version,
    state: state === 'shipped' ? (onItsWay.get(word(node, 'shipment_status') ?? '') ?? state) : state,
    lines: children(node, 'line_items').map(shippedLine),
    ...tracking(node),
  }
  const rank = course.indexOf(data.state)
  return [stateAbout([order])('fulfillment_state', subject, version, data, { apart: version, rank })]
}

function shippedLine(node: Node): { lineId: string; quantity: number } {
  const line = child(node, 'line_item') // a query gives the line inside, a webhook is the line
  return { lineId: needId(line ?? node, 'id'), quantity: count(node, 'quantity') ?? 0 }
}

function tracking(node: Node): { carrier?: string; number?: string; url?: string } {
  const [info] = children(node, 'tracking_info')
  const from = info ?? node
  return present({
    carrier: text(from, 'tracking_company') ?? text(from, 'company'),
    number: text(from, 'tracking_number') ?? text(from, 'number') ?? firstOf(node, 'tracking_numbers'),
    url: text(from, 'tracking_url') ?? text(from, 'url') ?? firstOf(node, 'tracking_urls'),
  })
}

function firstOf(node: Node, key: string): string | undefined {
  const value = field(node, key)
  return Array.isArray(value) && typeof value[0] === 'string' ? value[0] : undefined
}

/** The parcel moved. The event says neither goods nor number, and a state without its goods would be less than we know. */
export function fulfillmentEvent(node: Node): Outcome {
  const resource: Ref = { kind: 'fulfillment', id: needId(node, 'fulfillment_id') }
  return { kind: 'reread', resource, reason: 'the event names no goods' }
}

const returnStates = new Map<string, FactData['return_state']['state']>([
  ['requested', 'asked'],
  ['open', 'approved'],
  ['closed', 'received'],
  ['declined', 'declined'],
  ['canceled', 'cancelled'],
  ['cancelled', 'cancelled'],
])

/** A return's own state; goods and money come back by refunds alone. Its body may hold no time, then ours stands in. */
export function returned(node: Node, witness: Witness, around: { order?: Ref } = {}): Statement[] {
  const subject: Ref = { kind: 'refund', id: `return_${needId(node, 'id')}` }
  const orderId = idIn(node, 'order_id') ?? idIn(node, 'order')
  const order = around.order ?? { kind: 'order' as const, id: orderId ?? fail(node, 'order_id') }
  const state = returnStates.get(word(node, 'status') ?? '')
  if (state === undefined) throw new Unreadable(step(node, 'status'), 'is no state of a return that we know')
  const version = versionOf(node) ?? witness.receivedAt
  return [stateAbout([order])('return_state', subject, version, { version, state }, { apart: version })]
}

function versionOf(node: Node): string | undefined {
  const times = ['updated_at', 'closed_at', 'approved_at', 'created_at'].map((key) => instant(node, key))
  return times.find((time) => time !== undefined)
}
