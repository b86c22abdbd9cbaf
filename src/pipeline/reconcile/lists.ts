import { setTimeout as wait } from 'node:timers/promises'
import type { ListWindow } from '../../providers/provider.ts'
import { advance, cursors } from '../../store/cursors.ts'
import type { NewEvent } from '../incoming.ts'
import { point } from '../point.ts'
import { Overloaded, storeEvents } from '../receive.ts'
import { wakeParked } from '../reread.ts'
import { compare, type Listed } from './compare.ts'
import { writeDifferences } from './findings.ts'
import { type Run, saveProgress } from './run.ts'
import { waitForEvents } from './settle.ts'
import { walk } from './walk.ts'

/** What a scheduled run leaves out: its webhook is on its way, and its provider's lists may lag. */
const scheduledLagMs = 60_000
/** Processing keeps up with a page in a fraction of this; where it cannot, the run goes on and waits at its end. */
const pageSettleMs = 2_000
const storeAttempts = 10

/** Walks every list of the provider that this run has not walked yet, each from where it stopped. */
export async function walkLists(run: Run): Promise<void> {
  const known = new Map(
    (await cursors(run.system.db.web, run.connection.id)).map((row) => [row.list, row.until]),
  )
  const until = untilOf(run)
  run.progress.until = until
  let isFirst = true
  for (const list of run.provider.lists) {
    if (run.progress.done.includes(list)) continue
    const window = { list, until, since: sinceOf(run, known.get(list), until) }
    const from = run.progress.list === list ? run.progress.cursor : undefined
    for await (const page of walk(run, window, from)) {
      point('reconcile.after_page')
      if (isFirst) await wakeParked(run.system, run.connection.id)
      isFirst = false
      await takeIn(run, page.items, page.readNo)
      run.progress.list = list
      if (page.cursor !== undefined) run.progress.cursor = page.cursor
      await saveProgress(run)
    }
    await leaveList(run, window, known.get(list))
  }
}

/** Compares items, writes what is found, and stores what mends it: in this order, so that a kill between loses neither. */
export async function takeIn(run: Run, items: readonly Listed[], readNo: bigint | undefined): Promise<void> {
  const events = await compare(run, items, readNo)
  run.progress.scanned += items.length
  point('reconcile.after_diff')
  await writeDifferences(run)
  if (run.dryRun || events.length === 0) return
  await storePatiently(run, events)
  point('reconcile.mid_repair')
  await waitForEvents(run, run.stored.slice(-events.length), pageSettleMs)
}

async function storePatiently(run: Run, events: readonly NewEvent[]): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      run.stored.push(...(await storeEvents(run.system, events)).map((stored) => stored.id))
      return
    } catch (error) {
      if (!(error instanceof Overloaded) || attempt >= storeAttempts) throw error
      await wait(attempt * 200, undefined, { signal: run.signal })
    }
  }
}

function untilOf(run: Run): string {
  const { progress, parameters, scheduled, system } = run
  return (
    progress.until ??
    parameters.until ??
    new Date(system.now().getTime() - (scheduled ? scheduledLagMs : 0)).toISOString()
  )
}

/**
 * From the cursor less the overlap, however long ago that is. What nobody walked yet begins with the lookback, and so
 * does every run by hand: who asks for one wants more than the schedule did.
 */
function sinceOf(run: Run, cursor: string | undefined, until: string): string {
  const { overlapMs, lookbackMs } = run.system.config.reconcile
  const lookback = new Date(new Date(until).getTime() - lookbackMs).toISOString()
  if (run.parameters.since !== undefined) return run.parameters.since
  if (cursor === undefined) return lookback
  const overlapped = new Date(new Date(cursor).getTime() - overlapMs).toISOString()
  return run.scheduled || overlapped < lookback ? overlapped : lookback
}

async function leaveList(run: Run, window: ListWindow, cursor: string | undefined): Promise<void> {
  point('reconcile.before_cursor_commit')
  run.progress.done.push(window.list)
  delete run.progress.list
  delete run.progress.cursor
  // A window that leaves a hole behind the cursor must not move it.
  const isWhole =
    run.parameters.since === undefined || (cursor !== undefined && run.parameters.since <= cursor)
  if (!run.dryRun && isWhole) await advance(run.system.db.web, run.connection.id, window.list, window.until)
  await saveProgress(run)
  point('reconcile.after_cursor_commit')
}
