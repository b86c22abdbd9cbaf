import type { Config } from '../../config.ts'
import { effectsDue, stockTarget } from '../../core/due.ts'
import { newlyDue, outgoingDue } from '../../core/due-outgoing.ts'
import type { Effect, Policy, StockMove } from '../../core/effect.ts'
import { fold } from '../../core/fold.ts'
import type { KnownFact, Ref } from '../../core/fact.ts'
import type { Books, JournalLine } from '../../core/journal.ts'
import { movements } from '../../core/movements.ts'
import type { Order, Want } from '../../core/order.ts'
import { recognition, recognitionTarget } from '../../core/recognition.ts'
import type { EffectState } from '../../store/due-effects.ts'
import type { UndatedEntry } from '../../store/journal.ts'
import type { StoredFact } from '../../store/facts.ts'
import { canRead } from '../readable.ts'
import type { Loaded } from './load.ts'
import { foldContext } from './context.ts'
import { keyOf, type Batch, type Prepared } from './prepare.ts'

/** What one order becomes by this batch. */
export type Change = {
  readonly orderId: string // the root that lives on
  readonly merged: readonly string[] // roots that become aliases of it
  readonly before: Order | undefined
  readonly after: Order
  readonly connection: string
  readonly mode: string
  readonly scope: string
  readonly newFacts: readonly NewFact[]
  /** Events whose facts this order holds: they stop waiting when it becomes attached. */
  readonly eventIds: readonly string[]
  readonly effects: readonly (Effect & { readonly historic: boolean })[]
  readonly cancelled: readonly string[] // effect ids that are due no more and have not left
  readonly expedited: readonly string[]
  readonly moves: readonly StockMove[]
  readonly entries: readonly UndatedEntry[]
  readonly wants: readonly (Want & { connection: string; scope: string })[]
}

export type NewFact = { readonly row: Prepared; readonly orderId: string | null }

export type FoldSettings = {
  readonly config: Config
  readonly policy: Policy
  readonly books: Books
  readonly effectsSince: Date
}

/** References that the batch proves to be one order, with all that is known of it. */
export type Group = {
  readonly root: string
  readonly roots: readonly string[]
  readonly newFacts: readonly NewFact[]
  readonly known: readonly StoredFact[]
  readonly isKnownOrder: boolean
}

/** Gathers the batch by order: components of references that lead to one root are one group; the oldest root lives. */
export function groupsOf(batch: Batch, loaded: Loaded): Group[] {
  const rows = new Map(loaded.refs.map((row) => [`${row.scope}\0${row.kind}\0${row.id}`, row]))
  const survivor = survivors(batch, rows)
  const groups = new Map<string, { roots: Set<string>; newFacts: NewFact[] }>()
  for (const root of loaded.orders.keys()) {
    const lives = survivor(root)
    const group = groups.get(lives) ?? { roots: new Set(), newFacts: [] }
    group.roots.add(root)
    groups.set(lives, group)
  }
  const seen = new Set<string>()
  for (const facts of loaded.facts.values()) for (const fact of facts) seen.add(identity(fact))
  for (const row of batch.prepared) {
    const ref = rows.get(keyOf(row.refs[0]!))!
    const mark = identity(row.fact)
    if (seen.has(mark)) continue
    seen.add(mark)
    groups.get(survivor(ref.root))!.newFacts.push({ row, orderId: ref.order_id })
  }
  return [...groups].map(([root, group]) => ({
    root,
    roots: [...group.roots],
    newFacts: group.newFacts,
    known: [...group.roots].flatMap((id) => loaded.facts.get(id) ?? []),
    isKnownOrder: [...group.roots].some((id) => loaded.orders.get(id)?.state != null),
  }))
}

function identity(fact: KnownFact): string {
  return `${fact.scope}\0${fact.id}\0${fact.digest}`
}

