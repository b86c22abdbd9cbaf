import type { Effect, Policy, ShippedLine, StockMove, WriteBackTarget } from './effect.ts'
import { hasLeft, shippedQuantities } from './goods.ts'
import type { Order, Payment, Shipment } from './order.ts'

/**
 * What providers are to be told of goods that left: whoever took the order's money, by its capture and once the parcel has
 * a number, and the shop that the order is of, unless it is the shop that told us.
 */
export function trackingDue(order: Order, policy: Policy): Effect[] {
  const left = order.shipments.filter(hasLeft)
  return (policy.tracking ?? []).flatMap((target) => {
    const captures = order.payments.filter(
      (payment) =>
        payment.scope === target.scope && payment.state === 'captured' && payment.tender === 'provider',
    )
    return left.flatMap((shipment, index) =>
      captures.length > 0
        ? captures.flatMap((capture) => trackingOf(order, target, left, index, capture))
        : isOfShop(order, target, shipment)
          ? trackingOf(order, target, left, index)
          : [],
    )
  })
}

function isOfShop(order: Order, target: WriteBackTarget, shipment: Shipment): boolean {
  return order.resource?.kind === 'order' && order.scope === target.scope && shipment.scope !== target.scope
}

function trackingOf(
  order: Order,
  { connection }: WriteBackTarget,
  left: readonly Shipment[],
  index: number,
  capture?: Payment,
): Effect[] {
  const shipment = left[index]!
  const { ref, scope, carrier, number, url } = shipment
  if (capture !== undefined && number === undefined) return []
  return [
    {
      key: `tracking:${connection}:${capture?.ref.id ?? scope}:${ref.id}`,
      sink: 'provider',
      kind: 'tracking',
      body: {
        resource: ref.id,
        resource_kind: ref.kind,
        order: order.resource?.id ?? order.number ?? '',
        capture: capture?.ref.id ?? null,
        carrier: carrier ?? null,
        number: number ?? null,
        url: url ?? null,
        lines: linesOf(order, left, index),
      },
    },
  ]
}

/** A parcel's goods by the order's own lines, whatever name its sender has for them: what it adds to those before it. */
function linesOf(order: Order, left: readonly Shipment[], index: number): ShippedLine[] {
  const [before, after] = [index, index + 1].map((count) =>
    shippedQuantities(left.slice(0, count), order.lineItems),
  )
  return [...after!]
    .map(([lineId, quantity]) => ({ lineId, quantity: quantity - (before!.get(lineId) ?? 0) }))
    .filter(({ quantity }) => quantity > 0)
}

/**
 * What a shop that keeps our stock is to add or take off because of these moves. It counts its own orders itself.
 */
export function stockWritesDue(order: Order, moves: readonly StockMove[], { stock }: Policy): Effect[] {
  if (stock === undefined || order.scope === stock.scope) return []
  return moves.flatMap(({ key, sku, onHandDelta, committedDelta, reason }) => {
    const delta = onHandDelta - committedDelta
    if (delta === 0) return []
    return [
      {
        key: key.replace(/^stock:/, `stock:${stock.connection}:`),
        sink: 'provider' as const,
        kind: 'stock',
        body: { resource: order.resource?.id ?? '', sku, delta, reason },
      },
    ]
  })
}
