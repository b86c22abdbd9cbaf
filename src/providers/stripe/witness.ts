import {
  type Fact,
  type FactData,
  type FactKind,
  factId,
  type Instant,
  type Person,
  type Ref,
  type Statement,
  standInPriority,
} from '../../core/fact.ts'
import type { ConnectionSettings } from '../provider.ts'
import { clean, field, type Node, valueAt } from './json.ts'

/** What a snapshot is read with: who asks, and what the event around it adds. */
export type Witness = {
  readonly connection: ConnectionSettings
  /** The event's type; `resource.…` for what came by list or re-read. */
  readonly type: string
  /** The event's own time; absent where no event brought the snapshot. */
  readonly eventAt: Instant | undefined
  /** Fields that this event changed; their presence says that it is the moment of that change. */
  readonly changed: ReadonlySet<string>
}

/** When the fact happened, and how well this witness knows it: among witnesses of one fact the highest rank is believed. */
export type When = { readonly at: Instant; readonly rank: number }

/** The event that *is* the change knows the time best; otherwise the resource's own time, at `rank`. */
export function momentOr(witness: Witness, isMoment: boolean, own: Instant, rank = 0): When {
  if (isMoment && witness.eventAt !== undefined) return { at: witness.eventAt, rank: rank + 1 }
  return { at: own, rank }
}

type Extras = { apart?: string | bigint; person?: Person; level?: Statement['level'] }

/** Makes the statements of one object, all with the same joins. */
export function stateAbout(joins: readonly Ref[]) {
  return <K extends FactKind>(
    kind: K,
    subject: Ref,
    when: When,
    data: FactData[K],
    extras: Extras = {},
  ): Statement => ({
    fact: {
      id: factId(kind, subject, extras.apart),
      kind,
      subject,
      occurredAt: when.at,
      rank: when.rank,
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

const defaultReferences = ['metadata.order_id', 'metadata.order_number', 'client_reference_id'] as const

/** Where order numbers stand, best first: as configured, else where shops usually put them. */
export function orderReferences({
  orderReference,
}: ConnectionSettings): ConnectionSettings['orderReference'] {
  return orderReference.length > 0 ? orderReference : defaultReferences
}

/** A number that a shop gave its order, and how good it is: the smaller priority is the better. */
export type OrderNumber = { readonly number: string; readonly priority: number }

/** The order number that the shop put on this object: the first of `orderReference` that is present. */
export function orderNumber(node: Node, connection: ConnectionSettings): OrderNumber | undefined {
  for (const [priority, reference] of orderReferences(connection).entries()) {
    const path = typeof reference === 'string' ? reference : reference.field
    const value = valueAt(node, path)
    const captured =
      typeof reference === 'string' ? value : value && new RegExp(reference.pattern).exec(value)?.[1]
    const number = captured === undefined ? undefined : clean(captured.replace(/^#/, ''))
    if (number !== undefined) return { number, priority }
  }
  return undefined
}

/** Where an object has no order number, its own id stands in, after every real one; `steps` ranks stand-ins. */
export function standIn(id: string, steps = 0): OrderNumber {
  return { number: id, priority: standInPriority + steps }
}

/** The number as a reference by which objects of one order join; none for a stand-in, which joins by its own kind. */
export function numberRef(number: OrderNumber | undefined): Ref[] {
  return number === undefined ? [] : [{ kind: 'number', id: number.number }]
}

/** Only whoever speaks for orders says what was ordered; a payment connection knows an order by its number alone. */
export function speaksForOrders(witness: Witness): boolean {
  return witness.connection.speaksFor.includes('order')
}

/** Names of the fields that an event says it changed, of its `data`. */
export function changedFields(event: Node): ReadonlySet<string> {
  const previous = field(event, 'previous_attributes')
  return new Set(typeof previous === 'object' && previous !== null ? Object.keys(previous) : [])
}
