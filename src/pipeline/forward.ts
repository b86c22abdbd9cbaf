import type { Connection } from '../store/database.ts'
import * as dueEffects from '../store/due-effects.ts'
import type { EventToProcess } from '../store/event-states.ts'
import { newId } from './ids.ts'
import type { System } from './system.ts'

/**
 * What goes on to other apps as it came, whatever we make of it ourselves: queued with the event's settling, once an event
 * and endpoint. What a poll or a re-reading brought was sent by nobody.
 */
export function forwardsOf(
  on: Connection,
  system: System,
  events: readonly EventToProcess[],
  tx: bigint,
): Promise<unknown>[] {
  const rows = system.config.sinks.outgoing.flatMap(({ id, forward = [] }) =>
    events
      .filter((event) => event.source === 'webhook' && forward.includes(event.connection))
      .map((event) => ({ endpoint: id, event })),
  )
  if (rows.length === 0) return []
  const now = system.now()
  return [
    dueEffects.insertDue(
      on,
      rows.map(() => newId('eff', now)),
      rows.map(({ endpoint, event }) => `outgoing:${endpoint}:forward:${event.id}`),
      rows.map(() => 'outgoing'),
      rows.map(({ event }) => event.type),
      rows.map(() => 'due'),
      rows.map(() => null),
      rows.map(({ event }) => event.connection),
      rows.map(({ endpoint, event }) => JSON.stringify({ endpoint, event_id: event.id })),
      rows.map(() => now.toISOString()),
      rows.map(() => null),
      tx,
    ),
  ]
}
