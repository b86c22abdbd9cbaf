/** Work that is done at most so many at a time, now or later, and can be waited for. */
export type Lane = {
  /** Counts from now until it has resolved; what it schedules itself counts too. Must not throw. */
  add(work: () => Promise<void>, delayMs?: number): void
  /** Resolves when there is nothing under way or to come. */
  settled(): Promise<void>
  /** Forgets what has not begun. */
  stop(): void
}

export function createLane(concurrency: number): Lane {
  const timers = new Set<NodeJS.Timeout>()
  const queue: (() => Promise<void>)[] = []
  let running = 0
  let open = 0
  let waiting: (() => void)[] = []

  function pump(): void {
    while (running < concurrency) {
      const work = queue.shift()
      if (work === undefined) return
      running++
      void work().finally(() => {
        running--
        open = Math.max(0, open - 1)
        if (open === 0) wake()
        pump()
      })
    }
  }

  function wake(): void {
    const woken = waiting
    waiting = []
    for (const resolve of woken) resolve()
  }

  return {
    add(work, delayMs = 0) {
      open++
      const begin = () => {
        queue.push(work)
        pump()
      }
      if (delayMs <= 0) {
        begin()
        return
      }
      const timer = setTimeout(() => {
        timers.delete(timer)
        begin()
      }, delayMs)
      timers.add(timer)
    },
    settled: () =>
      open === 0 ? Promise.resolve() : new Promise<void>((resolve) => void waiting.push(resolve)),
    stop() {
      for (const timer of timers) clearTimeout(timer)
      timers.clear()
      queue.length = 0
      open = 0
      wake()
    },
  }
}
