import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { fulfillmentSink } from '../../../src/sinks/fulfillment/index.ts'
import { prepareRequest } from '../../../src/sinks/fulfillment/request.ts'
import { attemptOf, endpoint, itemOf, orderOf, type Reply } from '../support.ts'

const secret = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`
const request = { kind: 'request', key: 'fulfil:acct:pi_1:1', body: {} }

function bodyOf(over: Parameters<typeof itemOf>[0] = {}) {
  const prepared = prepareRequest(itemOf({ ...request, ...over }))
  return prepared.kind === 'send' ? JSON.parse(Buffer.from(prepared.bytes).toString('utf8')) : prepared
}

function sinkAt(url: string, over = {}) {
  return fulfillmentSink({
    url,
    secret,
    atMostOnce: false,
    target: { allowPrivate: true, timeoutMs: 300 },
    now: () => new Date(),
    ...over,
  })
}

test('a request says what to ship, where, and how', () => {
  assert.deepEqual(bodyOf(), {
    type: 'fulfillment.requested',
    timestamp: '2026-11-25T10:00:05.000Z',
    data: {
      order_id: 'ord_1',
      number: '1001',
      line_items: [{ id: '1', sku: 'TEE-M', title: 'T-shirt <M>', quantity: 2 }],
      ship_to: {
        name: 'Ada Łódź',
        line1: '1 Main St',
        line2: null,
        city: 'Springfield',
        state: null,
        postal_code: '12345',
        country: 'US',
        phone: null,
      },
      shipping_method: 'Express',
    },
  })
})

test('what was refunded or shipped, or needs no shipping, is not asked for', () => {
  const line = orderOf().lineItems[0]!
  const lineItems = [
    { ...line, quantity: 5, refundedQuantity: 1, fulfilledQuantity: 2 },
    { ...line, id: '2', sku: 'EBOOK', requiresShipping: false },
    { ...line, id: '3', sku: 'MUG', refundedQuantity: 2 },
  ]
  assert.deepEqual(bodyOf({ order: orderOf({ lineItems }) }).data.line_items, [
    { id: '1', sku: 'TEE-M', title: 'T-shirt <M>', quantity: 2 },
  ])
  assert.deepEqual(bodyOf({ order: orderOf({ lineItems: [lineItems[2]!] }) }), {
    kind: 'cancelled',
    reason: 'nothing_to_ship',
  })
})

test('a cancellation repeats what its request said; without a request there is nothing to take back', () => {
  const requested = Buffer.from(JSON.stringify(bodyOf()))
  const over = { kind: 'cancellation', key: 'cancel:acct:pi_1:1', order: orderOf({ lineItems: [] }) }
  const cancelled = bodyOf({ ...over, requested })
  assert.equal(cancelled.type, 'fulfillment.cancelled')
  assert.deepEqual(cancelled.data, bodyOf().data)
  assert.deepEqual(bodyOf(over), { kind: 'cancelled', reason: 'nothing_requested' })
})

test('bodies are what the published schema says', () => {
  const schema = JSON.parse(
    readFileSync(new URL('../../../docs/schemas/fulfillment.json', import.meta.url), 'utf8'),
  )
  const body = bodyOf()
  assert.deepEqual(Object.keys(body), schema.required)
  assert.ok(schema.properties.type.enum.includes(body.type))
  const data = schema.properties.data
  assert.deepEqual(Object.keys(body.data), data.required)
  assert.deepEqual(Object.keys(body.data.line_items[0]), data.properties.line_items.items.required)
  assert.deepEqual(Object.keys(body.data.ship_to), data.properties.ship_to.required)
})

test("a receiver's own library verifies what we signed, with either of two secrets", async (t) => {
  const other = `whsec_${Buffer.from('another secret of some length').toString('base64')}`
  const { url, received } = await endpoint(t, () => ({ status: 202 }))
  const bytes = Buffer.from('{"a":"Łódź"}')
  assert.deepEqual(await sinkAt(url, { secret: `${secret} ${other}` }).call(attemptOf({ bytes })), {
    kind: 'done',
    reference: 'eff_1',
  })
  const [{ headers, body }] = received as [(typeof received)[number]]
  assert.equal(headers['webhook-id'], 'eff_1')
  assert.ok(body.equals(bytes))
  for (const key of [secret, other]) {
    assert.deepEqual(new Webhook(key).verify(body, headers as Record<string, string>), { a: 'Łódź' })
  }
  assert.throws(() => new Webhook(secret).verify(Buffer.from('{}'), headers as Record<string, string>))
})

for (const [reply, outcome] of [
  [{ status: 200, body: '{"error":"inside"}' }, 'done'],
  [{ status: 299 }, 'done'],
  [{ status: 302, headers: { location: 'http://127.0.0.1:1/' } }, 'retry'],
  [{ status: 400 }, 'retry'],
  [{ status: 404 }, 'retry'],
  [{ status: 410 }, 'failed'],
  [{ status: 429, headers: { 'retry-after': '7' } }, 'retry'],
  [{ status: 500 }, 'retry'],
  ['cut', 'retry'],
  ['silent', 'retry'],
] as [Reply, string][]) {
  const words = typeof reply === 'string' ? reply : String(reply.status)
  test(`a receiver that keeps ids and answers ${words}: ${outcome}`, async (t) => {
    const { url } = await endpoint(t, () => reply)
    assert.equal((await sinkAt(url).call(attemptOf())).kind, outcome)
  })
}

for (const [reply, outcome] of [
  [{ status: 200 }, 'done'],
  [{ status: 302 }, 'unknown'],
  [{ status: 400 }, 'failed'],
  [{ status: 408 }, 'unknown'],
  [{ status: 410 }, 'failed'],
  [{ status: 429 }, 'retry'],
  [{ status: 503 }, 'unknown'],
  ['cut', 'unknown'],
  ['silent', 'unknown'],
] as [Reply, string][]) {
  const words = typeof reply === 'string' ? reply : String(reply.status)
  test(`a receiver that keeps no ids and answers ${words}: ${outcome}`, async (t) => {
    const { url } = await endpoint(t, () => reply)
    const sink = sinkAt(url, { atMostOnce: true })
    assert.equal(sink.isRepeatable, false)
    assert.equal((await sink.call(attemptOf())).kind, outcome)
  })
}

test('nobody listening is tried again even where each call counts: not a byte can have arrived', async () => {
  const sink = sinkAt('http://127.0.0.1:1/', { atMostOnce: true })
  assert.equal((await sink.call(attemptOf())).kind, 'retry')
})

test('C56 a private target is refused for good, with a reason that names no address', async () => {
  const sink = sinkAt('https://127.0.0.1/secret-path', { target: { allowPrivate: false, timeoutMs: 300 } })
  const outcome = await sink.call(attemptOf())
  assert.deepEqual(outcome, { kind: 'failed', error: 'the address is not a public one' })
})

test('410 disables the receiver: others fail without a call until a person asks again and it takes it', async (t) => {
  let status = 410
  const { url, received } = await endpoint(t, () => ({ status }))
  const sink = sinkAt(url)
  assert.equal((await sink.call(attemptOf())).kind, 'failed')
  const second = await sink.call(attemptOf({ id: 'eff_2' }))
  assert.match(second.kind === 'failed' ? second.error : '', /^disabled: the receiver said 410 Gone/)
  assert.equal(received.length, 1)
  status = 200
  assert.equal((await sink.call(attemptOf({ attempts: 2 }))).kind, 'done')
  assert.equal((await sink.call(attemptOf({ id: 'eff_3' }))).kind, 'done')
})
