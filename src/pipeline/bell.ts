/** Rings for whoever waits for work in this process. */
export type Bell = {
  ring(): void
  /** Resolves at the next ring, after `timeoutMs`, or when told to stop. */
  wait(timeoutMs: number, signal: AbortSignal): Promise<void>
}

/** A ring that nobody waited for is kept for whoever comes next: their last look may not have seen what it was about. */
export function createBell(): Bell {
  const waiting = new Set<() => void>()
  let isRung = false
  return {
    ring() {
      isRung = waiting.size === 0
      for (const wake of waiting) wake()
    },
    wait(timeoutMs, signal) {
      if (isRung || signal.aborted) {
        isRung = false
        return Promise.resolve()
      }
      return new Promise((resolve) => {
        const wake = () => {
          waiting.delete(wake)
          clearTimeout(timer)
          signal.removeEventListener('abort', wake)
          resolve()
        }
        const timer = setTimeout(wake, timeoutMs)
        signal.addEventListener('abort', wake)
        waiting.add(wake)
      })
    },
  }
}

/** Runs `act` at once, then at most once in `everyMs` while it is asked for, and a last time for the last who asked. */
export function coalesced(everyMs: number, act: () => Promise<unknown>): { ask(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined
  let isAsked = false
  let isStopped = false
  const run = () => {
    isAsked = false
    void act()
    timer = setTimeout(() => {
      timer = undefined
      if (isAsked && !isStopped) run()
    }, everyMs)
    timer.unref()
  }
  return {
    ask() {
      isAsked = true
      if (timer === undefined && !isStopped) run()
    },
    stop() {
      isStopped = true
      clearTimeout(timer)
    },
  }
}
