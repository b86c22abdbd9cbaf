import { performance } from 'node:perf_hooks'

/** Notices in one message: as many as one transaction should take and settle. */
export const togetherMax = 500

const firstMs = 1_000
const longestMs = 60_000

/**
 * How long news wait for more before they leave together: a second, and while messages follow each other twice as long
 * each time, up to a minute. After a pause it is a second again.
 */
export class Pace {
  #waitMs = firstMs
  #saidAt = Number.NEGATIVE_INFINITY
  readonly #now: () => number

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  get waitMs(): number {
    if (this.#now() - this.#saidAt > 2 * this.#waitMs) this.#waitMs = firstMs
    return this.#waitMs
  }

  said(): void {
    this.#waitMs = Math.min(longestMs, 2 * this.waitMs)
    this.#saidAt = this.#now()
  }
}
