import type { Order } from '../../core/order.ts'

/** An order as `orders.state` keeps it for lists: JSON, bigint as decimal text in the fields named `…Minor`. */
export function stateOf(order: Order): string {
  return JSON.stringify(order, (_key, value) => (typeof value === 'bigint' ? value.toString() : value))
}

/** The order that `stateOf` wrote. A field that was undefined is absent. */
export function orderOf(state: string): Order {
  return JSON.parse(state, (key, value) =>
    key.endsWith('Minor') && typeof value === 'string' ? BigInt(value) : value,
  )
}
