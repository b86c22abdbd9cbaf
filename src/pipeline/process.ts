import { backoffMs } from '../core/backoff.ts'
import type { Ref } from '../core/fact.ts'
import type { Outcome } from '../core/outcome.ts'
import * as chain from '../store/chain.ts'
import * as dueEffects from '../store/due-effects.ts'
import type { Connection } from '../store/database.ts'
import * as states from '../store/event-states.ts'
import { asksToAct, askToAct } from './acts/ask.ts'
import { forwardsOf } from './forward.ts'
import { newId } from './ids.ts'
import { point } from './point.ts'
import { canRead } from './readable.ts'
import type { WakeUp } from './queue.ts'
import { record, type RecordItem, type RecordResult, type Settlement } from './record.ts'
import { policyOf } from './record/policy.ts'
import { signal } from './signal.ts'
import type { System } from './system.ts'

/** An event is tried so often before it is a dead letter: with the backoff below that is about a day. */
export const attemptsMax = 12

export type EventOutcome = { readonly event: states.EventToProcess; readonly outcome: Outcome | { kind: 'failed'; error: Error } }

/** What became of one event of a batch. */
export type Processed = { readonly id: string; readonly status: string; readonly reason: string | undefined; readonly newFactIds: readonly string[]; readonly orderIds: readonly string[] }

/**
 * Processes stored events: normalize in memory, then one recording transaction that also settles the events and
 * completes the wake-ups. When the database refuses the batch, its events go one by one, so that one bad event fails
 * alone. `replay` takes events that are settled already up again.
 */
export async function processEvents(
  system: System,
  ids: readonly string[],
  options: { wakeUps?: readonly WakeUp[]; replay?: boolean; dryRun?: boolean } = {},
): Promise<{ events: Processed[]; result: RecordResult | undefined }> {
  const rows = await states.load(system.db.worker, [...ids])
  const open = options.replay === true ? rows : rows.filter((row) => row.status === 'pending')
  const outcomes = open.map((event) => ({ event, outcome: outcomeOf(system, event) }))
  point('process.after_normalize')
  const wakeUps = options.wakeUps ?? []
  const complete = wakeUps.length === 0 ? undefined : await system.queue.complete(wakeUps)
  try {
    return await settleTogether(system, outcomes, { complete, dryRun: options.dryRun === true })
  } catch (error) {
    if (error instanceof SettledMeanwhile) return processEvents(system, ids, options)
    if (options.dryRun === true || outcomes.length === 0) throw error
    if (outcomes.length === 1) return putOffOne(system, outcomes[0]!, error as Error, complete)
    system.log.warn('a batch failed and is taken one by one', { error: error as Error, events: outcomes.length })
    const events: Processed[] = []
    for (const [index, outcome] of outcomes.entries()) {
      const last = index === outcomes.length - 1 ? complete : undefined
      events.push(...(await settleAlone(system, outcome, last)).events)
    }
    return { events, result: undefined }
  }
}

/** An event of the batch was settled by somebody else after we had loaded it: the batch is loaded again. */
class SettledMeanwhile extends Error {
  override readonly name = 'SettledMeanwhile'
}

type Complete = Awaited<ReturnType<System['queue']['complete']>>

async function settleAlone(system: System, outcome: EventOutcome, complete: Complete | undefined) {
  try {
    return await settleTogether(system, [outcome], { complete, dryRun: false })
  } catch (error) {
    if (error instanceof SettledMeanwhile) return settleAlone(system, await loadedAgain(system, outcome), complete)
    return putOffOne(system, outcome, error as Error, complete)
  }
}

/** What is already known of it changes nothing, so a settled event is only said again not to be the first. */
async function loadedAgain(system: System, { event, outcome }: EventOutcome): Promise<EventOutcome> {
  const [row] = await states.load(system.db.worker, [event.id])
  return { event: row ?? event, outcome }
}

async function settleTogether(
  system: System,
  outcomes: readonly EventOutcome[],
  { complete, dryRun }: { complete: Complete | undefined; dryRun: boolean },
): Promise<{ events: Processed[]; result: RecordResult }> {
  let events: Processed[] = []
  const wakeUps = await retriesOf(system, outcomes)
  const result = await record(system, {
    items: outcomes.map(itemOf),
    mode: dryRun ? 'dry_run' : 'commit',
    alongside: (on) => mustBeFirst(on, outcomes),
    settle: (on, decided) => {
      events = outcomes.map((outcome, index) => settledAs(outcome, decided.perItem[index]!, system))
      return settlementOf(on, system, outcomes, events, decided, [...wakeUps, ...(complete === undefined ? [] : [complete])])
    },
  })
  if (!dryRun && asksToAct(outcomes)) signal.emit('acts')
  if (dryRun) events = outcomes.map((outcome, index) => settledAs(outcome, result.perItem[index]!, system))
  return { events, result }
}

