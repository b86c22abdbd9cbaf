import { type Fact, factId, type FactData, type Ref, type Statement } from '../../core/fact.ts'
import type { Outcome } from '../../core/outcome.ts'
import type { ConnectionSettings, StoredEvent } from '../provider.ts'
import { field, instantOf, isId, isThing, type Thing, text, Unreadable } from './json.ts'

type State = FactData['fulfillment_state']['state']

const states = new Map<string, State>([
  ['fulfillment.shipped', 'shipped'],
  ['fulfillment.in_transit', 'in_transit'],
  ['fulfillment.out_for_delivery', 'out_for_delivery'],
  ['fulfillment.delivered', 'delivered'],
  ['fulfillment.attempted', 'attempted'],
  ['fulfillment.failed', 'failed'],
  ['fulfillment.cancelled', 'cancelled'],
])

/** A warehouse's word on one shipment. Types that are about no shipment are kept, and forwarded where that is asked for. */
export function normalize(event: StoredEvent, connection: ConnectionSettings): Outcome {
  if (event.type === 'mail.bounced') return readable(() => bounceOf(event))
  const state = states.get(event.type)
  if (state === undefined) return { kind: 'ignored', reason: 'not_used' }
  if (!connection.speaksFor.includes('fulfillment')) return { kind: 'ignored', reason: 'not_for_fulfillment' }
  return readable(() => ({ kind: 'processed', statements: [statementOf(event, state)] }))
}

function readable(read: () => Outcome): Outcome {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    return { kind: 'needs_review', code: 'payload_unreadable', detail: error.message }
  }
}

function contentOf(event: StoredEvent): { body: Thing; data: Thing } {
  const body: unknown = JSON.parse(Buffer.from(event.body).toString('utf8'))
  const data = isThing(body) ? field(body, 'data') : undefined
  if (!isThing(body) || !isThing(data)) throw new Unreadable('data', 'is no object')
  return { body, data }
}

/** Of whoever runs the mail server: it took a mail and could not deliver it. */
function bounceOf(event: StoredEvent): Outcome {
  const { data } = contentOf(event)
  const bare = needId(data, 'message_id').replace(/^<|>$/g, '')
  const status = text(data, 'status') ?? ''
  const code = /^[45]\.\d{1,3}\.\d{1,3}$/.test(status) ? status : '5.0.0'
  const act = { kind: 'mail_bounced', messageId: `<${bare}>`, status: code } as const
  return { kind: 'processed', statements: [], acts: [act] }
}

function statementOf(event: StoredEvent, state: State): Statement {
  const { body, data } = contentOf(event)
  const orderId = needId(data, 'order_id')
  const subject: Ref = { kind: 'fulfillment', id: shipmentOf(data, state, orderId) }
  const version = instantOf(field(body, 'timestamp')) ?? event.occurredAt ?? event.receivedAt
  const fact: Fact<'fulfillment_state'> = {
    id: factId('fulfillment_state', subject, `${version}:${state}`),
    kind: 'fulfillment_state',
    subject,
    occurredAt: version,
    rank: 0,
    data: { version, state, lines: linesOf(data), ...labelOf(data) },
  }
  // Our id of an order is one of its numbers from the moment that it is asked to be shipped.
  return { fact, joins: [{ kind: 'number', id: orderId }], level: 'order' }
}

/** What never became a shipment needs no id of one: there is one such word for an order. */
function shipmentOf(data: Thing, state: State, orderId: string): string {
  const isGone = state === 'failed' || state === 'cancelled'
  return isGone && field(data, 'shipment_id') === undefined ? orderId : needId(data, 'shipment_id')
}

/** By the line's id where the request's was sent back, else by SKU; who names no lines means everything. */
function linesOf(data: Thing): FactData['fulfillment_state']['lines'] {
  const given = field(data, 'line_items')
  if (given === undefined) return [{ lineId: '*', quantity: 1 }]
  if (!Array.isArray(given)) throw new Unreadable('data.line_items', 'is no list')
  return given.map((line: unknown, index) => {
    const path = `data.line_items[${index}]`
    if (!isThing(line)) throw new Unreadable(path, 'is no object')
    const lineId = text(line, 'id') ?? text(line, 'sku')
    if (lineId === undefined) throw new Unreadable(`${path}.sku`, 'is missing')
    const quantity = field(line, 'quantity')
    if (typeof quantity !== 'number' || !Number.isInteger(quantity) || quantity < 0 || quantity > 1e9)
      throw new Unreadable(`${path}.quantity`, 'is not a count')
    return { lineId, quantity }
  })
}

/** Only a web address may be shown as a link. */
function labelOf(data: Thing): { carrier?: string; number?: string; url?: string } {
  const [carrier, number, url] = ['carrier', 'number', 'url'].map((key) => text(data, key))
  const isLink = url !== undefined && /^https?:$/.test(URL.parse(url)?.protocol ?? '')
  return {
    ...(carrier === undefined ? {} : { carrier }),
    ...(number === undefined ? {} : { number }),
    ...(isLink ? { url } : {}),
  }
}

function needId(data: Thing, key: string): string {
  const value = field(data, key)
  if (isId(value)) return value
  throw new Unreadable(`data.${key}`, value === undefined ? 'is missing' : 'is not an id')
}
