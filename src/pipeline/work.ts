import { point } from './point.ts'
import { processEvents } from './process.ts'
import type { WakeUp } from './queue.ts'
import type { System } from './system.ts'
import { type Working, working } from './working.ts'

const batchMax = 256 // events of one transaction: larger ones gain little and hold the chain's head longer
const wakeUpsMax = 16 // with one wake-up a fetch, batches stay too small to keep up

/** While one batch waits for the database, another is folded; more than two only wait for each other's orders. */
const lanes = 2

/** Runs the worker until it is stopped: fetch wake-ups, make one batch of them, settle it in one transaction. */
export function startProcessing(system: System): Working {
  return working(Array.from({ length: lanes }, () => (stop) => work(system, stop)))
}

async function work(system: System, stopped: AbortSignal): Promise<void> {
  while (!stopped.aborted) {
    try {
      const wakeUps = await system.queue.fetch(wakeUpsMax)
      if (wakeUps.length === 0) await system.queue.waitForWork(1_000, stopped)
      for (const batch of batchesOf(wakeUps)) await processWakeUps(system, batch)
    } catch (error) {
      system.log.error('the worker could not fetch its work', { error: error as Error })
      await system.queue.waitForWork(1_000, stopped)
    }
  }
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
