import { createHmac } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ConnectionSettings, RawRequest } from '../../../src/providers/provider.ts'
import { shopify } from '../../../src/providers/shopify/index.ts'
import { sliceAt } from '../../../src/providers/reading/slices.ts'
import { bytes, type Fixture, type Subject } from '../../conformance/subject.ts'
import { graphqlAnswer, withShop } from './api.ts'

/** A connection that is the whole shop, its payments included; live, as that is where test orders are not ours. */
export const settings: ConnectionSettings = {
  id: 'shop',
  provider: 'shopify',
  mode: 'live',
  speaksFor: ['order', 'payment', 'fulfillment'],
  account: 'shop',
  webhookSecrets: ['shpss_current_one', 'shpss_next_one'],
  toleranceSeconds: 300,
  orderReference: [],
  accept: {},
  ordersFrom: [],
  extra: { shop: 'example.myshopify.com', accessToken: 'shpat_notatoken' },
}

/** As it is beside a payment provider: the shop's word on payments is evidence. */
export const besidePayments: ConnectionSettings = { ...settings, speaksFor: ['order', 'fulfillment'] }

export const now = new Date('2026-03-01T12:00:00.500Z')

const folder = join(import.meta.dirname, '../../fixtures/shopify')

/** Our own examples. Bodies stay text: parsed and printed again, their ids would lose digits. */
export const fixtures: readonly (Fixture & { readonly body: string })[] = readdirSync(folder)
  .sort()
  .map((file) => {
    const whole = readFileSync(join(folder, file))
    const { type, facts, outcome } = JSON.parse(whole.toString()) as Fixture
    const body = Buffer.from(sliceAt(whole, ['body'])!).toString()
    return { name: file.replace(/\.json$/, ''), type, body, ...(facts ? { facts } : { outcome }) }
  })

/** One of them by its name. */
export function fixture(name: string): Fixture & { readonly body: string } {
  const found = fixtures.find((one) => one.name === name)
  if (found === undefined) throw new Error(`no fixture ${name}`)
  return found
}

/** A fixture's body with one piece of its text replaced; it must be there. */
export function changed(name: string, from: string | RegExp, to: string): Uint8Array {
  const { body } = fixture(name)
  const other = body.replace(from, () => to)
  if (other === body) throw new Error(`${name} does not hold ${from}`)
  return bytes(other)
}

type Signed = {
  readonly secrets?: readonly string[]
  readonly topic?: string
  readonly headers?: { readonly [name: string]: string | undefined }
}

/**
 * Signs and addresses as they do. They sign once, with one secret: while it is rotated, with either of the two that we
 * know. `headers` replaces some, undefined takes one away.
 */
export function deliver(body: Uint8Array, { secrets, topic, headers }: Signed = {}): RawRequest {
  const secret = secrets?.find((one) => settings.webhookSecrets.includes(one)) ?? secrets?.[0]
  const signature = createHmac('sha256', secret ?? settings.webhookSecrets[0]!)
    .update(body)
    .digest('base64')
  const all = {
    host: 'hooks.example',
    'x-shopify-topic': topic ?? 'orders/create',
    'x-shopify-shop-domain': 'example.myshopify.com',
    'x-shopify-api-version': '2026-10',
    'x-shopify-webhook-id': 'b54557e4-bdd9-4b37-8a5f-bf7d70bcd043',
    'x-shopify-event-id': '98880550-7158-44d4-b7cd-2c97c8a091b5',
    'x-shopify-triggered-at': '2026-03-01T11:58:12.877041743Z',
    'x-shopify-hmac-sha256': signature,
    ...headers,
  }
  const given = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  return { method: 'POST', path: '/webhooks/shopify', headers: given, body }
}

const unreadable = (name: string, of: string, from: string | RegExp, to: string, path: string) => ({
  name,
  type: fixture(of).type,
  body: changed(of, from, to),
  path,
})

const sale = 'order_transactions-create.sale'

