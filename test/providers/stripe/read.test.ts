import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RefKind } from '../../../src/core/fact.ts'
import { type Api, ApiError, type ConnectionSettings } from '../../../src/providers/provider.ts'
import { retryAfter } from '../../../src/providers/stripe/client.ts'
import { stripe } from '../../../src/providers/stripe/index.ts'
import { type Answer, type Call, withApi } from './api.ts'
import { fixture, settings } from './subject.ts'

function apiAt(url: string, connection: Partial<ConnectionSettings> = {}, more: Partial<Api> = {}): Api {
  return {
    connection: { ...settings, apiBaseUrl: url, ...connection },
    signal: AbortSignal.timeout(20_000),
    timeoutMs: 5_000,
    ...more,
  }
}

const charge = { kind: 'charge', id: 'ch_3Q1sale0001' } as const

async function failure(work: Promise<unknown>): Promise<ApiError> {
  const error = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  )
  assert.ok(error instanceof ApiError, String(error))
  return error
}

test('an answer is kept as its very bytes, odd spacing and digits past 2^53 with it', async () => {
  const raw = `{ "object": "charge",\n  "id": "ch_1", "refunds": {"data": []},  "odd": 9007199254740993, "twice": 1, "twice": 2, "text": "\\u0000é" }`
  await withApi(
    () => ({ body: '', raw }),
    async (url, calls) => {
      const { body, type, apiVersion } = await stripe.read(charge, apiAt(url))
      assert.equal(Buffer.from(body).toString(), raw)
      assert.equal(type, 'resource.charge')
      assert.equal(apiVersion, '2026-10-28.endive')
      assert.equal(calls[0]!.headers.authorization, 'Bearer sk_test_notakey')
      assert.equal(calls[0]!.headers['x-stripe-client-telemetry'], undefined)
      assert.deepEqual(calls[0]!.query.getAll('expand[0]').concat(calls[0]!.query.getAll('expand[1]')), [
        'balance_transaction',
        'refunds',
      ])
    },
  )
})

const readable: readonly (readonly [kind: RefKind, object: string, path: string])[] = [
  ['charge', 'charge', '/v1/charges/id_1'],
  ['payment_intent', 'payment_intent', '/v1/payment_intents/id_1'],
  ['checkout_session', 'checkout.session', '/v1/checkout/sessions/id_1'],
  ['refund', 'refund', '/v1/refunds/id_1'],
  ['dispute', 'dispute', '/v1/disputes/id_1'],
  ['payout', 'payout', '/v1/payouts/id_1'],
  ['transaction', 'balance_transaction', '/v1/balance_transactions/id_1'],
  ['invoice', 'invoice', '/v1/invoices/id_1'],
  ['subscription', 'subscription', '/v1/subscriptions/id_1'],
]

for (const [kind, object, path] of readable) {
  test(`a ${kind} is read at ${path}`, async () => {
    const body = { object, amount_refunded: 0, line_items: { data: [], has_more: false } }
    await withApi(
      () => ({ body }),
      async (url, calls) => {
        const { type } = await stripe.read({ kind, id: 'id_1' }, apiAt(url))
        assert.equal(type, `resource.${object.replace('.', '_')}`)
        assert.deepEqual(
          calls.map((call) => call.path),
          [path],
        )
      },
    )
  })
}

test('what has no address is refused without a call, and an id cannot leave its place in the path', async () => {
  await withApi(
    () => ({ body: { object: 'dispute' } }),
    async (url, calls) => {
      assert.equal((await failure(stripe.read({ kind: 'product', id: 'x' }, apiAt(url)))).kind, 'refused')
      await stripe.read({ kind: 'dispute', id: '../charges?x=1' }, apiAt(url))
      assert.deepEqual(
        calls.map(({ path }) => path),
        ['/v1/disputes/..%2Fcharges%3Fx%3D1'],
      )
    },
  )
})

test('refunds and lines that an expansion cuts off are read from their own list', async () => {
  const many = { object: 'list', data: [], has_more: true }
  const answer = ({ path }: Call): Answer => {
    if (path.endsWith('/line_items') || path === '/v1/refunds')
      return { body: { ...many, url: path, has_more: false } }
    return {
      body: path.startsWith('/v1/charges')
        ? { object: 'charge', refunds: many }
        : { object: 'checkout.session', line_items: many },
    }
  }
  await withApi(answer, async (url, calls) => {
    assert.equal((await stripe.read(charge, apiAt(url))).type, 'resource.refunds')
    assert.equal(calls.at(-1)!.query.get('charge'), charge.id)
    assert.equal(
      (await stripe.read({ kind: 'checkout_session', id: 'cs_1' }, apiAt(url))).type,
      'resource.line_items',
    )
    assert.equal(calls.at(-1)!.path, '/v1/checkout/sessions/cs_1/line_items')
  })
})

