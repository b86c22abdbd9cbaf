import {
  type FactData,
  type FactKind,
  type Instant,
  type Ref,
  type Statement,
  standInPriority,
} from '../../core/fact.ts'
import type { ConnectionSettings } from '../provider.ts'
import {
  type Extras,
  orderNumber as firstNumber,
  type OrderNumber,
  statement,
  type When,
} from '../reading/statement.ts'
import { field, type Node } from './json.ts'

export { numberRef, type OrderNumber, refs, type When } from '../reading/statement.ts'

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

/** The event that *is* the change knows the time best; otherwise the resource's own time, at `rank`. */
export function momentOr(witness: Witness, isMoment: boolean, own: Instant, rank = 0): When {
  if (isMoment && witness.eventAt !== undefined) return { at: witness.eventAt, rank: rank + 1 }
  return { at: own, rank }
}

/** Makes the statements of one object, all with the same joins. */
export function stateAbout(joins: readonly Ref[]) {
  return <K extends FactKind>(
    kind: K,
    subject: Ref,
    when: When,
    data: FactData[K],
    extras?: Extras,
  ): Statement => statement(kind, subject, when, data, joins, extras)
}

const defaultReferences = ['metadata.order_id', 'metadata.order_number', 'client_reference_id'] as const

/** Where order numbers stand, best first: as configured, else where shops usually put them. */
export function orderReferences({
  orderReference,
}: ConnectionSettings): ConnectionSettings['orderReference'] {
  return orderReference.length > 0 ? orderReference : defaultReferences
}

/** The order number that the shop put on this object: the first of `orderReference` that is present. */
export function orderNumber(node: Node, connection: ConnectionSettings): OrderNumber | undefined {
  return firstNumber(node, connection, defaultReferences)
}

/** Where an object has no order number, its own id stands in, after every real one; `steps` ranks stand-ins. */
export function standIn(id: string, steps = 0): OrderNumber {
  return { number: id, priority: standInPriority + steps }
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
