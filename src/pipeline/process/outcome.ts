import type { Outcome } from '../../core/outcome.ts'
import type * as states from '../../store/event-states.ts'
import type { RecordItem } from '../record.ts'
import type { System } from '../system.ts'

/** An event and what its provider's reader makes of it; `failed` when that threw. */
export type EventOutcome = {
  readonly event: states.EventToProcess
  readonly outcome: Outcome | { kind: 'failed'; error: Error }
}

/** An exception fails that event alone: nothing is written yet. */
export function outcomeOf(system: System, event: states.EventToProcess): EventOutcome['outcome'] {
  const connection = system.config.connections.find((candidate) => candidate.id === event.connection)
  const provider = system.providers.get(event.provider)
  if (connection === undefined || provider === undefined) {
    return {
      kind: 'needs_review',
      code: 'payload_unreadable',
      detail: `connection ${event.connection} is not configured any more`,
    }
  }
  try {
    return provider.normalize(
      {
        id: event.id,
        type: event.type,
        source: event.source,
        body: event.body,
        receivedAt: event.received_at,
        ...(event.occurred_at === null ? {} : { occurredAt: event.occurred_at }),
        ...(event.read_no === null ? {} : { readNo: event.read_no }),
      },
      connection,
    )
  } catch (error) {
    return { kind: 'failed', error: error as Error }
  }
}

/** What is to be recorded of it: nothing but what was understood. */
export function itemOf({ event, outcome }: EventOutcome): RecordItem {
  return {
    connection: event.connection,
    source: event.source,
    eventId: event.id,
    statements: outcome.kind === 'processed' ? outcome.statements : [],
  }
}

/** The chain names an event once, in the transaction that settled it first (`events.tx`). */
export function isFirstSettling(event: states.EventToProcess): boolean {
  return event.tx === null
}
