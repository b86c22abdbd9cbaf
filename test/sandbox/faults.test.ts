import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Fault } from '../../src/sandbox/index.ts'
import { until } from '../support/wait.ts'
import { client, failure, testTwin } from './support.ts'

const answers: readonly (readonly [Fault, unknown])[] = [
  [
    { kind: 'rate_limit', retryAfter: '2' },
    { status: 429, code: 'rate_limit', retryAfter: '2' },
  ],
  [{ kind: 'rate_limit' }, { status: 429, code: 'rate_limit', retryAfter: null }],
  [
    { kind: 'lock_timeout', retryAfter: 'soon' },
    { status: 429, code: 'lock_timeout', retryAfter: 'soon' },
  ],
  [{ kind: 'server_error' }, { status: 500, code: undefined, retryAfter: null }],
  [{ kind: 'unauthorized' }, { status: 401, code: undefined, retryAfter: null }],
  [{ kind: 'forbidden' }, { status: 403, code: 'more_permissions_required', retryAfter: null }],
  [{ kind: 'key_in_use' }, { status: 409, code: 'idempotency_key_in_use', retryAfter: null }],
]
for (const [fault, expected] of answers) {
  const name = `${fault.kind}${fault.retryAfter === undefined ? '' : ` with Retry-After ${fault.retryAfter}`}`
  test(`${name}: the next request is refused so, the one after is not`, async (t) => {
    const twin = await testTwin(t)
    twin.faults.add(fault)
    const headers = { authorization: 'Bearer sk_test_x' }
    const spoiled = await fetch(`${twin.url}/v1/charges`, { headers })
    const { error } = (await spoiled.json()) as { error: { code?: string } }
    const seen = { status: spoiled.status, code: error.code, retryAfter: spoiled.headers.get('retry-after') }
    assert.deepEqual(seen, expected)
    assert.equal((await fetch(`${twin.url}/v1/charges`, { headers })).status, 200)
  })
}

test('a fault counts its requests, and leaves other paths alone', async (t) => {
  const twin = await testTwin(t)
  const stripe = client(twin)
  twin.faults.add({ kind: 'server_error', path: '/v1/events', times: 2 })
  await stripe.charges.list()
  assert.equal((await failure(stripe.events.list())).statusCode, 500)
  assert.equal((await failure(stripe.events.list())).statusCode, 500)
  assert.deepEqual((await stripe.events.list()).data, [])
})

test('the official package waits and repeats by itself', async (t) => {
  const twin = await testTwin(t)
  twin.faults.add({ kind: 'lock_timeout' })
  const list = await client(twin).charges.list({}, { maxNetworkRetries: 1 })
  assert.deepEqual(list.data, [])
})

test('HTML comes with 502, or with 200', async (t) => {
  const twin = await testTwin(t)
  for (const [kind, status] of [
    ['bad_gateway', 502],
    ['html', 200],
  ] as const) {
    twin.faults.add({ kind })
    const response = await fetch(`${twin.url}/v1/events`)
    assert.deepEqual([response.status, response.headers.get('content-type')], [status, 'text/html'])
  }
})

test('a hanging request is ended only by its caller', async (t) => {
  const twin = await testTwin(t)
  twin.faults.add({ kind: 'hang' })
  const error = await failure(client(twin).charges.list({}, { timeout: 50 }))
  assert.equal(error.type, 'StripeConnectionError')
})

test('a body is cut, a connection reset', async (t) => {
  const twin = await testTwin(t)
  for (const kind of ['cut', 'reset'] as const) {
    // The official package tries once more by itself when a connection breaks, retries or not.
    twin.faults.add({ kind, times: 2 })
    const error = await failure(client(twin).charges.list())
    assert.equal(error.type, 'StripeConnectionError')
  }
})

test('a write can be carried out though its answer never comes', async (t) => {
  const twin = await testTwin(t)
  const { charge } = twin.world.pay({ amount: 1000, currency: 'usd' })
  twin.faults.add({ kind: 'reset', method: 'POST', isAfter: true, times: 2 })
  const refund = () =>
    client(twin).refunds.create({ charge: charge.id, amount: 300 }, { idempotencyKey: 'k' })
  await failure(refund())
  assert.equal(charge.amount_refunded, 300)
  assert.equal((await refund()).amount, 300)
  assert.equal(charge.amount_refunded, 300)
})

