import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { eventId, storeEvents } from '../../src/pipeline/receive.ts'
import type { System } from '../../src/pipeline/system.ts'
import { openDatabase } from '../../src/store/database.ts'
import { newEvent, rowsOf, testConnection, testSystem } from './support.ts'

type EventRow = {
  id: string
  status: string
  reason: string | null
  review_code: string | null
  scope: string
  mode: string
  source: string
  deliveries: number
  next_at: string | null
  read_no: bigint | null
  body_sha256: Buffer
}

const eventsOf = (system: System) => rowsOf<EventRow>(system, 'select * from events order by seq')
const wakeUpsOf = async (system: System) => (await system.queue.fetch(64)).map(({ eventIds }) => eventIds)

test('an event, its bytes and its wake-up are there once it is accepted', async (t) => {
  const system = await testSystem(t, { connections: [testConnection({ account: 'acct_1' })] })
  const body = Buffer.from(
    '{"id": "ev_1",\n "type":"order.paid", "big": 9007199254740993, "a":1,"a":2, "nul":"\\u0000"}\n\n',
  )
  const [stored] = await storeEvents(system, [newEvent({ body, headers: [['x-a', 'ü"\\']] })])
  assert.deepEqual(stored, { id: eventId('acme-main', 'ev_1'), status: 'accepted' })

  const [event] = await eventsOf(system)
  assert.ok(event)
  assert.equal(event.id, stored?.id)
  assert.equal(event.status, 'pending')
  assert.equal(event.scope, 'acct_1')
  assert.equal(event.deliveries, 1)
  assert.notEqual(event.next_at, null)
  assert.equal(event.body_sha256.toString('hex'), hash('sha256', body, 'hex'))
  const [payload] = await rowsOf<{ body: Buffer; headers: string }>(
    system,
    'select body, headers from payloads',
  )
  assert.deepEqual(payload?.body, body)
  assert.deepEqual(JSON.parse(payload?.headers ?? ''), [['x-a', 'ü"\\']])
  assert.deepEqual(await wakeUpsOf(system), [[stored?.id]])
})

test('an empty body and one with every byte come back as they were', async (t) => {
  const system = await testSystem(t)
  const every = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
  await storeEvents(system, [
    newEvent({ providerEventId: 'a', body: Buffer.alloc(0) }),
    newEvent({ providerEventId: 'b', body: every }),
  ])
  const rows = await rowsOf<{ body: Buffer }>(system, 'select body from payloads order by length(body)')
  assert.deepEqual(
    rows.map(({ body }) => body),
    [Buffer.alloc(0), every],
  )
})

test('fifty deliveries of one event at once are one event and forty-nine repeats', async (t) => {
  const system = await testSystem(t)
  const stored = await storeEvents(
    system,
    Array.from({ length: 50 }, () => newEvent()),
  )
  assert.equal(stored.filter(({ status }) => status === 'accepted').length, 1)
  assert.equal(stored.filter(({ status }) => status === 'duplicate').length, 49)
  assert.deepEqual([...new Set(stored.map(({ id }) => id))], [eventId('acme-main', 'ev_1')])

  const [event] = await eventsOf(system)
  assert.equal(event?.deliveries, 50)
  const logged = await rowsOf(
    system,
    'select 1 from deliveries where duplicate and event_id = $1 and response_status = 200',
    [event?.id],
  )
  assert.equal(logged.length, 49)
})

test('one delivery at two processes at once is one event, and a repeat', async (t) => {
  const system = await testSystem(t)
  const db = openDatabase(system.db.url, { onError: () => {} })
  const other: System = { ...system, db }
  try {
    const events = Array.from({ length: 200 }, (_, i) => newEvent({ providerEventId: `ev_${i}` }))
    const [here, there] = await Promise.all([
      storeEvents(system, events),
      storeEvents(other, events.toReversed()),
    ])
    const all = [...here, ...there]
    assert.equal(all.filter(({ status }) => status === 'accepted').length, 200)
    assert.equal(new Set(all.map(({ id }) => id)).size, 200)
    const rows = await eventsOf(system)
    assert.ok(rows.every(({ deliveries }) => deliveries === 2))
  } finally {
    await db.close()
  }
})

