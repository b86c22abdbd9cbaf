import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Act } from '../../src/core/outcome.ts'
import { startActing } from '../../src/pipeline/acts/work.ts'
import { processEvents } from '../../src/pipeline/process.ts'
import { storeEvents } from '../../src/pipeline/receive.ts'
import type { System } from '../../src/pipeline/system.ts'
import { healthOf } from '../../src/store/reading/connections.ts'
import { schedule } from '../../src/store/runs.ts'
import { lifo } from '../support/lifo.ts'
import { until } from '../support/wait.ts'
import { newEvent, rowsOf, testSystem } from './support.ts'

/** A system whose provider asks for these acts in every event, and that carries acts out. */
async function open(t: TestContext, acts: readonly Act[]): Promise<System> {
  const closing = lifo(t)
  const made = await testSystem(closing)
  const provider = made.providers.get('acme')!
  const asking = { ...provider, normalize: () => ({ kind: 'processed' as const, statements: [], acts }) }
  const system = { ...made, providers: new Map([['acme', asking]]) }
  const acting = startActing(system)
  closing.after(() => acting.stop())
  return system
}

async function learn(
  system: System,
  ids: readonly string[],
  occurredAt = '2026-01-01T00:00:00.000Z',
): Promise<void> {
  const stored = await storeEvents(
    system,
    ids.map((providerEventId) => newEvent({ providerEventId, occurredAt })),
  )
  await processEvents(
    system,
    stored.map(({ id }) => id),
  )
}

const states = (system: System) =>
  rowsOf<{ state: string; body: string | null }>(system, 'select state, body from acts')
const isDone = (system: System, count: number) =>
  until('the acts are done', async () => {
    const rows = await states(system)
    return rows.length === count && rows.every((row) => row.state === 'done')
  })

test('a provider that sends us away is not polled any more, and shows so, until it tells of something again', async (t) => {
  const system = await open(t, [{ kind: 'disable_connection', reason: 'app uninstalled' }])
  await learn(system, ['ev_1'])
  await isDone(system, 1)
  const [health] = await healthOf(system.db.web, 'acme-main')
  assert.equal(health!.disabled_reason, 'app uninstalled')
  const ask = () =>
    schedule(
      system.db.web,
      ['acme-main'],
      ['run_1'],
      '{}',
      '2026-01-02T00:00:00.000Z',
      '2026-01-01T00:00:00.000Z',
    )
  assert.deepEqual(await ask(), [])
  await storeEvents(system, [newEvent({ providerEventId: 'ev_2', occurredAt: '2099-01-01T00:00:00.000Z' })])
  await until(
    'it is in use again',
    async () => (await healthOf(system.db.web, 'acme-main'))[0]!.disabled_at === null,
  )
  assert.equal((await ask()).length, 1)
})

test('an act is carried out once, however often its event is taken up, and keeps no person', async (t) => {
  const system = await open(t, [{ kind: 'export_customer', email: 'ada@shop.example' }])
  await learn(system, ['ev_1'])
  await isDone(system, 1)
  const [event] = await rowsOf<{ id: string }>(system, 'select id from events')
  await processEvents(system, [event!.id], { replay: true })
  assert.deepEqual(
    (await states(system)).map((row) => row.body),
    [null],
  )
  const made = await rowsOf<{ data: string }>(system, 'select data from customer_exports')
  assert.equal(made.length, 1)
  assert.equal(JSON.parse(made[0]!.data).customer.email, 'ada@shop.example')
  const audit = await rowsOf<{ action: string; detail: string }>(system, 'select action, detail from audit')
  assert.deepEqual(
    audit.map((row) => row.action),
    ['export_customer'],
  )
})

test('a shop that asks for it is erased: its payloads, its people, its exports’ requests', async (t) => {
  const system = await open(t, [{ kind: 'erase_shop' }])
  await learn(system, ['ev_1', 'ev_2'])
  await isDone(system, 2)
  assert.deepEqual(await rowsOf(system, 'select event_id from payloads'), [])
  assert.equal((await rowsOf(system, 'select id from events')).length, 2)
})

test('a customer whom a provider asks to forget is erased', async (t) => {
  const system = await open(t, [
    { kind: 'erase_customer', email: 'ada@shop.example', customerId: '207119551' },
  ])
  const body = Buffer.from(
    '{"id":"ev_0","type":"customers/update","customer":{"id":207119551,"email":"ada@shop.example"}}',
  )
  const kept = Buffer.from('{"id":"ev_k","type":"customers/update","total":2071195510}')
  await storeEvents(system, [
    newEvent({ providerEventId: 'ev_0', body, ignore: 'customer_observed' }),
    newEvent({ providerEventId: 'ev_k', body: kept, ignore: 'customer_observed' }),
  ])
  await learn(system, ['ev_1'])
  await isDone(system, 1)
  const left = await rowsOf<{ body: Buffer }>(system, 'select body from payloads')
  assert.ok(left.every(({ body: bytes }) => !bytes.includes('ada@shop.example')))
  assert.ok(left.some(({ body: bytes }) => bytes.includes('2071195510')))
})
