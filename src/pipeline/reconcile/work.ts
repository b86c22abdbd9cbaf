import { Differences } from '../../core/diff.ts'
import type { Connection } from '../../config.ts'
import type { Provider } from '../../providers/provider.ts'
import * as findings from '../../store/findings.ts'
import * as runs from '../../store/runs.ts'
import { point } from '../point.ts'
import { canRead } from '../readable.ts'
import type { System } from '../system.ts'
import { checkConnection } from './checks.ts'
import { restoreDifferences } from './findings.ts'
import { walkLists } from './lists.ts'
import { notifyFindings } from './notify.ts'
import { type Parameters, type Progress, type Run, RunFailed, RunLost } from './run.ts'
import { closeMended, eventsIn, waitForBacklog, waitForEvents } from './settle.ts'
import { readUnlisted, reconcileOrder } from './single.ts'

/** A claimed run with the token that makes its writes count. */
export type Claimed = { readonly row: runs.RunRow; readonly token: string; readonly signal: AbortSignal }

/**
 * Carries one reconciliation out, from wherever an earlier attempt left it. Ends it `completed`, or `failed` where the
 * provider stays down or the connection cannot be asked. Throws `RunLost` and aborts without a word in the row: the run
 * is taken up again.
 */
export async function workReconciliation(system: System, { row, token, signal }: Claimed): Promise<void> {
  const connection = system.config.connections.find((candidate) => candidate.id === row.connection)
  const provider = connection === undefined ? undefined : system.providers.get(connection.provider)
  const reason = cannotBeAsked(row, connection, provider)
  if (reason !== undefined)
    return end(system, row.id, token, { status: 'failed', error: reason, scanned: 0, mended: 0 })
  const run = begin(system, { row, token, signal }, connection!, provider!)
  try {
    const mended = await work(run)
    await end(system, run.id, token, {
      status: 'completed',
      error: null,
      scanned: run.progress.scanned,
      mended,
    })
    point('reconcile.after_run')
  } catch (error) {
    if (signal.aborted || error instanceof RunLost || !(error instanceof RunFailed)) throw error
    system.log.warn('a reconciliation was given up', {
      run_id: run.id,
      connection: connection!.id,
      error: error.message,
    })
    const mended = run.dryRun ? 0 : await closeMended(run)
    await end(system, run.id, token, {
      status: 'failed',
      error: error.message,
      scanned: run.progress.scanned,
      mended,
    })
  }
}

function cannotBeAsked(
  row: runs.RunRow,
  connection: Connection | undefined,
  provider: Provider | undefined,
): string | undefined {
  if (connection === undefined || provider === undefined)
    return `connection ${row.connection} is not configured`
  return !canRead(connection)
    ? `connection ${connection.id} has no apiKey or credentials, so its provider cannot be asked`
    : undefined
}

function begin(
  system: System,
  { row, token, signal }: Claimed,
  connection: Connection,
  provider: Provider,
): Run {
  const before = JSON.parse(row.progress) as Partial<Progress>
  return {
    system,
    connection,
    provider,
    id: row.id,
    token,
    dryRun: row.dry_run,
    scheduled: row.scheduled,
    parameters: JSON.parse(row.parameters) as Parameters,
    signal,
    progress: { done: [], scanned: 0, ...before },
    isResumed: before.until !== undefined,
    differences: new Differences(),
    findings: new Map(),
    written: new Map(),
    claimed: new Map(),
    unknown: new Set(),
    seen: new Set(),
    undelivered: [],
    stored: [],
  }
}

async function work(run: Run): Promise<number> {
  await restoreDifferences(run)
  await waitForBacklog(run)
  const { order } = run.parameters
  let mended = 0
  if (order !== undefined) await reconcileOrder(run, order)
  else {
    await walkLists(run)
    // What an earlier attempt saw is not known here, so that nothing can be said about what it did not see.
    if (!run.isResumed) mended += await readUnlisted(run, await windowOf(run))
    mended += await checkConnection(run)
  }
  if (!run.dryRun) {
    await waitForEvents(run, await eventsOf(run))
    mended += await closeMended(run)
  }
  await findings.attach(run.system.db.web, run.id, run.connection.account)
  await notifyFindings(run)
  return mended
}

/** The window that every list was walked over: what we hold of it should have been seen. */
async function windowOf(run: Run): Promise<{ since: string; until: string }> {
  const until = run.progress.until!
  const { overlapMs, lookbackMs } = run.system.config.reconcile
  const reach = run.scheduled ? Math.min(overlapMs, lookbackMs) : lookbackMs
  return { until, since: run.parameters.since ?? new Date(new Date(until).getTime() - reach).toISOString() }
}

async function eventsOf(run: Run): Promise<string[]> {
  const events = new Set(run.stored)
  for (let after = -1n, rows = []; ; after = rows.at(-1)!.seq) {
    rows = await findings.ofRun(run.system.db.web, run.id, after, 500)
    for (const row of rows) for (const id of eventsIn(row.detail)) events.add(id)
    if (rows.length < 500) return [...events]
  }
}

type End = { status: 'completed' | 'failed'; error: string | null; scanned: number; mended: number }

async function end(
  system: System,
  id: string,
  token: string,
  { status, error, scanned, mended }: End,
): Promise<void> {
  const rows = await findings.counts(system.db.web, id)
  const found = rows.reduce((sum, row) => sum + Number(row.found), 0)
  const repaired = rows.reduce((sum, row) => sum + Number(row.repaired), 0) + mended
  const perKind = Object.fromEntries(rows.map((row) => [row.kind, Number(row.found)]))
  const now = system.now().toISOString()
  const ended = await runs.finish(
    system.db.web,
    id,
    token,
    status,
    now,
    error,
    scanned,
    found,
    repaired,
    JSON.stringify(perKind),
  )
  if (ended.length === 0) throw new RunLost(`run ${id} was taken over`)
  system.log.info('a reconciliation ended', { run_id: id, status, scanned, found, repaired })
}
