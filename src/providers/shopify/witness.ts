import {
  type Fact,
  type FactData,
  type FactKind,
  factId,
  type Instant,
  type Person,
  type Ref,
  type Statement,
} from '../../core/fact.ts'
import type { ConnectionSettings } from '../provider.ts'
import { clean, type Node, valueAt } from './json.ts'

/** Who says something, and what stands around it. */
export type Witness = {
  readonly connection: ConnectionSettings
  /** The topic; `resource.…` for what came by list or re-read. */
  readonly type: string
  /** A reading saw the shop itself, a delivery what was true when it was sent. */
  readonly isReading: boolean
  readonly readNo: bigint | undefined
  /** Ours: for the few bodies that hold no time at all. */
  readonly receivedAt: Instant
}

type Extras = { apart?: string | bigint; rank?: number; person?: Person; level?: Statement['level'] }

/** Makes the statements of one object, all with the same joins. */
export function stateAbout(joins: readonly Ref[]) {
  return <K extends FactKind>(
    kind: K,
    subject: Ref,
    occurredAt: Instant,
    data: FactData[K],
    extras: Extras = {},
  ): Statement => ({
    fact: {
      id: factId(kind, subject, extras.apart),
      kind,
      subject,
      occurredAt,
      rank: extras.rank ?? 0,
      data,
    } as Fact,
    joins: joins.filter(
      (ref, at) => !isSame(ref, subject) && joins.findIndex((other) => isSame(ref, other)) === at,
    ),
    level: extras.level ?? 'order',
    ...(extras.person && { person: extras.person }),
  })
}

function isSame(a: Ref, b: Ref): boolean {
  return a.kind === b.kind && a.id === b.id
}

/** References of those that are known, without the absent. */
export function refs(...pairs: readonly (readonly [Ref['kind'], string | undefined])[]): Ref[] {
  return pairs.flatMap(([kind, id]) => (id === undefined ? [] : [{ kind, id }]))
}

/** A number that a shop gave its order, and how good it is: the smaller priority is the better. */
export type OrderNumber = { readonly number: string; readonly priority: number }

/** The first of `orderReference` that is present, by default the order's name; only one leading `#` is dropped. */
export function orderNumber(node: Node, { orderReference }: ConnectionSettings): OrderNumber | undefined {
  const references = orderReference.length > 0 ? orderReference : ['name', 'order_number']
  for (const [priority, reference] of references.entries()) {
    const path = typeof reference === 'string' ? reference : reference.field
    const value = valueAt(node, path)
    const captured =
      typeof reference === 'string' ? value : value && new RegExp(reference.pattern).exec(value)?.[1]
    const number = captured === undefined ? undefined : clean(captured.replace(/^#/, ''))
    if (number !== undefined) return { number, priority }
  }
  return undefined
}
