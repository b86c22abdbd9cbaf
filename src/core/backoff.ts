/**
 * Delay before attempt `attempt` (1 = the first repeat), in milliseconds: doubling from `baseMs`, capped, with the
 * upper half jittered by `jitter` in [0, 1) so that failures of one moment do not come back as one moment.
 */
export function backoffMs({
  attempt,
  jitter,
  baseMs = 1_000,
  capMs = 3_600_000,
}: {
  attempt: number
  jitter: number
  baseMs?: number
  capMs?: number
}): number {
  const full = Math.min(capMs, baseMs * 2 ** Math.min(attempt - 1, 40))
  return Math.round(full / 2 + (full / 2) * jitter)
}
