import type { FactKind, Ref, Statement } from '../../core/fact.ts'
import type { Outcome } from '../../core/outcome.ts'
import type { ConnectionSettings, StoredEvent } from '../provider.ts'
import { isAccepted, outcomeOf, stating } from '../reading/outcome.ts'
import { dispute } from './dispute.ts'
import { child, idIn, type Node, parseObject, text, Unreadable, valueAt } from './json.ts'
import { order } from './order.ts'
import { authorization, capture, refund } from './payment.ts'
import { reversal, transaction } from './transaction.ts'

type Kind = 'order' | 'authorization' | 'capture' | 'refund' | 'transaction' | 'dispute'
type Row = { readonly kind: Kind; readonly ids: readonly string[]; readonly types: readonly string[] }

/**
 * The events we use and the resource each is a hint at. Their signature covers a CRC of the body and no more, so no
 * event states anything by itself: what it names is read from the API, and the answer is what counts. What PayPal took
 * back is a transaction, because it must be told from a refund, which it looks like.
 *
 * @see https://developer.paypal.com/api/rest/webhooks/event-names/ (checked 2026-11)
 */
const rows: readonly Row[] = [
  {
    kind: 'order',
    ids: ['id', 'order_id'],
    types: [
      'ORDER.APPROVED',
      'ORDER.COMPLETED',
      'ORDER.DECLINED',
      'ORDER.VOIDED',
      'PAYMENT-APPROVAL.REVERSED',
    ].map((name) => `CHECKOUT.${name}`),
  },
  {
    kind: 'authorization',
    ids: ['id'],
    types: ['PAYMENT.AUTHORIZATION.CREATED', 'PAYMENT.AUTHORIZATION.VOIDED'],
  },
  {
    kind: 'capture',
    ids: ['id'],
    types: ['PENDING', 'COMPLETED', 'DENIED', 'DECLINED'].map((name) => `PAYMENT.CAPTURE.${name}`),
  },
  {
    kind: 'refund',
    ids: ['id'],
    types: [
      'PAYMENT.CAPTURE.REFUNDED',
      'PAYMENT.REFUND.PENDING',
      'PAYMENT.REFUND.COMPLETED',
      'PAYMENT.REFUND.FAILED',
    ],
  },
  { kind: 'transaction', ids: ['id'], types: ['PAYMENT.CAPTURE.REVERSED'] },
  {
    kind: 'dispute',
    ids: ['dispute_id'],
    types: ['CREATED', 'UPDATED', 'RESOLVED'].map((name) => `CUSTOMER.DISPUTE.${name}`),
  },
]

/** A Map, because the key comes from outside. */
const byType = new Map(rows.flatMap((row) => row.types.map((type) => [type, row] as const)))

/** Event types that we use: what a webhook has to be registered for. */
export const eventTypes: readonly string[] = [...byType.keys()]

type Reader = (node: Node, connection: ConnectionSettings) => Statement[]
const readers = new Map<string, Reader>([
  ['resource.order', order],
  ['resource.authorization', authorization],
  ['resource.capture', capture],
  ['resource.refund', refund],
  ['resource.dispute', dispute],
  ['resource.reversal', reversal],
  ['resource.transaction', transaction],
])

/** Facts in one reading, or what an event asks us to read. Pure, and never throws. */
export function normalize(event: StoredEvent, connection: ConnectionSettings): Outcome {
  return outcomeOf(() => read(event, connection))
}

function read(event: StoredEvent, connection: ConnectionSettings): Outcome {
  const reader = readers.get(event.type)
  if (reader === undefined && !byType.has(event.type)) return { kind: 'ignored', reason: 'unused_type' }
  const root = parseObject(event.body)
  if (root === undefined) throw new Unreadable('body', 'is no JSON object')
  if (reader !== undefined) return stated(reader(root, connection), root, connection)
  const resource = hintIn(root, event.type)
  if (resource === undefined) throw new Unreadable('resource.id', 'is missing')
  return { kind: 'reread', resource, reason: 'signed_weakly' }
}

/** The resource that an event of this type names; undefined for types that we do not use. */
export function hintIn(event: Node, type: string): Ref | undefined {
  const row = byType.get(type)
  const resource = child(event, 'resource')
  if (row === undefined || resource === undefined) return undefined
  const id = row.ids.map((key) => idIn(resource, key)).find((one) => one !== undefined)
  return id === undefined ? undefined : { kind: row.kind, id }
}

/** A connection that does not speak for payment moves no money, whatever it sees. */
const aboutOrders = new Set<FactKind>([
  'order_placed',
  'order_numbered',
  'order_total',
  'order_components',
  'order_lines',
  'order_shipping',
  'customer_seen',
  'checkout_expired',
])

function stated(all: readonly Statement[], root: Node, connection: ConnectionSettings): Outcome {
  if (!isOurs(root, connection)) return { kind: 'ignored', reason: 'not_ours' }
  const statements = connection.speaksFor.includes('payment')
    ? all
    : all.filter(({ fact }) => aboutOrders.has(fact.kind))
  return stating(statements)
}

/** What `accept` names must be so wherever it is said; a dispute or a row of a report says nothing of it. */
function isOurs(root: Node, { accept }: ConnectionSettings): boolean {
  const isStrict = text(root, 'create_time') !== undefined && text(root, 'dispute_id') === undefined
  return isAccepted(
    accept,
    (path) => valueAt(root, path) ?? valueAt(root, `purchase_units.0.${path}`),
    isStrict,
  )
}
