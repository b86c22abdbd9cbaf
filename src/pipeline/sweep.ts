import { setTimeout as wait } from 'node:timers/promises'
import { inTransaction } from '../store/database.ts'
import * as sweeping from '../store/sweeping.ts'
import { point } from './point.ts'
import { eventsPerWakeUpMax } from './queue.ts'
import type { System } from './system.ts'
import { type Working, working } from './working.ts'

const sweepEveryMs = 10_000
const housekeepEveryMs = 3_600_000
/** So long past its time an event counts as forgotten: its wake-up was lost, or somebody just works on it and is slow. */
const overdueMs = 30_000
const eventsAtOnce = eventsPerWakeUpMax * 16
const idempotencyKeptMs = 30 * 86_400_000

/**
 * Finds what a lost job left behind: an event that could be worked on for half a minute and was not gets a new wake-up.
 * Also makes the coming month's partitions, drops those that retention has passed, and forgets idempotency keys after
 * their 30 days.
 */
export function startSweeper(system: System): Working {
  return working([(stop) => loop(system, stop)])
}

async function loop(system: System, stop: AbortSignal): Promise<void> {
  let housekeptAt = Number.NEGATIVE_INFINITY
  while (!stop.aborted) {
    try {
      if (performance.now() - housekeptAt > housekeepEveryMs) {
        await housekeep(system)
        housekeptAt = performance.now()
      }
      while (!stop.aborted && (await sweep(system)) === eventsAtOnce);
    } catch (error) {
      system.log.warn('a sweep failed and is made again', { error: error as Error })
    }
    await wait(sweepEveryMs, undefined, { signal: stop }).catch(() => {})
  }
}

/**
 * One sweep; answers with how many events got a new wake-up. Their `next_at` moves on by as much as they may be overdue,
 * so that they are not woken again while the worker gets to them.
 */
export async function sweep(system: System): Promise<number> {
  const now = system.now()
  const overdue = new Date(now.getTime() - overdueMs).toISOString()
  const count = await inTransaction(system.db.web, async (on) => {
    const rows = await sweeping.takeOverdue(on, overdue, now.toISOString(), eventsAtOnce)
    for (let at = 0; at < rows.length; at += eventsPerWakeUpMax) {
      const { name, text, values } = await system.queue.wakeUp(
        rows.slice(at, at + eventsPerWakeUpMax).map((row) => row.id),
      )
      await on.query({ name, text, values: [...values] })
    }
    return rows.length
  })
  if (count > 0) {
    system.log.warn('events that nobody worked on were woken again', { events: count })
    system.queue.notify()
  }
  return count
}

async function housekeep(system: System): Promise<void> {
  const now = system.now()
  await sweeping.ensurePartitions(system.db.web, now.toISOString())
  await sweeping.forgetIdempotency(system.db.web, new Date(now.getTime() - idempotencyKeptMs).toISOString())
  const { payloadsMs, deliveriesMs } = system.config.retention
  await dropMonths(system, 'payloads', new Date(now.getTime() - payloadsMs))
  await dropMonths(system, 'deliveries', new Date(now.getTime() - deliveriesMs))
}

/** Months that retention has passed go whole, each in a transaction of its own. */
async function dropMonths(system: System, table: 'payloads' | 'deliveries', before: Date): Promise<void> {
  for (;;) {
    point('retention.before_drop')
    const [row] = await sweeping.dropOldestPartition(system.db.web, table, before.toISOString())
    point('retention.after_drop')
    if (row?.dropped == null) return
    system.log.info('a month was dropped, as retention says', { partition: row.dropped })
  }
}
