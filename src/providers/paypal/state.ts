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
import { children, clean, isId, type Node, text, valueAt } from './json.ts'

type Extras = { apart?: string | bigint; person?: Person; level?: Statement['level']; rank?: number }

/** Makes the statements of one object, all of one time and with the same joins. */
export function stateAbout(at: Instant, joins: readonly Ref[]) {
  return <K extends FactKind>(kind: K, subject: Ref, data: FactData[K], extras: Extras = {}): Statement => ({
    fact: {
      id: factId(kind, subject, extras.apart),
      kind,
      subject,
      occurredAt: at,
      rank: extras.rank ?? 0,
      data,
    } as Fact,
    joins: joins.filter(
      (ref, index) => !isSame(ref, subject) && joins.findIndex((other) => isSame(ref, other)) === index,
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

/** The id at the end of the link `rel: up` under this collection: what the object is a part of. */
export function upIn(node: Node, collection: string): string | undefined {
  const up = children(node, 'links').filter((link) => text(link, 'rel') === 'up')
  const found = up.map((link) => new RegExp(`/${collection}/([^/?#]+)$`).exec(text(link, 'href') ?? '')?.[1])
  return found.find(isId)
}

const defaultReferences = ['invoice_id', 'custom_id'] as const

/** An order number and how good it is: the smaller priority is the better. */
export type OrderNumber = { readonly number: string; readonly priority: number }

/** The order number that the shop put on this object: the first of `orderReference` that is present. */
export function orderNumber(node: Node, { orderReference }: ConnectionSettings): OrderNumber | undefined {
  const references = orderReference.length > 0 ? orderReference : defaultReferences
  for (const [priority, reference] of references.entries()) {
    const value = valueAt(node, typeof reference === 'string' ? reference : reference.field)
    const captured =
      typeof reference === 'string' ? value : value && new RegExp(reference.pattern).exec(value)?.[1]
    const number = captured === undefined ? undefined : clean(captured.replace(/^#/, ''))
    if (number !== undefined) return { number, priority }
  }
  return undefined
}

/** The number as a reference by which objects of one order join. */
export function numberRef(number: OrderNumber | undefined): Ref[] {
  return number === undefined ? [] : [{ kind: 'number', id: number.number }]
}

/** The object without its undefined properties. */
export function present<T extends object>(parts: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
