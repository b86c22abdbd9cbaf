import { createHmac, randomUUID } from 'node:crypto'
import { createCourier } from '../courier.ts'
import { createLane } from '../lane.ts'
import { isTaken, send } from '../letter.ts'
import type { Subscription } from './things.ts'
import type { ShopEvent, World } from './world.ts'

export type ShopifyAttempt = {
  readonly eventId: string
  readonly topic: string
  readonly webhookId: string
  readonly subscriptionId: string
  readonly status: number | undefined
}

const minute = 60_000

/**
 * Eight more tries within four hours, ever further apart; the shop tells no exact times. After the last, a subscription
 * that was made by the API is gone.
 *
 * @see https://shopify.dev/docs/apps/build/webhooks/troubleshooting-webhooks (checked 2026-11)
 */
export const retriesMs: readonly number[] = [1, 2, 4, 8, 15, 30, 60, 120].map((minutes) => minutes * minute)

/** `orders/create` is ORDERS_CREATE where it is subscribed. */
export function enumOf(topic: string): string {
  return topic.toUpperCase().replaceAll('/', '_')
}

export type ShopifyDeliverOptions = {
  readonly secret: string
  readonly version: string
  /** Divides the waits before each retry. 1: as the shop. */
  readonly timeScale?: number
}

/** Headers of one delivery. Only the body is signed: all the rest is the sender's word. */
export function shopifyHeaders(
  { id, topic, triggeredAt, body }: Omit<ShopEvent, 'body'> & { readonly body: string | Uint8Array },
  {
    secret,
    version,
    shop,
    webhookId = randomUUID(),
  }: { secret: string; version: string; shop: string; webhookId?: string },
): { [name: string]: string } {
  return {
    'content-type': 'application/json',
    'user-agent': 'Shopify-Captain-Hook',
    'x-shopify-topic': topic,
    'x-shopify-shop-domain': shop,
    'x-shopify-api-version': version,
    'x-shopify-webhook-id': webhookId,
    'x-shopify-event-id': id,
    'x-shopify-triggered-at': triggeredAt,
    'x-shopify-hmac-sha256': createHmac('sha256', secret).update(body).digest('base64'),
  }
}

export type ShopifyDeliver = ReturnType<typeof createShopifyDeliver>

/** Sends the shop's events to its subscriptions, and drops a subscription that takes nothing for hours. */
export function createShopifyDeliver(
  world: World,
  { secret, version, timeScale = 1 }: ShopifyDeliverOptions,
) {
  const lane = createLane(8)
  const stopping = new AbortController()
  const attempts: ShopifyAttempt[] = []
  const courier = createCourier<ShopEvent>(world.onEvent, (event, { copies = 1, delayMs }) => {
    for (const subscription of world.subscriptions.values()) {
      if (subscription.topic !== enumOf(event.topic)) continue
      for (let copy = 0; copy < copies; copy++) {
        const headers = shopifyHeaders(event, { secret, version, shop: world.shop })
        lane.add(() => once({ event, subscription, headers }, 0), delayMs)
      }
    }
  })
  return Object.assign(courier, {
    attempts: attempts as readonly ShopifyAttempt[],
    settled: lane.settled,
    stop() {
      lane.stop()
      stopping.abort()
    },
  })

  type Letter = { event: ShopEvent; subscription: Subscription; headers: { [name: string]: string } }

  async function once(letter: Letter, tries: number): Promise<void> {
    const { event, subscription, headers } = letter
    const { signal } = stopping
    const body = new TextEncoder().encode(event.body)
    const { status } = await send(subscription.uri, { headers, body }, { timeoutMs: 5_000, signal })
    if (stopping.signal.aborted) return
    attempts.push({
      eventId: event.id,
      topic: event.topic,
      webhookId: headers['x-shopify-webhook-id']!,
      subscriptionId: subscription.id,
      status,
    })
    if (isTaken({ status })) return
    const wait = retriesMs[tries]
    if (wait === undefined) {
      if (!subscription.isConfigured) world.subscriptions.delete(subscription.id)
    } else lane.add(() => once(letter, tries + 1), wait / timeScale)
  }
}
