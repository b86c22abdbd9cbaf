import { setTimeout as wait } from 'node:timers/promises'
import * as findings from '../../store/findings.ts'
import * as polling from '../../store/polling.ts'
import { open as openRereads } from '../../store/rereads.ts'
import type { Run } from './run.ts'

const lookEveryMs = 50
const pageSize = 500
/** Without a worker nothing is ever processed: the run then ends with its findings open, and a later one closes them. */
const endWaitMs = 600_000
const beginWaitMs = 5_000
const mendable = new Set(['missing', 'behind', 'drift'])

/** Waits a moment for what was delivered and is not processed yet, so that the comparison does not run ahead of it. */
export async function waitForBacklog(run: Run): Promise<void> {
  const deadline = performance.now() + beginWaitMs
  while (performance.now() < deadline) {
    const now = run.system.now().toISOString()
    const [[events], asked] = await Promise.all([
      polling.workable(run.system.db.web, run.connection.id, now),
      openRereads(run.system.db.web, run.connection.id, 100),
    ])
    const isBusy =
      Number(events!.waiting) > 0 || asked.some((row) => row.state === 'due' && row.next_at <= now)
    if (!isBusy) return
    await wait(lookEveryMs, undefined, { signal: run.signal })
  }
}

/** Waits until these events were worked on: whatever became of them, or that they wait for something else now. */
export async function waitForEvents(
  run: Run,
  ids: readonly string[],
  timeoutMs: number = endWaitMs,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  for (let at = 0; at < ids.length; at += pageSize) {
    const some = ids.slice(at, at + pageSize)
    for (
      let open = await openOf(run, some);
      open > 0 && performance.now() < deadline;
      open = await openOf(run, some)
    ) {
      await wait(lookEveryMs, undefined, { signal: run.signal })
    }
  }
}

async function openOf(run: Run, ids: readonly string[]): Promise<number> {
  const rows = await polling.eventStates(run.system.db.web, [...ids])
  return rows.filter((row) => row.status === 'pending' && row.next_at !== null && row.attempts === 0).length
}

/**
 * Closes the open differences of this connection whose events were processed since, this run's and older ones.
 * Answers with how many of other runs it mended.
 */
export async function closeMended(run: Run): Promise<number> {
  const { web } = run.system.db
  let others = 0
  let some = new Map<string, readonly string[]>()
  const closeSome = async () => {
    const closed = await findings.close(web, await mendedOf(run, some), true, run.system.now().toISOString())
    others += closed.filter((row) => row.run_id !== run.id).length
    some = new Map()
  }
  for await (const row of findings.allOpen(web, run.connection.id)) {
    if (mendable.has(row.kind)) some.set(row.id, eventsIn(row.detail))
    if (some.size >= pageSize) await closeSome()
  }
  await closeSome()
  return others
}

async function mendedOf(run: Run, events: ReadonlyMap<string, readonly string[]>): Promise<string[]> {
  const rows = await polling.eventStates(run.system.db.web, [...new Set([...events.values()].flat())])
  const done = new Set(rows.filter(isDone).map((row) => row.id))
  return [...events].filter(([, ids]) => ids.length > 0 && ids.every((id) => done.has(id))).map(([id]) => id)
}

/** An event that waits for its order has recorded its facts: nothing of it is lacking any more. */
function isDone(row: { status: string; reason: string | null; next_at: string | null }): boolean {
  if (row.status === 'processed' || row.status === 'ignored') return true
  return row.status === 'pending' && row.next_at === null && row.reason?.startsWith('waiting for') === true
}

/** Events that the findings of this run name: what an earlier attempt stored is waited for as well. */
export function eventsIn(detail: string): readonly string[] {
  return (JSON.parse(detail) as { events?: readonly string[] }).events ?? []
}
