import { nextTx } from '../store/facts.ts'
import * as rereads from '../store/rereads.ts'
import { tellTeam } from './notices.ts'
import { signal } from './signal.ts'
import type { System } from './system.ts'

/** The reason on the events that wait for this answer, as the processing step words it. */
export function waitingFor({ kind, id }: Pick<rereads.RereadRow, 'kind' | 'id'>): string {
  return `re-reading ${kind} ${id}`
}

/** Puts the events that wait for a resource under review, as the provider will not say what they need, and tells the team. */
export async function reviewAskers(system: System, row: rereads.RereadRow, why: string): Promise<void> {
  const { web } = system.db
  const code = 'payload_unreadable'
  const detail = `${row.kind} ${row.id} could not be re-read: ${why}`.slice(0, 500)
  const askers = await rereads.reviewAskers(web, row.connection, waitingFor(row), code, detail)
  if (askers.length === 0) return
  const notices = askers.map(({ id }) => ({
    rule: 'needs_review' as const,
    code,
    about: id,
    connection: row.connection,
    body: { event_id: id, detail },
  }))
  await tellTeam(web, system, notices, (await nextTx(web))[0]!.tx)
  signal.emit('effects')
}
