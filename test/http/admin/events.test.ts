import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { insertDeliveries } from '../../../src/store/deliveries.ts'
import { paidSale, refundedSale, startAdmin } from './support.ts'

test('the raw bytes come back exactly, and the payload keeps its large integers', async (t) => {
  const admin = await startAdmin(t)
  const body = Buffer.from(
    '{ "id" : "evt_odd",\n\t"type":"x", "big": 9007199254740993, "a":1, "a":2, "s":"\\u0000\\ud83d\\ude00é" }\n',
  )
  const id = await admin.store({ id: 'evt_odd', type: 'x', body })
  const raw = await admin.get(`/events/${id}/raw`)
  assert.ok(raw.bytes.equals(body))
  assert.equal(raw.headers.get('content-type'), 'application/octet-stream')
  const event = await admin.get(`/events/${id}`)
  assert.ok(event.bytes.includes('9007199254740993'))
  assert.equal(event.body.payload_sha256, createHash('sha256').update(body).digest('hex'))
  assert.equal(event.body.payload.id, 'evt_odd')
  const binary = Buffer.from([0xff, 0xfe, 0x00, 0x0a])
  const odd = await admin.store({ id: 'evt_binary', type: 'x', body: binary })
  assert.ok((await admin.get(`/events/${odd}/raw`)).bytes.equals(binary))
  assert.equal((await admin.get(`/events/${odd}`)).body.payload, null)
  assert.equal((await admin.get('/events/evt_none/raw')).status, 404)
})

test('reads of raw data are in the audit log, with who and what and no payload', async (t) => {
  const admin = await startAdmin(t)
  const [id] = await admin.learn(...paidSale({ n: 1, email: 'canary@shop.example' }))
  const operator = await admin.as('operator')
  await operator('GET', `/events/${id}/raw`)
  const { data } = (await admin.get('/audit')).body
  assert.equal(data[0].action, 'GET /events/{id}/raw')
  assert.equal(data[0].target, id)
  assert.match(data[0].actor, /^key_operator/)
  assert.equal(data[0].result, '200')
  assert.ok(!(await admin.get('/audit')).bytes.includes('canary'))
})

test('the attempts of an event are listed: the first, repeats, and among all deliveries refusals', async (t) => {
  const admin = await startAdmin(t)
  const [event] = paidSale({ n: 1 })
  const id = await admin.store(event!, {
    headers: [
      ['content-type', 'application/json'],
      ['x-name', 'Ada'],
    ],
  })
  assert.equal(await admin.store(event!), id)
  const { data } = (await admin.get(`/events/${id}/deliveries`)).body
  assert.equal(data.length, 2)
  assert.deepEqual(
    data.map((row: { duplicate: boolean }) => row.duplicate),
    [true, false],
  )
  assert.equal(data[0].response_status, 200)
  assert.equal(data[1].headers['x-name'], 'Ada')
  assert.equal((await admin.get(`/events/${id}`)).body.deliveries, 2)
  await insertDeliveries(admin.system.db.web, [
    {
      id: 'dlv_refused',
      connection: 'stripe-test',
      eventId: undefined,
      receivedAt: new Date(Date.now() + 5).toISOString(),
      remoteAddress: '10.0.0.1',
      method: 'POST',
      path: '/webhooks/stripe/stripe-test',
      headers: '[["stripe-signature","***"]]',
      bodyBytes: 5,
      responseStatus: 401,
      durationUs: 1500,
      duplicate: false,
    },
  ])
  const all = (await admin.get('/deliveries')).body.data
  assert.deepEqual(
    all.map((row: { response_status: number }) => row.response_status),
    [401, 200, 200],
  )
  assert.equal(all[0].duration_ms, 1.5)
  const refused = (await admin.get('/deliveries?response_status=401&connection=stripe-test')).body.data
  assert.deepEqual(
    refused.map((row: { id: string }) => row.id),
    ['dlv_refused'],
  )
  const paged: string[] = []
  let cursor: string | null = null
  do {
    const { body } = await admin.get(`/deliveries?limit=1${cursor === null ? '' : `&cursor=${cursor}`}`)
    paged.push(...body.data.map((row: { id: string }) => row.id))
    cursor = body.next_cursor
  } while (cursor !== null)
  assert.deepEqual(
    paged,
    all.map((row: { id: string }) => row.id),
  )
})

