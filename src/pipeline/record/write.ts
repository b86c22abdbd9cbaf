import type { System } from '../system.ts'
import type { Connection } from '../../store/database.ts'
import * as chain from '../../store/chain.ts'
import * as dueEffects from '../../store/due-effects.ts'
import * as events from '../../store/event-states.ts'
import * as facts from '../../store/facts.ts'
import { entryDigest, postEntries, type UndatedEntry } from '../../store/journal.ts'
import * as orders from '../../store/orders.ts'
import * as persons from '../../store/persons.ts'
import * as stock from '../../store/stock.ts'
import { accountOutgoingDue } from '../../core/due-outgoing.ts'
import type { EffectBody } from '../../core/effect.ts'
import { bookingOf } from '../../core/periods.ts'
import { newId } from '../ids.ts'
import { point } from '../point.ts'
import type { Change } from './change.ts'
import type { NewFact } from './group.ts'
import { canRead } from '../readable.ts'
import { policyOf } from './policy.ts'
import { stateOf } from './state.ts'
import type { Batch } from './prepare.ts'

/** All that a batch writes; account-level facts and entries beside what each order becomes. */
export type Writing = {
  readonly tx: bigint
  readonly batch: Batch
  readonly changes: readonly Change[]
  readonly accountFacts: readonly NewFact[]
  readonly accountEntries: readonly UndatedEntry[]
  /** The last closed month of each mode: what belongs there is posted after it. */
  readonly closed: ReadonlyMap<string, string>
}

/**
 * Queues one set-based statement a table, in the order stock → head, and waits for none of them: the COMMIT that the
 * caller queues behind them goes out in the same flight. The promises are for the caller to await.
 */
export function queueWrites(
  on: Connection,
  system: System,
  writing: Writing,
  extraDigests: readonly Buffer[],
): Promise<unknown>[] {
  const { tx, changes } = writing
  const newFacts = [...changes.flatMap((change) => change.newFacts), ...writing.accountFacts]
  const timezone = system.config.sinks.accounting?.timezone ?? 'UTC'
  const entries = [...changes.flatMap((change) => change.entries), ...writing.accountEntries].map(
    (entry) => ({
      ...entry,
      ...bookingOf(entry.occurredAt, { timezone, closedThrough: writing.closed.get(entry.mode) }),
    }),
  )
  const moves = changes.flatMap((change) => change.moves)
  const queued: Promise<unknown>[] = []
  if (writing.batch.persons.length > 0) queued.push(queuePersons(on, writing))
  if (newFacts.length > 0) queued.push(queueFacts(on, newFacts, tx))
  point('process.after_facts')
  if (changes.length > 0) queued.push(queueOrders(on, changes, tx), ...queueMerges(on, changes, tx))
  const settled = changes.flatMap((change) => change.eventIds)
  if (settled.length > 0) queued.push(events.stopWaiting(on, settled))
  queued.push(...queueEffects(on, system, changes, tx), ...queueWants(on, system, writing))
  queued.push(...queueAccountEffects(on, system, [...writing.accountFacts, ...abandonedIn(changes)], tx))
  point('process.after_effects')
  if (moves.length > 0) queued.push(...queueMoves(on, changes, tx))
  if (moves.length > 0 && system.config.sinks.inventory?.oversold === 'hold')
    queued.push(putOffRequests(on, changes))
  if (entries.length > 0) queued.push(postEntries(on, entries, tx))
  point('process.after_journal')
  const digests = [
    ...newFacts.map(({ row }) => row.digest),
    ...entries.map(entryDigest),
    ...moves.map(stock.moveDigest),
    ...extraDigests,
  ]
  if (digests.length > 0) queued.push(chain.append(on, tx, chain.contentOf(digests)))
  point('process.after_chain')
  return queued
}

function queuePersons(on: Connection, { batch }: Writing): Promise<unknown> {
  const rows = [...batch.persons].sort((a, b) => (a.id < b.id ? -1 : 1))
  return persons.insert(
    on,
    rows.map((r) => r.id),
    rows.map((r) => r.data),
    rows.map((r) => r.emailHash),
    rows.map((r) => r.customerHash),
  )
}

