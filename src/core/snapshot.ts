import type { Instant, KnownFact, Ref } from './fact.ts'
import { encodeData } from './fact.ts'

export type Snapshot = Extract<KnownFact, { kind: 'order_snapshot' }>

/** One version of an order of which differing states are known, and nothing that says which of them stands. */
export type Tie = {
  readonly order: Ref
  readonly connection: string
  readonly version: Instant
  readonly digests: readonly string[]
  /** True where the order was read at this version and the readings themselves differ. */
  readonly isRead: boolean
  readonly isNewest: boolean
}

export type Snapshots = { readonly best: Snapshot | undefined; readonly ties: readonly Tie[] }

/**
 * The order as its shop has it: the highest version; among equal ones a reading before a delivery, the later reading
 * before the earlier, then the smallest digest, so that the choice is the same whoever came first.
 */
export function snapshotsOf(all: readonly Snapshot[], isHeard: (connection: string) => boolean): Snapshots {
  const heard = all.filter((fact) => isHeard(fact.connection))
  const told = heard.length > 0 ? heard : all
  const best = told.toSorted(compare)[0]
  const versions = Map.groupBy(told, (fact) => `${fact.subject.id} ${fact.data.version}`)
  const ties = [...versions.values()].flatMap((same) => tieOf(same, best) ?? [])
  return { best, ties: ties.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)) }
}

function compare(a: Snapshot, b: Snapshot): number {
  if (a.data.version !== b.data.version) return a.data.version > b.data.version ? -1 : 1
  if (a.rank !== b.rank) return b.rank - a.rank
  const [left, right] = [readNo(a), readNo(b)]
  if (left !== right) return left > right ? -1 : 1
  return a.digest < b.digest ? -1 : a.digest > b.digest ? 1 : 0
}

function readNo({ data }: Snapshot): bigint {
  return data.readNo === undefined ? -1n : BigInt(data.readNo)
}

/** Of the strongest witnesses of one version, those that say different things. */
function tieOf(same: readonly Snapshot[], best: Snapshot | undefined): Tie | undefined {
  const [first] = same.toSorted(compare)
  const strongest = same.filter((fact) => fact.rank === first!.rank && readNo(fact) === readNo(first!))
  const said = new Set(strongest.map(({ data }) => encodeData({ ...data, readNo: undefined })))
  if (said.size < 2) return undefined
  return {
    order: first!.subject,
    connection: first!.connection,
    version: first!.data.version,
    digests: strongest.map((fact) => fact.digest).sort(),
    isRead: first!.data.readNo !== undefined,
    isNewest: first!.data.version === best?.data.version && first!.subject.id === best.subject.id,
  }
}

function keyOf(tie: Tie): string {
  return `${tie.version} ${tie.order.id}`
}
