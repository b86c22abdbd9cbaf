import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { type PaypalTwin, type PaypalTwinOptions, startPaypalTwin } from '../../src/sandbox/paypal/index.ts'
import {
  type ShopifyTwin,
  type ShopifyTwinOptions,
  startShopifyTwin,
} from '../../src/sandbox/shopify/index.ts'
import { caFile } from '../providers/paypal/subject.ts'
import { lifo } from '../support/lifo.ts'
import { type Line, lineSecret, openLine } from '../support/line.ts'
import { chargeOf, post, type Sale, type StripeEvent, stripeEvent } from '../support/stripe-events.ts'
import { until } from '../support/wait.ts'

const warehouseSecret = `whsec_${Buffer.alloc(32, 8).toString('base64')}`

/** Everything that a shop of this kind tells, by the names it has for it. */
const topics = [
  'orders/create',
  'orders/updated',
  'orders/edited',
  'orders/paid',
  'orders/cancelled',
  'orders/fulfilled',
  'orders/partially_fulfilled',
  'orders/delete',
  'draft_orders/create',
  'order_transactions/create',
  'refunds/create',
  'fulfillments/create',
  'fulfillments/update',
  'returns/update',
  'disputes/create',
  'disputes/update',
]

export type Witnesses = {
  readonly line: Line
  readonly shop: ShopifyTwin
  readonly paypal: PaypalTwin
  /** Sends signed events of the card provider, each accepted, and waits until all is quiet. */
  card(...events: readonly StripeEvent[]): Promise<void>
  /** The warehouse's signed word on one shipment. */
  warehouse(type: string, data: object): Promise<void>
  /** Waits until what was sent is delivered, read again where it must be, and carried out. */
  quiet(): Promise<void>
  /** Runs one reconciliation of a connection and answers with the reasons of its findings. */
  reconcile(connection: string): Promise<string[]>
  codes(reference: string): Promise<string[]>
}

type Setting = {
  readonly shop?: Partial<ShopifyTwinOptions>
  readonly wallet?: Partial<PaypalTwinOptions>
  /** What the shop's connection has besides; absent: it speaks for order and goods. */
  readonly shopConnection?: object
  readonly sinks?: object
  readonly connections?: readonly object[]
  readonly sku?: Record<string, number>
}

/**
 * The whole service with a shop that speaks for orders and goods, a card provider and a wallet that speak for payment,
 * and a warehouse that speaks for goods: shop and wallet are twins behind HTTP, the others send what a test says.
 */
export async function openWitnesses(context: TestContext, setting: Setting = {}): Promise<Witnesses> {
  const t = lifo(context) as unknown as TestContext
  const shop = await startShopifyTwin({ seed: context.name, ...setting.shop })
  t.after(() => shop.stop())
  const paypal = await startPaypalTwin({ seed: context.name, ...setting.wallet })
  t.after(() => paypal.stop())
  const line = await openLine(t, {
    connections: [
      {
        id: 'shop-eu',
        provider: 'shopify',
        mode: 'test',
        speaksFor: ['order', 'fulfillment'],
        shop: shop.world.shop,
        webhookSecrets: [shop.secret],
        accessToken: shop.accessToken,
        apiBaseUrl: shop.url,
        ...setting.shopConnection,
      },
      { id: 'card', provider: 'stripe', mode: 'test', speaksFor: ['payment'], webhookSecrets: [lineSecret] },
      {
        id: 'wallet',
        provider: 'paypal',
        mode: 'test',
        speaksFor: ['payment'],
        webhookId: walletWebhook,
        clientId: paypal.clientId,
        clientSecret: paypal.clientSecret,
        apiBaseUrl: paypal.url,
        caFile,
      },
      {
        id: 'wms',
        provider: 'standard-webhooks',
        mode: 'test',
        speaksFor: ['fulfillment'],
        webhookSecrets: [warehouseSecret],
      },
      ...(setting.connections ?? []),
    ],
    ...(setting.sinks === undefined ? {} : { sinks: setting.sinks }),
  })
  shop.subscribe(`${line.running.url}/webhooks/shopify/shop-eu`, topics)
  paypal.addWebhook(`${line.running.url}/webhooks/paypal/wallet`, walletWebhook)
  for (const [sku, onHand] of Object.entries(setting.sku ?? { 'TEE-M': 100 }))
    await line.call('PUT', `/inventory/${sku}`, { on_hand: onHand })
  return witnessesOf(line, shop, paypal)
}

const walletWebhook = '1JE4291016473214C'

function witnessesOf(line: Line, shop: ShopifyTwin, paypal: PaypalTwin): Witnesses {
  const quiet = async () => {
    await shop.deliver.settled()
    await paypal.deliver.settled()
    await until('nothing waits for a reading', async () => {
      await line.quiet()
      const { data } = await line.get('/events?status=pending')
      return data.every(
        (event: { status_reason: string | null }) => !event.status_reason?.startsWith('re-reading'),
      )
    })
    await shop.deliver.settled()
    await line.quiet()
  }
  return {
    line,
    shop,
    paypal,
    quiet,
    async card(...events) {
      for (const event of events) {
        const answer = await post(`${line.running.url}/webhooks/stripe/card`, event, lineSecret)
        assert.equal(answer?.status, 200)
      }
      await quiet()
    },
    async warehouse(type, data) {
      const [id, body] = [
        `msg_${crypto.randomUUID()}`,
        JSON.stringify({ type, timestamp: new Date().toISOString(), data }),
      ]
      const answer = await fetch(`${line.running.url}/webhooks/standard-webhooks/wms`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
          'webhook-signature': new Webhook(warehouseSecret).sign(id, new Date(), body),
        },
        body,
      })
      assert.equal(answer.status, 200)
      await quiet()
    },
    async reconcile(connection) {
      const { body } = await line.call('POST', '/reconciliations', { connection })
      await until(
        'the run ended',
        async () => {
          const run = await line.get(`/reconciliations/${body.id}`)
          assert.notEqual(run.status, 'failed', JSON.stringify(run))
          return run.status === 'completed'
        },
        { deadlineMs: 60_000 },
      )
      await quiet()
      const { data } = await line.get(`/reconciliations/${body.id}/findings`)
      return data.map((finding: { detail: { reason: string } }) => finding.detail.reason).sort()
    },
    codes: async (reference) =>
      (await line.order(reference)).needs_review.map(({ code }: { code: string }) => code).sort(),
  }
}

/** Two tees at 15.00, tax and shipping: 40.80 in all. */
export const purchase = {
  number: '1001',
  lines: [{ sku: 'TEE-M', quantity: 2, unitMinor: 1500n, taxMinor: 90n }],
  shippingMinor: 900n,
} as const

/** Now, in the card provider's seconds: shops and payments of one test are of one day. */
export const today = Math.floor(Date.now() / 1000)

/** The card provider's word that a charge of the shop's order went through, or what `over` makes of it. */
export function charged(
  n: string,
  sale: Partial<Sale> = {},
  over: object = {},
  type = 'charge.succeeded',
): StripeEvent {
  const charge = chargeOf({ n, orderNumber: '1001', created: today, ...sale }, over)
  return stripeEvent(`evt_${n}_${type}_${JSON.stringify(over).length}`, type, charge, today)
}

/** What each kind of money brought. */
export function tendersOf(order: any): string[] {
  return order.tenders.map((one: any) => `${one.tender} ${one.amount.amount}`).sort()
}
