import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { shopify } from '../../src/providers/shopify/index.ts'
import { type Reply, send } from '../../src/sandbox/letter.ts'
import {
  shopifyHeaders,
  type ShopifyTwin,
  type ShopifyTwinOptions,
  startShopifyTwin,
} from '../../src/sandbox/shopify/index.ts'
import type { ShopEvent } from '../../src/sandbox/shopify/world.ts'
import { type Line, lineSecret, openLine, type Run } from './line.ts'
import { freePort } from './port.ts'
import { until } from './wait.ts'

/** The service, with a Shopify connection `shop` to a twin of its own that sends to it. */
export type Shop = {
  readonly line: Line
  readonly twin: ShopifyTwin
  readonly url: string
  /** All that was sent has come and been worked on, what had to be re-read too. */
  quiet(): Promise<void>
  /** One delivery of an event, as it is or otherwise; nothing is asserted. */
  deliver(
    event: ShopEvent,
    otherwise?: { headers?: { [name: string]: string | undefined }; body?: string | Uint8Array },
  ): Promise<Reply>
  reconcile(more?: { [name: string]: unknown }): Promise<Run>
  /** What an operator would see of the twin's last event of a topic. */
  last(topic: string): ShopEvent
}

export const goods = [
  { sku: 'TEE-M', quantity: 2, unitMinor: 1500n },
  { sku: 'MUG', quantity: 1, unitMinor: 1000n },
] as const

/** An order of 40.80. */
export const purchase = (number: string) => ({ number, lines: goods, shippingMinor: 80n })

/** A Stripe connection for payments alone, beside the shop. */
export const stripeBeside = {
  id: 'stripe-test',
  provider: 'stripe',
  mode: 'test',
  speaksFor: ['payment'],
  webhookSecrets: [lineSecret],
}

const privacy = ['customers/data_request', 'customers/redact', 'shop/redact']

/** `connection` is merged over one that speaks for all of the shop; `others` stand beside it; `file` is the rest. */
export async function openShop(
  t: TestContext,
  {
    connection = {},
    others = [],
    file = {},
    twin: options = {},
  }: { connection?: object; others?: object[]; file?: object; twin?: Partial<ShopifyTwinOptions> } = {},
): Promise<Shop> {
  const twin = await startShopifyTwin({ seed: t.name, timeScale: 1_000_000, ...options })
  t.after(() => twin.stop())
  const port = await freePort()
  const settings = {
    id: 'shop',
    provider: 'shopify',
    mode: 'test',
    speaksFor: ['order', 'payment', 'fulfillment'],
    shop: twin.world.shop,
    accessToken: twin.accessToken,
    webhookSecrets: [twin.secret],
    apiBaseUrl: twin.url,
    ...connection,
  }
  const publicUrl = `http://127.0.0.1:${port}`
  const line = await openLine(t, { publicUrl, connections: [settings, ...others], ...file }, { port })
  const url = `${line.running.url}/webhooks/shopify/shop`
  twin.subscribe(url, privacy)
  await shopify.subscription.ensure(apiOf(line), url)
  for (const { sku } of goods)
    assert.equal((await line.call('PUT', `/inventory/${sku}`, { on_hand: 100 })).status, 200)
  return shopOf(line, twin, url)
}

function apiOf(line: Line) {
  const connection = line.running.system.config.connections.find(({ id }) => id === 'shop')!
  return { connection, signal: AbortSignal.timeout(20_000), timeoutMs: 5_000 }
}

function shopOf(line: Line, twin: ShopifyTwin, url: string): Shop {
  const quiet = async () => {
    await twin.deliver.settled()
    await until('nothing waits for a reading', async () => {
      await line.quiet()
      const { data } = await line.get('/events?status=pending')
      return data.every((event: { status_reason?: string }) => !event.status_reason?.startsWith('re-reading'))
    })
    await line.quiet()
  }
  return {
    line,
    twin,
    url,
    quiet,
    deliver(event, { headers = {}, body = event.body } = {}) {
      const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : new Uint8Array(body)
      const signed = shopifyHeaders(
        { ...event, body: bytes },
        { secret: twin.secret, version: '2026-10', shop: twin.world.shop },
      )
      const given = Object.entries({ ...signed, ...headers }).filter(
        (pair): pair is [string, string] => pair[1] !== undefined,
      )
      return send(url, { headers: Object.fromEntries(given), body: bytes }, { timeoutMs: 5_000 })
    },
    async reconcile(more = {}) {
      const run = await line.reconcile('shop', more)
      await quiet()
      return run
    },
    last(topic) {
      const found = twin.world.events.findLast((event) => event.topic === topic)
      if (found === undefined) throw new Error(`the twin had no ${topic}`)
      return found
    },
  }
}

/** The statuses and codes that a reader of an order looks at first. */
export function seen(order: any): object {
  const { payment_status, fulfillment_status, status } = order
  const reviews = order.needs_review.map(({ code }: { code: string }) => code)
  return { status, payment_status, fulfillment_status, reviews }
}
