import { setTimeout as wait } from 'node:timers/promises'
import type { System } from './system.ts'

/**
 * How fast one connection's provider may be asked, shared by the reconciler and the re-reads of this process. Time is
 * the monotonic clock's: a step of the wall clock neither blocks nor floods.
 */
export type Rate = {
  /** Resolves when a call may leave. Rejects when `signal` is aborted. */
  acquire(signal: AbortSignal): Promise<void>
  /** The provider said 429: nobody asks again before `retryAfterMs`, or a backoff of ours where it did not say. */
  blocked(retryAfterMs: number | undefined): number
  /** A call was answered: the backoff starts again from its beginning. */
  worked(): void
  /** Milliseconds until the next call may leave; 0 when one may now. */
  blockedForMs(): number
}

/** A quarter of the lowest overall limit that a provider documents for test accounts leaves room for everybody else. */
const perSecond = 20
/** A `Retry-After` beyond this is not believed: limits are windows of seconds, and a wrong one must not stop us for a day. */
const waitAtMostMs = 60_000
const firstWaitMs = 1_000

const rates = new WeakMap<System['db'], Map<string, Rate>>()

/** The rate of one connection of this system; the same object for everybody who asks. */
export function rateOf(system: System, connection: string): Rate {
  let known = rates.get(system.db)
  if (known === undefined) {
    known = new Map()
    rates.set(system.db, known)
  }
  let rate = known.get(connection)
  if (rate === undefined) {
    rate = createRate(() => performance.now())
    known.set(connection, rate)
  }
  return rate
}

/** As `rateOf` hands out; `clock` gives milliseconds that never go back. */
export function createRate(clock: () => number): Rate {
  let nextAt = 0 // when the next call may leave, were the bucket empty
  let blockedUntil = 0
  let failures = 0
  const delay = () => Math.max(0, blockedUntil - clock(), nextAt - clock())
  return {
    async acquire(signal) {
      for (let ms = delay(); ms > 0; ms = delay()) await wait(ms, undefined, { signal })
      signal.throwIfAborted()
      // A burst of one second's worth may leave at once; beyond it calls are spaced.
      nextAt = Math.max(nextAt, clock() - 1_000) + 1_000 / perSecond
    },
    blocked(retryAfterMs) {
      failures += 1
      const told =
        retryAfterMs !== undefined && retryAfterMs > 0
          ? retryAfterMs
          : firstWaitMs * 2 ** Math.min(failures - 1, 6)
      const ms = Math.min(told, waitAtMostMs)
      blockedUntil = Math.max(blockedUntil, clock() + ms)
      return ms
    },
    worked() {
      failures = 0
    },
    blockedForMs: () => Math.max(0, blockedUntil - clock()),
  }
}
