/**
 * Keeps a destination that is down from being called by everything that is due: after `threshold` failures in a row
 * nothing goes out for a while, then one call tries it, and only its success lets the rest go.
 *
 * Time is a parameter that must not jump: the breakers in libraries read the wall clock, and one set back by an hour
 * keeps them open for an hour.
 */
export class Circuit {
  readonly #settings: { threshold: number; baseMs: number; capMs: number; now: () => number }
  #failures = 0
  #opened = 0 // times in a row
  #openUntil: number | undefined
  #isTrying = false

  constructor(settings: { threshold: number; baseMs: number; capMs: number; now: () => number }) {
    this.#settings = settings
  }

  get isOpen(): boolean {
    return this.#openUntil !== undefined
  }

  /** How many calls may start now; taking one while open makes it the trial. */
  permits(): number {
    if (this.#openUntil === undefined) return Number.POSITIVE_INFINITY
    return this.#isTrying || this.waitMs() > 0 ? 0 : 1
  }

  /** Milliseconds until a trial may start; 0 when nothing has to wait. */
  waitMs(): number {
    return this.#openUntil === undefined ? 0 : Math.max(0, this.#openUntil - this.#settings.now())
  }

  started(): void {
    if (this.#openUntil !== undefined) this.#isTrying = true
  }

  /** Of each call that ended; calls that began before it opened say nothing new while it is open. */
  ended(isDown: boolean): void {
    if (!isDown) {
      this.#failures = 0
      this.#opened = 0
      this.#openUntil = undefined
      this.#isTrying = false
      return
    }
    this.#failures += 1
    const isTrialOver = this.#isTrying
    if (this.#failures < this.#settings.threshold || (this.#openUntil !== undefined && !isTrialOver)) return
    const { baseMs, capMs, now } = this.#settings
    this.#openUntil = now() + Math.min(capMs, baseMs * 2 ** Math.min(this.#opened, 20))
    this.#opened += 1
    this.#isTrying = false
  }
}
