import type { FactData, FactKind, Instant, Ref, Statement } from '../../core/fact.ts'
import type { ConnectionSettings } from '../provider.ts'
import { type Extras, orderNumber as firstNumber, type OrderNumber, statement } from '../reading/statement.ts'
import type { Node } from './json.ts'

export { refs } from '../reading/statement.ts'

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

/** Makes the statements of one object, all with the same joins. */
export function stateAbout(joins: readonly Ref[]) {
  return <K extends FactKind>(
    kind: K,
    subject: Ref,
    at: Instant,
    data: FactData[K],
    { rank = 0, ...extras }: Extras & { rank?: number } = {},
  ): Statement => statement(kind, subject, { at, rank }, data, joins, extras)
}

/** By default the order's name. */
export function orderNumber(node: Node, connection: ConnectionSettings): OrderNumber | undefined {
  return firstNumber(node, connection, ['name', 'order_number'])
}
