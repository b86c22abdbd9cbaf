import { leftToShip } from '../figures.ts'
import type { Viewed } from '../graphql/answer.ts'
import type { Fulfillment, Item, ShopOrder } from '../things.ts'
import type { World } from '../world.ts'
import { gid, lineView } from './line.ts'
import { firstOf, listOf } from './pages.ts'

/** A shipment; its order is shown by its id alone, as nobody asks for more. */
export function fulfillmentView(order: ShopOrder, one: Fulfillment): Viewed {
  const displayed =
    one.shipmentStatus ?? { success: 'fulfilled', pending: 'submitted', cancelled: 'canceled' }[one.status]
  return {
    id: gid('Fulfillment', one.id),
    status: one.status.toUpperCase(),
    displayStatus: displayed.toUpperCase(),
    createdAt: one.createdAt,
    updatedAt: one.updatedAt,
    trackingInfo: firstOf(
      one.number === undefined && one.carrier === undefined
        ? []
        : [{ company: one.carrier, number: one.number, url: one.url }],
    ),
    fulfillmentLineItems: listOf(
      one.lines.map(({ line, quantity }) => ({ lineItem: lineView(order, line), quantity })),
    ),
    order: { id: gid('Order', order.id) },
  }
}

/** All that is left to ship stands in one fulfillment order, named after its order; none is left when nothing is. */
export function fulfillmentOrderViews(order: ShopOrder): Viewed[] {
  const open = leftToShip(order)
  if (open.length === 0 || order.cancelled !== undefined) return []
  const lines = open.map(({ line, quantity }) => ({
    id: gid('FulfillmentOrderLineItem', line.id),
    remainingQuantity: quantity,
    lineItem: lineView(order, line),
  }))
  return [{ id: gid('FulfillmentOrder', order.id), status: 'OPEN', lineItems: listOf(lines) }]
}

export function itemView({ locationId }: World, item: Item): Viewed {
  const level = {
    location: { id: gid('Location', locationId) },
    updatedAt: item.updatedAt,
    quantities: ({ names }: { names: string[] }) =>
      names.filter((name) => name === 'available').map((name) => ({ name, quantity: item.available })),
  }
  return {
    id: gid('InventoryItem', item.id),
    sku: item.sku,
    tracked: true,
    updatedAt: item.updatedAt,
    inventoryLevels: listOf([level]),
  }
}
