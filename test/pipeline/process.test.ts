import assert from 'node:assert/strict'
import { test } from 'node:test'
import { processEvents } from '../../src/pipeline/process.ts'
import { storeEvents } from '../../src/pipeline/receive.ts'
import { verifyHistory } from '../../src/store/verify.ts'
import { lifo } from '../support/lifo.ts'
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
