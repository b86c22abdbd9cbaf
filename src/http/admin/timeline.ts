import type { Config } from '../../config.ts'
import type { Person } from '../../core/fact.ts'
import { fold } from '../../core/fold.ts'
import type { Order } from '../../core/order.ts'
import type { Connection } from '../../store/database.ts'
import { factsOfOrder, type RecordedFact } from '../../store/facts.ts'
import { personsById } from '../../store/persons.ts'
import { knownSkus, type MemberRow, membersOf } from '../../store/reading/history.ts'
import { referencesOf } from '../../store/reading/orders.ts'
import { foldContext } from '../../pipeline/record/context.ts'
import { type OrderView, orderView, type Reference } from '../../core/order-view.ts'

/**
 * All that was ever learned about one purchase, in link order, from which any earlier knowledge of it can be folded
 * again. A fact, a reference or a merge counts from its link on; nothing is ever inserted before an older link.
 */
export type Timeline = {
  readonly members: ReadonlyMap<string, MemberRow>
  readonly facts: readonly RecordedFact[]
  readonly references: readonly (Reference & { readonly orderId: string; readonly linkSeq: bigint })[]
  readonly persons: ReadonlyMap<string, Person>
  /** SKUs that stock is kept of, by the link since when. */
  readonly skus: ReadonlyMap<string, bigint> | undefined
  readonly config: Config
}

/** Undefined when no order has this id. Needs one snapshot: its statements must tell one story. */
export async function loadTimeline(
  on: Connection,
  config: Config,
  id: string,
): Promise<Timeline | undefined> {
  const members = await membersOf(on, id)
  const root = members.find((member) => member.alias_of === null)
  if (root === undefined) return undefined
  const facts = await factsOfOrder(on, root.id)
  const references = await referencesOf(on, [root.id])
  return {
    config,
    members: new Map(members.map((member) => [member.id, member])),
    facts,
    references: references.map((row) => ({
      connection: row.connection,
      kind: row.kind,
      id: row.id,
      orderId: row.order_id,
      linkSeq: row.link_seq ?? 0n,
    })),
    persons: await personsById(on, personIdsOf(facts)),
    skus: config.sinks.inventory === undefined ? undefined : await skusOf(on, facts),
  }
}

function personIdsOf(facts: readonly RecordedFact[]): string[] {
  return facts.flatMap((fact) => {
    if (fact.kind === 'customer_seen') return [fact.data.personId]
    return fact.kind === 'order_shipping' && fact.data.personId !== undefined ? [fact.data.personId] : []
  })
}

async function skusOf(on: Connection, facts: readonly RecordedFact[]): Promise<Map<string, bigint>> {
  const skus = new Set<string>()
  for (const fact of facts) {
    if (fact.kind === 'order_lines' || fact.kind === 'order_snapshot')
      for (const line of fact.data.lines) if (line.sku !== undefined) skus.add(line.sku)
  }
  const rows = skus.size === 0 ? [] : await knownSkus(on, [...skus])
  return new Map(rows.map((row) => [row.sku, row.link_seq ?? 0n]))
}

/** The order that this id was, or had become part of, at a link. */
export function rootAt(timeline: Timeline, id: string, linkSeq: bigint): string {
  const member = timeline.members.get(id)
  if (member?.merged_seq == null || member.merged_into === null || member.merged_seq > linkSeq) return id
  return rootAt(timeline, member.merged_into, linkSeq)
}

/** What a set of facts out of the timeline comes to, as known at a link. */
export function foldAt(timeline: Timeline, facts: readonly RecordedFact[], linkSeq: bigint): Order {
  if (timeline.skus === undefined) return fold(facts, foldContext(timeline.config))
  const known = [...timeline.skus].filter(([, since]) => since <= linkSeq).map(([sku]) => sku)
  return fold(facts, foldContext(timeline.config, new Set(known)))
}

/** The facts of one order that were known at a link, members included that had become part of it by then. */
export function factsAt(timeline: Timeline, root: string, linkSeq: bigint): RecordedFact[] {
  return timeline.facts.filter(
    (fact) => fact.linkSeq <= linkSeq && rootAt(timeline, fact.orderId!, linkSeq) === root,
  )
}

/** The API's view of an order as folded from `facts`, with what else was known at that link. */
export function viewAt(
  timeline: Timeline,
  {
    root,
    facts,
    linkSeq,
    isMasked,
  }: { root: string; facts: readonly RecordedFact[]; linkSeq: bigint; isMasked: boolean },
): { order: Order; view: OrderView } {
  const order = foldAt(timeline, facts, linkSeq)
  const home = homeOf(timeline, root, facts)
  const references = timeline.references.filter(
    (reference) => reference.linkSeq <= linkSeq && rootAt(timeline, reference.orderId, linkSeq) === root,
  )
  const view = orderView(order, {
    id: root,
    ...home,
    updatedAt: facts.at(-1)?.recordedAt ?? '',
    persons: timeline.persons,
    references: references.map(({ connection, kind, id }) => ({ connection, kind, id })),
    isMasked,
  })
  return { order, view }
}

/** The connection an order is shown under: one that speaks for orders before one that does not. As recording decides it. */
function homeOf(
  { config, members }: Timeline,
  root: string,
  facts: readonly RecordedFact[],
): { connection: string; mode: string } {
  const ids = [...new Set(facts.map((fact) => fact.connection))].sort()
  const known = ids.flatMap((id) => config.connections.filter((connection) => connection.id === id))
  const best = known.find((connection) => connection.speaksFor.includes('order')) ?? known[0]
  const row = members.get(root)!
  return best === undefined
    ? { connection: row.connection, mode: row.mode }
    : { connection: best.id, mode: best.mode }
}
