import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { eventId, storeEvents } from '../../src/pipeline/receive.ts'
import { newEvent, rowsOf, testSystem } from './support.ts'

test('an event, its bytes and its wake-up are there once it is accepted', async (t) => {
  const system = await testSystem(t)
  const body = Buffer.from(
    '{"id": "ev_1",\n "type":"order.paid", "big": 9007199254740993, "a":1,"a":2, "nul":"\\u0000"}\n\n',
  )
  const [stored] = await storeEvents(system, [newEvent({ body, headers: [['x-a', 'ü"\\']] })])
  assert.deepEqual(stored, { id: eventId('acme-main', 'ev_1'), status: 'accepted' })

  const [event] = await rowsOf<Record<string, unknown>>(system, 'select * from events')
  assert.equal(event?.id, stored?.id)
  assert.equal(event?.status, 'pending')
  assert.equal(event?.scope, 'acme-main')
  assert.equal(event?.deliveries, 1)
  assert.equal((event?.body_sha256 as Buffer).toString('hex'), hash('sha256', body, 'hex'))
  const [payload] = await rowsOf<{ body: Buffer; headers: string }>(
    system,
    'select body, headers from payloads',
  )
  assert.deepEqual(payload?.body, body)
  assert.deepEqual(JSON.parse(payload?.headers ?? ''), [['x-a', 'ü"\\']])
  const wakeUps = await system.queue.fetch(16)
  assert.deepEqual(
    wakeUps.map(({ eventIds }) => eventIds),
    [[stored?.id]],
  )
})
