import type { Connection } from '../../store/database.ts'
import * as dueEffects from '../../store/due-effects.ts'
import { newId } from '../ids.ts'
import { policyOf } from '../record/policy.ts'
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
  const policy = policyOf(system)
  const rows = events.flatMap((event, index) => {
    const rule =
      event.status === 'failed' ? 'dead_letter' : event.status === 'needs_review' ? 'needs_review' : undefined
    if (rule === undefined || policy.sinks.notify !== true || !policy.notifyOn.includes(rule)) return []
    return [{ event, rule, connection: outcomes[index]!.event.connection }]
  })
  if (rows.length === 0) return []
  const now = system.now()
  return [
    dueEffects.insertDue(
      on,
      rows.map(() => newId('eff', now)),
      rows.map(({ event, rule }) => `notify:${event.code ?? rule}:${event.id}`),
      rows.map(() => 'notify'),
      rows.map(({ rule }) => rule),
      rows.map(() => 'due'),
      rows.map(() => null),
      rows.map(({ connection }) => connection),
      rows.map(({ event, rule }) =>
        JSON.stringify({ rule, code: event.code ?? rule, event_id: event.id, detail: event.reason ?? '' }),
      ),
      rows.map(() => now.toISOString()),
      rows.map(() => null),
      tx,
    ),
  ]
}
