import { orderBody } from './bodies/order.ts'
import { inventoryLevelBody, privacyBody, productBody, shopBody } from './bodies/others.ts'
import { fulfillmentBody } from './bodies/parts.ts'
import { fulfillmentStatusOf, leftToShip } from './figures.ts'
import type { Fulfillment, Item, ShopOrder } from './things.ts'
import { orderOf, shipmentOf, type World } from './world.ts'

export type Shipment = {
  /** By line id. Default: all that is left to ship. */
  readonly lines?: readonly { readonly lineId: string; readonly quantity: number }[]
  readonly carrier?: string
  readonly number?: string
  readonly url?: string
}

/** What happens to goods: shipments and stock. */
export class Goods {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  ship(orderId: string, { lines, carrier, number, url }: Shipment = {}): Fulfillment {
    const { newId, at, emit } = this.#world
    const order = orderOf(this.#world, orderId)
    const made: Fulfillment = {
      id: newId(),
      orderId,
      createdAt: at(),
      updatedAt: at(),
      lines:
        lines?.map(({ lineId, quantity }) => ({ line: lineOf(order, lineId), quantity })) ??
        leftToShip(order),
      status: 'success',
      shipmentStatus: undefined,
      carrier,
      number,
      url,
    }
    order.fulfillments.push(made)
    order.updatedAt = at()
    emit('fulfillments/create', fulfillmentBody(order, made))
    const topic =
      fulfillmentStatusOf(order) === 'fulfilled' ? 'orders/fulfilled' : 'orders/partially_fulfilled'
    for (const each of [topic, 'orders/updated']) emit(each, orderBody(this.#world, order))
    return made
  }

  /** A carrier's number, where the parcel is, or that the shipment was called off. */
  change(
    fulfillmentId: string,
    to: Partial<Pick<Fulfillment, 'status' | 'shipmentStatus' | 'carrier' | 'number' | 'url'>>,
  ): void {
    const found = shipmentOf(this.#world, fulfillmentId)
    if (found === undefined) throw new Error(`the shop has no fulfillment ${fulfillmentId}`)
    const { order, shipment } = found
    Object.assign(shipment, to, { updatedAt: this.#world.at() })
    order.updatedAt = this.#world.at()
    this.#world.emit('fulfillments/update', fulfillmentBody(order, shipment))
    this.#world.emit('orders/updated', orderBody(this.#world, order))
  }

  /** So many are there now: counted, or changed by whoever writes to the shop. */
  stock(sku: string, available: number): Item {
    const { items, newId, at, emit } = this.#world
    const known = [...items.values()].find((one) => one.sku === sku)
    const item = known ?? { id: newId(), sku, title: sku, available, updatedAt: at() }
    items.set(item.id, Object.assign(item, { available, updatedAt: at() }))
    emit('inventory_levels/update', inventoryLevelBody(this.#world, item))
    emit('products/update', productBody(item))
    return item
  }

  uninstall(): void {
    this.#world.emit('app/uninstalled', shopBody(this.#world))
  }

  /** A customer asks what is kept of them, or that it be forgotten. */
  privacy(topic: 'customers/data_request' | 'customers/redact', orderId: string): void {
    const { buyer } = orderOf(this.#world, orderId)
    const about = { customerId: buyer.customerId, email: buyer.email ?? '', orderIds: [orderId] }
    const isQuestion = topic === 'customers/data_request'
    this.#world.emit(
      topic,
      privacyBody(this.#world, { ...about, ...(isQuestion && { requestId: this.#world.newId() }) }),
    )
  }

  /** Two days after the app went. */
  redactShop(): void {
    this.#world.emit('shop/redact', privacyBody(this.#world))
  }
}

function lineOf(order: ShopOrder, lineId: string) {
  const found = order.lines.find(({ id }) => id === lineId)
  if (found === undefined) throw new Error(`the order has no line ${lineId}`)
  return found
}
