import { bestWitnesses, type FactKind, type Instant, type KnownFact, type Ref } from './fact.ts'
import { type Snapshot, type Snapshots, snapshotsOf } from './snapshot.ts'

/** What one order is folded from: one fact per id, in order of id, so that a set of facts has one form. */
export type Evidence = {
  readonly all: readonly KnownFact[]
  of<K extends FactKind>(kind: K): readonly Known<K>[]
  /** Every state of the order that its shop told, and which of them stands. */
  readonly snapshots: readonly Snapshot[]
  readonly shop: Snapshots
  /** When the shop ended the order, by each of its words for it, earliest first. */
  readonly cancelledAt: readonly Instant[]
  /** True where this connection's word counts for that part of an order. */
  readonly speaksFor: SpeaksFor
}

export type SpeaksFor = (connection: string, part: 'order' | 'payment' | 'fulfillment') => boolean

export type Known<K extends FactKind> = Extract<KnownFact, { kind: K }>

/** Chooses the best witness of each fact and sorts them into kinds. The same set gives the same evidence in any order. */
export function evidenceOf(facts: readonly KnownFact[], speaksFor: SpeaksFor = () => true): Evidence {
  const all = bestWitnesses(facts)
  const byKind = new Map<FactKind, KnownFact[]>()
  for (const fact of all) {
    const held = byKind.get(fact.kind)
    if (held === undefined) byKind.set(fact.kind, [fact])
    else held.push(fact)
  }
  const snapshots = distinct(facts.filter((fact) => fact.kind === 'order_snapshot'))
  const shop = snapshotsOf(snapshots, (connection) => speaksFor(connection, 'order'))
  const ended = shop.best?.data.cancelledAt
  const told = [...(byKind.get('order_cancelled') ?? []), ...(byKind.get('order_deleted') ?? [])]
  return {
    all,
    of: <K extends FactKind>(kind: K) => (byKind.get(kind) ?? []) as unknown as readonly Known<K>[],
    snapshots,
    shop,
    cancelledAt: [...told.map((fact) => fact.occurredAt), ...(ended === undefined ? [] : [ended])].sort(),
    speaksFor,
  }
}

/** Each statement once: of snapshots every witness counts, whatever their ids. */
function distinct(snapshots: readonly Snapshot[]): Snapshot[] {
  return [...new Map(snapshots.map((fact) => [fact.digest, fact])).values()].sort((a, b) =>
    byText(a.digest, b.digest),
  )
}

export function refKey(ref: Ref): string {
  return `${ref.kind}:${ref.id}`
}

export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export function sum(amounts: Iterable<bigint>): bigint {
  let total = 0n
  for (const amount of amounts) total += amount
  return total
}

export function largest(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

export function smallest(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

/**
 * The late failure that a balance line is about. Such a line may name a source of its own; then it is that of the one
 * payment which its bank took back, and of none where there are several.
 */
export function returnedBy(
  evidence: Evidence,
  sourceId: string | undefined,
): Known<'payment_returned'> | undefined {
  const returned = evidence.of('payment_returned')
  return (
    returned.find((fact) => fact.subject.id === sourceId) ?? (returned.length === 1 ? returned[0] : undefined)
  )
}
