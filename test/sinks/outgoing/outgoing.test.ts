import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { outgoingEvents } from '../../../src/core/due-outgoing.ts'
import { type Door, outgoingSink } from '../../../src/sinks/outgoing/index.ts'
import { attemptOf, endpoint, itemOf, orderOf, type Reply } from '../support.ts'
import { assertPublished, publishedEvents } from './schema.ts'

const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`

/** A door that keeps what it is told. */
function doorOf(over: Partial<Door> = {}) {
  const said: string[] = []
  const door: Door = {
    closed: async () => undefined,
    close: async (reason) => void said.push(`closed: ${reason}`),
    open: async () => void said.push('opened'),
    tookSomethingSince: async () => false,
    ...over,
  }
  return { door, said }
}

function sinkAt(url: string, door: Door = doorOf().door, allowPrivate = true) {
  const target = { allowPrivate, timeoutMs: 300 }
  return outgoingSink({ id: 'crm', url, secret, target, now: () => new Date(), door })
}

const announced = {
  order: orderOf(),
  frame: {
    id: 'ord_1',
    connection: 'stripe-main',
    mode: 'test',
    updatedAt: '2026-11-25T10:00:00.000Z',
    persons: new Map([['per_1', { email: 'buyer@example.com', name: 'Ada' }]]),
    references: [],
    isMasked: false,
  },
}

function bodyOf(kind: string, detail: object, isOfOrder = true) {
  const body = { endpoint: 'crm', resource: 'x', resource_kind: 'refund', ...detail }
  const prepared = sinkAt('https://app.example').prepare(
    itemOf({ kind, body, announced: isOfOrder ? announced : undefined }),
  ) as { bytes: Uint8Array }
  return JSON.parse(Buffer.from(prepared.bytes).toString('utf8'))
}

test('the published schema names every event that is announced, and no other', () => {
  assert.deepEqual([...publishedEvents].sort(), [...outgoingEvents].sort())
})

const amount = { amount: '10.00', currency: 'USD' }
for (const [kind, detail, isOfOrder] of [
  ['order.paid', {}, true],
  ['order.refunded', { id: 're_1', status: 'succeeded', ...amount }, true],
  ['order.disputed', { id: 'dp_1', status: 'open', ...amount, reason: 'fraudulent', due_by: null }, true],
  ['payment.failed', { id: 'ch_1', status: 'failed', ...amount, reason: 'card_declined' }, true],
  ['shipment.shipped', { id: 'sh_1', status: 'shipped', carrier: null, number: null, url: null }, true],
  ['payout.paid', { id: 'po_1', status: 'paid', ...amount, arrival_date: '2026-11-25' }, false],
  ['checkout.abandoned', { id: 'cs_1' }, false],
  ['product.updated', { id: 'i_1', sku: 'TEE', available: 2, updated_at: '2026-11-25T10:00:00.000Z' }, false],
  ['subscription.paused', { id: 'sub_1', status: 'paused', customer_id: null }, false],
  ['inventory.low', { sku: 'TEE', on_hand: 1, committed: 1, available: 0, threshold: 2 }, false],
] as const) {
  test(`${kind} is what the published schema says`, () => {
    assertPublished(bodyOf(kind, detail, isOfOrder))
  })
}

test('the schema is no rubber stamp', () => {
  const { refund: _, ...data } = bodyOf('order.refunded', { id: 're_1', status: 'succeeded', ...amount }).data
  const paid = bodyOf('order.paid', {})
  assert.throws(() => assertPublished({ ...paid, type: 'order.eaten' }))
  assert.throws(() => assertPublished({ ...paid, data: { ...data, refund: { id: 're_1' } } }))
})

for (const [reply, outcome] of [
  [{ status: 200 }, 'done'],
  [{ status: 204 }, 'done'],
  [{ status: 301, headers: { location: 'http://127.0.0.1:1/' } }, 'retry'],
  [{ status: 400 }, 'retry'],
  [{ status: 410 }, 'failed'],
  [{ status: 429, headers: { 'retry-after': '120' } }, 'retry'],
  [{ status: 500 }, 'retry'],
  ['cut', 'retry'],
  ['silent', 'retry'],
] as [Reply, string][]) {
  test(`an app answers ${typeof reply === 'string' ? reply : reply.status}: ${outcome}`, async (t) => {
    const { url, received } = await endpoint(t, () => reply)
    const { door, said } = doorOf()
    const bytes = Buffer.from('{"a":"Łódź"}')
    const performed = await sinkAt(url, door).call(attemptOf({ bytes }))
    assert.equal(performed.kind, outcome)
    assert.equal(received.length, 1)
    const { headers, body } = received[0]!
    assert.deepEqual(new Webhook(secret).verify(body, headers as Record<string, string>), { a: 'Łódź' })
    assert.equal(headers['webhook-id'], 'eff_1')
    assert.equal(headers['ordersync-schema-version'], '1')
    assert.equal(said.length, outcome === 'failed' ? 1 : 0)
    if (performed.kind === 'retry' && performed.retryAfterMs !== undefined)
      assert.equal(performed.retryAfterMs, 120_000)
  })
}

test('an app is tried for days, and one that took nothing in all that time is disabled', async (t) => {
  const { url } = await endpoint(t, () => ({ status: 503 }))
  const { attemptsMax, backoff } = sinkAt(url)
  const waits = Array.from({ length: attemptsMax - 1 }, (_, n) =>
    Math.min(backoff.capMs, backoff.baseMs * 2 ** n),
  )
  const days = waits.reduce((sum, wait) => sum + (wait * 3) / 4, 0) / 86_400_000
  assert.ok(days > 3 && days < 7, `tried for ${days} days`)
  const dead = doorOf()
  const last = attemptOf({ attempts: attemptsMax })
  assert.equal((await sinkAt(url, dead.door).call(last)).kind, 'failed')
  assert.match(dead.said[0]!, /^closed: it took nothing for days; at last: the receiver answered 503/)
  const picky = doorOf({ tookSomethingSince: async () => true })
  assert.equal((await sinkAt(url, picky.door).call(last)).kind, 'failed')
  assert.deepEqual(picky.said, [], 'it is this one event that it does not take')
})

test('a disabled app is not called for what is new, and a retry that it takes opens it again', async (t) => {
  const { url, received } = await endpoint(t, () => ({ status: 200 }))
  const { door, said } = doorOf({ closed: async () => 'gone' })
  assert.deepEqual(await sinkAt(url, door).call(attemptOf()), { kind: 'failed', error: 'disabled: gone' })
  assert.equal(received.length, 0)
  assert.equal((await sinkAt(url, door).call(attemptOf({ attempts: 2 }))).kind, 'done')
  assert.deepEqual(said, ['opened'])
})

test('a private address is refused unless that is allowed', async (t) => {
  const { url, received } = await endpoint(t, () => ({ status: 200 }))
  const performed = await sinkAt(url.replace('http:', 'https:'), undefined, false).call(attemptOf())
  assert.equal(performed.kind, 'failed')
  assert.equal(received.length, 0)
})
