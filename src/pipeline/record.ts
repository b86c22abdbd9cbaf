import { movements } from '../core/movements.ts'
import type { Ref } from '../core/fact.ts'
import type { Connection } from '../store/database.ts'
import * as stock from '../store/stock.ts'
import type { UndatedEntry } from '../store/journal.ts'
import { type Change, changeOf } from './record/change.ts'
import { groupsOf, type NewFact } from './record/group.ts'
import { booksOf, policyOf } from './record/policy.ts'
import { lockAndLoad, type Loaded, OrderMoved } from './record/load.ts'
import { hasContest } from './record/number-scopes.ts'
import { resolveNumbers } from './record/numbers.ts'
import { type Batch, keyOf, prepare, type RecordItem } from './record/prepare.ts'
import { queueWrites } from './record/write.ts'
import { point } from './point.ts'
import { signal } from './signal.ts'
import type { System } from './system.ts'

export type { RecordItem } from './record/prepare.ts'
export type { Change } from './record/change.ts'

/** `waitingFor`: no order is known of it yet; `isAmbiguous`: orders of several shops carry the number that it names. */
export type ItemResult = { newFactIds: string[]; orderIds: string[]; waitingFor?: Ref; isAmbiguous?: boolean }

export type RecordResult = {
  readonly tx: bigint
  readonly perItem: readonly ItemResult[]
  readonly changes: readonly Change[]
}

/** Statements to go into the same transaction, queued without waiting; digests are what the chain covers of them. */
export type Settlement = { readonly queries: Promise<unknown>[]; readonly digests?: readonly Buffer[] }

export type RecordRequest = {
  readonly items: readonly RecordItem[]
  /** `dry_run` does everything but the writing, and says what would change. */
  readonly mode?: 'commit' | 'dry_run'
  /** Awaited under the locks before anything is written; what it throws rolls everything back. */
  readonly alongside?: (on: Connection) => Promise<unknown>
  /** Called with the result; what it queues leaves with the writes, in one flight. */
  readonly settle?: (on: Connection, result: RecordResult) => Settlement
}

/** SQLSTATEs after which the same transaction may succeed: deadlock, serialization, lock and idle timeouts, a lost race. */
const retryable = new Set(['40P01', '40001', '55P03', '25P03', '23505'])
const attemptsMax = 5

/**
 * The one door to facts, orders, effects, stock, books and history: locks what the statements refer to, folds, and
 * writes all that follows in one transaction. Facts that are known already change nothing.
 *
 * Throws what the database throws once repeating does not help; nothing is written then.
 */
export async function record(system: System, request: RecordRequest): Promise<RecordResult> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await recordOnce(system, request)
    } catch (error) {
      const code = (error as { code?: string }).code
      const mayRepeat = error instanceof OrderMoved || (code !== undefined && retryable.has(code))
      if (!mayRepeat || attempt >= attemptsMax) throw error
    }
  }
}

async function recordOnce(system: System, request: RecordRequest): Promise<RecordResult> {
  const given = prepare(request.items, system)
  const on = await system.db.worker.connect()
  let broken: Error | undefined
  try {
    on.query('begin').catch(() => {}) // its failure fails every statement behind it
    const batch = hasContest(system.config) ? await resolveNumbers(on, given) : given
    const loaded = await lockAndLoad(on, batch)
    const { result, accountFacts, accountEntries } = await decide(on, system, batch, loaded)
    point('process.after_fold')
    if (request.mode === 'dry_run') {
      await on.query('rollback')
      return result
    }
    await request.alongside?.(on)
    const settlement = request.settle?.(on, result) ?? { queries: [] }
    const writing = {
      tx: loaded.tx,
      closed: loaded.closed,
      batch,
      changes: result.changes,
      accountFacts,
      accountEntries,
    }
    const queued = [...settlement.queries, ...queueWrites(on, system, writing, settlement.digests ?? [])]
    point('process.before_commit')
    const [commit] = await Promise.all([on.query('commit'), ...queued])
    if (commit.command !== 'COMMIT') throw new Error('the recording transaction was rolled back at commit')
    point('process.after_commit')
    if (accountFacts.length > 0 || result.changes.some((change) => change.effects.length > 0))
      signal.emit('effects')
    if (accountFacts.length > 0 || result.changes.some((change) => change.wants.length > 0))
      signal.emit('rereads')
    if (result.changes.some((change) => change.moves.length > 0)) signal.emit('stock')
    return result
  } catch (error) {
    await on.query('rollback').catch((failure: Error) => {
      broken = failure
    })
    throw error
  } finally {
    on.release(broken)
  }
}

type Decision = { result: RecordResult; accountFacts: NewFact[]; accountEntries: UndatedEntry[] }

