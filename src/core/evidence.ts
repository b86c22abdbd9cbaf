import { bestWitnesses, type FactKind, type KnownFact, type Ref } from './fact.ts'

/** What one order is folded from: one fact per id, in order of id, so that a set of facts has one form. */
export type Evidence = {
  readonly all: readonly KnownFact[]
  of<K extends FactKind>(kind: K): readonly Known<K>[]
}

export type Known<K extends FactKind> = Extract<KnownFact, { kind: K }>

/** Chooses the best witness of each fact and sorts them into kinds. The same set gives the same evidence in any order. */
export function evidenceOf(facts: readonly KnownFact[]): Evidence {
  const all = bestWitnesses(facts)
  const byKind = new Map<FactKind, KnownFact[]>()
  for (const fact of all) {
    const held = byKind.get(fact.kind)
    if (held === undefined) byKind.set(fact.kind, [fact])
    else held.push(fact)
  }
  return {
    all,
    of: <K extends FactKind>(kind: K) => (byKind.get(kind) ?? []) as unknown as readonly Known<K>[],
  }
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