function queueFacts(on: Connection, rows: readonly NewFact[], tx: bigint): Promise<unknown> {
  const all = rows.map(({ row }) => row.fact)
  return facts.insert(
    on,
    all.map((fact) => fact.scope),
    all.map((fact) => fact.id),
    rows.map(({ row }) => row.digest),
    all.map((fact) => fact.kind),
    all.map((fact) => fact.subject.kind),
    all.map((fact) => fact.subject.id),
    all.map((fact) => fact.occurredAt),
    all.map((fact) => fact.rank),
    rows.map(({ row }) => row.data),
    rows.map(({ orderId }) => orderId),
    all.map((fact) => fact.connection),
    all.map((fact) => fact.source),
    rows.map(({ row }) => row.eventId),
    tx,
  )
}

function queueOrders(on: Connection, changes: readonly Change[], tx: bigint): Promise<unknown> {
  const after = changes.map((change) => change.after)
  return orders.write(
    on,
    changes.map((change) => change.orderId),
    changes.map((change) => change.connection),
    after.map((order) => order.isAttached),
    after.map((order) => order.number ?? null),
    after.map((order) => order.status),
    after.map((order) => order.paymentStatus),
    after.map((order) => order.disputeStatus),
    after.map((order) => order.fulfillmentStatus),
    after.map((order) => order.reviews.length > 0),
    after.map(stateOf),
    after.map((order) => order.version),
    tx,
  )
}

function queueMerges(on: Connection, changes: readonly Change[], tx: bigint): Promise<unknown>[] {
  const pairs = changes.flatMap((change) => change.merged.map((loser) => ({ loser, root: change.orderId })))
  if (pairs.length === 0) return []
  return [
    orders.alias(
      on,
      pairs.map((pair) => pair.loser),
      pairs.map((pair) => pair.root),
      tx,
    ),
  ]
}

function queueEffects(
  on: Connection,
  system: System,
  changes: readonly Change[],
  tx: bigint,
): Promise<unknown>[] {
  const now = system.now()
  const rows = changes.flatMap((change) => change.effects.map((effect) => ({ effect, change })))
  const cancelled = changes.flatMap((change) => change.cancelled)
  const expedited = changes.flatMap((change) => change.expedited)
  const queued: Promise<unknown>[] = []
  if (cancelled.length > 0) queued.push(dueEffects.cancelDue(on, cancelled, 'overtaken'))
  if (expedited.length > 0) queued.push(dueEffects.expedite(on, expedited))
  if (rows.length === 0) return queued
  const reasons = rows.map(({ effect }) => effect.cancelled ?? (effect.historic ? 'before_start' : null))
  queued.push(
    dueEffects.insertDue(
      on,
      rows.map(() => newId('eff', now)),
      rows.map(({ effect }) => effect.key),
      rows.map(({ effect }) => effect.sink),
      rows.map(({ effect }) => effect.kind),
      reasons.map((reason) => (reason === null ? 'due' : 'cancelled')),
      rows.map(({ change }) => change.orderId),
      rows.map(({ change }) => change.connection),
      rows.map(({ effect, change }) =>
        JSON.stringify(effect.sink === 'outgoing' ? announced(effect.body, change) : effect.body),
      ),
      rows.map(
        ({ effect }) => effect.notBefore ?? new Date(now.getTime() + (effect.waitForMs ?? 0)).toISOString(),
      ),
      reasons,
      tx,
    ),
  )
  return queued
}

/** The order as it is at this moment goes with what is told of it: it may be another by the time that it leaves. */
function announced(body: EffectBody, { after, mode }: Change): object {
  return { ...body, mode, order: stateOf(after) }
}