test('a thousand events make few commits, and each is named by one wake-up', async (t) => {
  const system = await testSystem(t)
  const events = Array.from({ length: 1_000 }, (_, i) => newEvent({ providerEventId: `ev_${i}` }))
  const stored = await storeEvents(system, events)
  assert.ok(stored.every(({ status }) => status === 'accepted'))
  assert.deepEqual(
    stored.map(({ id }) => id),
    events.map(({ providerEventId }) => eventId('acme-main', providerEventId)),
  )
  const wakeUps = await wakeUpsOf(system)
  assert.ok(wakeUps.length <= 20, `${wakeUps.length} wake-ups`)
  assert.ok(wakeUps.every((ids) => ids.length <= 64))
  assert.deepEqual(wakeUps.flat().sort(), stored.map(({ id }) => id).sort())
})

test('the same identity at two connections is two events', async (t) => {
  const system = await testSystem(t, { connections: [testConnection(), testConnection({ id: 'acme-two' })] })
  const stored = await storeEvents(system, [newEvent(), newEvent({ connection: 'acme-two' })])
  assert.deepEqual(
    stored.map(({ status }) => status),
    ['accepted', 'accepted'],
  )
  assert.notEqual(stored[0]?.id, stored[1]?.id)
})

test('an ignored event is stored and wakes nobody', async (t) => {
  const system = await testSystem(t)
  const [stored] = await storeEvents(system, [newEvent({ mode: 'live', ignore: 'other_mode' })])
  assert.equal(stored?.status, 'accepted')
  const [event] = await eventsOf(system)
  assert.equal(event?.status, 'ignored')
  assert.equal(event?.reason, 'other_mode')
  assert.equal(event?.mode, 'live')
  assert.equal(event?.next_at, null)
  assert.deepEqual(await wakeUpsOf(system), [])
})

test('another body under an id that nobody signed is an event of its own, under review', async (t) => {
  const system = await testSystem(t)
  const first = newEvent({ isIdSigned: false, body: Buffer.from('one') })
  const other = newEvent({ isIdSigned: false, body: Buffer.from('two') })
  const [a] = await storeEvents(system, [first])
  const [b, c] = await storeEvents(system, [other, first])
  const [d] = await storeEvents(system, [other])
  assert.equal(b?.status, 'accepted')
  assert.notEqual(b?.id, a?.id)
  assert.deepEqual(c, { id: a?.id, status: 'duplicate' })
  assert.deepEqual(d, { id: b?.id, status: 'duplicate' })

  const events = await eventsOf(system)
  assert.deepEqual(
    events.map(({ status, review_code }) => [status, review_code]),
    [
      ['pending', null],
      ['needs_review', 'identity_conflict'],
    ],
  )
  assert.deepEqual([...new Set((await wakeUpsOf(system)).flat())], [a?.id], 'nobody is woken for a review')
})

test('another body under a signed id is a repeat, and the first stays', async (t) => {
  const system = await testSystem(t)
  await storeEvents(system, [newEvent({ body: Buffer.from('one') })])
  const [again] = await storeEvents(system, [newEvent({ body: Buffer.from('two') })])
  assert.equal(again?.status, 'duplicate')
  const rows = await rowsOf<{ body: Buffer }>(system, 'select body from payloads')
  assert.deepEqual(
    rows.map(({ body }) => body.toString()),
    ['one'],
  )
})

test('a polled event is no delivery, and its webhook afterwards is the first', async (t) => {
  const system = await testSystem(t)
  const poll = newEvent({ source: 'poll', readNo: 12_345_678_901_234_567_890n / 10n })
  await storeEvents(system, [poll])
  await storeEvents(system, [poll])
  let [event] = await eventsOf(system)
  assert.deepEqual([event?.source, event?.deliveries, event?.read_no], ['poll', 0, poll.readNo])
  const [late] = await storeEvents(system, [newEvent()])
  assert.equal(late?.status, 'duplicate')
  ;[event] = await eventsOf(system)
  assert.equal(event?.deliveries, 1)
})
