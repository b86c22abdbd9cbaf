import type { Queryable } from '../store/database.ts'
import { type Skew, skewOf } from '../store/deliveries.ts'
import { nextTx } from '../store/facts.ts'
import * as polling from '../store/polling.ts'
import { tellTeam } from './notices.ts'
import { signal } from './signal.ts'
import type { System } from './system.ts'

const dayMs = 86_400_000

/**
 * Set where our clock is off: several deliveries of the last day were signed rightly and refused for their times, and
 * none has been taken since.
 */
export async function clockOf(on: Queryable, connection: string, now: Date): Promise<Skew | undefined> {
  const dayAgo = new Date(now.getTime() - dayMs).toISOString()
  const [last] = await polling.lastWebhook(on, connection, dayAgo)
  const since = [dayAgo, last?.first ?? '', last?.repeat ?? ''].sort().at(-1)!
  const [skew] = await skewOf(on, connection, since)
  return skew
}

/** What an operator reads of it. */
export function clockWords({ skew_seconds: skew, deliveries }: Skew): string {
  const side = skew > 0 ? 'behind' : 'ahead of'
  return `the signatures of ${deliveries} refused deliveries are right, but their times are ${Math.abs(skew)} s ${side} our clock: set this machine's clock`
}

/** A delivery was refused for its time alone: the team is told once a day when that is no single case. Never throws. */
export async function noticeClock(system: System, connection: string): Promise<void> {
  const { web } = system.db
  try {
    const now = system.now()
    const skew = await clockOf(web, connection, now)
    if (skew === undefined) return
    system.log.warn('signatures are right and their times are off', {
      connection,
      skew_seconds: skew.skew_seconds,
    })
    const notice = {
      rule: 'drift',
      code: 'clock_off',
      about: `${connection}:${now.toISOString().slice(0, 10)}`,
      connection,
      body: { detail: clockWords(skew) },
    } as const
    await tellTeam(web, system, [notice], (await nextTx(web))[0]!.tx)
    signal.emit('effects')
  } catch (error) {
    system.log.warn('whether our clock is off could not be looked at', { connection, error: error as Error })
  }
}
