import { randomUUID } from 'node:crypto'
import { randomFrom } from '../stripe/random.ts'
import type { BalanceLine, Dispute, Fulfillment, Item, Payout, ShopOrder, Subscription } from './things.ts'

/** One thing that happened, with the body that its deliveries carry: what was true then, whenever they arrive. */
export type ShopEvent = {
  readonly id: string
  readonly topic: string
  readonly triggeredAt: string
  readonly body: string
}

export type WorldOptions = {
  readonly seed: string | number
  readonly now?: () => Date
  /** Default `example.myshopify.com`. */
  readonly shop?: string
  readonly currency?: string
}

export type World = ReturnType<typeof createWorld>

/** Ids of theirs have 18 digits: more than a double can tell apart. */
const idBase = 820_982_911_900_000_000n

/** A made-up shop: what exists in it, and what it told. The steps in `steps/` change it. */
export function createWorld({
  seed,
  now = () => new Date(),
  shop = 'example.myshopify.com',
  currency = 'USD',
}: WorldOptions) {
  const random = randomFrom(`shopify:${seed}`)
  const events: ShopEvent[] = []
  const listeners: ((event: ShopEvent) => void)[] = []
  let made = 0n
  return {
    shop,
    currency,
    shopId: '548380009',
    locationId: '655441491',
    orders: new Map<string, ShopOrder>(),
    items: new Map<string, Item>(),
    disputes: new Map<string, Dispute>(),
    balance: new Map<string, BalanceLine>(),
    payouts: new Map<string, Payout>(),
    subscriptions: new Map<string, Subscription>(),
    /** Answers to writes that came with an idempotency key, by the key. */
    answered: new Map<string, { readonly [field: string]: unknown }>(),
    /** Every event so far, oldest first. */
    events: events as readonly ShopEvent[],
    now,
    /** Whole seconds, as the shop writes them: changes within one have the same version. */
    at: () => `${now().toISOString().slice(0, 19)}Z`,
    /** Odd, so that one which is rounded is never another that exists. */
    newId: () => String(idBase + made++ * 2_000n + BigInt(random.below(999)) * 2n + 1n),
    onEvent: (listener: (event: ShopEvent) => void) => void listeners.push(listener),
    emit(topic: string, body: object): ShopEvent {
      const event: ShopEvent = {
        id: randomUUID(),
        topic,
        triggeredAt: now().toISOString(),
        body: JSON.stringify(body),
      }
      events.push(event)
      for (const listener of listeners) listener(event)
      return event
    },
  }
}

/** The order, which must be there. */
export function orderOf(world: World, id: string): ShopOrder {
  const found = world.orders.get(id)
  if (found === undefined) throw new Error(`the shop has no order ${id}`)
  return found
}

/** A shipment with its order. */
export function shipmentOf(
  world: World,
  id: string,
): { readonly order: ShopOrder; readonly shipment: Fulfillment } | undefined {
  for (const order of world.orders.values()) {
    const shipment = order.fulfillments.find((one) => one.id === id)
    if (shipment !== undefined) return { order, shipment }
  }
  return undefined
}
