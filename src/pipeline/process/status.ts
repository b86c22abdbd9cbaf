import { backoffMs } from '../../core/backoff.ts'
import type { Ref } from '../../core/fact.ts'
import { isResolution } from '../../store/event-review.ts'
import type * as states from '../../store/event-states.ts'
import { canRead } from '../readable.ts'
import type { RecordResult } from '../record.ts'
import type { System } from '../system.ts'
import type { EventOutcome } from './outcome.ts'

/** An event is tried so often before it is a dead letter: with the backoff below that is about a day. */
export const attemptsMax = 12

/** What became of one event of a batch. */
export type Processed = {
  readonly id: string
  readonly status: string
  readonly reason: string | undefined
  readonly newFactIds: readonly string[]
  readonly orderIds: readonly string[]
}

/** With what its row needs besides. */
export type Settled = Processed & { readonly code?: string; readonly nextAt?: Date; readonly reread?: Ref }

/**
 * The status that an event gets by its outcome, and by what its facts found. Entered again it keeps the one it has where
 * a person closed its review, or where the answer that it asked for is stored and stands as an event of its own.
 */
export function settledAs(
  judged: EventOutcome,
  item: RecordResult['perItem'][number],
  system: System,
): Settled {
  const { event, outcome } = judged
  const settled = settledAnew(judged, item, system)
  const isClosed = settled.status === 'needs_review' && isResolution(event.reason)
  const isAnswered = outcome.kind === 'reread' && event.status === 'processed'
  if (!isClosed && !isAnswered) return settled
  const { id, status, order_ids: orderIds } = event
  return { id, newFactIds: item.newFactIds, orderIds, status, reason: event.reason ?? undefined }
}

function settledAnew(
  { event, outcome }: EventOutcome,
  item: RecordResult['perItem'][number],
  system: System,
): Settled {
  const base = { id: event.id, newFactIds: item.newFactIds, orderIds: item.orderIds }
  switch (outcome.kind) {
    case 'processed': {
      const { waitingFor } = item
      if (waitingFor === undefined) return { ...base, status: 'processed', reason: undefined }
      if (item.isAmbiguous === true) {
        const detail = `orders of several shops have number ${waitingFor.id}: link the payment to one of them`
        return { ...base, status: 'needs_review', reason: detail, code: 'reference_ambiguous' }
      }
      return { ...base, status: 'pending', reason: `waiting for ${waitingFor.kind} ${waitingFor.id}` }
    }
    case 'ignored':
      return { ...base, status: 'ignored', reason: outcome.reason }
    case 'needs_review':
      return { ...base, status: 'needs_review', reason: outcome.detail, code: outcome.code }
    case 'reread':
      return rereadOf(base, event, outcome.resource, system)
    case 'snoozed':
      return { ...base, status: 'pending', reason: outcome.reason, nextAt: new Date(outcome.recheckAt) }
    case 'failed':
      return { ...base, ...failureOf(event, outcome.error, system) }
  }
}

function rereadOf(
  base: Omit<Processed, 'status' | 'reason'>,
  event: states.EventToProcess,
  resource: Ref,
  system: System,
): Settled {
  const connection = system.config.connections.find((candidate) => candidate.id === event.connection)
  if (connection === undefined || !canRead(connection)) {
    const detail = `only the provider can say what ${resource.kind} ${resource.id} is now, and this connection has no apiKey or credentials`
    return { ...base, status: 'needs_review', reason: detail, code: 'payload_unreadable' }
  }
  return {
    ...base,
    status: 'pending',
    reason: `re-reading ${resource.kind} ${resource.id}`,
    reread: resource,
  }
}

/** Another attempt after a pause, or a dead letter once the attempts are used up. */
export function failureOf(
  event: states.EventToProcess,
  error: Error,
  system: System,
): { status: string; reason: string; nextAt?: Date } {
  const reason = `attempt ${event.attempts + 1} failed: ${error.message}`.slice(0, 500)
  if (event.attempts + 1 >= attemptsMax) return { status: 'failed', reason }
  const delayMs = backoffMs({ attempt: event.attempts + 1, jitter: Math.random() })
  return { status: 'pending', reason, nextAt: new Date(system.now().getTime() + delayMs) }
}
