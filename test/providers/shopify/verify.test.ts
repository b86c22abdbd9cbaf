import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConnectionSettings, Verdict } from '../../../src/providers/provider.ts'
import { verify } from '../../../src/providers/shopify/verify.ts'
import { bytes } from '../../conformance/subject.ts'
import { changed, deliver, fixture, now, settings } from './subject.ts'

type How = Parameters<typeof deliver>[1]

function judge(body: string | Uint8Array, how?: How, connection: Partial<ConnectionSettings> = {}): Verdict {
  return verify(deliver(bytes0(body), how), { ...settings, ...connection }, now)
}

function bytes0(body: string | Uint8Array): Uint8Array {
  return typeof body === 'string' ? bytes(body) : body
}

const order = fixture('orders-create').body

test('identity is the topic and the event id, else the delivery id; unsigned, so a conflict can be seen', () => {
  const found = judge(order)
  assert.ok(found.kind === 'verified')
  assert.equal(found.delivery.providerEventId, 'orders/create:98880550-7158-44d4-b7cd-2c97c8a091b5')
  assert.equal(found.delivery.isIdSigned, false)
  const older = judge(order, { headers: { 'x-shopify-event-id': undefined } })
  assert.ok(older.kind === 'verified')
  assert.equal(older.delivery.providerEventId, 'orders/create:b54557e4-bdd9-4b37-8a5f-bf7d70bcd043')
})

test('two subscriptions to one topic deliver one event', () => {
  const ids = ['one', 'two'].map((id) => {
    const found = judge(order, { headers: { 'x-shopify-webhook-id': id } })
    return found.kind === 'verified' ? found.delivery.providerEventId : found.kind
  })
  assert.equal(ids[0], ids[1])
})

test('the time is that of the body: the header that says one is not signed', () => {
  const found = judge(order, { headers: { 'x-shopify-triggered-at': '1999-01-01T00:00:00Z' } })
  assert.equal(found.kind === 'verified' && found.delivery.occurredAt, '2026-03-01T11:58:12.000Z')
})

test('the newer family of headers is read as the older is', () => {
  const { headers, ...request } = deliver(bytes(order))
  const newer = headers.map(([name, value]) => [name.replace(/^x-shopify-/, 'shopify-'), value] as const)
  const found = verify({ ...request, headers: newer }, settings, now)
  assert.equal(found.kind === 'verified' && found.delivery.type, 'orders/create')
  assert.equal(verify({ ...request, headers: [...headers, ...newer] }, settings, now).kind, 'forged')
})

test('a digest has one spelling', () => {
  const request = deliver(bytes(order))
  const at = request.headers.findIndex(([name]) => name === 'x-shopify-hmac-sha256')
  const value = request.headers[at]![1]
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  const last = alphabet.indexOf(value[42]!)
  const twin = `${value.slice(0, 42)}${alphabet[last ^ 1]}=`
  assert.deepEqual(Buffer.from(twin, 'base64'), Buffer.from(value, 'base64'))
  const headers = request.headers.map((header, i) => (i === at ? ([header[0], twin] as const) : header))
  assert.equal(verify({ ...request, headers }, settings, now).kind, 'forged')
})

test('without a topic, or without any id, a genuine body is nothing that they send', () => {
  assert.equal(judge(order, { headers: { 'x-shopify-topic': undefined } }).kind, 'malformed')
  assert.equal(judge(order, { headers: { 'x-shopify-topic': 'orders/créate' } }).kind, 'malformed')
  const without = { 'x-shopify-event-id': undefined, 'x-shopify-webhook-id': undefined }
  assert.equal(judge(order, { headers: without }).kind, 'malformed')
})

test('another shop is refused where the body shows it, and only there', () => {
  const other = 'somebody-else.myshopify.com'
  for (const name of [
    'customers-redact',
    'customers-data_request',
    'shop-redact',
    'app-uninstalled',
    'orders-create',
  ]) {
    const body = changed(name, /example\.myshopify\.com/, other)
    assert.equal(judge(body, { topic: fixture(name).type }).kind, 'not_allowed', name)
  }
  assert.equal(
    judge(order, { headers: { 'x-shopify-shop-domain': other } }).kind,
    'verified',
    'a header proves nothing',
  )
  const custom = changed('orders-create', 'https://example.myshopify.com/', 'https://shop.example/')
  assert.equal(judge(custom).kind, 'verified', 'a domain of its own does not show the shop')
})

test("the shop's number is compared where the connection's account is one", () => {
  assert.equal(judge(order, {}, { account: '548380009' }).kind, 'verified')
  assert.equal(judge(order, {}, { account: '548380010' }).kind, 'not_allowed')
  assert.equal(
    judge(fixture('shop-redact').body, { topic: 'shop/redact' }, { account: '1' }).kind,
    'not_allowed',
  )
})

test('a test order at a live shop is stored and ignored; at a test shop it is an order', () => {
  const body = changed('orders-create', '"test": false', '"test": true')
  const live = judge(body)
  assert.equal(live.kind === 'verified' && live.delivery.ignore, 'other_mode')
  const testShop = judge(body, {}, { mode: 'test' })
  assert.ok(testShop.kind === 'verified' && testShop.delivery.ignore === undefined)
})

test('C43 a privacy topic with a wrong or missing signature is forged, whatever else is right', () => {
  for (const name of ['customers-data_request', 'customers-redact', 'shop-redact']) {
    const { body, type } = fixture(name)
    assert.equal(judge(body, { topic: type, secrets: ['shpss_of_somebody_else'] }).kind, 'forged')
    assert.equal(judge(body, { topic: type, headers: { 'x-shopify-hmac-sha256': undefined } }).kind, 'forged')
    assert.equal(judge(body, { topic: type }).kind, 'verified')
  }
})

test('no secret of a connection is empty, or it verifies nothing', () => {
  assert.equal(judge(order, { secrets: [''] }, { webhookSecrets: [''] }).kind, 'forged')
  assert.equal(judge(order, {}, { webhookSecrets: [] }).kind, 'forged')
})