function survivors(batch: Batch, rows: ReadonlyMap<string, { root: string }>): (root: string) => string {
  const parent = new Map<string, string>()
  const find = (id: string): string => {
    const above = parent.get(id)
    return above === undefined ? id : find(above)
  }
  for (const { refs } of batch.prepared) {
    const first = find(rows.get(keyOf(refs[0]!))!.root)
    for (const ref of refs) {
      const [a, b] = [find(first), find(rows.get(keyOf(ref))!.root)].sort() as [string, string]
      if (a !== b) parent.set(b, a)
    }
  }
  return find
}

/** Folds one group and says all that follows. Pure. `knownSkus` are the SKUs somebody has given stock for. */
export function changeOf(group: Group, loaded: Loaded, settings: FoldSettings, knownSkus: ReadonlySet<string>): Change {
  const context = foldContext(settings.config, settings.policy.sinks.inventory === true ? knownSkus : undefined)
  const before = group.known.length === 0 ? undefined : fold(group.known, context)
  const facts: KnownFact[] = [...group.known, ...group.newFacts.map(({ row }) => row.fact)]
  const after = fold(facts, context)
  const home = homeOf(facts, settings.config) ?? loaded.orders.get(group.root)!
  const existing = group.roots.flatMap((id) => loaded.effects.get(id) ?? [])
  const scope = facts[0]?.scope ?? home.connection
  const due = announcedNow(effectsDue(after, settings.policy, existing, scope), before, group, settings.policy, scope)
  return {
    orderId: group.root,
    merged: group.roots.filter((id) => id !== group.root),
    before,
    after,
    connection: home.connection,
    mode: home.mode,
    scope,
    newFacts: group.newFacts,
    eventIds: after.isAttached && before?.isAttached !== true ? eventIdsOf(group) : [],
    effects: due.map((effect) => ({ ...effect, historic: isHistoric(effect, facts, settings.effectsSince) })),
    ...overtaken(after, existing, settings.policy, scope),
    moves: settings.policy.sinks.inventory === true ? movesOf(group, after, loaded, settings.policy, knownSkus) : [],
    entries: entriesOf(group, facts, after, loaded, settings, home),
    wants: wantsOf(before, after, facts, settings.config),
  }
}

function eventIdsOf(group: Group): string[] {
  return [...new Set(group.known.flatMap((fact) => (fact.eventId === null ? [] : [fact.eventId])))]
}

/** The connection an order is shown under: one that speaks for orders before one that does not. */
function homeOf(facts: readonly KnownFact[], config: Config): { connection: string; mode: string } | undefined {
  const ids = [...new Set(facts.map((fact) => fact.connection))].sort()
  const known = ids.flatMap((id) => config.connections.filter((connection) => connection.id === id))
  const best = known.find((connection) => connection.speaksFor.includes('order')) ?? known[0]
  return best === undefined ? undefined : { connection: best.id, mode: best.mode }
}

/**
 * True for what a poll told us of the time before we started: such an order gets no mail and no request by itself.
 * Judged on the witnesses of the money, so a webhook that comes late changes nothing about it.
 */
function isHistoric(effect: Effect, facts: readonly KnownFact[], since: Date): boolean {
  const money = facts.filter((fact) => fact.kind === 'payment_captured' || fact.kind === 'order_placed')
  const about = typeof effect.body.resource === 'string' ? facts.filter((fact) => fact.subject.id === effect.body.resource) : []
  const witnesses = about.length > 0 ? about : money
  return witnesses.length > 0 && witnesses.every((fact) => fact.source === 'poll' && new Date(fact.occurredAt) < since)
}

/**
 * An app that is named in the configuration later is told of what happens from then on, not of what was known before. Where
 * orders were joined, what both know together was never told of either, so all that stands is told.
 */
function announcedNow(due: readonly Effect[], before: Order | undefined, group: Group, policy: Policy, scope: string): readonly Effect[] {
  if (before?.isAttached !== true || group.roots.length > 1) return due
  return newlyDue(due, outgoingDue(before, policy, [], before.scope ?? scope))
}

