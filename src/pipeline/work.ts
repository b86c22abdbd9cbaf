import { setTimeout as wait } from 'node:timers/promises'
import { point } from './point.ts'
import { processEvents } from './process.ts'
import type { WakeUp } from './queue.ts'
import { intakeLoad } from './receive.ts'
import type { System } from './system.ts'
import { type Working, working } from './working.ts'

const batchMax = 256 // events of one transaction: larger ones gain little and hold the chain's head longer

/**
 * While one batch waits for the database, another is folded; more than two only wait for each other's orders. Lanes that
 * work far apart in the queue seldom meet in one order. The spare one takes less at once, because it rests in a crowd, and
 * what it has taken waits with it.
 */
const wakeUpsMax = { first: 64, spare: 16 }
type Lane = keyof typeof wakeUpsMax

// Deliveries come first: while they crowd this process, one lane works at a pace, and the rest of the time is theirs.
const crowdPerSecond = 1_500 // deliveries; below that both find time enough
const pacePerSecond = 1_050 // events
const lookAgainMs = 100

/** Runs the worker until it is stopped: fetch wake-ups, make one batch of them, settle it in one transaction. */
export function startProcessing(system: System): Working {
  return working((['first', 'spare'] as const).map((lane) => (stop) => work(system, lane, stop)))
}

async function work(system: System, lane: Lane, stopped: AbortSignal): Promise<void> {
  const isCrowded = crowdIn(system)
  while (!stopped.aborted) {
    try {
      const wakeUps = await system.queue.fetch(wakeUpsMax[lane])
      if (wakeUps.length === 0) {
        await system.queue.waitForWork(1_000, stopped)
        isCrowded() // what came while there was nothing to do says nothing of now
      }
      for (const batch of batchesOf(wakeUps)) {
        const begun = performance.now()
        await processWakeUps(system, batch)
        if (isCrowded()) await rest(begun + (eventsOf(batch) * 1_000) / pacePerSecond, stopped)
      }
      while (lane === 'spare' && isCrowded() && !stopped.aborted) {
        await rest(performance.now() + lookAgainMs, stopped)
      }
    } catch (error) {
      system.log.error('the worker could not fetch its work', { error: error as Error })
      await system.queue.waitForWork(1_000, stopped)
    }
  }
}

/**
 * Tells whether deliveries crowd this process, by how many came since it was last asked. A lane asks after its rest too: a
 * batch holds deliveries up, and by what came during it alone there would be no crowd.
 */
function crowdIn(system: System): () => boolean {
  let [added, at] = [intakeLoad(system).added, performance.now()]
  return () => {
    const before = { added, at }
    ;[added, at] = [intakeLoad(system).added, performance.now()]
    return (added - before.added) * 1_000 > (at - before.at) * crowdPerSecond
  }
}

async function rest(until: number, stopped: AbortSignal): Promise<void> {
  const ms = until - performance.now()
  if (ms > 0) await wait(ms, undefined, { signal: stopped }).catch(() => {})
}

function eventsOf(wakeUps: readonly WakeUp[]): number {
  return wakeUps.reduce((sum, { eventIds }) => sum + eventIds.length, 0)
}

function batchesOf(wakeUps: readonly WakeUp[]): WakeUp[][] {
  const batches: WakeUp[][] = []
  let events = 0
  for (const wakeUp of wakeUps) {
    if (batches.length === 0 || events + wakeUp.eventIds.length > batchMax) {
      batches.push([])
      events = 0
    }
    batches.at(-1)!.push(wakeUp)
    events += wakeUp.eventIds.length
  }
  return batches
}

async function processWakeUps(system: System, wakeUps: readonly WakeUp[]): Promise<void> {
  point('process.after_fetch')
  try {
    await processEvents(system, [...new Set(wakeUps.flatMap((wakeUp) => wakeUp.eventIds))], { wakeUps })
  } catch (error) {
    system.log.error('a batch was given back', {
      error: error as Error,
      events: wakeUps.reduce((n, w) => n + w.eventIds.length, 0),
    })
    await system.queue.fail(wakeUps, error as Error)
  }
}
