import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PgBoss } from 'pg-boss'
import { createLogger, transports } from 'winston'
import { createQueue, type Queue } from '../../src/pipeline/queue.ts'
import type { System } from '../../src/pipeline/system.ts'
import { inTransaction } from '../../src/store/database.ts'
import { until } from '../support/wait.ts'
import { rowsOf, testSystem } from './support.ts'

const silent = createLogger({ silent: true, transports: [new transports.Console()] })
const forever = new AbortController().signal

/** Runs a wake-up's statement in a transaction of its own, as the intake does. */
async function wake(system: System, eventIds: string[], options?: { startAfter?: Date }): Promise<void> {
  const statement = await system.queue.wakeUp(eventIds, options)
  await inTransaction(system.db.web, (connection) =>
    connection.query({ ...statement, values: [...statement.values] }),
  )
}

async function complete(system: System, wakeUps: Awaited<ReturnType<Queue['fetch']>>): Promise<number> {
  const statement = await system.queue.complete(wakeUps)
  const { rows } = await inTransaction(system.db.web, (connection) =>
    connection.query({ ...statement, values: [...statement.values] }),
  )
  return Number(rows[0]?.count)
}

const jobsOf = (system: System) =>
  rowsOf<{ state: string; [column: string]: unknown }>(
    system,
    "select * from pgboss.job where name = 'wake-ups' order by created_on",
  )

/** A second boss on the same database, to see what pg-boss itself does. */
async function withBoss<T>(system: System, work: (boss: PgBoss) => Promise<T>): Promise<T> {
  const other = new PgBoss({ connectionString: system.db.url, supervise: false, schedule: false, max: 1 })
  other.on('error', () => {})
  await other.start()
  try {
    return await work(other)
  } finally {
    await other.stop({ graceful: false })
  }
}

test('a wake-up is there when its transaction commits, and not when it rolls back', async (t) => {
  const system = await testSystem(t)
  const statement = await system.queue.wakeUp(['evt_1'])
  await assert.rejects(
    inTransaction(system.db.web, async (connection) => {
      await connection.query({ ...statement, values: [...statement.values] })
      throw new Error('on second thought')
    }),
  )
  assert.deepEqual(await system.queue.fetch(16), [])
  await wake(system, ['evt_1', 'evt_2'])
  assert.deepEqual(
    (await system.queue.fetch(16)).map(({ eventIds }) => eventIds),
    [['evt_1', 'evt_2']],
  )
  assert.deepEqual(await system.queue.fetch(16), [], 'claimed')
})

test('a captured statement makes the very row that pg-boss makes', async (t) => {
  const system = await testSystem(t)
  await wake(system, ['evt_1'])
  await withBoss(system, (boss) => boss.insert('wake-ups', [{ data: { eventIds: ['evt_1'] } }]))
  const [ours, theirs] = await jobsOf(system)
  const { id, created_on, start_after, keep_until, ...same } = ours!
  assert.ok(id && created_on && start_after && keep_until)
  for (const [column, value] of Object.entries(same)) assert.deepEqual(value, theirs?.[column], column)
})

test('a captured completion leaves the job as pg-boss leaves it', async (t) => {
  const system = await testSystem(t)
  await wake(system, ['evt_1'])
  await wake(system, ['evt_2'])
  const wakeUps = await system.queue.fetch(16)
  assert.equal(await complete(system, wakeUps.slice(0, 1)), 1)
  const job = wakeUps[1]!.job as { id: string; retryCount: number }
  await withBoss(system, (boss) => boss.complete('wake-ups', [job], null))
  const [ours, theirs] = await jobsOf(system)
  for (const column of ['state', 'output', 'retry_count', 'blocked', 'dead_letter'])
    assert.deepEqual(ours?.[column], theirs?.[column], column)
  assert.equal(ours?.state, 'completed')
})

test('each setting is ours, none the default', async (t) => {
  const system = await testSystem(t)
  await wake(system, ['evt_1'])
  const [job] = await jobsOf(system)
  assert.deepEqual(
    [
      job?.retry_limit,
      job?.retry_delay,
      job?.retry_backoff,
      job?.retry_delay_max,
      job?.heartbeat_seconds,
      job?.expire_seconds,
      job?.dead_letter,
    ],
    [20, 1, true, 300, 10, 120, 'wake-ups-dead'],
  )
})