/** Shopify, for the suite that holds every provider. */
export const subject: Subject = {
  provider: shopify,
  settings,
  now,
  deliver,
  signatureHeader: 'x-shopify-hmac-sha256',
  signsTime: false,
  fixtures,
  body: bytes(fixture('orders-create.unicode').body),
  otherMode: changed('orders-create', '"test": false', '"test": true'),
  otherModeIs: 'ignored',
  otherAccount: changed(
    'orders-create',
    'https://example.myshopify.com/',
    'https://somebody-else.myshopify.com/',
  ),
  malformed: [
    { name: 'not JSON', body: bytes('payment=ok') },
    { name: 'empty', body: bytes('') },
    { name: 'an array', body: bytes('[]') },
    { name: 'null', body: bytes('null') },
    {
      name: 'invalid UTF-8',
      body: Buffer.from([...bytes('{"id":1,"line_items":[],"note":"'), 0xff, ...bytes('"}')]),
    },
    {
      name: 'a byte order mark',
      body: Buffer.from([0xef, 0xbb, 0xbf, ...bytes('{"id":1,"line_items":[]}')]),
    },
  ],
  unknownType: { type: 'themes/publish', body: bytes('{"id":1,"role":"main"}') },
  unreadable: [
    unreadable(
      'a currency that hides in a prototype',
      'orders-create',
      '"currency": "USD"',
      '"__proto__": {"currency": "USD"}',
      'currency',
    ),
    unreadable('an unknown currency', 'orders-create', '"currency": "USD"', '"currency": "XXQ"', 'currency'),
    unreadable('no version', 'orders-create', /"updated_at": "[^"]+",/, '', 'updated_at'),
    unreadable(
      'no total',
      'orders-create',
      /"total_price"[\s\S]+?"current_total_price"/,
      '"current_total_price"',
      'total_price',
    ),
    unreadable(
      'a version that is no time',
      'orders-create',
      /"updated_at": "[^"]+"/,
      '"updated_at": "yesterday"',
      'updated_at',
    ),
    unreadable('half a thing', 'orders-create', '"quantity": 2', '"quantity": 1.5', 'line_items[0].quantity'),
    unreadable('no amount', sale, /"amount": "[^"]+",/, '', 'amount'),
    unreadable('a negative amount', sale, '"amount": "62.24"', '"amount": "-62.24"', 'amount'),
    unreadable('a fraction of a cent', sale, '"amount": "62.24"', '"amount": "62.245"', 'amount'),
    unreadable('an absurd amount', sale, '"amount": "62.24"', '"amount": "90071992547409931.00"', 'amount'),
    unreadable('an amount in words', sale, '"amount": "62.24"', '"amount": "lots"', 'amount'),
    unreadable('part of a krona', 'order_transactions-create.sale-isk', '"5000.00"', '"5000.50"', 'amount'),
    unreadable('a kind that is new', sale, '"kind": "sale"', '"kind": "barter"', 'kind'),
    unreadable('a state that is new', sale, '"status": "success"', '"status": "perhaps"', 'status'),
    unreadable('an id with a space', sale, '"id": 120560818172775265', '"id": "12 05"', 'id'),
    unreadable('no id', sale, '"id": 120560818172775265,', '', 'id'),
    unreadable('no time', sale, /"created_at"[^,]+,\s+"processed_at"[^,]+,/, '', 'created_at'),
    unreadable(
      'a refund of no order',
      'refunds-create',
      '"order_id": 820982911946154508',
      '"order_id": null',
      'order_id',
    ),
    unreadable(
      'a shipment in a new state',
      'fulfillments-create',
      '"status": "success"',
      '"status": "teleported"',
      'status',
    ),
    unreadable(
      'a dispute in a new state',
      'disputes-create',
      '"status": "needs_response"',
      '"status": "appealed"',
      'status',
    ),
    unreadable(
      'half a thing in stock',
      'inventory_levels-update',
      '"available": 12',
      '"available": 12.5',
      'available',
    ),
    { name: 'not JSON', type: 'orders/create', body: bytes('{'), path: 'body' },
  ],
  listed: [
    { list: 'orders', webhook: fixture('orders-create'), object: parsed('resource.order.as-placed') },
    { list: 'orders', webhook: fixture('refunds-create'), object: parsed('resource.order') },
    { list: 'orders', webhook: fixture(sale), object: parsed('resource.order') },
    { list: 'orders', webhook: fixture('fulfillments-create'), object: parsed('resource.order') },
    { list: 'disputes', webhook: fixture('disputes-create'), object: parsed('resource.dispute') },
  ],
  serve: async (list, objects, work) => {
    await withShop(
      () => graphqlAnswer(list, objects),
      (url) => work({ ...settings, apiBaseUrl: url }),
    )
  },
}

/** Answers of queries hold ids as text, so parsing them loses nothing. */
function parsed(name: string): unknown {
  return JSON.parse(fixture(name).body)
}
