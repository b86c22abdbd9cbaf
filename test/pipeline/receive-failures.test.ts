import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { type TestContext, test } from 'node:test'
import {
  createGroupCommit,
  type GroupItem,
  Overloaded,
  type Settle,
} from '../../src/pipeline/group-commit.ts'
import { intakeLoad, storeEvents } from '../../src/pipeline/receive.ts'
import { newEvent, rowsOf, testSystem } from './support.ts'

const codeOf = (result: PromiseSettledResult<unknown>) =>
  result.status === 'rejected'
    ? ((result.reason as { code?: string }).code ?? (result.reason as Error).name)
    : 'stored'

test('one row that cannot be stored fails alone', async (t) => {
  const system = await testSystem(t)
  const events = ['a', 'b\0ad', 'c'].map((providerEventId) =>
    newEvent({ providerEventId, body: Buffer.from('x') }),
  )
  const results = await Promise.allSettled(events.map((event) => storeEvents(system, [event])))
  assert.deepEqual(results.map(codeOf), ['stored', '22021', 'stored'])
  assert.equal((await rowsOf(system, 'select 1 from events')).length, 2)
  assert.equal((await system.queue.fetch(16)).flatMap(({ eventIds }) => eventIds).length, 2)
})

test('a locked table gives up in time, takes it again later, and memory is let go', async (t) => {
  const system = await testSystem(t, { limits: { waitMs: 300, pendingWrites: 3 } })
  const blocker = await system.db.web.connect()
  await blocker.query('begin')
  await blocker.query('lock table events in access exclusive mode')
  const waiting = ['a', 'b', 'c', 'd'].map((providerEventId) =>
    storeEvents(system, [newEvent({ providerEventId })]),
  )
  const results = await Promise.allSettled(waiting)
  assert.deepEqual(
    results.map(codeOf),
    Array(4).fill('Overloaded'),
    'three waited too long, the fourth had no room',
  )
  await blocker.query('commit')
  blocker.release()
  await until(() => intakeLoad(system).rows === 0)
  assert.equal(intakeLoad(system).bytes, 0)
  const [stored] = await storeEvents(system, [newEvent({ providerEventId: 'a' })])
  assert.ok(stored)
})

test('an intake whose connection was cut recovers by itself', async (t) => {
  const system = await testSystem(t)
  await storeEvents(system, [newEvent({ providerEventId: 'a' })])
  await rowsOf(
    system,
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  )
  const results = await Promise.allSettled([storeEvents(system, [newEvent({ providerEventId: 'b' })])])
  if (results[0]?.status === 'rejected') await storeEvents(system, [newEvent({ providerEventId: 'b' })])
  assert.equal((await rowsOf(system, "select 1 from events where provider_event_id = 'b'")).length, 1)
})

test('a commit that rolled back is no success', async (t) => {
  const system = await testSystem(t)
  await rowsOf(
    system,
    `create function refuse() returns trigger language plpgsql as $$
    begin raise exception 'not today' using errcode = 'P0001'; end $$`,
  )
  await rowsOf(
    system,
    'create constraint trigger refuse after insert on events deferrable initially deferred for each row execute function refuse()',
  )
  await assert.rejects(storeEvents(system, [newEvent()]), { code: 'P0001' })
  assert.equal((await rowsOf(system, 'select 1 from events')).length, 0)
  assert.equal((await system.queue.fetch(16)).length, 0)
})

test('a deadlock is taken again', async (t) => {
  const system = await testSystem(t)
  await rowsOf(system, 'create sequence tries')
  await rowsOf(
    system,
    `create function stumble() returns trigger language plpgsql as $$
    begin if nextval('tries') <= 2 then raise exception 'deadlock' using errcode = '40P01'; end if; return null; end $$`,
  )
  await rowsOf(
    system,
    'create trigger stumble after insert on events for each statement execute function stumble()',
  )
  const [stored] = await storeEvents(system, [newEvent()])
  assert.equal(stored?.status, 'accepted')
})

test('the labelled places are passed in order', async (t) => {
  const system = await testSystem(t)
  const passed = labels(t)
  await storeEvents(system, [newEvent()])
  assert.deepEqual(passed, [
    'receive.before_insert',
    'receive.after_insert_before_commit',
    'receive.after_commit_before_answer',
  ])
})

function labels(t: TestContext): unknown[] {
  const passed: unknown[] = []
  const note = (label: unknown) => passed.push(label)
  subscribe('ordersync:point', note)
  t.after(() => unsubscribe('ordersync:point', note))
  return passed
}

