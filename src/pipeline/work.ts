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

const crowdPerSecond = 2_000 // deliveries; below that both find time enough
const restShare = 3 // acknowledgements want a third of what a server that stores nothing answers, and work still gets done

/** Runs the worker until it is stopped: fetch wake-ups, make one batch of them, settle it in one transaction. */
export function startProcessing(system: System): Working {
  return working(Array.from({ length: lanes }, () => (stop) => work(system, stop)))
}

async function work(system: System, stopped: AbortSignal): Promise<void> {
  while (!stopped.aborted) {
    try {
      const wakeUps = await system.queue.fetch(wakeUpsMax)
      if (wakeUps.length === 0) await system.queue.waitForWork(1_000, stopped)
      for (const batch of batchesOf(wakeUps)) {
        const before = { added: intakeLoad(system).added, at: performance.now() }
        await processWakeUps(system, batch)
        await giveWay(system, before, stopped)
      }
    } catch (error) {
      system.log.error('the worker could not fetch its work', { error: error as Error })
      await system.queue.waitForWork(1_000, stopped)
    }
  }
}

/** Deliveries come first: when they crowd this process, a lane rests after its batch, in proportion to what that took. */
async function giveWay(
  system: System,
  before: { added: number; at: number },
  stopped: AbortSignal,
): Promise<void> {
  const tookMs = performance.now() - before.at
  const perSecond = ((intakeLoad(system).added - before.added) * 1_000) / tookMs
  if (perSecond < crowdPerSecond) return
  await wait(tookMs * restShare, undefined, { signal: stopped }).catch(() => {})
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