/** What other apps are told of facts that belong to no order. */
/** Carts that ended without becoming an order. */
function abandonedIn(changes: readonly Change[]): NewFact[] {
  return changes
    .filter(({ after }) => !after.isAttached)
    .flatMap(({ newFacts }) => newFacts.filter(({ row }) => row.fact.kind === 'checkout_expired'))
}

function queueAccountEffects(
  on: Connection,
  system: System,
  accountFacts: readonly NewFact[],
  tx: bigint,
): Promise<unknown>[] {
  const policy = policyOf(system)
  const rows = accountFacts.flatMap(({ row: { fact } }) =>
    accountOutgoingDue(fact, policy).map((effect) => ({ effect, fact })),
  )
  if (rows.length === 0) return []
  const now = system.now()
  const isHistoric = rows.map(
    ({ fact }) => fact.source === 'poll' && new Date(fact.occurredAt) < system.effectsSince,
  )
  return [
    dueEffects.insertDue(
      on,
      rows.map(() => newId('eff', now)),
      rows.map(({ effect }) => effect.key),
      rows.map(({ effect }) => effect.sink),
      rows.map(({ effect }) => effect.kind),
      isHistoric.map((historic) => (historic ? 'cancelled' : 'due')),
      rows.map(() => null),
      rows.map(({ fact }) => fact.connection),
      rows.map(({ effect }) => JSON.stringify(effect.body)),
      rows.map(() => now.toISOString()),
      isHistoric.map((historic) => (historic ? 'before_start' : null)),
      tx,
    ),
  ]
}

function queueWants(on: Connection, system: System, { changes, accountFacts }: Writing): Promise<unknown>[] {
  const wants = [...changes.flatMap((change) => change.wants), ...payoutWants(system, accountFacts)]
  if (wants.length === 0) return []
  return [
    dueEffects.want(
      on,
      wants.map((want) => want.connection),
      wants.map((want) => want.scope),
      wants.map((want) => want.resource.kind),
      wants.map((want) => want.resource.id),
      wants.map((want) => want.reason),
      wants.map(() => null),
    ),
  ]
}

/** A payout that arrived is asked for its lines, where the provider keeps them: no line names its own payout. */
function payoutWants(system: System, accountFacts: readonly NewFact[]): Change['wants'] {
  return accountFacts.flatMap(({ row: { fact } }) => {
    if (fact.kind !== 'payout_state' || !fact.data.automatic || fact.data.state !== 'paid') return []
    const home = system.config.connections.find(({ id }) => id === fact.connection)
    const isAskable = home !== undefined && canRead(home) && fact.source !== 'reread'
    if (!isAskable || system.providers.get(home.provider)?.keeps.includes('payout') !== true) return []
    return [{ resource: fact.subject, reason: 'lines', connection: home.id, scope: fact.scope }]
  })
}

const putOffMs = 60_000

/** Of what these orders take, more may be sold than is there; the keeper of stock says within seconds who is to wait. */
function putOffRequests(on: Connection, changes: readonly Change[]): Promise<unknown> {
  const taking = changes.filter(
    ({ moves, effects }) => moves.length > 0 && effects.some((effect) => effect.kind === 'request'),
  )
  const skus = new Set(taking.flatMap(({ moves }) => moves.map(({ sku }) => sku)))
  return dueEffects.putOffRequests(
    on,
    taking.map(({ orderId }) => orderId),
    [...skus],
    putOffMs,
  )
}

function queueMoves(on: Connection, changes: readonly Change[], tx: bigint): Promise<unknown>[] {
  const rows = changes.flatMap((change) => change.moves.map((move) => ({ move, orderId: change.orderId })))
  const skus = [...new Set(rows.map(({ move }) => move.sku))].sort()
  return [
    stock.lock(on, skus),
    stock.move(
      on,
      rows.map(({ move }) => move.key),
      rows.map(({ move }) => move.sku),
      rows.map(({ move }) => move.onHandDelta.toString()),
      rows.map(({ move }) => move.committedDelta.toString()),
      rows.map(({ move }) => move.reason),
      rows.map(({ orderId }) => orderId),
      tx,
    ),
  ]
}