test('pages can be empty or short though there is more', async (t) => {
  const twin = await testTwin(t)
  for (let n = 0; n < 4; n++) twin.world.pay({ amount: 1000, currency: 'usd' })
  const stripe = client(twin)
  twin.faults.add({ kind: 'empty_page' })
  const empty = await stripe.charges.list()
  assert.deepEqual([empty.data.length, empty.has_more], [0, true])
  twin.faults.add({ kind: 'short_page' })
  const short = await stripe.charges.list()
  assert.deepEqual([short.data.length, short.has_more], [2, true])
})

test('the world changes between two pages', async (t) => {
  const twin = await testTwin(t)
  for (let n = 0; n < 4; n++) twin.world.pay({ amount: 1000, currency: 'usd' })
  const stripe = client(twin)
  twin.faults.add({ kind: 'insert_at_head' })
  const first = await stripe.charges.list({ limit: 2 })
  const second = await stripe.charges.list({ limit: 2, starting_after: first.data[1]!.id })
  assert.equal(twin.world.all('charge').length, 5)
  assert.deepEqual([second.data.length, second.has_more], [2, false])
  twin.faults.add({ kind: 'delete_cursor' })
  const page = await stripe.charges.list({ limit: 2 })
  const error = await failure(stripe.charges.list({ limit: 2, starting_after: page.data[1]!.id }))
  assert.deepEqual([error.code, error.param], ['resource_missing', 'starting_after'])
})

test('the API can lag behind the webhooks', async (t) => {
  const twin = await testTwin(t)
  const stripe = client(twin)
  const { charge } = twin.world.pay({ amount: 1000, currency: 'usd' })
  twin.faults.lagMs = 60_000
  assert.equal((await failure(stripe.charges.retrieve(charge.id))).statusCode, 404)
  assert.deepEqual((await stripe.charges.list()).data, [])
  twin.faults.lagMs = 0
  assert.equal((await stripe.charges.retrieve(charge.id)).id, charge.id)
})

test('a lagging API shows an older state of what it knew', async (t) => {
  const twin = await testTwin(t)
  const { charge } = twin.world.pay({ amount: 1000, currency: 'usd' })
  const paidAt = performance.now()
  await until('the clock has moved on', () => performance.now() > paidAt)
  twin.world.refund(charge)
  const { store } = twin.world.ground
  assert.equal(store.seen(charge.id, performance.now() - paidAt)?.amount_refunded, 0)
  assert.equal(store.seen(charge.id, 0)?.amount_refunded, 1000)
})

test('a list can omit what a GET shows', async (t) => {
  const twin = await testTwin(t)
  const stripe = client(twin)
  const { charge } = twin.world.pay({ amount: 1000, currency: 'usd' })
  twin.faults.omitted.add(charge.id)
  assert.deepEqual((await stripe.charges.list()).data, [])
  assert.equal((await stripe.charges.retrieve(charge.id)).id, charge.id)
})

test('too many requests a second are refused', async (t) => {
  const twin = await testTwin(t)
  twin.faults.requestsPerSecond = 2
  const stripe = client(twin)
  const calls = await Promise.allSettled([1, 2, 3].map(() => stripe.charges.list()))
  assert.deepEqual(calls.map(({ status }) => status).sort(), ['fulfilled', 'fulfilled', 'rejected'])
})

test('other processes set faults and take steps over HTTP', async (t) => {
  const twin = await testTwin(t)
  const post = (path: string, body: object) =>
    fetch(`${twin.url}/_twin/${path}`, { method: 'POST', body: JSON.stringify(body) })
  await post('faults', { kind: 'server_error', path: '/v1/charges', omit: ['ch_1'], latencyMs: 1 })
  assert.equal((await failure(client(twin).charges.list())).statusCode, 500)
  assert.deepEqual([...twin.faults.omitted, twin.faults.latencyMs], ['ch_1', 1])
  await fetch(`${twin.url}/_twin/faults`, { method: 'DELETE' })
  assert.deepEqual([...twin.faults.omitted, twin.faults.latencyMs], [0])
})

test('a step asked for over HTTP is taken, an unknown one is not', async (t) => {
  const twin = await testTwin(t)
  const step = (name: string, ...given: unknown[]) =>
    fetch(`${twin.url}/_twin/steps`, {
      method: 'POST',
      body: JSON.stringify({ step: name, arguments: given }),
    })
  const paid = await step('pay', { amount: 1000, currency: 'usd', orderNumber: '5' })
  const { result } = (await paid.json()) as { result: { charge: { id: string } } }
  assert.equal(twin.world.get(result.charge.id)!.amount, 1000)
  assert.equal((await step('constructor')).status, 400)
})
