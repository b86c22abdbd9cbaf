import type { Connection } from '../../config.ts'
import type { Difference, Differences, Witness } from '../../core/diff.ts'
import type { Instant } from '../../core/fact.ts'
import type { Api, Provider } from '../../providers/provider.ts'
import * as runs from '../../store/runs.ts'
import type { System } from '../system.ts'

/** What an operator or the schedule asked for. */
export type Parameters = { readonly since?: Instant; readonly until?: Instant; readonly order?: string }

/** How far a run is: kept with it, so that whoever takes it up goes on there. */
export type Progress = {
  until?: Instant // the end of all its windows, decided when it began
  done: string[] // lists walked to their end
  list?: string
  cursor?: string // within `list`
  scanned: number
}

/** One reconciliation under way in this process. The mutable parts are its own and nobody else's. */
export type Run = {
  readonly system: System
  readonly connection: Connection
  readonly provider: Provider
  readonly id: string
  readonly token: string
  readonly dryRun: boolean
  readonly scheduled: boolean
  readonly parameters: Parameters
  /** Aborted on a graceful stop, and when another process took the run. */
  readonly signal: AbortSignal
  readonly progress: Progress
  /** True when an earlier attempt did a part: what it saw is not known here. */
  readonly isResumed: boolean
  readonly differences: Differences
  /** Finding of each difference by its name, once written. */
  readonly findings: Map<string, { id: string; isOwn: boolean; events: readonly string[] }>
  /** Differences as last written, to write only what changed. */
  readonly written: Map<string, Difference>
  /** Facts that the events of this run bring: further witnesses of them bring nothing. */
  readonly claimed: Map<string, Witness[]>
  /** Resources of which we knew nothing when the run first met them. */
  readonly unknown: Set<string>
  /** Resources that the lists showed. */
  readonly seen: Set<string>
  /** When those of the provider's events occurred that no webhook brought. */
  readonly undelivered: Instant[]
  /** Events that this attempt stored. */
  readonly stored: string[]
}

/** The run came to an end that is no fault of ours: its provider stays down or refuses the key. The next run takes up. */
export class RunFailed extends Error {
  override readonly name = 'RunFailed'
}

/** Somebody else works on the run, or it was asked to stop: write nothing more. */
export class RunLost extends Error {
  override readonly name = 'RunLost'
}

export const callTimeoutMs = 20_000

export function apiOf(run: Run, signal: AbortSignal): Api {
  return { connection: run.connection, signal, timeoutMs: callTimeoutMs }
}

/** Keeps how far the run is. Throws `RunLost` when it is not ours any more. */
export async function saveProgress(run: Run): Promise<void> {
  const rows = await runs.progress(
    run.system.db.web,
    run.id,
    run.token,
    JSON.stringify(run.progress),
    run.progress.scanned,
  )
  if (rows.length === 0) throw new RunLost(`run ${run.id} was taken over`)
}