/** An exception fails that event alone: nothing is written yet. */
function outcomeOf(system: System, event: states.EventToProcess): EventOutcome['outcome'] {
  const connection = system.config.connections.find((candidate) => candidate.id === event.connection)
  const provider = system.providers.get(event.provider)
  if (connection === undefined || provider === undefined) {
    return { kind: 'needs_review', code: 'payload_unreadable', detail: `connection ${event.connection} is not configured any more` }
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

function itemOf({ event, outcome }: EventOutcome): RecordItem {
  return {
    connection: event.connection,
    source: event.source,
    eventId: event.id,
    statements: outcome.kind === 'processed' ? outcome.statements : [],
  }
}

type Settled = Processed & { readonly code?: string; readonly nextAt?: Date; readonly reread?: Ref }

function settledAs({ event, outcome }: EventOutcome, item: RecordResult['perItem'][number], system: System): Settled {
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

function rereadOf(base: Omit<Processed, 'status' | 'reason'>, event: states.EventToProcess, resource: Ref, system: System): Settled {
  const connection = system.config.connections.find((candidate) => candidate.id === event.connection)
  if (connection === undefined || !canRead(connection)) {
    const detail = `only the provider can say what ${resource.kind} ${resource.id} is now, and this connection has no apiKey or credentials`
    return { ...base, status: 'needs_review', reason: detail, code: 'payload_unreadable' }
  }
  return { ...base, status: 'pending', reason: `re-reading ${resource.kind} ${resource.id}`, reread: resource }
}

function failureOf(event: states.EventToProcess, error: Error, system: System): { status: string; reason: string; nextAt?: Date } {
  const reason = `attempt ${event.attempts + 1} failed: ${error.message}`.slice(0, 500)
  if (event.attempts + 1 >= attemptsMax) return { status: 'failed', reason }
  const delayMs = backoffMs({ attempt: event.attempts + 1, jitter: Math.random() })
  return { status: 'pending', reason, nextAt: new Date(system.now().getTime() + delayMs) }
}

/** Wake-ups of their own for what must wait or be tried again; made in the transaction that decides so. */
async function retriesOf(system: System, outcomes: readonly EventOutcome[]): Promise<Complete[]> {
  const statements: Complete[] = []
  for (const { event, outcome } of outcomes) {
    if (outcome.kind === 'snoozed') statements.push(await system.queue.wakeUp([event.id], { startAfter: new Date(outcome.recheckAt) }))
    if (outcome.kind === 'failed' && event.attempts + 1 < attemptsMax) {
      const delayMs = backoffMs({ attempt: event.attempts + 1, jitter: 1 })
      statements.push(await system.queue.wakeUp([event.id], { startAfter: new Date(system.now().getTime() + delayMs) }))
    }
  }
  return statements
}

function settlementOf(
  on: Connection,
  system: System,
  outcomes: readonly EventOutcome[],
  events: readonly Settled[],
  result: RecordResult,
  statements: readonly Complete[],
): Settlement {
  const queries: Promise<unknown>[] = statements.map(({ name, text, values }) => on.query({ name, text, values: [...values] }))
  if (events.length > 0) queries.push(settleRows(on, events, result.tx, system.now()))
  const rereads = events.flatMap((event, index) => (event.reread === undefined ? [] : [{ ref: event.reread, event: outcomes[index]!.event }]))
  if (rereads.length > 0) queries.push(askFor(on, system, rereads))
  queries.push(...askToAct(on, outcomes))
  queries.push(...noticesOf(on, system, outcomes, events, result.tx))
  queries.push(...forwardsOf(on, system, outcomes.map(({ event }) => event), result.tx))
  const digests = outcomes.map(({ event }) => chain.eventDigest(event.id, event.body_sha256))
  return { queries, digests: digests.filter((_, index) => isFirstSettling(outcomes[index]!.event)) }
}

/** The chain names an event once, in the transaction that settled it first (`events.tx`). */
function isFirstSettling(event: states.EventToProcess): boolean {
  return event.tx === null
}

/**
 * Two wake-ups may load one event before either has settled it (a duplicate's, another process's); both would name it in
 * their link, and only one link can be where the event says that it is.
 */
async function mustBeFirst(on: Connection, outcomes: readonly EventOutcome[]): Promise<void> {
  const first = outcomes.filter(({ event }) => isFirstSettling(event)).map(({ event }) => event.id)
  const settled = first.length === 0 ? [] : await states.lockSettled(on, first)
  if (settled.length > 0) throw new SettledMeanwhile(`settled meanwhile: ${settled.map(({ id }) => id).join(', ')}`)
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

function askFor(on: Connection, system: System, rereads: readonly { ref: Ref; event: states.EventToProcess }[]): Promise<unknown> {
  const scopeOf = (id: string) => system.config.connections.find((connection) => connection.id === id)?.account ?? id
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

/** One notice for each event that a person must look at, or that used its attempts up. */
function noticesOf(on: Connection, system: System, outcomes: readonly EventOutcome[], events: readonly Settled[], tx: bigint): Promise<unknown>[] {
  const policy = policyOf(system.config)
  const rows = events.flatMap((event, index) => {
    const rule = event.status === 'failed' ? 'dead_letter' : event.status === 'needs_review' ? 'needs_review' : undefined
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
      rows.map(({ event, rule }) => JSON.stringify({ rule, code: event.code ?? rule, subject: event.id, detail: event.reason ?? '' })),
      rows.map(() => now.toISOString()),
      rows.map(() => null),
      tx,
    ),
  ]
}

/** Puts one event off after the database refused it alone; its wake-up is completed and another made, in one commit. */
async function putOffOne(system: System, { event }: EventOutcome, error: Error, complete: Complete | undefined) {
  const failure = failureOf(event, error, system)
  system.log.error('an event could not be recorded', { event_id: event.id, connection: event.connection, error })
  const wakeUp = failure.nextAt === undefined ? undefined : await system.queue.wakeUp([event.id], { startAfter: failure.nextAt })
  const on = await system.db.worker.connect()
  try {
    const queued = [
      on.query('begin'),
      states.putOff(on, [event.id], [failure.status], [failure.reason], [failure.nextAt?.toISOString() ?? null]),
      ...[wakeUp, complete].flatMap((s) => (s === undefined ? [] : [on.query({ name: s.name, text: s.text, values: [...s.values] })])),
    ]
    await Promise.all([...queued, on.query('commit')])
  } finally {
    on.release()
  }
  const processed: Processed = { id: event.id, status: failure.status, reason: failure.reason, newFactIds: [], orderIds: [] }
  return { events: [processed], result: undefined }
}