/** What was to be told is told, whatever becomes of the order meanwhile. */
const stands = new Set(['notify', 'outgoing'])

/** Effects that are still due but that this state no longer calls for; and receipts that need wait no longer. */
function overtaken(after: Order, existing: readonly EffectState[], policy: Policy, scope: string): { cancelled: string[]; expedited: string[] } {
  const wanted = new Map(effectsDue(after, policy, [], scope).flatMap((effect) => [effect.key, effect.formerly].flatMap((key) => (key === undefined ? [] : [[key, effect] as const]))))
  const waiting = existing.filter((effect) => effect.state === 'due' && !stands.has(effect.sink))
  return {
    cancelled: waiting.filter((effect) => !wanted.has(effect.key) && isRecalled(effect, wanted)).map((effect) => effect.id),
    expedited: waiting.filter((effect) => wanted.get(effect.key)?.waitForMs === undefined && wanted.has(effect.key)).map((effect) => effect.id),
  }
}

/** A request that has not left is recalled when none is called for now; one under another number stays. */
function isRecalled(effect: EffectState, wanted: ReadonlyMap<string, Effect>): boolean {
  if (effect.sink !== 'fulfillment') return true
  return effect.kind === 'request' && ![...wanted.values()].some((other) => other.kind === 'request')
}

function movesOf(group: Group, after: Order, loaded: Loaded, policy: Policy, knownSkus: ReadonlySet<string>): StockMove[] {
  const moved = new Map<string, { onHand: number; committed: number }>()
  let count = 0
  for (const row of group.roots.flatMap((id) => loaded.moved.get(id) ?? [])) {
    const held = moved.get(row.sku) ?? { onHand: 0, committed: 0 }
    moved.set(row.sku, { onHand: held.onHand + Number(row.on_hand), committed: held.committed + Number(row.committed) })
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
    moves.push({ key: `stock:${group.root}:${count}`, sku, onHandDelta, committedDelta, reason: reasonOf(onHandDelta, committedDelta) })
  }
  return moves
}

function reasonOf(onHandDelta: number, committedDelta: number): StockMove['reason'] {
  if (onHandDelta < 0) return committedDelta < 0 ? 'ship' : 'write_off'
  if (onHandDelta > 0) return 'restock'
  return committedDelta > 0 ? 'commit' : 'release'
}

function entriesOf(
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
  const frame = { scope: facts[0]?.scope ?? home.connection, connection: home.connection, mode: home.mode, orderId }
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
    description: `recognise ${after.number ?? group.root}`,
    factIds: news.map((fact) => fact.id),
    lines,
  })
  return entries
}

/** Money that moved is posted under the account whose money it is, also in an order that several witnesses tell of. */
function witnessOf(factId: string | undefined, facts: readonly KnownFact[]): { scope: string; connection: string } | undefined {
  const fact = facts.find((candidate) => candidate.id === factId)
  return fact === undefined ? undefined : { scope: fact.scope, connection: fact.connection }
}

/** What the fold would like to have read now and did not before, where the connection can read at all. */
function wantsOf(before: Order | undefined, after: Order, facts: readonly KnownFact[], config: Config): Change['wants'] {
  const held = new Set((before?.wants ?? []).map(wantKey))
  return after.wants
    .filter((want) => !held.has(wantKey(want)))
    .flatMap((want) => {
      const witness = facts.find((fact) => sameRef(fact.subject, want.resource)) ?? facts[0]
      const connection = config.connections.find((candidate) => candidate.id === witness?.connection)
      if (connection === undefined || !canRead(connection)) return []
      return [{ ...want, connection: connection.id, scope: connection.account }]
    })
}

function wantKey(want: Want): string {
  return `${want.reason}\0${want.resource.kind}\0${want.resource.id}`
}

function sameRef(a: Ref, b: Ref): boolean {
  return a.kind === b.kind && a.id === b.id
}
