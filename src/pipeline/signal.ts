import { EventEmitter } from 'node:events'

/**
 * In-memory wake-ups within this process: whoever commits rows that somebody waits for says so, and the waiter looks at
 * once instead of at its next poll. A signal carries nothing and may be spurious; the rows are the truth.
 */
export type Topic = 'effects' | 'rereads' | 'runs' | 'acts' | 'stock'

const emitter = new EventEmitter()
emitter.setMaxListeners(0)
const counts = new Map<Topic, number>()

export const signal = {
  /** Call after the commit, never before: who wakes too early finds nothing and sleeps again. */
  emit(topic: Topic): void {
    counts.set(topic, signal.seen(topic) + 1)
    emitter.emit(topic)
  },

  /** How many signals there have been; taken before looking for work, so that one sent meanwhile is not missed. */
  seen(topic: Topic): number {
    return counts.get(topic) ?? 0
  },

  /** Resolves at the first signal after `since`, when `timeoutMs` have passed, or when `stop` is aborted. Never rejects. */
  async wait(
    topic: Topic,
    { since, timeoutMs, stop }: { since: number; timeoutMs: number; stop: AbortSignal },
  ): Promise<void> {
    if (signal.seen(topic) !== since || stop.aborted) return
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer)
        emitter.off(topic, done)
        stop.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, timeoutMs)
      emitter.once(topic, done)
      stop.addEventListener('abort', done)
    })
  },
}
