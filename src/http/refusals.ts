import type { System } from '../pipeline/system.ts'
import { newId } from '../pipeline/ids.ts'
import { countRefusals, type DeliveryRow, insertDeliveries } from '../store/deliveries.ts'
import { senderOf } from './addresses.ts'

const windowMs = 60_000
const rowsAMinute = 20 // per address and connection; the rest of the minute is a number on the last row
const sendersRemembered = 20_000
const writeEveryMs = 2_000
const answerWithinMs = 250 // a refusal is answered without its row rather than later than that

export type Refusals = {
  /** Notes one failed verification. The seconds to wait once this sender had too many in this minute, else undefined. */
  failed(address: string): number | undefined
  /** Puts a refused attempt into the delivery log, or counts it. Resolves when it is there, or when waiting for that is too long. */
  log(attempt: Omit<DeliveryRow, 'id'>): Promise<void>
  /** Writes counts that are still in memory. */
  close(): Promise<void>
}

type Window = { readonly until: number; count: number }
type Logged = {
  readonly until: number
  rows: number
  id: string
  receivedAt: string
  count: number
  written: number
}

/** The limit on failed verifications and the bounded log of refusals, of one process. */
export function createRefusals(system: System): Refusals {
  const failures = new Map<string, Window>()
  const logged = new Map<string, Logged>()
  let timer: NodeJS.Timeout | undefined

  const writeCounts = async () => {
    const now = performance.now()
    const changed = [...logged.values()].filter(({ count, written }) => count > written)
    for (const [key, { until }] of logged) if (until <= now) logged.delete(key)
    for (const entry of changed) {
      const { count } = entry
      try {
        await countRefusals(system.db.web, entry.id, entry.receivedAt, count)
        entry.written = count
      } catch (error) {
        system.log.warn('refusals_not_counted', { code: codeOf(error), count: count - entry.written })
      }
    }
    if (logged.size === 0) {
      clearInterval(timer)
      timer = undefined
    }
  }

  return {
    failed(address) {
      const now = performance.now()
      const window = windowOf(failures, senderOf(address), now, () => ({ until: now + windowMs, count: 0 }))
      window.count += 1
      return window.count > system.config.limits.failedVerificationsPerMinute
        ? Math.max(1, Math.ceil((window.until - now) / 1_000))
        : undefined
    },
    async log(attempt) {
      const now = performance.now()
      const key = `${attempt.connection} ${senderOf(attempt.remoteAddress)}`
      const entry = windowOf(logged, key, now, () => ({
        until: now + windowMs,
        rows: 0,
        id: '',
        receivedAt: '',
        count: 1,
        written: 1,
      }))
      if (timer === undefined) {
        timer = setInterval(() => void writeCounts(), writeEveryMs)
        timer.unref()
      }
      if (entry.rows >= rowsAMinute) {
        entry.count += 1
        return
      }
      entry.rows += 1
      entry.id = newId('dlv')
      entry.receivedAt = attempt.receivedAt
      const write = insertDeliveries(system.db.web, [{ ...attempt, id: entry.id }]).catch((error) => {
        system.log.warn('refusal_not_logged', { code: codeOf(error) })
      })
      await within(answerWithinMs, write)
    },
    async close() {
      await writeCounts()
      clearInterval(timer)
    },
  }
}

function windowOf<W extends { readonly until: number }>(
  windows: Map<string, W>,
  key: string,
  now: number,
  make: () => W,
): W {
  const held = windows.get(key)
  if (held !== undefined && held.until > now) return held
  // Bounded: a flood from countless addresses forgets the oldest of them, which by then have made few failures each.
  if (held === undefined && windows.size >= sendersRemembered) windows.delete(windows.keys().next().value!)
  const made = make()
  windows.delete(key)
  windows.set(key, made)
  return made
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown }
  return typeof code === 'string' ? code : 'unknown'
}
