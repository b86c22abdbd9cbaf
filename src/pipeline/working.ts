/** Something that works beside the requests; `stop` resolves when it has finished what it had in hand. */
export type Working = { stop(): Promise<void> }

/** Starts loops that run until their signal is aborted. They never reject: what goes wrong in them they log. */
export function working(loops: readonly ((stop: AbortSignal) => Promise<void>)[]): Working {
  const stopping = new AbortController()
  const running = loops.map((loop) => loop(stopping.signal))
  return {
    async stop() {
      stopping.abort()
      await Promise.all(running)
    },
  }
}
