import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Api, ConnectionSettings } from '../../../src/providers/provider.ts'
import { stripe } from '../../../src/providers/stripe/index.ts'
import { eventTypes } from '../../../src/providers/stripe/normalize.ts'
import { type Call, withApi } from './api.ts'
import { settings } from './subject.ts'

const url = 'https://hooks.shop.example/webhooks/stripe/stripe-main'

type Endpoint = {
  id: string
  url: string
  status: string
  enabled_events: string[]
  api_version: string | null
}

function endpoint(fields: Partial<Endpoint> = {}): Endpoint {
  return {
    id: 'we_1',
    url,
    status: 'enabled',
    enabled_events: ['*'],
    api_version: '2026-10-28.endive',
    ...fields,
  }
}

function apiAt(base: string, connection: Partial<ConnectionSettings> = {}): Api {
  return {
    connection: { ...settings, apiBaseUrl: base, ...connection },
    signal: AbortSignal.timeout(20_000),
    timeoutMs: 5_000,
  }
}

const cases: readonly (readonly [name: string, endpoints: Endpoint[], status: string, extra?: object])[] = [
  ['none', [], 'absent'],
  ['another site’s', [endpoint({ url: 'https://other.example/hook' })], 'absent'],
  ['ours', [endpoint()], 'healthy'],
  ['ours with a slash at its end', [endpoint({ url: `${url}/` })], 'healthy'],
  ['ours with exactly what we use', [endpoint({ enabled_events: [...eventTypes] })], 'healthy'],
  ['ours, disabled', [endpoint({ status: 'disabled' })], 'disabled'],
  ['ours, and a disabled twin', [endpoint({ status: 'disabled' }), endpoint({ id: 'we_2' })], 'healthy'],
  ['ours at the host from before a move', [endpoint({ url: url.replace('shop', 'old') })], 'wrong_url'],
  ['ours without refunds', [endpoint({ enabled_events: ['charge.succeeded'] })], 'wrong_topics'],
  ['ours twice', [endpoint(), endpoint({ id: 'we_2' })], 'doubled'],
  ['ours of another version', [endpoint()], 'wrong_version', { apiVersion: '2025-03-31.basil' }],
]

for (const [name, endpoints, status, extra] of cases) {
  test(`an account whose endpoints are ${name} is ${status}`, async () => {
    await withApi(
      () => ({ body: { object: 'list', data: endpoints, has_more: false } }),
      async (base) => {
        const found = await stripe.subscription.inspect(apiAt(base, { extra: { ...extra } }), url)
        assert.equal(found.status, status, found.detail)
      },
    )
  })
}

test('ensure registers what is absent, and hands on the secret that is shown this once', async () => {
  const answer = ({ method }: Call) =>
    method === 'POST'
      ? { body: { ...endpoint(), secret: 'whsec_shown_once' } }
      : { body: { object: 'list', data: [], has_more: false } }
  await withApi(answer, async (base, calls) => {
    const made = await stripe.subscription.ensure(apiAt(base), url)
    assert.equal(made.status, 'healthy')
    assert.equal(made.secret, 'whsec_shown_once')
    const sent = new URLSearchParams(calls.at(-1)!.body)
    assert.equal(sent.get('url'), url)
    assert.equal(sent.get('api_version'), '2026-10-28.endive')
    assert.equal([...sent.keys()].filter((key) => key.startsWith('enabled_events')).length, eventTypes.length)
  })
})

test('ensure mends what can be mended without losing anything, and leaves the rest to a person', async () => {
  const calledWith = async (endpoints: Endpoint[]) => {
    let seen: Call[] = []
    const answer = ({ method }: Call) => ({
      body: method === 'POST' ? endpoint() : { object: 'list', data: endpoints, has_more: false },
    })
    await withApi(answer, async (base, calls) => {
      await stripe.subscription.ensure(apiAt(base), url)
      seen = [...calls]
    })
    return seen.slice(1).map(({ path, body }) => ({ path, body: new URLSearchParams(body) }))
  }
  assert.deepEqual(await calledWith([endpoint()]), [])
  assert.deepEqual(await calledWith([endpoint(), endpoint({ id: 'we_2' })]), [])
  const [woken] = await calledWith([endpoint({ status: 'disabled' })])
  assert.equal(woken?.path, '/v1/webhook_endpoints/we_1')
  assert.equal(woken?.body.get('disabled'), 'false')
  const [widened] = await calledWith([endpoint({ enabled_events: ['customer.created'] })])
  assert.equal(widened?.body.get('enabled_events[0]'), 'customer.created')
})

test('mistakes of configuration are told in words, without the secret', () => {
  const mistakes = (connection: Partial<ConnectionSettings>) => stripe.check({ ...settings, ...connection })
  assert.deepEqual(mistakes({}), [])
  assert.deepEqual(
    mistakes({ apiBaseUrl: 'http://127.0.0.1:12111', extra: { apiVersion: '2026-10-28.endive' } }),
    [],
  )
  const wrong: Partial<ConnectionSettings>[] = [
    { webhookSecrets: ['sk_test_secretvalue'] },
    { webhookSecrets: [' whsec_secretvalue'] },
    { apiKey: 'pk_test_secretvalue' },
    { apiKey: 'whsec_secretvalue' },
    { apiKey: 'sk_live_secretvalue' },
    { apiKey: 'rk_test_secretvalue', mode: 'live' },
    { apiBaseUrl: 'not a url' },
    { apiBaseUrl: 'ftp://x.example' },
    { apiBaseUrl: 'https://x.example/v1' },
    { extra: { shop: 'x.myshopify.com' } },
    { extra: { apiVersion: 'newest' } },
  ]
  for (const connection of wrong) {
    const said = mistakes(connection)
    assert.equal(said.length, 1, JSON.stringify(connection))
    assert.ok(!said[0]!.includes('secretvalue'))
  }
})
