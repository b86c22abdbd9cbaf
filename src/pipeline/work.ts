import { setTimeout as wait } from 'node:timers/promises'
import { point } from './point.ts'
import { processEvents } from './process.ts'
import type { WakeUp } from './queue.ts'
import { intakeLoad } from './receive.ts'
import type { System } from './system.ts'
import { type Working, working } from './working.ts'

const batchMax = 256 // events of one transaction: larger ones gain little and hold the chain's head longer
const wakeUpsMax = 64 // lanes that work far apart in the queue seldom meet in one order, and seldom wait for each other

/** While one batch waits for the database, another is folded; more than two only wait for each other's orders. */
const lanes = 2

// Deliveries come first: while they crowd this process, each lane keeps to a pace, and the rest of the time is theirs.
const crowdPerSecond = 2_000 // deliveries; below that both find time enough
const pacePerSecond = 600 // events of one lane

/** Runs the worker until it is stopped: fetch wake-ups, make one batch of them, settle it in one transaction. */
export function startProcessing(system: System): Working {
  return working(Array.from({ length: lanes }, () => (stop) => work(system, stop)))
}

async function work(system: System, stopped: AbortSignal): Promise<void> {
  let last = markOf(system)
  while (!stopped.aborted) {
    try {
      const wakeUps = await system.queue.fetch(wakeUpsMax)
      if (wakeUps.length === 0) await system.queue.waitForWork(1_000, stopped)
      for (const batch of batchesOf(wakeUps)) {
        const begun = performance.now()
        await processWakeUps(system, batch)
        const now = markOf(system)
        if (isCrowded(last, now)) await restUntil(begun + (eventsOf(batch) * 1_000) / pacePerSecond, stopped)
        last = now
      }
    } catch (error) {
      system.log.error('the worker could not fetch its work', { error: error as Error })
      await system.queue.waitForWork(1_000, stopped)
    }
  }
}

type Mark = { readonly added: number; readonly at: number }

function markOf(system: System): Mark {
  return { added: intakeLoad(system).added, at: performance.now() }
}

/** Since the lane's last batch ended, its rest included: a batch holds deliveries up, and alone would see no crowd. */
function isCrowded(before: Mark, now: Mark): boolean {
  return (now.added - before.added) * 1_000 >= (now.at - before.at) * crowdPerSecond
}

async function restUntil(at: number, stopped: AbortSignal): Promise<void> {
  const ms = at - performance.now()
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
