import type { FactData, Person, Ref, Statement } from '../../core/fact.ts'
import { fulfillment, returned } from './fulfillment.ts'
import {
  child,
  children,
  clean,
  field,
  instant,
  list,
  type Node,
  needId,
  needInstant,
  present,
  step,
  text,
  Unreadable,
  word,
} from './json.ts'
import { componentsOf, linesOf, totalOf } from './lines.ts'
import { needCurrency } from './money.ts'
import { address, buyer } from './people.ts'
import { refund } from './refund.ts'
import { transaction } from './transaction.ts'
import { orderNumber, refs, stateAbout, type Witness } from './witness.ts'

type State = ReturnType<typeof stateAbout>

/**
 * An order as the shop has it at one version, and all that stands inside it: each of its events carries the whole, so
 * that any one of them is enough. What the topic says is never needed, as anybody may change it.
 *
 * @see https://shopify.dev/docs/api/admin-rest/latest/resources/order (checked 2026-11)
 */
export function order(node: Node, witness: Witness): Statement[] {
  const subject: Ref = { kind: 'order', id: needId(node, 'id') }
  const currency = needCurrency(node)
  const number = orderNumber(node, witness.connection)
  const state = stateAbout([subject, ...refs(['number', number?.number])])
  const placedAt = instant(node, 'processed_at') ?? needInstant(node, 'created_at')
  const cancelledAt = instant(node, 'cancelled_at')
  return [
    state('order_placed', subject, placedAt, { saleKind: 'sale' }),
    ...(number === undefined
      ? []
      : [
          state('order_numbered', subject, placedAt, number, {
            apart: `${number.priority}:${number.number}`,
          }),
        ]),
    snapshot(node, witness, state, { subject, currency }),
    ...customer(node, witness, state, { subject, placedAt }),
    ...shipping(node, state, subject),
    ...(cancelledAt === undefined
      ? []
      : [state('order_cancelled', subject, cancelledAt, { reason: word(node, 'cancel_reason') ?? 'other' })]),
    ...transactionsOf(node).flatMap((each) => transaction(each, witness, { order: subject })),
    ...children(node, 'refunds').flatMap((each) => refund(each, witness, { order: subject, currency })),
    ...children(node, 'fulfillments').flatMap((each) => fulfillment(each, witness, { order: subject })),
    ...children(node, 'returns').flatMap((each) => returned(each, witness, { order: subject })),
  ]
}

/** Refunds hold the transactions that gave money back; a query lists them once more beside the payments. */
function transactionsOf(node: Node): Node[] {
  const hasRefunds = list(node, 'refunds') !== undefined
  return children(node, 'transactions').filter((each) => !hasRefunds || word(each, 'kind') !== 'refund')
}

/** A reading outranks a delivery of the same version: it is what the shop says now, the other what was sent then. */
function snapshot(
  node: Node,
  { isReading, readNo }: Witness,
  state: State,
  { subject, currency }: { subject: Ref; currency: string },
): Statement {
  const version = needInstant(node, 'updated_at')
  const total = totalOf(node, currency)
  const lines = linesOf(node, currency, total.state)
  const { presentment } = total
  const data: FactData['order_snapshot'] = {
    version,
    currency,
    totalMinor: total.totalMinor,
    ...(presentment && {
      presentment: { currency: presentment.currency, totalMinor: presentment.amountMinor },
    }),
    components: componentsOf(node, currency, lines, total.state),
    lines,
    gateways: textsOf(node, 'payment_gateway_names'),
    financialStatus: word(node, 'financial_status') ?? 'unknown',
    ...present({
      readNo: readNo?.toString(),
      cancelledAt: instant(node, 'cancelled_at'),
      cancelReason: word(node, 'cancel_reason'),
      isFulfilledElsewhere: isHandedOver(node) ? true : undefined,
    }),
    tags: tagsOf(node),
  }
  return state('order_snapshot', subject, version, data, { apart: version, rank: isReading ? 1 : 0 })
}

/** At the counter the buyer takes the goods along, unless they are to be sent. */
function isHandedOver(node: Node): boolean {
  const isCounter = word(node, 'source_name') === 'pos'
  return (
    isCounter &&
    (word(node, 'fulfillment_status') === 'fulfilled' || child(node, 'shipping_address') === undefined)
  )
}

/** An order keeps the customer that it was placed with: the event of its making knows that best. */
function customer(
  node: Node,
  { type }: Witness,
  state: State,
  { subject, placedAt }: { subject: Ref; placedAt: string },
): Statement[] {
  const who = buyer(node)
  if (who === undefined) return []
  const data = {
    personId: '',
    hasEmail: who.email !== undefined,
    hasAddress: who.address !== undefined,
    by: 'shop' as const,
  }
  return [
    state('customer_seen', subject, placedAt, data, { person: who, rank: type === 'orders/create' ? 1 : 0 }),
  ]
}

/** Where the goods go by this version of the order: the address may be changed until they have left. */
function shipping(node: Node, state: State, subject: Ref): Statement[] {
  const to = address(child(node, 'shipping_address'))
  const method = children(node, 'shipping_lines')
    .filter((line) => field(line, 'is_removed') !== true)
    .map((line) => text(line, 'title'))
    .find((title) => title !== undefined)
  if (to === undefined && method === undefined) return []
  const version = needInstant(node, 'updated_at')
  const person: Person | undefined = to && { address: to }
  const required = to !== undefined || linesNeedShipping(node)
  const data = { ...(to && { personId: '' }), ...present({ method }), required }
  return [state('order_shipping', subject, version, data, { apart: version, ...(person && { person }) })]
}

function linesNeedShipping(node: Node): boolean {
  return children(node, 'line_items').some((line) => field(line, 'requires_shipping') !== false)
}

function textsOf(node: Node, key: string): string[] {
  const value = field(node, key)
  if (value === undefined) return []
  if (!Array.isArray(value)) throw new Unreadable(step(node, key), 'is no list')
  return value.flatMap((one: unknown) => (typeof one === 'string' ? (clean(one) ?? []) : []))
}

/** Webhooks write tags in one text with commas, queries as a list; sorted, as neither promises an order. */
function tagsOf(node: Node): string[] {
  const value = field(node, 'tags')
  const tags = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : []
  return tags.flatMap((tag: unknown) => (typeof tag === 'string' ? (clean(tag) ?? []) : [])).sort()
}
