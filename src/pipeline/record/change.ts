import type { Config } from '../../config.ts'
import { effectsDue } from '../../core/due.ts'
import { newlyDue, outgoingDue } from '../../core/due-outgoing.ts'
import { stockWritesDue } from '../../core/due-write-back.ts'
import type { Effect, Policy, StockMove } from '../../core/effect.ts'
import { fold } from '../../core/fold.ts'
import type { KnownFact, Ref } from '../../core/fact.ts'
import type { Order, Want } from '../../core/order.ts'
import type { EffectState } from '../../store/due-effects.ts'
import type { UndatedEntry } from '../../store/journal.ts'
import { canRead } from '../readable.ts'
import type { Loaded } from './load.ts'
import { foldContext } from './context.ts'
import type { Group, NewFact } from './group.ts'
import type { FoldSettings } from './policy.ts'
import { entriesOf, movesOf } from './postings.ts'

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

/** Folds one group and says all that follows. Pure. `knownSkus` are the SKUs somebody has given stock for. */
export function changeOf(
  group: Group,
  loaded: Loaded,
  settings: FoldSettings,
  knownSkus: ReadonlySet<string>,
): Change {
  const context = foldContext(
    settings.config,
    settings.policy.sinks.inventory === true ? knownSkus : undefined,
  )
  const before = group.known.length === 0 ? undefined : fold(group.known, context)
  const facts: KnownFact[] = [...group.known, ...group.newFacts.map(({ row }) => row.fact)]
  const after = fold(facts, context)
  const home = homeOf(facts, settings.config) ?? loaded.orders.get(group.root)!
  const existing = group.roots.flatMap((id) => loaded.effects.get(id) ?? [])
  const scope = facts[0]?.scope ?? home.connection
  const moves = movesOf(group, after, loaded, settings.policy, knownSkus)
  const due = [
    ...announcedNow(
      effectsDue(after, settings.policy, existing, scope),
      before,
      group,
      settings.policy,
      scope,
    ),
    ...stockWritesDue(after, moves, settings.policy),
  ]
  return {
    orderId: group.root,
    merged: group.roots.filter((id) => id !== group.root),
    before,
    after,
    connection: home.connection,
    mode: home.mode,
    scope,
    newFacts: group.newFacts,
    eventIds:
      after.isAttached && group.roots.some((id) => loaded.orders.get(id)?.is_attached !== true)
        ? eventIdsOf(group)
        : [],
    effects: due.map((effect) => ({ ...effect, historic: isHistoric(effect, facts, settings.effectsSince) })),
    ...overtaken(after, existing, settings.policy, scope),
    moves,
    entries: entriesOf(group, facts, after, loaded, settings, home),
    wants: wantsOf(before, after, facts, settings.config),
  }
}

function eventIdsOf(group: Group): string[] {
  return [...new Set(group.known.flatMap((fact) => (fact.eventId === null ? [] : [fact.eventId])))]
}

/** The connection an order is shown under: one that speaks for orders before one that does not. */
function homeOf(
  facts: readonly KnownFact[],
  config: Config,
): { connection: string; mode: string } | undefined {
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
  const about =
    typeof effect.body.resource === 'string'
      ? facts.filter((fact) => fact.subject.id === effect.body.resource)
      : []
  const witnesses = about.length > 0 ? about : money
  return (
    witnesses.length > 0 &&
    witnesses.every((fact) => fact.source === 'poll' && new Date(fact.occurredAt) < since)
  )
}

/**
 * An app that is named in the configuration later is told of what happens from then on, not of what was known before. Where
 * orders were joined, what both know together was never told of either, so all that stands is told.
 */
function announcedNow(
  due: readonly Effect[],
  before: Order | undefined,
  group: Group,
  policy: Policy,
  scope: string,
): readonly Effect[] {
  if (before?.isAttached !== true || group.roots.length > 1) return due
  return newlyDue(due, outgoingDue(before, policy, [], before.scope ?? scope))
}

/** What was to be told is told, whatever becomes of the order meanwhile; a move of stock is undone by another; and a person's wish stands. */
const stands = new Set(['notify', 'outgoing'])

/** Effects that are still due but that this state no longer calls for; and receipts that need wait no longer. */
function overtaken(
  after: Order,
  existing: readonly EffectState[],
  policy: Policy,
  scope: string,
): { cancelled: string[]; expedited: string[] } {
  const wanted = new Map(
    effectsDue(after, policy, [], scope).flatMap((effect) =>
      [effect.key, effect.formerly].flatMap((key) => (key === undefined ? [] : [[key, effect] as const])),
    ),
  )
  const waiting = existing.filter(
    (effect) =>
      effect.state === 'due' &&
      (!stands.has(effect.sink) || effect.kind === 'deadline') &&
      effect.kind !== 'stock' &&
      effect.kind !== 'resend',
  )
  return {
    cancelled: waiting
      .filter((effect) => !wanted.has(effect.key) && isRecalled(effect, wanted))
      .map((effect) => effect.id),
    expedited: waiting.filter(({ key }) => isWantedNow(wanted.get(key))).map((effect) => effect.id),
  }
}

function isWantedNow(effect: Effect | undefined): boolean {
  return effect !== undefined && effect.waitForMs === undefined && effect.notBefore === undefined
}

/** A request that has not left is recalled when none is called for now; one under another number stays. */
function isRecalled(effect: EffectState, wanted: ReadonlyMap<string, Effect>): boolean {
  if (effect.sink !== 'fulfillment') return true
  return effect.kind === 'request' && ![...wanted.values()].some((other) => other.kind === 'request')
}

/** What the fold would like to have read now and did not before, where the connection can read at all. */
function wantsOf(
  before: Order | undefined,
  after: Order,
  facts: readonly KnownFact[],
  config: Config,
): Change['wants'] {
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
