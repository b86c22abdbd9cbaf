import type { FactKind, Ref, Statement } from '../../core/fact.ts'
import type { Act, Outcome } from '../../core/outcome.ts'
import type { ConnectionSettings, StoredEvent } from '../provider.ts'
import { isAccepted, outcomeOf, stating } from '../reading/outcome.ts'
import { balanceLine, payout } from './balance.ts'
import { dispute } from './dispute.ts'
import { fulfillment, fulfillmentEvent, returned } from './fulfillment.ts'
import { child, flag, type Node, needId, parse, Unreadable, valueAt } from './json.ts'
import { order } from './order.ts'
import { customerOf } from './people.ts'
import { refund } from './refund.ts'
import { inventoryItem, inventoryLevel, product } from './stock.ts'
import { transaction } from './transaction.ts'
import { fitsTopic } from './topics.ts'
import { stateAbout, type Witness } from './witness.ts'

type Reader = (node: Node, witness: Witness) => Statement[]

/** What states facts, by topic; lists and readings go through the same functions, so that they cannot disagree. */
const readers = new Map<string, Reader>([
  ...'create updated paid cancelled fulfilled partially_fulfilled'
    .split(' ')
    .map((name) => [`orders/${name}`, order] as const),
  ['orders/delete', deleted],
  ['order_transactions/create', transaction],
  ['refunds/create', refund],
  ['fulfillments/create', fulfillment],
  ['fulfillments/update', fulfillment],
  ...'request approve decline cancel close reopen update'
    .split(' ')
    .map((name) => [`returns/${name}`, returned] as const),
  ['disputes/create', dispute],
  ['disputes/update', dispute],
  ['inventory_levels/update', inventoryLevel],
  ['inventory_levels/connect', inventoryLevel],
  ['products/create', product],
  ['products/update', product],
  ['resource.order', order],
  ['resource.fulfillment', fulfillment],
  ['resource.dispute', dispute],
  ['resource.inventory_item', inventoryItem],
  ['resource.balance_transaction', balanceLine],
  ['resource.payout', payout],
])

/** What names a thing to be looked at, or asks for something to be done. */
const others = new Map<string, (node: Node) => Outcome>([
  ['orders/edited', edited],
  ['fulfillment_events/create', fulfillmentEvent],
  ['app/uninstalled', () => asks({ kind: 'disable_connection', reason: 'the app was uninstalled' })],
  ['customers/data_request', (node) => asks({ kind: 'export_customer', ...customerOf(node) })],
  ['customers/redact', (node) => asks({ kind: 'erase_customer', ...customerOf(node) })],
  ['shop/redact', () => asks({ kind: 'erase_shop' })],
])

/** Topics that we know and make nothing of, and why; the shop may well send them. */
const unused: readonly (readonly [topics: RegExp, reason: string])[] = [
  [/^(draft_orders)\//, 'draft'],
  [/^(carts|checkouts)\//, 'cart'],
  [
    /^(customers|customer_tags|customers_marketing_consent|customers_email_marketing_consent|customer_groups)\//,
    'customer_observed',
  ],
  [/^(products|inventory_items|inventory_levels|collections|variants|locations)\//, 'catalogue'],
  [/^(fulfillment_orders|reverse_deliveries|reverse_fulfillment_orders|fulfillment_holds)\//, 'evidence'],
  [/^(bulk_operations)\//, 'bulk_operation'],
]

/** Topics a subscription is made for: whatever states something. The three about privacy cannot be had by the API. */
export const topics: readonly string[] = [
  ...[...readers.keys()].filter((topic) => !topic.startsWith('resource.') && topic !== 'products/create'),
  'orders/edited',
  'fulfillment_events/create',
  'app/uninstalled',
]

/**
 * Facts in one delivery, list item or reading.
 *
 * Pure, and never throws: what cannot be read is `payload_unreadable` with the path of the field that was in the way.
 */
export function normalize(event: StoredEvent, connection: ConnectionSettings): Outcome {
  return outcomeOf(() => read(event, connection))
}

function read(event: StoredEvent, connection: ConnectionSettings): Outcome {
  const other = others.get(event.type)
  const reader = readers.get(event.type)
  if (other === undefined && reader === undefined) {
    const reason = unused.find(([topics]) => topics.test(event.type))?.[1]
    return { kind: 'ignored', reason: reason ?? 'unused_type' }
  }
  const root = parse(event.body)
  const witness: Witness = {
    connection,
    type: event.type,
    isReading: event.source !== 'webhook',
    readNo: event.readNo,
    receivedAt: event.receivedAt,
  }
  if (!fitsTopic(event.type, root.value)) {
    reader?.(root, witness) // throws where a field is missing, and names it
    const detail = `the body is not what ${event.type} sends: its topic, which is not signed, is another one`
    return { kind: 'needs_review', code: 'payload_unreadable', detail }
  }
  if (flag(root, 'test') && connection.mode === 'live') return { kind: 'ignored', reason: 'other_mode' }
  if (other !== undefined) return other(root)
  if (!isOurs(root, connection)) return { kind: 'ignored', reason: 'not_ours' }
  const statements = reader!(root, witness).filter(spokenFor(connection))
  return stating(statements)
}

/** An edit's event holds differences alone, and no version to put them on. */
function edited(node: Node): Outcome {
  const edit = child(node, 'order_edit')
  if (edit === undefined) throw new Unreadable('order_edit', 'is missing')
  return {
    kind: 'reread',
    resource: { kind: 'order', id: needId(edit, 'order_id') },
    reason: 'an edit has no version',
  }
}

/** All that is left of a deleted order is its id; ours of it stays in the books. */
function deleted(node: Node, { receivedAt }: Witness): Statement[] {
  const subject: Ref = { kind: 'order', id: needId(node, 'id') }
  return [stateAbout([])('order_deleted', subject, receivedAt, {})]
}

function asks(act: Act): Outcome {
  return { kind: 'processed', statements: [], acts: [act] }
}

/** `accept`: only an order has fields of the shop's own making, so for all else only another value is a no. */
function isOurs(node: Node, { accept }: ConnectionSettings): boolean {
  const isOrder = Object.hasOwn(node.value, 'line_items') && Object.hasOwn(node.value, 'financial_status')
  return isAccepted(accept, (path) => valueAt(node, path), isOrder)
}

const aboutOrders = new Set<FactKind>([
  'order_placed',
  'order_numbered',
  'order_snapshot',
  'order_shipping',
  'order_cancelled',
  'order_deleted',
  'customer_seen',
  'refund_lines',
  'return_state',
])
const moneyOfTheAccount = new Set<FactKind>(['balance_line', 'payout_state'])

/**
 * Whose word counts for what; payments and refunds are judged one by one, by the way they were paid. That a buyer disputes
 * counts whoever says so: only the shop hears it of its own payments, and it moves no money by itself.
 */
function spokenFor({ speaksFor }: ConnectionSettings): (statement: Statement) => boolean {
  return ({ fact: { kind } }) => {
    if (aboutOrders.has(kind)) return speaksFor.includes('order')
    if (moneyOfTheAccount.has(kind)) return speaksFor.includes('payment')
    return kind !== 'fulfillment_state' || speaksFor.includes('fulfillment')
  }
}
