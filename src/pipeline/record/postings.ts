import { stockTarget } from '../../core/due.ts'
import type { Policy, StockMove } from '../../core/effect.ts'
import type { KnownFact } from '../../core/fact.ts'
import type { JournalLine } from '../../core/journal.ts'
import { movements } from '../../core/movements.ts'
import type { Order } from '../../core/order.ts'
import { isTaxUnknown, recognition, recognitionTarget } from '../../core/recognition.ts'
import type { UndatedEntry } from '../../store/journal.ts'
import type { Group } from './group.ts'
import type { Loaded } from './load.ts'
import type { FoldSettings } from './policy.ts'

/** Moves of stock that make up the difference between what the order calls for and what was moved for it so far. */
export function movesOf(
  group: Group,
  after: Order,
  loaded: Loaded,
  policy: Policy,
  knownSkus: ReadonlySet<string>,
): StockMove[] {
  if (policy.sinks.inventory !== true) return []
  const moved = new Map<string, { onHand: number; committed: number }>()
  let count = 0
  for (const row of group.roots.flatMap((id) => loaded.moved.get(id) ?? [])) {
    const held = moved.get(row.sku) ?? { onHand: 0, committed: 0 }
    moved.set(row.sku, {
      onHand: held.onHand + Number(row.on_hand),
      committed: held.committed + Number(row.committed),
    })
    count += row.moves
  }
  const target = stockTarget(after, policy)
  const moves: StockMove[] = []
  for (const sku of [...new Set([...moved.keys(), ...target.keys()])].sort()) {
    if (!knownSkus.has(sku)) continue
    const want = target.get(sku) ?? { onHand: 0, committed: 0 }
    const held = moved.get(sku) ?? { onHand: 0, committed: 0 }
    const [onHandDelta, committedDelta] = [want.onHand - held.onHand, want.committed - held.committed]
    if (onHandDelta === 0 && committedDelta === 0) continue
    count += 1
    moves.push({
      key: `stock:${group.root}:${count}`,
      sku,
      onHandDelta,
      committedDelta,
      reason: reasonOf(onHandDelta, committedDelta),
    })
  }
  return moves
}

function reasonOf(onHandDelta: number, committedDelta: number): StockMove['reason'] {
  if (onHandDelta < 0) return committedDelta < 0 ? 'ship' : 'write_off'
  if (onHandDelta > 0) return 'restock'
  return committedDelta > 0 ? 'commit' : 'release'
}

/** Entries of money that moved and are not posted yet, and one that brings income and tax to where the order has them. */
export function entriesOf(
  group: Group,
  facts: readonly KnownFact[],
  after: Order,
  loaded: Loaded,
  settings: FoldSettings,
  home: { connection: string; mode: string },
): UndatedEntry[] {
  if (settings.policy.sinks.accounting !== true) return []
  const posted = group.roots.flatMap((id) => loaded.entryKeys.get(id) ?? [])
  const keys = new Set(posted.map((entry) => entry.key))
  const orderId = group.root
  const frame = {
    scope: facts[0]?.scope ?? home.connection,
    connection: home.connection,
    mode: home.mode,
    orderId,
  }
  const entries: UndatedEntry[] = movements(facts, settings.books, keys)
    .filter((entry) => !keys.has(entry.key))
    .map((entry) => ({ ...entry, ...frame, ...witnessOf(entry.factIds[0], facts) }))
  const balances = new Map<string, bigint>()
  for (const row of group.roots.flatMap((id) => loaded.recognised.get(id) ?? [])) {
    const key = `${row.account} ${row.currency}`
    balances.set(key, (balances.get(key) ?? 0n) + row.amount)
  }
  const target = after.isAttached ? recognitionTarget(after, settings.books) : new Map<string, bigint>()
  const lines: JournalLine[] = recognition(target, balances)
  if (lines.length === 0) return entries
  const number = posted.filter((entry) => entry.layer === 'recognition').length + 1
  const news = group.newFacts.map(({ row }) => row.fact)
  const newest = news.reduce((latest, fact) => (fact.occurredAt > latest ? fact.occurredAt : latest), '')
  entries.push({
    ...frame,
    key: `recognise:${group.root}:${number}`,
    layer: 'recognition',
    occurredAt: newest === '' ? (after.placedAt ?? facts[0]!.occurredAt) : newest,
    description: `recognise ${after.number ?? group.root}${isTaxUnknown(after) ? ' (tax:unknown)' : ''}`,
    factIds: news.map((fact) => fact.id),
    lines,
  })
  return entries
}

/** Money that moved is posted under the account whose money it is, also in an order that several witnesses tell of. */
function witnessOf(
  factId: string | undefined,
  facts: readonly KnownFact[],
): { scope: string; connection: string } | undefined {
  const fact = facts.find((candidate) => candidate.id === factId)
  return fact === undefined ? undefined : { scope: fact.scope, connection: fact.connection }
}
