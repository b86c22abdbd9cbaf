import assert from 'node:assert/strict'
import { test } from 'node:test'
import { check } from '../../../src/providers/paypal/check.ts'
import { paypal } from '../../../src/providers/paypal/index.ts'
import { ApiError, type ConnectionSettings, type ListedItem } from '../../../src/providers/provider.ts'
import { startPaypalTwin } from '../../../src/sandbox/paypal/index.ts'
import { type Answer, type Call, withApi } from '../stripe/api.ts'
import { fixture, settings } from './subject.ts'

const apiAt = (apiBaseUrl: string, more: Partial<ConnectionSettings> = {}, timeoutMs = 2_000) => ({
  connection: { ...settings, apiBaseUrl, ...more },
  signal: AbortSignal.timeout(20_000),
  timeoutMs,
})
const token: Answer = { body: { access_token: 'A21', expires_in: 32_400 } }
const payment = { speaksFor: ['payment'] as const }

test('a reading is the very bytes of the answer, whatever the package makes of it', async () => {
  const raw = '{ "id":"2GH98765JK432109L", "status":"COMPLETED",\n "odd":10.00, "big":9007199254740993 }'
  await withApi(
    ({ path }) => (path === '/v1/oauth2/token' ? token : { raw, body: undefined }),
    async (url, calls) => {
      const reading = await paypal.read({ kind: 'capture', id: '2GH98765JK432109L' }, apiAt(url))
      assert.equal(Buffer.from(reading.body).toString(), raw)
      assert.equal(reading.type, 'resource.capture')
      assert.equal(calls.at(-1)!.headers.authorization, 'Bearer A21')
    },
  )
})

test('a token is asked for once by many, kept, and dropped when it is refused', async () => {
  let tokens = 0
  const answer = ({ path, headers }: Call): Answer => {
    if (path === '/v1/oauth2/token') {
      tokens += 1
      return { body: { access_token: `A${tokens}`, expires_in: 32_400 } }
    }
    return headers.authorization === 'Bearer A1' && refused
      ? { status: 401, body: { name: 'AUTHENTICATION_FAILURE' } }
      : { body: fixture('refund.completed').body }
  }
  let refused = false
  await withApi(answer, async (url) => {
    const api = apiAt(url)
    const one = () => paypal.read({ kind: 'refund', id: '4ST11223UV334455W' }, api)
    await Promise.all(Array.from({ length: 10 }, one))
    assert.equal(tokens, 1)
    refused = true
    await one()
    await one()
    assert.equal(tokens, 2)
  })
})

test('failures are told apart, and a call that hangs has an end', async () => {
  const cases: readonly (readonly [Answer | undefined | 'hang', ApiError['kind']])[] = [
    [{ status: 404, body: { name: 'RESOURCE_NOT_FOUND' } }, 'not_found'],
    [{ status: 401, body: {} }, 'unauthorized'],
    [{ status: 403, body: { name: 'NOT_AUTHORIZED' } }, 'unauthorized'],
    [{ status: 429, headers: { 'retry-after': '7' }, body: { name: 'RATE_LIMIT_REACHED' } }, 'rate_limited'],
    [{ status: 422, body: { details: [{ issue: 'PREVIOUS_REQUEST_IN_PROGRESS' }] } }, 'rate_limited'],
    [{ status: 422, body: { details: [{ issue: 'ORDER_ALREADY_CAPTURED' }] } }, 'refused'],
    [{ status: 500, body: {} }, 'unavailable'],
    [{ status: 200, raw: '<html>', body: undefined }, 'unavailable'],
    [
      { status: 302, headers: { location: 'https://evil.example/' }, raw: '', body: undefined },
      'unavailable',
    ],
    [undefined, 'unavailable'],
  ]
  for (const [answer, kind] of cases) {
    for (const resource of [{ kind: 'capture', id: 'X' } as const, { kind: 'dispute', id: 'X' } as const]) {
      if (answer !== undefined && answer !== 'hang' && answer.raw === '<html>' && resource.kind === 'dispute')
        continue
      await withApi(
        ({ path }) => (path === '/v1/oauth2/token' ? token : (answer as Answer | undefined)),
        async (url) => {
          await assert.rejects(paypal.read(resource, apiAt(url)), (error: ApiError) => {
            assert.equal(error.kind, kind, `${JSON.stringify(answer)}: ${error.message}`)
            if (kind === 'rate_limited' && answer !== undefined && answer !== 'hang' && answer.headers)
              assert.equal(error.retryAfterMs, 7_000)
            return true
          })
        },
      )
    }
  }
  const twin = await startPaypalTwin({ seed: 1 })
  twin.faults.add({ kind: 'hang', path: '/v2/' })
  await assert.rejects(paypal.read({ kind: 'refund', id: 'X' }, apiAt(twin.url, {}, 200)), ApiError)
  await twin.stop()
})

test('a refunded capture, and one of a shop that PayPal speaks for, is read with its order', async () => {
  const twin = await startPaypalTwin({ seed: 2 })
  const { capture } = twin.steps.pay({ amountMinor: 4080n, number: '1' })
  const typeFor = async (more: object) =>
    (await paypal.read({ kind: 'capture', id: capture.id }, apiAt(twin.url, more))).type
  assert.equal(await typeFor(payment), 'resource.capture')
  assert.equal(await typeFor({}), 'resource.order')
  twin.after.refund(capture.id, 100n)
  assert.equal(await typeFor(payment), 'resource.order')
  twin.faults.omitted.add(capture.supplementary_data.related_ids.order_id)
  assert.equal(await typeFor(payment), 'resource.capture')
  await twin.stop()
})

