import {
  type CircuitBreakerPolicy,
  CircuitState,
  circuitBreaker,
  ConsecutiveBreaker,
  DelegateBackoff,
  handleWhenResult,
} from 'cockatiel'
import type { Performed } from '../../sinks/sink.ts'

/**
 * Keeps a destination that is down from being called by everything that is due: after `threshold` failures in a row
 * nothing goes out for a while, then one call tries it, and only its success lets the rest go. Cockatiel's breaker; what
 * is added here is to know before an effect is claimed whether it could be called.
 */
export class Circuit {
  readonly #settings: { threshold: number; baseMs: number; capMs: number }
  #breaker: CircuitBreakerPolicy

  constructor(settings: { threshold: number; baseMs: number; capMs: number }) {
    this.#settings = settings
    this.#breaker = this.#made()
  }

  get isOpen(): boolean {
    return this.#breaker.state !== CircuitState.Closed
  }

  /** How many calls may start now; the one that starts while open is the trial. */
  permits(): number {
    if (!this.isOpen) return Number.POSITIVE_INFINITY
    return this.#breaker.state === CircuitState.Open && this.waitMs() === 0 ? 1 : 0
  }

  /** Milliseconds until a trial may start; 0 when nothing has to wait. */
  waitMs(): number {
    const state = openState(this.#breaker)
    if (state === undefined) return 0
    const goneMs = Date.now() - state.openedAt
    if (goneMs < 0) {
      // The clock was set back: the breaker would stay open for as long. It is tried at once instead.
      this.#breaker = this.#made({ ...state, openedAt: 0 })
      return 0
    }
    return Math.max(0, this.#pauseMs(state.attemptNo) - goneMs)
  }

  /** Calls, unless it has opened since the permit was given: then nothing is called. */
  async call(work: () => Promise<Performed>): Promise<Performed> {
    if (this.permits() === 0) return { kind: 'retry', error: 'the sink is down', isDown: false }
    return this.#breaker.execute(work)
  }

  #pauseMs(opened: number): number {
    const { baseMs, capMs } = this.#settings
    return Math.min(capMs, baseMs * 2 ** Math.min(opened - 1, 20))
  }

  #made(ownState?: OpenState): CircuitBreakerPolicy {
    return circuitBreaker(
      handleWhenResult((result) => isDown(result as Performed)),
      {
        halfOpenAfter: new DelegateBackoff(({ attempt }) => this.#pauseMs(attempt)),
        breaker: new ConsecutiveBreaker(this.#settings.threshold),
        ...(ownState === undefined ? {} : { initialState: { ownState, breakerState: 0 } }),
      },
    )
  }
}

type OpenState = { value: CircuitState.Open; openedAt: number; attemptNo: number }

/** Undefined unless it is open. */
function openState(breaker: CircuitBreakerPolicy): OpenState | undefined {
  if (breaker.state !== CircuitState.Open) return undefined
  return (breaker.toJSON() as { ownState: OpenState }).ownState
}

/** The destination's fault, not this effect's. */
function isDown(performed: Performed): boolean {
  return performed.kind === 'unknown' || (performed.kind === 'retry' && performed.isDown)
}
