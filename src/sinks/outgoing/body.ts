import { orderView } from '../../core/order-view.ts'
import type { Item, Prepared } from '../sink.ts'
import { type Announcement, type PresetName, type PresetSettings, presets } from './presets.ts'

/**
 * The bytes of one announcement, made once: `{type, timestamp, data}`, as docs/schemas/outgoing-v1.json has it. An order in
 * it is the order as it was when the thing happened, not as it is when this leaves.
 */
export function prepareAnnouncement(
  item: Item,
  { preset, ...settings }: { preset?: PresetName | undefined } & PresetSettings = {},
): Prepared {
  if (item.body.event_id !== undefined) {
    return item.forwarded === undefined
      ? { kind: 'cancelled', reason: 'payload_gone' }
      : { kind: 'send', bytes: item.forwarded }
  }
  const data = item.announced === undefined ? accountData(item) : orderData(item, item.announced)
  const timestamp = item.announced?.frame.updatedAt ?? item.now
  const said: Announcement = { type: item.kind, timestamp, data }
  const body = preset === undefined ? said : presets[preset].body(said, settings)
  if (body === undefined) return { kind: 'cancelled', reason: 'nothing_to_tell' }
  return { kind: 'send', bytes: Buffer.from(JSON.stringify(body)) }
}

/** The field that carries what the event is about, beside the order. */
const details = new Map([
  ['order.refunded', 'refund'],
  ['order.disputed', 'dispute'],
  ['payment.failed', 'payment'],
  ['payment.action_required', 'payment'],
])

function orderData(item: Item, { order, frame }: NonNullable<Item['announced']>): Announcement['data'] {
  const [family = ''] = item.kind.split('.')
  const field = details.get(item.kind) ?? (family === 'shipment' ? family : undefined)
  return {
    order_id: frame.id,
    number: order.number ?? null,
    order: orderView(order, frame),
    ...(field === undefined ? {} : { [field]: detailOf(item) }),
  }
}

/** Of no order: what it is about, under its own name, and the connection that told of it. */
function accountData(item: Item): Announcement['data'] {
  const [family = 'resource'] = item.kind.split('.')
  return { connection: item.connection, [family]: detailOf(item) }
}

const bookkeeping = new Set(['endpoint', 'resource', 'resource_kind', 'mode', 'order'])

function detailOf({ body }: Item): object {
  const fields = Object.entries(body).filter(([name]) => !bookkeeping.has(name))
  const { amount, currency, ...rest } = Object.fromEntries(fields)
  return { ...rest, ...(amount === undefined ? {} : { amount: { amount, currency } }) }
}
