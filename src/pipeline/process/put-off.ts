import * as states from '../../store/event-states.ts'
import type { System } from '../system.ts'
import type { EventOutcome } from './outcome.ts'
import type { QueueStatement } from './settlement.ts'
import { failureOf, type Processed } from './status.ts'

/** Puts one event off after the database refused it alone; its wake-up is completed and another made, in one commit. */
export async function putOffOne(
  system: System,
  { event }: EventOutcome,
  error: Error,
  complete: QueueStatement | undefined,
) {
  const failure = failureOf(event, error, system)
  system.log.error('an event could not be recorded', {
    event_id: event.id,
    connection: event.connection,
    error,
  })
  const wakeUp =
    failure.nextAt === undefined
      ? undefined
      : await system.queue.wakeUp([event.id], { startAfter: failure.nextAt })
  const on = await system.db.worker.connect()
  try {
    const queued = [
      on.query('begin'),
      states.putOff(
        on,
        [event.id],
        [failure.status],
        [failure.reason],
        [failure.nextAt?.toISOString() ?? null],
      ),
      ...[wakeUp, complete].flatMap((s) =>
        s === undefined ? [] : [on.query({ name: s.name, text: s.text, values: [...s.values] })],
      ),
    ]
    await Promise.all([...queued, on.query('commit')])
  } finally {
    on.release()
  }
  const processed: Processed = {
    id: event.id,
    status: failure.status,
    reason: failure.reason,
    newFactIds: [],
    orderIds: [],
  }
  return { events: [processed], result: undefined }
}
