import { largest, sum } from './evidence.ts'
import type { Books } from './journal.ts'
import { shareHalfEven } from './money.ts'
import type { Order, Part } from './order.ts'

/**
 * What of each part's share is income by now, and what of that was given back, in the order of the parts. By capture
 * that is all of it. By fulfillment a line counts as far as it shipped and the rest is a deposit, so a refund takes
 * back the deposit first: goods that never left were never sold.
 */
export function recognisedOf(
  order: Order,
  shares: readonly bigint[],
  refunds: readonly bigint[],
  books: Books,
): { sold: bigint[]; back: bigint[] } {
  if (books.recognise === 'capture') return { sold: [...shares], back: [...refunds] }
  const net = order.parts.map((part, index) => (part.kind === 'tax' ? 0n : shares[index]!))
  const soldNet = order.parts.map((part, index) =>
    part.kind === 'tax' ? 0n : soldOf(order, part, shares[index]!),
  )
  const [whole, done] = [sum(net), sum(soldNet)]
  const sold = order.parts.map((part, index) => {
    if (part.kind !== 'tax') return soldNet[index]!
    return books.taxAt === 'capture' || whole === 0n
      ? shares[index]!
      : shareHalfEven(shares[index]!, done, whole)
  })
  const back = refunds.map((refund, index) => largest(0n, refund - (shares[index]! - sold[index]!)))
  return { sold, back }
}

/** Of one part that is no tax. What never ships is sold when it is paid. */
function soldOf(order: Order, part: Part, shareMinor: bigint): bigint {
  if (part.kind === 'gift_card') return shareMinor
  const line = order.lineItems.find(({ id }) => id === part.lineId)
  if (part.kind === 'goods' && line !== undefined) {
    if (line.requiresShipping === false || line.quantity === 0) return shareMinor
    return shareHalfEven(shareMinor, BigInt(line.fulfilledQuantity), BigInt(line.quantity))
  }
  const isDone = order.status === 'closed' && order.paymentStatus !== 'refunded'
  const isOver = isDone || order.fulfillmentStatus === 'fulfilled'
  const hasBegun = part.kind !== 'goods' && order.fulfillmentStatus === 'partially_fulfilled'
  return isOver || hasBegun ? shareMinor : 0n
}