async function itemsOf(
  api: ReturnType<typeof apiAt>,
  list: string,
  since: string,
  until: string,
  cursor?: string,
) {
  const items: ListedItem[] = []
  const cursors: (string | undefined)[] = []
  for await (const page of paypal.list({ list, since, until }, cursor, api)) {
    items.push(...page.items)
    cursors.push(page.cursor)
  }
  return { items, cursors }
}

test('reports are walked in windows of at most 31 days, overlapped by twice their lag, and split where they hold too much', async () => {
  const ranges: [number, number][] = []
  const answer = ({ path, query }: Call): Answer => {
    if (path === '/v1/oauth2/token') return token
    const range = [query.get('start_date')!, query.get('end_date')!].map((text) => Date.parse(text)) as [
      number,
      number,
    ]
    ranges.push(range)
    const isMuch = range[1] - range[0] > 20 * 86_400_000
    return {
      body: { transaction_details: [], total_items: isMuch ? 10_000 : 0, total_pages: isMuch ? 20 : 1 },
    }
  }
  await withApi(answer, async (url) => {
    await itemsOf(apiAt(url), 'transactions', '2026-01-01T00:00:00.000Z', '2026-03-15T00:00:00.000Z')
  })
  for (const [from, to] of ranges) assert.ok(to - from <= 31 * 86_400_000)
  assert.equal(Math.min(...ranges.map(([from]) => from)), Date.parse('2025-12-31T18:00:00Z'))
  assert.equal(Math.max(...ranges.map(([, to]) => to)), Date.parse('2026-03-15T00:00:00Z'))
  const done = ranges.filter(([from, to]) => to - from <= 20 * 86_400_000).sort(([a], [b]) => a - b)
  for (let at = 1; at < done.length; at++)
    assert.ok(done[at]![0] - done[at - 1]![1] <= 1_000, 'no second is left out')
})

test('every list goes on from any of its cursors, and gives the same in the end', async () => {
  const twin = await startPaypalTwin({ seed: 3 })
  for (let n = 0; n < 13; n++) {
    const { capture } = twin.steps.pay({ amountMinor: 1000n + BigInt(n), number: String(n) })
    if (n % 2 === 0) twin.after.dispute(capture.id)
    if (n % 3 === 0) twin.after.refund(capture.id, 100n)
  }
  const [since, until] = [
    new Date(Date.now() - 3_600_000).toISOString(),
    new Date(Date.now() + 5_000).toISOString(),
  ]
  for (const list of paypal.lists) {
    const api = apiAt(twin.url, payment)
    const whole = await itemsOf(api, list, since, until)
    assert.ok(whole.items.length > 6, list)
    const idOf = ({ resource, type }: ListedItem) => `${resource.kind} ${resource.id} ${type}`
    const first = whole.cursors.find((cursor) => cursor !== undefined)
    if (first === undefined) continue
    const rest = await itemsOf(api, list, since, until, first)
    const tail = whole.items.map(idOf).slice(-rest.items.length)
    assert.deepEqual(rest.items.map(idOf), tail, list)
    assert.ok(rest.items.length < whole.items.length, list)
  }
  await twin.stop()
})

test('the webhook is inspected, registered, mended, and not taken for another', async () => {
  const twin = await startPaypalTwin({ seed: 4 })
  const url = 'https://hooks.shop.example/webhooks/paypal/paypal-main'
  const api = apiAt(twin.url)
  const inspect = async (at = url, more: Partial<ConnectionSettings> = {}) =>
    (await paypal.subscription.inspect(apiAt(twin.url, more), at)).status
  assert.equal(await inspect(), 'absent')
  const made = await paypal.subscription.ensure(api, url)
  assert.equal(made.status, 'healthy')
  const webhookSecrets = [made.secret!]
  assert.equal(await inspect(url, { webhookSecrets }), 'healthy')
  assert.equal(await inspect(), 'unknown', 'its id is none that we verify with')
  assert.equal(await inspect(url.replace('hooks', 'new')), 'wrong_url')
  twin.world.things.webhook.get(made.secret!)!.event_types = [{ name: 'PAYMENT.CAPTURE.COMPLETED' }]
  assert.equal(await inspect(url, { webhookSecrets }), 'wrong_topics')
  assert.equal((await paypal.subscription.ensure(apiAt(twin.url, { webhookSecrets }), url)).status, 'healthy')
  assert.equal(await inspect(url, { webhookSecrets }), 'healthy')
  twin.addWebhook(url)
  assert.equal(await inspect(url, { webhookSecrets }), 'doubled')
  await twin.stop()
})

test('mistakes of configuration are named, and no secret is repeated', () => {
  assert.deepEqual(check(settings), [])
  const of = (more: Partial<ConnectionSettings>) => check({ ...settings, ...more }).join('\n')
  assert.match(of({ webhookSecrets: [] }), /^webhookId: is missing/)
  assert.match(of({ webhookSecrets: ['WEBHOOK_ID', '1JE4291016473214C'] }), /^webhookId: is WEBHOOK_ID/)
  assert.match(of({ mode: 'live' }), /^caFile: is for test mode only/)
  assert.match(of({ apiKey: 'sk_test_x' }), /^apiKey/)
  assert.match(of({ extra: { clientId: 'a' } }), /^clientSecret: is missing/m)
  assert.match(of({ apiBaseUrl: 'http://127.0.0.1:1/x' }), /^apiBaseUrl: has a path/)
  assert.match(of({ extra: { shop: 'x.myshopify.com' } }), /^shop: is no setting/)
  assert.doesNotMatch(of({ extra: { clientSecret: 'very-secret' } }), /very-secret/)
})
