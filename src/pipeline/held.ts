/** A claimed job, by the attempt that claimed it. */
export type Claim = { readonly id: string; readonly retryCount: number }

/** Claims of this process that are not settled yet. */
export type Held = {
  add(claims: readonly Claim[]): void
  drop(claims: readonly Claim[]): void
  stop(): void
}

/**
 * Keeps claims alive until they are settled: the queue does it for its own workers only. `touch` answers the ids that
 * it found alive; the others are done, or somebody else's by now, and are let go.
 */
export function holdClaims(
  everyMs: number,
  touch: (claims: readonly Claim[]) => Promise<readonly string[]>,
): Held {
  const held = new Map<string, Claim>()
  const refresh = async () => {
    const claims = [...held.values()]
    if (claims.length === 0) return
    const alive = new Set(await touch(claims))
    for (const { id } of claims) if (!alive.has(id)) held.delete(id)
  }
  const timer = setInterval(() => void refresh().catch(() => {}), everyMs) // failures are for `touch` to tell
  timer.unref()
  return {
    add(claims) {
      for (const { id, retryCount } of claims) held.set(id, { id, retryCount })
    },
    drop(claims) {
      for (const { id } of claims) held.delete(id)
    },
    stop: () => clearInterval(timer),
  }
}
