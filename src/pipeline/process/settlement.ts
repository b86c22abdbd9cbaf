import { backoffMs } from '../../core/backoff.ts'
import type { Ref } from '../../core/fact.ts'
import * as chain from '../../store/chain.ts'
import type { Connection } from '../../store/database.ts'
import * as dueEffects from '../../store/due-effects.ts'
import * as states from '../../store/event-states.ts'
import { askToAct } from '../acts/ask.ts'
import { forwardsOf } from '../forward.ts'
import type { RecordResult, Settlement } from '../record.ts'
import type { System } from '../system.ts'
import { noticesOf } from './notices.ts'
import { type EventOutcome, isFirstSettling } from './outcome.ts'
import { attemptsMax, type Settled } from './status.ts'

/** A statement of the queue's own, to go with a recording. */
export type QueueStatement = Awaited<ReturnType<System['queue']['complete']>>

/** Wake-ups of their own for what must wait or be tried again; made in the transaction that decides so. */
export async function retriesOf(
  system: System,
  outcomes: readonly EventOutcome[],
): Promise<QueueStatement[]> {
  const statements: QueueStatement[] = []
  for (const { event, outcome } of outcomes) {
    if (outcome.kind === 'snoozed')
      statements.push(await system.queue.wakeUp([event.id], { startAfter: new Date(outcome.recheckAt) }))
    if (outcome.kind === 'failed' && event.attempts + 1 < attemptsMax) {
      const delayMs = backoffMs({ attempt: event.attempts + 1, jitter: 1 })
      statements.push(
        await system.queue.wakeUp([event.id], { startAfter: new Date(system.now().getTime() + delayMs) }),
      )
    }
  }
  return statements
}

/** All that settles these events, in the transaction that records them. */
export function settlementOf(
  on: Connection,
  system: System,
  outcomes: readonly EventOutcome[],
  events: readonly Settled[],
  result: RecordResult,
  statements: readonly QueueStatement[],
): Settlement {
  const queries: Promise<unknown>[] = statements.map(({ name, text, values }) =>
    on.query({ name, text, values: [...values] }),
  )
  if (events.length > 0) queries.push(settleRows(on, events, result.tx, system.now()))
  const rereads = events.flatMap((event, index) =>
    event.reread === undefined ? [] : [{ ref: event.reread, event: outcomes[index]!.event }],
  )
  if (rereads.length > 0) queries.push(askFor(on, system, rereads))
  queries.push(...askToAct(on, outcomes))
  queries.push(...noticesOf(on, system, outcomes, events, result.tx))
  queries.push(
    ...forwardsOf(
      on,
      system,
      outcomes.map(({ event }) => event),
      result.tx,
    ),
  )
  const digests = outcomes.map(({ event }) => chain.eventDigest(event.id, event.body_sha256))
  return { queries, digests: digests.filter((_, index) => isFirstSettling(outcomes[index]!.event)) }
}

function settleRows(on: Connection, events: readonly Settled[], tx: bigint, now: Date): Promise<unknown> {
  return states.settle(
    on,
    events.map((event) => event.id),
    events.map((event) => event.status),
    events.map((event) => event.reason ?? null),
    events.map((event) => event.code ?? null),
    events.map((event) => event.nextAt?.toISOString() ?? null),
    events.map((event) => JSON.stringify(event.orderIds)),
    tx,
    now.toISOString(),
  )
}

function askFor(
  on: Connection,
  system: System,
  rereads: readonly { ref: Ref; event: states.EventToProcess }[],
): Promise<unknown> {
  const scopeOf = (id: string) =>
    system.config.connections.find((connection) => connection.id === id)?.account ?? id
  return dueEffects.want(
    on,
    rereads.map(({ event }) => event.connection),
    rereads.map(({ event }) => scopeOf(event.connection)),
    rereads.map(({ ref }) => ref.kind),
    rereads.map(({ ref }) => ref.id),
    rereads.map(() => 'event'),
    rereads.map(({ event }) => event.id),
  )
}