test('where an expansion is refused the bare object is read', async () => {
  const answer = ({ query }: Call): Answer =>
    query.has('expand[0]')
      ? {
          status: 400,
          body: { error: { message: 'cannot expand', param: 'expand', type: 'invalid_request_error' } },
        }
      : { body: fixture('refund.created').body.data.object }
  await withApi(answer, async (url, calls) => {
    assert.equal((await stripe.read({ kind: 'refund', id: 're_1' }, apiAt(url))).type, 'resource.refund')
    assert.equal(calls.length, 2)
  })
})

test('calls are made for the account that the connection names', async () => {
  await withApi(
    () => ({ body: { object: 'dispute' } }),
    async (url, calls) => {
      await stripe.read({ kind: 'dispute', id: 'du_1' }, apiAt(url, { account: 'acct_123' }))
      await stripe.read({ kind: 'dispute', id: 'du_1' }, apiAt(url))
      assert.deepEqual(
        calls.map(({ headers }) => headers['stripe-account']),
        ['acct_123', undefined],
      )
    },
  )
})

const errors: readonly (readonly [status: number, error: object, kind: ApiError['kind']])[] = [
  [404, { code: 'resource_missing' }, 'not_found'],
  [401, { message: 'Invalid API Key provided' }, 'unauthorized'],
  [403, { message: 'This key may not' }, 'unauthorized'],
  [400, { code: 'parameter_unknown' }, 'refused'],
  [402, { code: 'card_declined', type: 'card_error' }, 'refused'],
  [409, { code: 'idempotency_key_in_use' }, 'rate_limited'],
  [429, { code: 'rate_limit' }, 'rate_limited'],
  [429, { code: 'lock_timeout' }, 'rate_limited'],
  [500, { type: 'api_error' }, 'unavailable'],
  [503, { type: 'api_error' }, 'unavailable'],
]

for (const [status, error, kind] of errors) {
  test(`status ${status} ${JSON.stringify(error)} is ${kind}, after one call`, async () => {
    await withApi(
      () => ({ status, body: { error: { type: 'invalid_request_error', message: 'no', ...error } } }),
      async (url, calls) => {
        assert.equal((await failure(stripe.read(charge, apiAt(url)))).kind, kind)
        assert.equal(calls.length, 1)
      },
    )
  })
}

test('no key, no server, a line that is cut, an answer of another kind', async () => {
  const { apiKey: _, ...keyless } = settings
  assert.equal(
    (await failure(stripe.read(charge, { ...apiAt('http://127.0.0.1:1'), connection: keyless }))).kind,
    'unauthorized',
  )
  assert.equal((await failure(stripe.read(charge, apiAt('http://127.0.0.1:1')))).kind, 'unavailable')
  await withApi(
    () => undefined,
    async (url) => assert.equal((await failure(stripe.read(charge, apiAt(url)))).kind, 'unavailable'),
  )
  await withApi(
    () => ({ body: { object: 'refund' } }),
    async (url) => assert.equal((await failure(stripe.read(charge, apiAt(url)))).kind, 'unavailable'),
  )
  await withApi(
    () => ({ body: '', raw: '<html>' }),
    async (url) => assert.equal((await failure(stripe.read(charge, apiAt(url)))).kind, 'unavailable'),
  )
})

test('a server that never answers is given up at the deadline, and at once when the caller stops', async () => {
  const { promise: never, resolve: release } = Promise.withResolvers<void>()
  const { createServer } = await import('node:http')
  const server = createServer(() => void never)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  try {
    assert.equal((await failure(stripe.read(charge, apiAt(url, {}, { timeoutMs: 50 })))).kind, 'unavailable')
    const stop = new AbortController()
    const pending = failure(stripe.read(charge, apiAt(url, {}, { signal: stop.signal })))
    stop.abort()
    assert.equal((await pending).kind, 'unavailable')
  } finally {
    release()
    server.closeAllConnections()
    server.close()
  }
})

test('Retry-After is seconds or a date, never negative, never absurd', () => {
  const at = Date.parse('2026-03-01T12:00:00Z')
  assert.equal(retryAfter('7', at), 7_000)
  assert.equal(retryAfter('0.5', at), 500)
  assert.equal(retryAfter('Sun, 01 Mar 2026 12:00:30 GMT', at), 30_000)
  assert.equal(retryAfter('Sun, 01 Mar 2026 11:00:00 GMT', at), 0)
  assert.equal(retryAfter('-5', at), 0)
  assert.equal(retryAfter('1e12', at), 600_000)
  for (const useless of [null, '', ' ', 'soon', 'Infinity']) assert.equal(retryAfter(useless, at), undefined)
})
