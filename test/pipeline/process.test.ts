import assert from 'node:assert/strict'
import { test } from 'node:test'
import { processEvents } from '../../src/pipeline/process.ts'
import { storeEvents } from '../../src/pipeline/receive.ts'
import { verifyHistory } from '../../src/store/verify.ts'
import { lifo } from '../support/lifo.ts'
import { openShop, purchase } from './running.ts'
import { newEvent, testSystem } from './support.ts'

test('an event that several wake-ups take up at once is named by one link, so that the history verifies', async (t) => {
  const system = await testSystem(lifo(t))
  for (let round = 0; round < 10; round += 1) {
    const names = [`evt_${round}_a`, `evt_${round}_b`]
    const stored = await storeEvents(
      system,
      names.map((providerEventId) => newEvent({ providerEventId })),
    )
    const ids = stored.map(({ id }) => id)
    // Loaded before any of them has committed; in batches that overlap, and alone.
    await Promise.all([ids, ids, [ids[0]!], [ids[1]!]].map((batch) => processEvents(system, batch)))
  }
  const found = await verifyHistory(system.db)
  assert.deepEqual(found.problems, [])
  assert.ok(found.links >= 10)
})

test('an event that the database refuses is put off, and at last a dead letter that the team is told of once', async (t) => {
  const shop = await openShop(t, { roles: [], notifyOn: ['dead_letter'] })
  await shop.rows(`create function refuse() returns trigger language plpgsql as
                     $$ begin raise exception 'not this one'; end $$`)
  await shop.rows('create trigger refuse before insert on facts execute function refuse()')
  shop.twin.world.pay(purchase('1001'))
  await shop.twin.deliver.settled()
  const [event] = await shop.rows<{ id: string }>(
    "select id from events where type = 'payment_intent.succeeded'",
  )
  const state = async () =>
    (await shop.rows('select status, attempts, reason from events where id = $1', [event!.id]))[0]
  const notices = () => shop.rows("select key from effects where sink = 'notify' and kind = 'dead_letter'")
  await processEvents(shop.system, [event!.id])
  const reason = (attempt: number) => `attempt ${attempt} failed: not this one`
  assert.deepEqual(await state(), { status: 'pending', attempts: 1, reason: reason(1) })
  assert.deepEqual(await notices(), [])
  await shop.rows('update events set attempts = 11 where id = $1', [event!.id])
  await processEvents(shop.system, [event!.id])
  assert.deepEqual(await state(), { status: 'failed', attempts: 12, reason: reason(12) })
  assert.deepEqual(await notices(), [{ key: `notify:dead_letter:${event!.id}` }])
})
