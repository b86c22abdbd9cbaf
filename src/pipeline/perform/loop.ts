import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import type { Performed, Sink } from '../../sinks/sink.ts'
import * as effects from '../../store/effects.ts'
import { signal } from '../signal.ts'
import type { System } from '../system.ts'
import { Running } from './attempt.ts'
import { Circuit } from './circuit.ts'
import { claim } from './claim.ts'
import { type Ending, settle } from './settle.ts'
import type { Settler } from './settler.ts'

export type Timing = {
  readonly leaseMs: number
  readonly pollMs: number
  readonly graceMs: number
  /** First and longest pause while a sink is down. */
  readonly pauseMs: number
  readonly pauseMaxMs: number
}

// Of attempts that a silent process left behind, taken in one turn.
const lapsedMax = 50
// An answer that cannot be written down is tried again while the database is away; then the lease decides.
const settleTriesMax = 30

/** Carries out the effects of one sink: claims as many as it may call at once, keeps their leases, settles each. */
export class SinkLoop {
  readonly #system: System
  readonly #sink: Sink
  readonly #times: Timing
  readonly #settler: Settler
  readonly #running = new Map<Running, Promise<void>>()
  readonly #stopping = new AbortController()
  readonly #cutOff = new AbortController()
  readonly #circuit: Circuit
  readonly #finished: Promise<void>
  #wake = new AbortController()
  #isDown = false // as the log was told
  #lastCareAt = Number.NEGATIVE_INFINITY

  constructor(system: System, sink: Sink, times: Timing, settler: Settler) {
    this.#system = system
    this.#settler = settler
    this.#sink = sink
    this.#times = times
    this.#circuit = new Circuit({
      threshold: 5,
      baseMs: times.pauseMs,
      capMs: times.pauseMaxMs,
    })
    this.#finished = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#finished
    const all = Promise.allSettled(this.#running.values())
    const grace = new AbortController()
    await Promise.race([all, delay(this.#times.graceMs, undefined, { signal: grace.signal }).catch(() => {})])
    grace.abort()
    this.#cutOff.abort()
    await all
  }

  async #run(): Promise<void> {
    const stop = this.#stopping.signal
    while (!stop.aborted) {
      const since = signal.seen('effects')
      let hasMore = false
      try {
        await this.#careForLeases()
        hasMore = await this.#startDue()
      } catch (error) {
        this.#system.log.warn('effects could not be looked at', {
          sink: this.#sink.name,
          error,
        })
      }
      if (hasMore && this.#free() > 0) continue
      this.#wake = new AbortController()
      const timeoutMs = Math.min(this.#times.pollMs, this.#circuit.waitMs() || this.#times.pollMs)
      await signal.wait('effects', { since, timeoutMs, stop: AbortSignal.any([stop, this.#wake.signal]) })
    }
  }

  #free(): number {
    return Math.min(this.#sink.concurrency - this.#running.size, this.#circuit.permits())
  }

  /** Starts what is due and may be called; true when there may be more. */
  async #startDue(): Promise<boolean> {
    const free = this.#free()
    if (free <= 0) return false
    const leasedAt = performance.now()
    const { sending, hasMore } = await claim(this.#system, this.#sink, free, this.#times.leaseMs)
    for (const one of sending) {
      const running = new Running(one, { leaseMs: this.#times.leaseMs, leasedAt })
      this.#running.set(running, this.#perform(running))
    }
    return hasMore
  }

  async #perform(running: Running): Promise<void> {
    const performed = await this.#circuit.call(() =>
      running.call(this.#system, this.#sink, this.#cutOff.signal),
    )
    this.#tellOfCircuit()
    await Promise.all(
      running.endings.map((ending) => {
        this.#report(performed, ending)
        return this.#settleUntilWritten(ending, performed)
      }),
    )
    this.#running.delete(running)
    this.#wake.abort()
  }

  #tellOfCircuit(): void {
    if (this.#circuit.isOpen === this.#isDown) return
    this.#isDown = this.#circuit.isOpen
    const words = this.#isDown ? 'sink is down: its effects wait' : 'sink works again'
    this.#system.log.warn(words, { sink: this.#sink.name, endpoint: this.#sink.endpoint })
  }

  #report(performed: Performed, { row, attempts }: Ending): void {
    const level = performed.kind === 'done' ? 'info' : 'warn'
    this.#system.log.log(level, 'effect attempted', {
      effect_id: row.id,
      order_id: row.order_id,
      sink: this.#sink.name,
      kind: row.kind,
      attempts,
      state: performed.kind,
      ...(performed.kind === 'done' ? {} : { reason: performed.error }),
    })
  }

  async #settleUntilWritten(ending: Ending, performed: Performed): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        const hasSay = await this.#settler.settle(this.#sink, ending, performed)
        if (!hasSay)
          this.#system.log.warn('effect attempt was superseded', {
            effect_id: ending.row.id,
            sink: this.#sink.name,
          })
        return
      } catch (error) {
        const isOver = tries >= settleTriesMax || this.#cutOff.signal.aborted
        this.#system.log.error('effect could not be settled', {
          effect_id: ending.row.id,
          error,
        })
        if (isOver) return
        await delay(this.#times.pollMs, undefined, { signal: this.#cutOff.signal }).catch(() => {})
      }
    }
  }

  /** Renews the leases of calls under way, then takes up what a process that went silent left behind. */
  async #careForLeases(): Promise<void> {
    const now = performance.now()
    if (now - this.#lastCareAt < this.#times.leaseMs / 4) return
    await this.#renew(now)
    for (const row of await this.#lapsed()) {
      const { token, attempts } = row
      // A repeatable call of a silent process may have arrived, wherever it stopped.
      const reference = row.reference ?? (this.#sink.isRepeatable ? row.id : undefined)
      await settle(this.#system, this.#sink, { row, token, attempts, reference }, this.#outcomeOfLapsed(row))
    }
    this.#lastCareAt = now
  }

  #lapsed(): ReturnType<typeof effects.lapsed> {
    const { name, endpoint = null, keysFrom = null } = this.#sink
    return effects.lapsed(this.#system.db.worker, name, lapsedMax, endpoint, keysFrom)
  }

  #outcomeOfLapsed(row: effects.EffectRow): Performed {
    const hasLeft = row.reference !== null
    if (!this.#sink.isRepeatable && hasLeft) {
      return {
        kind: 'unknown',
        error: 'the process ended after it may have left and before an answer was written',
      }
    }
    return { kind: 'retry', error: 'the process ended during the attempt', isDown: false }
  }

  async #renew(now: number): Promise<void> {
    const running = [...this.#running.keys()]
    if (running.length === 0) return
    const leased = running.flatMap(({ claimed }) =>
      claimed.rows.map(({ id }) => ({ id, token: claimed.token })),
    )
    const ids = leased.map(({ id }) => id)
    const tokens = leased.map(({ token }) => token)
    const held = new Set(
      (await effects.renewLeases(this.#system.db.worker, ids, tokens, this.#times.leaseMs)).map(
        ({ id }) => id,
      ),
    )
    for (const one of running) {
      // One that ended meanwhile is no longer in the table's answer, and nobody asks it any more.
      one.renewed(one.claimed.rows.every(({ id }) => held.has(id)) ? now : undefined)
    }
  }
}
