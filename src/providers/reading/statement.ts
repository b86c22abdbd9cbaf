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

/** When the fact happened, and how well this witness knows it: among witnesses of one fact the highest rank is believed. */
export type When = { readonly at: Instant; readonly rank: number }

export type Extras = { apart?: string | bigint; person?: Person; level?: Statement['level'] }

/** One statement; of `joins` it keeps each once, and not the subject itself. */
export function statement<K extends FactKind>(
  kind: K,
  subject: Ref,
  when: When,
  data: FactData[K],
  joins: readonly Ref[],
  { apart, person, level = 'order' }: Extras = {},
): Statement {
  return {
    fact: {
      id: factId(kind, subject, apart),
      kind,
      subject,
      occurredAt: when.at,
      rank: when.rank,
      data,
    } as Fact,
    joins: joins.filter(
      (ref, at) => !isSame(ref, subject) && joins.findIndex((other) => isSame(ref, other)) === at,
    ),
    level,
    ...(person && { person }),
  }
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

/**
 * The order number that the shop put on this object: the first of the connection's `orderReference` that is present, or
 * of `usual` where none is configured. Only one leading `#` is dropped.
 */
export function orderNumber(
  node: Node,
  { orderReference }: ConnectionSettings,
  usual: readonly string[],
): OrderNumber | undefined {
  const references = orderReference.length > 0 ? orderReference : usual
  for (const [priority, reference] of references.entries()) {
    const value = valueAt(node, typeof reference === 'string' ? reference : reference.field)
    const captured =
      typeof reference === 'string' ? value : value && new RegExp(reference.pattern).exec(value)?.[1]
    const number = captured === undefined ? undefined : clean(captured.replace(/^#/, ''))
    if (number !== undefined) return { number, priority }
  }
  return undefined
}

/** The number as a reference by which objects of one order join; none for a stand-in, which joins by its own kind. */
export function numberRef(number: OrderNumber | undefined): Ref[] {
  return number === undefined ? [] : [{ kind: 'number', id: number.number }]
}
