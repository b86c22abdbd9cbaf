import type { StockLine } from '../../core/effect.ts'
import type { Person } from '../../core/fact.ts'
import type { Order } from '../../core/order.ts'
import type { Item, Prepared } from '../sink.ts'

/** The body of a request, as docs/schemas/fulfillment.json has it. Snake case: it is for others. */
type Body = {
  readonly type: 'fulfillment.requested' | 'fulfillment.cancelled'
  readonly timestamp: string
  readonly data: {
    readonly order_id: string
    readonly number: string | null
    readonly line_items: readonly {
      /** The line's own id, for the warehouse to send back. */
      readonly id: string | null
      readonly sku: string | null
      readonly title: string | null
      readonly quantity: number
    }[]
    readonly ship_to: ShipTo | null
    readonly shipping_method: string | null
  }
}
type ShipTo = { readonly [name: string]: string | null }

/**
 * The bytes of a request or a cancellation, made once. A cancellation repeats what its request said, whatever the order
 * looks like by now; where no request was ever made there is nothing to take back.
 */
export function prepareRequest(item: Item): Prepared {
  if (item.kind === 'cancellation') {
    if (item.requested === undefined) return { kind: 'cancelled', reason: 'nothing_requested' }
    const requested = JSON.parse(Buffer.from(item.requested).toString('utf8')) as Body
    return send({ type: 'fulfillment.cancelled', timestamp: item.now, data: requested.data })
  }
  if (item.order === undefined || item.orderId === undefined)
    return { kind: 'failed', reason: 'its order is not known' }
  const lines = linesOf(item.order, item.body.lines)
  if (lines.length === 0) return { kind: 'cancelled', reason: 'nothing_to_ship' }
  return send({
    type: 'fulfillment.requested',
    timestamp: item.now,
    data: {
      order_id: item.orderId,
      number: item.order.number ?? null,
      line_items: lines,
      ship_to: shipToOf(item.shipTo ?? item.customer),
      shipping_method: item.order.shipTo?.method ?? null,
    },
  })
}

function send(body: Body): Prepared {
  return { kind: 'send', bytes: Buffer.from(JSON.stringify(body)) }
}

/** What the effect names; where it names nothing, all that needs shipping and was neither refunded nor shipped. */
function linesOf(order: Order, named: unknown): Body['data']['line_items'] {
  if (Array.isArray(named) && named.length > 0) {
    return (named as readonly StockLine[]).map(({ sku, quantity }) => {
      // A line without a SKU is named by its id.
      const line = order.lineItems.find((one) => (one.sku ?? one.id) === sku)
      return {
        id: line?.id ?? null,
        sku: line === undefined ? sku : (line.sku ?? null),
        title: line?.title ?? null,
        quantity,
      }
    })
  }
  return order.lineItems
    .filter((line) => line.requiresShipping !== false)
    .map((line) => ({
      id: line.id,
      sku: line.sku ?? null,
      title: line.title ?? null,
      quantity: line.quantity - line.refundedQuantity - line.fulfilledQuantity,
    }))
    .filter((line) => line.quantity > 0)
}

function shipToOf(person: Person | undefined): ShipTo | null {
  const address = person?.address
  if (person === undefined || address === undefined) return null
  return {
    name: address.name ?? person.name ?? null,
    line1: address.line1 ?? null,
    line2: address.line2 ?? null,
    city: address.city ?? null,
    state: address.state ?? null,
    postal_code: address.postalCode ?? null,
    country: address.country ?? null,
    phone: address.phone ?? person.phone ?? null,
  }
}
