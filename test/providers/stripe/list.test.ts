import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Api, ListedItem, Page } from '../../../src/providers/provider.ts'
import { ApiError } from '../../../src/providers/provider.ts'
import { lists } from '../../../src/providers/stripe/list.ts'
import { stripe } from '../../../src/providers/stripe/index.ts'
import { type Answer, type Call, goneCursor, listAnswer, withApi } from './api.ts'
import { fixture, settings } from './subject.ts'

const start = 1_772_000_000
const window = {
  list: 'charges',
  since: new Date(start * 1000).toISOString(),
  until: new Date((start + 86_400) * 1000).toISOString(),
}

function apiAt(url: string, more: Partial<Api> = {}): Api {
  return {
    connection: { ...settings, apiBaseUrl: url },
    signal: AbortSignal.timeout(20_000),
    timeoutMs: 5_000,
    ...more,
  }
}

/** Charges a second apart, the first the newest. */
function charges(count: number, from = 0): { id: string; created: number; object: string }[] {
  return Array.from({ length: count }, (_, index) => ({
    ...fixture('charge.succeeded').body.data.object,
    id: `ch_${String(from + index).padStart(6, '0')}`,
    object: 'charge',
    created: start + 80_000 - (from + index),
  }))
}

async function walk(
  url: string,
  { cursor, list = 'charges' }: { cursor?: string; list?: string } = {},
): Promise<Page[]> {
  const pages: Page[] = []
  for await (const page of stripe.list({ ...window, list }, cursor, apiAt(url))) {
    pages.push(page)
    assert.ok(pages.length < 50, 'the walk ends')
  }
  return pages
}

const idsOf = (pages: readonly Page[]) =>
  pages.flatMap(({ items }) => items.map(({ resource }) => resource.id))

test('a window is walked page by page, with its bounds, to its end', async () => {
  const all = charges(250)
  await withApi(
    (call) => listAnswer(call, all),
    async (url, calls) => {
      const pages = await walk(url)
      assert.deepEqual(
        idsOf(pages),
        all.map(({ id }) => id),
      )
      assert.deepEqual(
        pages.map(({ isLast }) => isLast),
        [false, false, true],
      )
      assert.equal(calls[0]!.query.get('created[gte]'), String(start))
      assert.equal(calls[0]!.query.get('created[lte]'), String(start + 86_400))
      assert.equal(calls[1]!.query.get('starting_after'), 'ch_000099')
    },
  )
})

test('what appears at the head meanwhile neither doubles nor hides anything', async () => {
  const all = charges(250)
  await withApi(
    (call) => {
      const answer = listAnswer(call, all)
      all.unshift({ ...all[0]!, id: `ch_new${all.length}`, created: start + 85_000 })
      return answer
    },
    async (url) => {
      const ids = idsOf(await walk(url))
      assert.deepEqual(
        ids,
        charges(250).map(({ id }) => id),
      )
    },
  )
})

test('a walk goes on from any cursor', async () => {
  const all = charges(250)
  await withApi(
    (call) => listAnswer(call, all),
    async (url) => {
      const [first] = await walk(url)
      assert.deepEqual(
        idsOf(await walk(url, { cursor: first!.cursor! })),
        all.slice(100).map(({ id }) => id),
      )
    },
  )
})

test('where the cursor’s object is gone, it goes on at the oldest thing seen, giving nothing twice', async () => {
  const all = charges(250)
  let isGone = false
  const answer = (call: Call): Answer => {
    if (call.query.get('starting_after') === 'ch_000099' && !isGone) {
      isGone = true
      return goneCursor('ch_000099')
    }
    return listAnswer(call, all)
  }
  await withApi(answer, async (url) => {
    assert.deepEqual(
      idsOf(await walk(url)),
      all.map(({ id }) => id),
    )
    assert.ok(isGone)
  })
})

