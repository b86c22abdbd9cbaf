import { performance } from 'node:perf_hooks'
import { type Attempt, NotAllowed, type Performed, type Sink } from '../../sinks/sink.ts'
import * as effects from '../../store/effects.ts'
import { point } from '../point.ts'
import type { System } from '../system.ts'
import type { Claimed } from './claim.ts'
import type { Ending } from './settle.ts'

/** One call while it is under way, for one effect or for several that are told together: its lease, and how far it came. */
export class Running {
  readonly claimed: Claimed
  readonly #leaseMs: number
  /** When the newest lease was asked for, by the clock that nobody can set. */
  #leasedAt: number
  #isSuperseded = false
  #reference: string | undefined

  constructor(claimed: Claimed, { leaseMs, leasedAt }: { leaseMs: number; leasedAt: number }) {
    this.claimed = claimed
    this.#leaseMs = leaseMs
    this.#leasedAt = leasedAt
    this.#reference = claimed.rows[0].reference ?? undefined
  }

  /** The lease was extended by a statement sent at `leasedAt`, or was found to be another's. */
  renewed(leasedAt: number | undefined): void {
    if (leasedAt === undefined) this.#isSuperseded = true
    else this.#leasedAt = leasedAt
  }

  /** How it ends for each effect that it carries. */
  get endings(): readonly Ending[] {
    const { rows, token } = this.claimed
    return rows.map((row) => ({ row, token, attempts: row.attempts + 1, reference: this.#reference }))
  }

  /** Calls the sink once. Whatever it throws is doubt when it may have left, and a repeat when it cannot have. */
  async call(system: System, sink: Sink, signal: AbortSignal): Promise<Performed> {
    const { rows, bytes, to } = this.claimed
    const [row] = rows
    const attempt: Attempt = {
      id: row.id,
      key: row.key,
      attempts: row.attempts + 1,
      bytes,
      to,
      signal,
      mayLeave: (reference) => this.#mayLeave(system, sink, reference),
      sent: () => point('perform.after_call_sent'),
      point,
    }
    point('perform.before_call')
    try {
      const performed = await sink.call(attempt)
      point('perform.after_call_answered')
      return performed
    } catch (error) {
      if (error instanceof NotAllowed) return { kind: 'retry', error: error.message, isDown: false }
      const words = `the call failed: ${(error as NodeJS.ErrnoException).code ?? (error as Error).name}`
      const isInDoubt = this.#reference !== undefined && !sink.isRepeatable
      return isInDoubt ? { kind: 'unknown', error: words } : { kind: 'retry', error: words, isDown: false }
    }
  }

  /**
   * The last gate. A process that slept through half of its lease, or whose effect another has taken, must not send;
   * where each call counts, that it is about to leave is committed first, so that after a crash it is known whether it
   * can have.
   */
  async #mayLeave(system: System, sink: Sink, reference: string): Promise<void> {
    if (!sink.isRepeatable) {
      const { rows, token } = this.claimed
      const ids = rows.map(({ id }) => id)
      const left = await effects.markLeaving(system.db.worker, ids, token, reference)
      if (left.length < ids.length) this.#isSuperseded = true
    }
    if (this.#isSuperseded) throw new NotAllowed('another attempt has taken over')
    if (performance.now() - this.#leasedAt > this.#leaseMs / 2)
      throw new NotAllowed('too much of the lease had gone')
    this.#reference = reference
  }
}
