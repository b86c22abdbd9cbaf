import * as states from '../../store/event-states.ts'
import { nextTx } from '../../store/facts.ts'
import { signal } from '../signal.ts'
import type { System } from '../system.ts'
import { noticesOf } from './notices.ts'
import type { EventOutcome } from './outcome.ts'
import type { QueueStatement } from './settlement.ts'
import { failureOf, type Settled } from './status.ts'

/**
 * Puts one event off after the database refused it alone: its wake-up is completed and another made, or the team told that
 * it is a dead letter, in one commit.
 */
export async function putOffOne(
  system: System,
  outcome: EventOutcome,
  error: Error,
  complete: QueueStatement | undefined,
) {
  const { event } = outcome
  const failure = failureOf(event, error, system)
  const settled: Settled = { id: event.id, newFactIds: [], orderIds: [], ...failure }
  system.log.error('an event could not be recorded', {
    event_id: event.id,
    connection: event.connection,
    error,
  })
  const wakeUp =
    failure.nextAt === undefined
      ? undefined
      : await system.queue.wakeUp([event.id], { startAfter: failure.nextAt })
  const [{ tx }] = (await nextTx(system.db.worker)) as [{ tx: bigint }]
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
      ...noticesOf(on, system, [outcome], [settled], tx),
    ]
    await Promise.all([...queued, on.query('commit')])
  } finally {
    on.release()
  }
  if (failure.status === 'failed') signal.emit('effects')
  return { events: [settled], result: undefined }
}
