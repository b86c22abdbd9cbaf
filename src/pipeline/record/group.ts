import type { KnownFact } from '../../core/fact.ts'
import type { StoredFact } from '../../store/facts.ts'
import type { Loaded } from './load.ts'
import { type Batch, keyOf, type Prepared } from './prepare.ts'

export type NewFact = { readonly row: Prepared; readonly orderId: string | null }

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

/** Within a scope the digest says all: it is taken over the fact's id too. */
function identity(fact: KnownFact): string {
  return `${fact.digest}\0${fact.scope}`
}

function survivors(batch: Batch, rows: ReadonlyMap<string, { root: string }>): (root: string) => string {
  const parent = new Map<string, string>()
  const find = (id: string): string => {
    const above = parent.get(id)
    return above === undefined ? id : find(above)
  }
  for (const { refs } of batch.prepared) {
    let oldest = find(rows.get(keyOf(refs[0]!))!.root)
    for (const ref of refs.slice(1)) {
      const other = find(rows.get(keyOf(ref))!.root)
      if (other === oldest) continue
      const [lives, joins] = other < oldest ? [other, oldest] : [oldest, other]
      parent.set(joins, lives)
      oldest = lives
    }
  }
  return find
}