test('what was given back comes again, later and with its attempt counted', async (t) => {
  const system = await testSystem(t)
  await wake(system, ['evt_1'])
  const [first] = await system.queue.fetch(1)
  await system.queue.fail([first!], Object.assign(new Error('secret@buyer.example'), { code: '40P01' }))
  const [job] = await jobsOf(system)
  assert.equal(job?.state, 'retry')
  assert.deepEqual(job?.output, { name: 'Error', code: '40P01' }, 'no message, which may quote a row')
  assert.equal(await complete(system, [first!]), 0, 'an attempt that was given back settles nothing')
  const [again] = await until('it is due again', async () => {
    const found = await system.queue.fetch(1)
    return found.length > 0 && found
  })
  assert.equal(again?.id, first?.id)
  assert.equal(await complete(system, [again!]), 1)
})

test('a wake-up for later is not fetched before', async (t) => {
  const system = await testSystem(t)
  await wake(system, ['evt_1'], { startAfter: new Date(Date.now() + 3_600_000) })
  assert.deepEqual(await system.queue.fetch(1), [])
  assert.equal((await system.queue.depth()).deferred, 1)
})

test('a wake-up names at least one event and at most 64', async (t) => {
  const system = await testSystem(t)
  await assert.rejects(system.queue.wakeUp([]), RangeError)
  await assert.rejects(system.queue.wakeUp(Array(65).fill('evt_1')), RangeError)
})

test('whoever waits is woken here at once, and in another process by a notice', async (t) => {
  const system = await testSystem(t)
  const other = createQueue({ db: system.db, log: silent, supervise: false })
  await other.start()
  try {
    const here = system.queue.waitForWork(60_000, forever)
    const there = other.waitForWork(60_000, forever)
    system.queue.notify()
    await Promise.all([here, there])
    const afterwards = system.queue.waitForWork(60_000, forever)
    other.notify()
    await afterwards
  } finally {
    await other.stop()
  }
})

test('a ring that nobody waited for is not lost', async (t) => {
  const { db } = await testSystem(t)
  const deaf = createQueue({ db, log: silent, supervise: false, hears: false })
  deaf.notify()
  await deaf.waitForWork(60_000, forever)
})

test('waiting ends by itself, and when it is told to', async (t) => {
  const system = await testSystem(t)
  await system.queue.waitForWork(5, forever)
  const stop = new AbortController()
  const waiting = system.queue.waitForWork(60_000, stop.signal)
  stop.abort()
  await waiting
  await system.queue.waitForWork(60_000, stop.signal)
})

test('the listener comes back after its connection was cut', async (t) => {
  const system = await testSystem(t)
  const cut = () =>
    rowsOf<{ pid: number }>(
      system,
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'ordersync listen'",
    )
  await until('it listens', async () => (await cut()).length > 0)
  const other = createQueue({ db: system.db, log: silent, supervise: false, hears: false })
  await other.start()
  try {
    await until('a notice is heard', async () => {
      let isHeard = false
      const heard = system.queue.waitForWork(500, forever).then(() => {
        isHeard = true
      })
      other.notify()
      await Promise.race([heard, new Promise((resolve) => setTimeout(resolve, 300))])
      return isHeard
    })
  } finally {
    await other.stop()
  }
})

test('the wake-up of a killed worker is given back by whoever supervises', { timeout: 60_000 }, async (t) => {
  const system = await testSystem(t)
  await wake(system, ['evt_1'])
  const [claimed] = await withBoss(system, (boss) => boss.fetch('wake-ups'))
  assert.ok(claimed, 'fetched by somebody who will not touch it again')
  await rowsOf(
    system,
    "update pgboss.job set heartbeat_on = now() - interval '11 seconds', started_on = now() - interval '11 seconds' where name = 'wake-ups'",
  )
  const supervisor = createQueue({ db: system.db, log: silent, supervise: true, hears: false })
  await supervisor.start()
  try {
    const [taken] = await until('it is there again', async () => {
      const found = await system.queue.fetch(1)
      return found.length > 0 && found
    })
    assert.equal(taken?.id, claimed.id)
  } finally {
    await supervisor.stop()
  }
})