async function decide(on: Connection, system: System, batch: Batch, loaded: Loaded): Promise<Decision> {
  const groups = groupsOf(batch, loaded)
  const settings = {
    config: system.config,
    policy: policyOf(system),
    books: booksOf(system.config),
    effectsSince: system.effectsSince,
  }
  const isInteresting = (group: (typeof groups)[number]) =>
    group.newFacts.length > 0 || group.roots.length > 1 || batch.refolds
  const working = groups.filter(isInteresting)
  const skus = settings.policy.sinks.inventory === true ? await knownSkusOf(on, working) : new Set<string>()
  const changes = working.map((group) => changeOf(group, loaded, settings, skus))
  const accountFacts = newAccountFacts(batch, loaded)
  const accountEntries =
    settings.policy.sinks.accounting === true ? accountEntriesOf(system, accountFacts, loaded) : []
  return {
    result: { tx: loaded.tx, perItem: perItemOf(batch, loaded, groups, changes, accountFacts), changes },
    accountFacts,
    accountEntries,
  }
}

/** Of the SKUs in these orders' lines, those that somebody has given stock for. */
async function knownSkusOf(
  on: Connection,
  groups: ReturnType<typeof groupsOf>,
): Promise<ReadonlySet<string>> {
  const skus = new Set<string>()
  for (const group of groups) {
    for (const fact of [...group.known, ...group.newFacts.map(({ row }) => row.fact)]) {
      if (fact.kind === 'order_lines' || fact.kind === 'order_snapshot')
        for (const line of fact.data.lines) if (line.sku !== undefined) skus.add(line.sku)
    }
  }
  if (skus.size === 0) return skus
  const rows = await stock.known(on, [...skus])
  return new Set(rows.map((row) => row.sku))
}

function newAccountFacts(batch: Batch, loaded: Loaded): NewFact[] {
  const seen = new Set(loaded.accountFacts.map((fact) => `${fact.scope}\0${fact.id}\0${fact.digest}`))
  return batch.account.flatMap((row) => {
    const mark = `${row.fact.scope}\0${row.fact.id}\0${row.fact.digest}`
    if (seen.has(mark)) return []
    seen.add(mark)
    return [{ row, orderId: null }]
  })
}

/** Entries that the account-level facts call for now and did not before: under the lock, what was known is posted. */
function accountEntriesOf(system: System, newFacts: readonly NewFact[], loaded: Loaded): UndatedEntry[] {
  const scopes = [...new Set(newFacts.map(({ row }) => row.fact.scope))]
  return scopes.flatMap((scope) => {
    const known = loaded.accountFacts.filter((fact) => fact.scope === scope)
    const news = newFacts.filter(({ row }) => row.fact.scope === scope).map(({ row }) => row.fact)
    const books = booksOf(system.config)
    const posted = new Set(movements(known, books).map((entry) => entry.key))
    const home = system.config.connections.find((connection) => connection.id === news[0]!.connection)
    return movements([...known, ...news], books)
      .filter((entry) => !posted.has(entry.key))
      .map((entry) => ({
        ...entry,
        scope,
        connection: news[0]!.connection,
        mode: home?.mode ?? 'test',
        orderId: null,
      }))
  })
}

function perItemOf(
  batch: Batch,
  loaded: Loaded,
  groups: ReturnType<typeof groupsOf>,
  changes: readonly Change[],
  accountFacts: readonly NewFact[],
): RecordResult['perItem'] {
  const rootOf = new Map(groups.flatMap((group) => group.roots.map((root) => [root, group.root] as const)))
  const changed = new Map(changes.map((change) => [change.orderId, change]))
  const roots = new Map(loaded.refs.map((row) => [keyOf(row as never), rootOf.get(row.root)!]))
  const fresh = new Set(
    [...changes.flatMap((change) => change.newFacts), ...accountFacts].map(({ row }) => row),
  )
  const perItem = batch.items.map(
    () =>
      ({ newFactIds: [] as string[], orderIds: [] as string[] }) as RecordResult['perItem'][number] & {
        waitingFor?: Ref
        isDone?: boolean
      },
  )
  for (const row of [...batch.prepared, ...batch.account]) {
    const item = perItem[row.item]!
    if (fresh.has(row)) item.newFactIds.push(row.fact.id)
    if (row.refs.length === 0) continue
    const root = roots.get(keyOf(row.refs[0]!))!
    if (!item.orderIds.includes(root)) item.orderIds.push(root)
    if (row.fact.kind === 'checkout_expired') item.isDone = true
    const isAttached = changed.get(root)?.after.isAttached ?? loaded.orders.get(root)?.is_attached ?? false
    if (isAttached) continue
    const numbered = row.refs.find((ref) => ref.kind === 'number')
    const bare = row.bare === undefined ? undefined : { kind: 'number' as const, id: row.bare.number }
    // The number says most about what is missing.
    const waitingFor = bare ?? numbered ?? row.refs[1] ?? row.refs[0]!
    if (item.waitingFor?.kind !== 'number') item.waitingFor = waitingFor
    if (row.bare?.found === 'several') item.isAmbiguous = true
  }
  // A checkout that expired without an order was a cart: nothing is to come.
  for (const item of perItem) if (item.isDone) delete item.waitingFor
  return perItem
}
