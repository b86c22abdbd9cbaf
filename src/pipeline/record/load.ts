import { hash } from 'node:crypto'
import type { Connection } from '../../store/database.ts'
import { type EffectState, effectsByRefs } from '../../store/due-effects.ts'
import * as facts from '../../store/facts.ts'
import * as journal from '../../store/journal.ts'
import * as orders from '../../store/orders.ts'
import * as periods from '../../store/periods.ts'
import * as refs from '../../store/refs.ts'
import * as stock from '../../store/stock.ts'
import { point } from '../point.ts'
import type { Batch } from './prepare.ts'

/** What a batch finds under its locks, by root order. */
export type Loaded = {
  readonly tx: bigint
  readonly refs: readonly refs.RefRow[]
  readonly orders: ReadonlyMap<string, orders.OrderRow>
  readonly facts: ReadonlyMap<string, facts.StoredFact[]>
  readonly effects: ReadonlyMap<string, EffectState[]>
  readonly moved: ReadonlyMap<string, { sku: string; on_hand: bigint; committed: bigint; moves: number }[]>
  readonly entryKeys: ReadonlyMap<string, { key: string; layer: string }[]>
  readonly recognised: ReadonlyMap<string, { account: string; currency: string; amount: bigint }[]>
  readonly accountFacts: readonly facts.StoredFact[]
  /** The last closed month of each mode. */
  readonly closed: ReadonlyMap<string, string>
}

/** An order that we waited for became part of another one: the batch is rolled back and taken again. */
export class OrderMoved extends Error {
  override readonly name = 'OrderMoved'
}

/**
 * Locks and loads in one flight: the statements are queued without waiting for each other, and each sees what was
 * committed before it began. References, then orders, then what hangs on them: the only lock order there is.
 */
export async function lockAndLoad(on: Connection, batch: Batch): Promise<Loaded> {
  const { scopes, kinds, ids, components, proposed, connections, orders: proposals } = batch.claims
  const tx = facts.nextTx(on)
  const accountLocks = lockAccountSubjects(on, batch)
  const claimed = refs.claim(on, scopes, kinds, ids, components, proposed, connections)
  const inserted = orders.insertClaimed(
    on,
    proposals.map((o) => o.id),
    proposals.map((o) => o.connection),
    proposals.map((o) => o.mode),
  )
  const locked = orders.lockByRefs(on, scopes, kinds, ids)
  const resolved = refs.resolve(on, scopes, kinds, ids)
  const known = facts.byRefs(on, scopes, kinds, ids)
  const effects = effectsByRefs(on, scopes, kinds, ids)
  const moved = stock.movedByRefs(on, scopes, kinds, ids)
  const keys = journal.keysByRefs(on, scopes, kinds, ids)
  const recognised = journal.recognisedByRefs(on, scopes, kinds, ids)
  const closed = periods.closedThrough(on)
  await Promise.all([
    tx,
    accountLocks,
    claimed,
    inserted,
    locked,
    resolved,
    known,
    effects,
    moved,
    keys,
    recognised,
    closed,
  ])
  point('process.after_lock')
  const rows = await locked
  if (rows.some((row) => row.alias_of !== null))
    throw new OrderMoved('an order became part of another one meanwhile')
  return {
    tx: (await tx)[0]!.tx,
    refs: await resolved,
    orders: new Map(rows.map((row) => [row.id, row])),
    facts: byRoot(await known, facts.factOf),
    effects: byRoot(await effects, (row) => row),
    moved: byRoot(await moved, (row) => row),
    entryKeys: byRoot(await keys, (row) => row),
    recognised: byRoot(await recognised, (row) => row),
    accountFacts: await accountLocks,
    closed: new Map((await closed).map(({ mode, month }) => [mode, month])),
  }
}

async function lockAccountSubjects(on: Connection, batch: Batch): Promise<facts.StoredFact[]> {
  if (batch.account.length === 0) return []
  const subjects = [
    ...new Map(
      batch.account.map(({ fact }) => [`${fact.scope}\0${fact.subject.kind}\0${fact.subject.id}`, fact]),
    ),
  ]
  const locks = facts.lockSubjects(
    on,
    subjects.map(([key]) => lockKey(key)).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)),
  )
  const rows = facts.bySubjects(
    on,
    subjects.map(([, fact]) => fact.scope),
    subjects.map(([, fact]) => fact.subject.kind),
    subjects.map(([, fact]) => fact.subject.id),
  )
  await locks
  return (await rows).map(facts.factOf)
}

function lockKey(subject: string): bigint {
  return hash('sha256', subject, 'buffer').readBigInt64BE(0)
}

function byRoot<Row extends { root: string }, Value>(
  rows: readonly Row[],
  read: (row: Row) => Value,
): Map<string, Value[]> {
  const map = new Map<string, Value[]>()
  for (const row of rows) {
    const values = map.get(row.root)
    if (values === undefined) map.set(row.root, [read(row)])
    else values.push(read(row))
  }
  return map
}