test('a dry replay says what would change and changes nothing; the replay itself says the same', async (t) => {
  const admin = await startAdmin(t)
  await admin.learn(...paidSale({ n: 1 }))
  const id = await admin.store(refundedSale({ n: 1 }, 1000))
  await admin.system.db.web.query(
    "update events set status = 'needs_review', review_code = 'payload_unreadable', next_at = null where id = $1",
    [id],
  )
  const dump = async () =>
    JSON.stringify(
      (
        await admin.system.db.web.query(
          'select (select count(*)::int from facts) f, (select count(*)::int from effects) e, (select seq::int from chain_head) h',
        )
      ).rows,
    )
  const before = await dump()
  const dry = await admin.ask('POST', `/events/${id}/replay`, { body: { dry_run: true } })
  assert.equal(dry.status, 200)
  assert.equal(dry.body.dry_run, true)
  assert.ok(dry.body.facts.includes('refund_succeeded:refund:re_1'))
  assert.equal(dry.body.orders[0].before.payment_status, 'paid')
  assert.equal(dry.body.orders[0].after.payment_status, 'partially_refunded')
  assert.ok(dry.body.effects.some((effect: { kind: string }) => effect.kind === 'refund_notice'))
  assert.equal(await dump(), before)
  const real = await admin.ask('POST', `/events/${id}/replay`, { body: {} })
  assert.deepEqual(real.body.facts, dry.body.facts)
  assert.deepEqual(
    real.body.effects.map((effect: { key: string }) => effect.key),
    dry.body.effects.map((effect: { key: string }) => effect.key),
  )
  assert.equal(real.body.orders[0].after.payment_status, 'partially_refunded')
  const again = await admin.ask('POST', `/events/${id}/replay`, { body: {} })
  assert.deepEqual([again.body.facts, again.body.effects], [[], []], 'what is known changes nothing')
  assert.equal((await admin.ask('POST', '/events/evt_none/replay', { body: {} })).status, 404)
})

test('an event names the orders that can be opened, and those only', async (t) => {
  const admin = await startAdmin(t)
  const refund = await admin.learnAt('stripe-test', refundedSale({ n: 1 }, 1000))
  const waiting = (await admin.get(`/events/${refund}`)).body
  assert.deepEqual([waiting.status, waiting.order_ids], ['pending', []])
  await admin.learn(...paidSale({ n: 1 }))
  const { order_ids: orders } = (await admin.get(`/events/${refund}`)).body
  assert.equal(orders.length, 1)
  assert.equal((await admin.get(`/orders/${orders[0]}`)).status, 200)
  const [first] = (await admin.get('/events?type=refund.created')).body.data
  assert.deepEqual(first.order_ids, orders)
  const none = await admin.get('/orders/ord_none')
  assert.equal(none.body.detail, 'There is no order with this id')
})

test('a review of an event is closed once, by a person', async (t) => {
  const admin = await startAdmin(t)
  const id = await admin.store({ id: 'evt_1', type: 'x', body: Buffer.from('{}') })
  const close = () =>
    admin.ask('POST', `/events/${id}/resolve`, { body: { as: 'ignored', note: 'not ours' } })
  assert.equal((await close()).status, 409, 'pending is no review')
  await admin.system.db.web.query(
    "update events set status = 'needs_review', review_code = 'payload_unreadable', next_at = null where id = $1",
    [id],
  )
  assert.equal((await admin.get('/status')).body.events.needs_review, 1)
  const closed = await close()
  assert.equal(closed.status, 200)
  assert.equal(closed.body.status, 'ignored')
  assert.match(closed.body.status_reason, /not ours/)
  assert.equal((await close()).status, 409)
  assert.equal((await admin.get('/status')).body.events.needs_review, 0)
  assert.equal((await admin.ask('POST', `/events/${id}/resolve`, { body: { as: 'lost' } })).status, 400)
})

test('runs are queued with 202 and found again', async (t) => {
  const admin = await startAdmin(t)
  const run = await admin.ask('POST', '/reconciliations', {
    body: { connection: 'stripe-test', since: '2026-11-01T00:00:00Z', dry_run: true },
  })
  assert.equal(run.status, 202)
  assert.deepEqual([run.body.kind, run.body.status, run.body.dry_run], ['reconciliation', 'queued', true])
  assert.deepEqual((await admin.get(`/reconciliations/${run.body.id}`)).body, run.body)
  assert.deepEqual((await admin.get(`/reconciliations/${run.body.id}/findings`)).body, {
    data: [],
    next_cursor: null,
  })
  const replay = await admin.ask('POST', '/replays', {
    body: { filter: { type: 'charge.succeeded', since: '2026-11-01T00:00:00Z' } },
  })
  assert.equal(replay.status, 202)
  assert.equal(replay.body.kind, 'replay')
  assert.deepEqual(
    (await admin.get('/reconciliations')).body.data.map((row: { id: string }) => row.id),
    [run.body.id],
  )
  assert.deepEqual(
    (await admin.get('/replays')).body.data.map((row: { id: string }) => row.id),
    [replay.body.id],
  )
  const { body: status } = await admin.get('/status')
  assert.deepEqual([status.idle, status.runs.queued], [false, 2])
  for (const body of [
    {},
    { connection: 'nope' },
    { connection: 'stripe-test', since: 'x' },
    { connection: 'stripe-test', since: '2026-11-02T00:00:00Z', until: '2026-11-01T00:00:00Z' },
    { connection: 'stripe-test', more: 1 },
  ]) {
    assert.equal((await admin.ask('POST', '/reconciliations', { body })).status, 400, JSON.stringify(body))
  }
  assert.equal((await admin.ask('POST', '/replays', { body: { filter: { limit: 3 } } })).status, 400)
  assert.equal((await admin.get('/reconciliations/run_none')).status, 404)
})
