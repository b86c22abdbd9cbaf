import type { Connection } from '../store/database.ts'
import * as states from '../store/event-states.ts'
import { asksToAct } from './acts/ask.ts'
import { point } from './point.ts'
import { type EventOutcome, isFirstSettling, itemOf, outcomeOf } from './process/outcome.ts'
import { putOffOne } from './process/put-off.ts'
import { type QueueStatement, retriesOf, settlementOf } from './process/settlement.ts'
import { type Processed, settledAs } from './process/status.ts'
import type { WakeUp } from './queue.ts'
import { record, type RecordResult } from './record.ts'
import { signal } from './signal.ts'
import type { System } from './system.ts'

export type { Processed } from './process/status.ts'

/**
 * Processes stored events: normalize in memory, then one recording transaction that also settles the events and
 * completes the wake-ups. When the database refuses the batch, its events go one by one, so that one bad event fails
 * alone. `replay` takes events that are settled already up again.
 */
export async function processEvents(
  system: System,
  ids: readonly string[],
  options: { wakeUps?: readonly WakeUp[]; replay?: boolean; dryRun?: boolean } = {},
): Promise<{ events: Processed[]; result: RecordResult | undefined }> {
  const rows = await states.load(system.db.worker, [...ids])
  const open = options.replay === true ? rows : rows.filter((row) => row.status === 'pending')
  const outcomes = open.map((event) => ({ event, outcome: outcomeOf(system, event) }))
  point('process.after_normalize')
  const wakeUps = options.wakeUps ?? []
  const complete = wakeUps.length === 0 ? undefined : await system.queue.complete(wakeUps)
  try {
    return await settleTogether(system, outcomes, { complete, dryRun: options.dryRun === true })
  } catch (error) {
    if (error instanceof SettledMeanwhile) return processEvents(system, ids, options)
    if (options.dryRun === true || outcomes.length === 0) throw error
    if (outcomes.length === 1) return putOffOne(system, outcomes[0]!, error as Error, complete)
    system.log.warn('a batch failed and is taken one by one', {
      error: error as Error,
      events: outcomes.length,
    })
    const events: Processed[] = []
    for (const [index, outcome] of outcomes.entries()) {
      const last = index === outcomes.length - 1 ? complete : undefined
      events.push(...(await settleAlone(system, outcome, last)).events)
    }
    return { events, result: undefined }
  }
}

/** An event of the batch was settled by somebody else after we had loaded it: the batch is loaded again. */
class SettledMeanwhile extends Error {
  override readonly name = 'SettledMeanwhile'
}

async function settleAlone(system: System, outcome: EventOutcome, complete: QueueStatement | undefined) {
  try {
    return await settleTogether(system, [outcome], { complete, dryRun: false })
  } catch (error) {
    if (error instanceof SettledMeanwhile)
      return settleAlone(system, await loadedAgain(system, outcome), complete)
    return putOffOne(system, outcome, error as Error, complete)
  }
}

/** What is already known of it changes nothing, so a settled event is only said again not to be the first. */
async function loadedAgain(system: System, { event, outcome }: EventOutcome): Promise<EventOutcome> {
  const [row] = await states.load(system.db.worker, [event.id])
  return { event: row ?? event, outcome }
}

async function settleTogether(
  system: System,
  outcomes: readonly EventOutcome[],
  { complete, dryRun }: { complete: QueueStatement | undefined; dryRun: boolean },
): Promise<{ events: Processed[]; result: RecordResult }> {
  let events: Processed[] = []
  const wakeUps = await retriesOf(system, outcomes)
  const result = await record(system, {
    items: outcomes.map(itemOf),
    mode: dryRun ? 'dry_run' : 'commit',
    alongside: (on) => mustBeFirst(on, outcomes),
    settle: (on, decided) => {
      events = outcomes.map((outcome, index) => settledAs(outcome, decided.perItem[index]!, system))
      return settlementOf(on, system, outcomes, events, decided, [
        ...wakeUps,
        ...(complete === undefined ? [] : [complete]),
      ])
    },
  })
  if (!dryRun && asksToAct(outcomes)) signal.emit('acts')
  if (dryRun) events = outcomes.map((outcome, index) => settledAs(outcome, result.perItem[index]!, system))
  return { events, result }
}

/**
 * Two wake-ups may load one event before either has settled it (a duplicate's, another process's); both would name it in
 * their link, and only one link can be where the event says that it is.
 */
async function mustBeFirst(on: Connection, outcomes: readonly EventOutcome[]): Promise<void> {
  const first = outcomes.filter(({ event }) => isFirstSettling(event)).map(({ event }) => event.id)
  const settled = first.length === 0 ? [] : await states.lockSettled(on, first)
  if (settled.length > 0)
    throw new SettledMeanwhile(`settled meanwhile: ${settled.map(({ id }) => id).join(', ')}`)
}
