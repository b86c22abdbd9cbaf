import type { Performed, Sink } from '../../sinks/sink.ts'
import type { System } from '../system.ts'
import { type End, type Ending, endOf, exhausted, isSettled, recordEnds, settleRetry } from './settle.ts'

type Waiting = {
  readonly end: End
  readonly resolve: (isSettled: boolean) => void
  readonly reject: (error: unknown) => void
}

const togetherMax = 32 // a batch of events is no larger: so many orders are locked by one transaction

/**
 * Settles attempts that end at about one time in one transaction. The history's chain takes one transaction at a time, so
 * that each by itself would wait for all before it, whatever sink they are of.
 */
export class Settler {
  readonly #system: System
  readonly #waiting: Waiting[] = []
  #isWriting = false

  constructor(system: System) {
    this.#system = system
  }

  /** As `settle`: false where the attempt was superseded. */
  settle(sink: Sink, ending: Ending, performed: Performed): Promise<boolean> {
    const outcome = exhausted(sink, ending, performed)
    if (outcome.kind === 'retry') return settleRetry(this.#system, sink, ending, outcome)
    const end = endOf(this.#system, ending, outcome)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ end, resolve, reject })
      if (!this.#isWriting) void this.#writeAll()
    })
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, togetherMax)
      if (batch.length === 1 || !(await this.#areWritten(batch))) await this.#writeEach(batch)
    }
    this.#isWriting = false
  }

  async #areWritten(batch: readonly Waiting[]): Promise<boolean> {
    try {
      await recordEnds(
        this.#system,
        batch.map(({ end }) => end),
      )
    } catch {
      return false // one of them, or all: each by itself says which
    }
    for (const { resolve } of batch) resolve(true)
    return true
  }

  async #writeEach(batch: readonly Waiting[]): Promise<void> {
    for (const { end, resolve, reject } of batch) await isSettled(this.#system, end).then(resolve, reject)
  }
}
