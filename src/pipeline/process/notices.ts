import type { Connection } from '../../store/database.ts'
import { type Notice, tellTeam } from '../notices.ts'
import type { System } from '../system.ts'
import type { EventOutcome } from './outcome.ts'
import type { Settled } from './status.ts'

/** One notice for each event that a person must look at, or that used its attempts up. */
export function noticesOf(
  on: Connection,
  system: System,
  outcomes: readonly EventOutcome[],
  events: readonly Settled[],
  tx: bigint,
): Promise<unknown>[] {
  const notices = events.flatMap((event, index): Notice[] => {
    const { connection } = outcomes[index]!.event
    const body = { event_id: event.id, detail: event.reason ?? '' }
    if (event.status === 'failed')
      return [{ rule: 'dead_letter', code: event.code ?? 'dead_letter', about: event.id, connection, body }]
    if (event.status !== 'needs_review') return []
    return [{ rule: 'needs_review', code: event.code ?? 'needs_review', about: event.id, connection, body }]
  })
  return notices.length === 0 ? [] : [tellTeam(on, system, notices, tx)]
}
