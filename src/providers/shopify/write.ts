import { hash } from 'node:crypto'
import { type Api, ApiError, type StockWrite, type TrackingWrite, type WriteResult } from '../provider.ts'
import { call, expectDone } from './client.ts'
import { child, children, count, field, idIn, type Node, needId, present, text, word } from './json.ts'
import { adjustStock, createFulfillment, findItem, readFulfillmentOrders } from './queries.ts'

/**
 * Tells the shop that goods left. A fulfillment takes no idempotency key, so the shop is asked first: one that carries
 * this number already, or lines of which nothing is left to ship, means that an earlier attempt went through.
 *
 * @see https://shopify.dev/docs/api/admin-graphql/latest/mutations/fulfillmentCreate (checked 2026-11)
 */
export async function tracking(shipment: TrackingWrite, api: Api): Promise<WriteResult> {
  const { data } = await call(api, readFulfillmentOrders, { id: `gid://shopify/Order/${shipment.order.id}` })
  const order = child(data, 'order')
  if (order === undefined) throw new ApiError('not_found', `the shop has no order ${shipment.order.id}`)
  const done = fulfilledAs(order, shipment.number)
  if (done !== undefined) return { reference: done }
  const parts = partsOf(order, shipment.lines)
  if (parts.length === 0) throw new ApiError('refused', 'nothing of these lines is left to ship at the shop')
  const fulfillment = {
    lineItemsByFulfillmentOrder: parts,
    notifyCustomer: shipment.number !== undefined,
    trackingInfo: present({ company: shipment.carrier, number: shipment.number, url: shipment.url }),
  }
  const answer = await call(api, createFulfillment, { fulfillment })
  const payload = payloadOf(answer.data, 'fulfillmentCreate')
  return { reference: needId(child(payload, 'fulfillment') ?? payload, 'id') }
}

function fulfilledAs(order: Node, number: string | undefined): string | undefined {
  if (number === undefined) return undefined
  const found = children(order, 'fulfillments').find(
    (one) =>
      word(one, 'status') !== 'cancelled' &&
      children(one, 'tracking_info').some((info) => text(info, 'number') === number),
  )
  return found && idIn(found, 'id')
}

type Part = { fulfillmentOrderId: string; fulfillmentOrderLineItems: { id: string; quantity: number }[] }

/** The shipped quantities, taken from the shop's open fulfillment orders one after the other. */
function partsOf(order: Node, lines: TrackingWrite['lines']): Part[] {
  const left = new Map(lines.map(({ lineId, quantity }) => [lineId, quantity]))
  return children(order, 'fulfillment_orders').flatMap((one) => {
    const items = children(one, 'line_items').flatMap((item) => {
      const lineId = idIn(item, 'line_item') ?? ''
      const quantity = Math.min(left.get(lineId) ?? 0, count(item, 'remaining') ?? 0)
      if (quantity === 0) return []
      left.set(lineId, left.get(lineId)! - quantity)
      return [{ id: gidOf(item), quantity }]
    })
    return items.length === 0 ? [] : [{ fulfillmentOrderId: gidOf(one), fulfillmentOrderLineItems: items }]
  })
}

/**
 * Changes the available stock of a SKU by a difference, once per key however often it is called.
 *
 * @see https://shopify.dev/docs/api/usage/idempotent-requests (checked 2026-11)
 */
export async function stock(change: StockWrite, api: Api): Promise<WriteResult> {
  const { data } = await call(api, findItem, { query: `sku:"${change.sku.replace(/["\\]/g, '\\$&')}"` })
  const found = child(data, 'inventoryItems')
  const items = (found ? children(found, 'nodes') : []).filter((item) => text(item, 'sku') === change.sku)
  const [item] = items
  if (item === undefined) throw new ApiError('not_found', `the shop has no item with SKU ${change.sku}`)
  if (items.length > 1)
    throw new ApiError('refused', `${items.length} items of the shop have SKU ${change.sku}`)
  const locationId = locationOf(item, api)
  const input = {
    reason: 'correction',
    name: 'available',
    referenceDocumentUri: `ordersync://stock/${encodeURIComponent(change.key)}`,
    changes: [{ delta: change.delta, inventoryItemId: gidOf(item), locationId, changeFromQuantity: null }],
  }
  const answer = await call(api, adjustStock, { input, key: keyOf(change.key) })
  const payload = payloadOf(answer.data, 'inventoryAdjustQuantities')
  const group = child(payload, 'inventoryAdjustmentGroup')
  return { reference: (group && idIn(group, 'id')) ?? keyOf(change.key) } // nothing to adjust makes no group
}

function locationOf(item: Node, { connection }: Api): string {
  const levels = children(item, 'levels')
    .map((level) => child(level, 'location'))
    .filter((location) => location !== undefined)
  const wanted = connection.extra.location
  const location = typeof wanted === 'string' ? levels.find((one) => idIn(one, 'id') === wanted) : levels[0]
  if (location === undefined)
    throw new ApiError('refused', 'the item is stocked at no location that we may change')
  return gidOf(location)
}

function payloadOf(data: Node, name: string): Node {
  const payload = child(data, name)
  if (payload === undefined) throw new ApiError('unavailable', `${name} was not answered`)
  expectDone(payload)
  return payload
}

/** A UUID made of the effect's key alone: the same for every attempt, and for nothing else. */
function keyOf(key: string): string {
  const hex = hash('sha256', key)
  const variant = ((Number.parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16)
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join('-')
}

function gidOf(node: Node): string {
  const id = field(node, 'id')
  if (typeof id !== 'string') throw new ApiError('unavailable', 'the answer names no id')
  return id
}