test('a stored cursor whose object is gone costs nothing but a second look at its last second', async () => {
  const all = charges(250)
  await withApi(
    (call) => listAnswer(call, all),
    async (url) => {
      const [first] = await walk(url)
      all.splice(99, 1)
      assert.deepEqual(
        idsOf(await walk(url, { cursor: first!.cursor! })),
        all.slice(99).map(({ id }) => id),
      )
    },
  )
})

test('an empty page that claims more is passed over, and one that always comes ends the walk with an error', async () => {
  const all = charges(150)
  let hasLied = false
  const once = (call: Call): Answer => {
    if (call.query.get('starting_after') === null || hasLied) return listAnswer(call, all)
    hasLied = true
    return { body: { object: 'list', data: [], has_more: true } }
  }
  await withApi(once, async (url) =>
    assert.deepEqual(
      idsOf(await walk(url)),
      all.map(({ id }) => id),
    ),
  )
  await withApi(
    () => ({ body: { object: 'list', data: [], has_more: true } }),
    (url) => rejects(walk(url), 'unavailable'),
  )
})

test('a server that ignores the cursor does not hold us for ever', async () => {
  const page = { object: 'list', data: charges(3), has_more: true }
  await withApi(
    () => ({ body: page }),
    (url) => rejects(walk(url), 'unavailable'),
  )
})

for (const [name, answer] of [
  ['HTML with status 200', { body: '', raw: '<html>maintenance</html>' }],
  ['JSON that is no list', { body: { object: 'charge' } }],
  ['a list of things without id', { body: { object: 'list', data: [{ created: start }], has_more: false } }],
  ['half an answer', { body: '', raw: '{"object":"list","data":[{"id":"ch_1","created":1' }],
  ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/' }, body: {} }],
] as const) {
  test(`${name} is an outage, not an empty list`, async () => {
    await withApi(
      () => answer,
      (url) => rejects(walk(url), 'unavailable'),
    )
  })
}

test('a refused rate is told with the time to wait', async () => {
  const answer = {
    status: 429,
    headers: { 'retry-after': '7' },
    body: { error: { code: 'rate_limit', message: 'slow down', type: 'invalid_request_error' } },
  }
  await withApi(
    () => answer,
    async (url, calls) => {
      const error = await rejects(walk(url), 'rate_limited')
      assert.equal(error.retryAfterMs, 7_000)
      assert.equal(calls.length, 1, 'the SDK does not retry by itself')
    },
  )
})

test('events come with their own id and type, and those of unused types are left out', async () => {
  const used = fixture('charge.refunded').body
  const unused = { ...fixture('customer.created').body, created: start + 70_000 }
  await withApi(
    (call) => listAnswer(call, [used, unused] as never),
    async (url) => {
      const items: ListedItem[] = (await walk(url, { list: 'events' })).flatMap((page) => page.items)
      assert.deepEqual(
        items.map(({ providerEventId, type, resource, apiVersion }) => ({
          providerEventId,
          type,
          resource,
          apiVersion,
        })),
        [
          {
            providerEventId: used.id,
            type: 'charge.refunded',
            resource: { kind: 'charge', id: 'ch_3Q1sale0001' },
            apiVersion: '2026-10-28.endive',
          },
        ],
      )
    },
  )
})

test('each list of a reconciliation asks its own address', async () => {
  await withApi(
    (call) => listAnswer(call, []),
    async (url, calls) => {
      for (const list of [...lists, 'invoices']) await walk(url, { list })
      assert.deepEqual(
        calls.map(({ path }) => path.replace('/v1/', '')),
        [
          'events',
          'payment_intents',
          'charges',
          'refunds',
          'disputes',
          'checkout/sessions',
          'balance_transactions',
          'payouts',
          'invoices',
        ],
      )
    },
  )
  await assert.rejects(
    async () => {
      for await (const _ of stripe.list({ ...window, list: 'cats' }, undefined, apiAt('http://127.0.0.1:1')));
    },
    { kind: 'refused' },
  )
})

async function rejects(work: Promise<unknown>, kind: ApiError['kind']): Promise<ApiError> {
  const error = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  )
  assert.ok(error instanceof ApiError, String(error))
  assert.equal(error.kind, kind, error.message)
  return error
}
