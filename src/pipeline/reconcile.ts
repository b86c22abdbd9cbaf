import { randomUUID } from 'node:crypto'
import type { Instant } from '../core/fact.ts'
import { inTransaction } from '../store/database.ts'
import * as runs from '../store/runs.ts'
import { newId } from './ids.ts'
import { canRead } from './readable.ts'
import { RunLost } from './reconcile/run.ts'
import { type Claimed, workReconciliation } from './reconcile/work.ts'
import { workReplay } from './replay.ts'
import { signal } from './signal.ts'
import type { System } from './system.ts'
import { type Working, working } from './working.ts'

export type RunRequest = {
  readonly connection: string
  readonly since?: Instant
  readonly until?: Instant
  /** Limits the run to the order that goes by this number or external id. */
  readonly order?: string
  readonly dryRun?: boolean
  readonly scheduled?: boolean
}

const lookEveryMs = 1_000
/** A killed process's run is taken up after this at the latest: half of the 30 s that are promised. */
const leaseMs = 15_000
const renewEveryMs = 4_000
/** Several processes that start together make one run, not one each. */
const startsTogetherMs = 10_000
/** Runs of different connections go on side by side; one that waits for its provider holds no other up. */
const runsAtOnce = 4

/** Queues one reconciliation; a process with the reconciler role takes it up at once. */
export async function requestRun(system: System, request: RunRequest): Promise<{ id: string }> {
  const now = system.now()
  const id = newId('run', now)
  const { connection, since, until, order, dryRun = false, scheduled = false } = request
  await runs.insert(
    system.db.web,
    id,
    'reconciliation',
    connection,
    dryRun,
    scheduled,
    JSON.stringify({ since, until, order }),
    now.toISOString(),
  )
  signal.emit('runs')
  return { id }
}

/** Schedules reconciliations and works runs of both kinds until it is stopped; what is unfinished then, any process takes up. */
export function startReconciler(system: System): Working {
  return working([(stop) => loop(system, stop)])
}

async function loop(system: System, stop: AbortSignal): Promise<void> {
  const active = new Set<Promise<void>>()
  const startedAt = performance.now()
  let isFirst = true
  while (!stop.aborted) {
    const since = signal.seen('runs')
    try {
      await schedule(system, { isFirst, upForMs: performance.now() - startedAt })
      isFirst = false
      while (active.size < runsAtOnce && !stop.aborted) {
        const claimed = await claim(system)
        if (claimed === undefined) break
        const work = workClaimed(system, claimed, stop).finally(() => {
          active.delete(work)
          signal.emit('runs')
        })
        active.add(work)
      }
    } catch (error) {
      system.log.warn('runs could not be looked at', { error: error as Error })
    }
    await signal.wait('runs', { since, timeoutMs: lookEveryMs, stop })
  }
  await Promise.all(active)
}

/** Queues a run for each connection whose last scheduled one is `reconcile.every` ago, however many processes ask. */
async function schedule(
  system: System,
  { isFirst, upForMs }: { isFirst: boolean; upForMs: number },
): Promise<void> {
  const { everyMs, onStart } = system.config.reconcile
  if (!(everyMs > 0) || (!onStart && upForMs < everyMs)) return
  const connections = system.config.connections.filter(
    (connection) => canRead(connection) && system.providers.has(connection.provider),
  )
  if (connections.length === 0) return
  const now = system.now()
  const waitMs = isFirst && onStart ? Math.min(everyMs, startsTogetherMs) : everyMs
  const dueBefore = new Date(now.getTime() - waitMs).toISOString()
  await inTransaction(system.db.web, async (on) => {
    await runs.lock(on)
    await runs.schedule(
      on,
      connections.map((connection) => connection.id),
      connections.map(() => newId('run', now)),
      '{}',
      now.toISOString(),
      dueBefore,
    )
  })
}

async function claim(system: System): Promise<{ row: runs.RunRow; token: string } | undefined> {
  const now = system.now()
  const token = randomUUID()
  const [row] = await inTransaction(system.db.web, async (on) => {
    await runs.lock(on)
    return runs.claim(on, now.toISOString(), leaseEnd(now), token)
  })
  return row === undefined ? undefined : { row, token }
}

/** Works one run under its lease. Losing the lease, or a stop, ends the work and leaves the run to be taken up. */
async function workClaimed(
  system: System,
  { row, token }: { row: runs.RunRow; token: string },
  stop: AbortSignal,
): Promise<void> {
  const lost = new AbortController()
  const timer = setInterval(() => {
    runs
      .renew(system.db.web, row.id, token, leaseEnd(system.now()))
      .then((rows) => rows.length === 0 && lost.abort(new RunLost(`run ${row.id} was taken over`)))
      .catch((error: Error) =>
        system.log.warn("a run's lease could not be renewed", { run_id: row.id, error }),
      )
  }, renewEveryMs)
  const claimed: Claimed = { row, token, signal: AbortSignal.any([stop, lost.signal]) }
  try {
    await (row.kind === 'replay' ? workReplay(system, claimed) : workReconciliation(system, claimed))
  } catch (error) {
    if (!stop.aborted && !(error instanceof RunLost))
      system.log.error('a run stopped and will be taken up again', { run_id: row.id, error: error as Error })
    if (stop.aborted)
      await runs.release(system.db.web, row.id, token, system.now().toISOString()).catch(() => {})
  } finally {
    clearInterval(timer)
  }
}

function leaseEnd(now: Date): string {
  return new Date(now.getTime() + leaseMs).toISOString()
}