test('a flush takes what waits while the lanes are busy', async () => {
  const { commit, batches, gates } = gated({ lanes: 2, flushMax: 3 })
  const results = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((id) => commit.add({ id, bytes: 1 }))
  await turns(3) // both lanes leave at once: neither waits for somebody who comes later
  const late = commit.add({ id: 'i', bytes: 1 })
  assert.deepEqual(batches, [
    ['a', 'b', 'c'],
    ['d', 'e', 'f'],
  ])
  gates[0]!()
  await until(() => gates.length === 3)
  assert.deepEqual(batches[2], ['g', 'h', 'i'])
  gates[1]!()
  gates[2]!()
  assert.deepEqual(await Promise.all([...results, late]), ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'])
  await until(() => commit.load.rows === 0)
})

test('few wait for the flush under way, many leave beside it', async () => {
  const { commit, batches, gates } = gated({ lanes: 2, besideMin: 2 })
  const results = [commit.add({ id: 'a', bytes: 1 })]
  await until(() => gates.length === 1)
  results.push(commit.add({ id: 'b', bytes: 1 }))
  await turns(3)
  assert.equal(batches.length, 1, 'one alone does not leave beside another flush')
  gates[0]!()
  await until(() => gates.length === 2)
  results.push(...['c', 'd'].map((id) => commit.add({ id, bytes: 1 })))
  await until(() => gates.length === 3)
  assert.deepEqual(batches, [['a'], ['b'], ['c', 'd']])
  gates[1]!()
  gates[2]!()
  assert.deepEqual(await Promise.all(results), ['a', 'b', 'c', 'd'])
})

test('a flush that hangs does not hold up few for as long as it hangs', async () => {
  const { commit, batches, gates } = gated({ lanes: 2, besideMin: 2 })
  const hanging = commit.add({ id: 'a', bytes: 1 })
  await until(() => gates.length === 1)
  const alone = commit.add({ id: 'b', bytes: 1 })
  await until(() => gates.length === 2)
  gates[1]!()
  assert.equal(await alone, 'b')
  assert.deepEqual(batches, [['a'], ['b']])
  gates[0]!()
  await hanging
})

test('a lane sends its next flush before it answers for the last one', async () => {
  const order: string[] = []
  const commit = createGroupCommit<GroupItem, string>({
    ...roomy,
    flushMax: 1,
    flush: async (batch) => {
      order.push(`flush ${batch[0]!.item.id}`)
      await settleAll(batch)
    },
  })
  const answer = async (id: string) => void order.push(`answer ${await commit.add({ id, bytes: 1 })}`)
  await Promise.all(['a', 'b'].map(answer))
  assert.deepEqual(order, ['flush a', 'flush b', 'answer a', 'answer b'])
})

test('what waits is bounded in bytes too', async () => {
  const commit = createGroupCommit<GroupItem, string>({ ...roomy, bytesMax: 10, flush: settleAll })
  const fits = commit.add({ id: 'a', bytes: 6 })
  await assert.rejects(commit.add({ id: 'b', bytes: 6 }), Overloaded)
  await fits
  await until(() => commit.load.bytes === 0)
  await commit.add({ id: 'c', bytes: 10 })
})

test('a flush that throws fails its batch and no other', async () => {
  const commit = createGroupCommit<GroupItem, string>({
    ...roomy,
    flush: async (batch) => {
      if (batch.some(({ item }) => item.id === 'bad')) throw new Error('it')
      await settleAll(batch)
    },
  })
  await assert.rejects(commit.add({ id: 'bad', bytes: 1 }), /it/)
  assert.equal(await commit.add({ id: 'good', bytes: 1 }), 'good')
})

const roomy = { lanes: 1, besideMin: 1, flushMax: 64, rowsMax: 1_000, bytesMax: 1_000_000, waitMs: 10_000 }

/** A group commit whose n-th flush ends when `gates[n]` is called; `batches` says what each took. */
function gated(options: Partial<typeof roomy>) {
  const batches: string[][] = []
  const gates: (() => void)[] = []
  const commit = createGroupCommit<GroupItem, string>({
    ...roomy,
    ...options,
    flush: async (batch) => {
      batches.push(batch.map(({ item }) => item.id))
      await new Promise<void>((open) => gates.push(open))
      await settleAll(batch)
    },
  })
  return { commit, batches, gates }
}

async function settleAll(batch: readonly Settle<GroupItem, string>[]): Promise<void> {
  for (const { item, resolve } of batch) resolve(item.id)
}

/** Turns of the event loop until it holds; the runner's own time limit ends a test in which it never does. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turns(1)
}

async function turns(n: number): Promise<void> {
  for (let turn = 0; turn < n; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
