import type { FactData, FactKind, Instant, Ref, Statement } from '../../core/fact.ts'
import type { ConnectionSettings } from '../provider.ts'
import { type Extras, orderNumber as firstNumber, type OrderNumber, statement } from '../reading/statement.ts'
import { children, isId, type Node, text } from './json.ts'

export { numberRef, refs } from '../reading/statement.ts'
export { present } from '../reading/json.ts'

/** Makes the statements of one object, all of one time and with the same joins. */
export function stateAbout(at: Instant, joins: readonly Ref[]) {
  return <K extends FactKind>(
    kind: K,
    subject: Ref,
    data: FactData[K],
    { rank = 0, ...extras }: Extras & { rank?: number } = {},
  ): Statement => statement(kind, subject, { at, rank }, data, joins, extras)
}

/** The id at the end of the link `rel: up` under this collection: what the object is a part of. */
export function upIn(node: Node, collection: string): string | undefined {
  const up = children(node, 'links').filter((link) => text(link, 'rel') === 'up')
  const found = up.map((link) => new RegExp(`/${collection}/([^/?#]+)$`).exec(text(link, 'href') ?? '')?.[1])
  return found.find(isId)
}

/** The order number that the shop put on this object. */
export function orderNumber(node: Node, connection: ConnectionSettings): OrderNumber | undefined {
  return firstNumber(node, connection, ['invoice_id', 'custom_id'])
}
