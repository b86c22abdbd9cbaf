import type { FactKind, Ref, RefKind, Statement } from '../../core/fact.ts'
import type { Outcome } from '../../core/outcome.ts'
import type { ConnectionSettings, StoredEvent } from '../provider.ts'
import { isAccepted, outcomeOf, stating } from '../reading/outcome.ts'
import { payout, subscription } from './account.ts'
import { payoutLines } from './payout-lines.ts'
import { balanceLine } from './balance.ts'
import { charge } from './charge.ts'
import { dispute, fraudWarning, review } from './dispute.ts'
import { intent } from './intent.ts'
import { invoice, invoicePayment } from './invoice.ts'
import { child, children, idIn, isThing, type Node, needId, step, text, Unreadable, valueAt } from './json.ts'
import { refund } from './refund.ts'
import { lineList, session } from './session.ts'
import { changedFields, refs, type Witness } from './witness.ts'

type Reader = (node: Node, witness: Witness) => Statement[]
type Row = {
  readonly object: string
  readonly kind: RefKind
  readonly types: readonly string[]
  readonly read: Reader
}

/**
 * The whole provider in one table: an object of theirs, the events that carry it, and what it states. Events and polled
 * or re-read objects are read by the same functions, so that webhook and reconciler cannot disagree.
 *
 * @see https://docs.stripe.com/api/events/types (checked 2026-11)
 */
const rows: readonly Row[] = [
  {
    object: 'charge',
    kind: 'charge',
    types: 'succeeded pending captured updated failed expired refunded'
      .split(' ')
      .map((name) => `charge.${name}`),
    read: charge,
  },
  {
    object: 'payment_intent',
    kind: 'payment_intent',
    types:
      'created processing requires_action amount_capturable_updated succeeded payment_failed canceled partially_funded'
        .split(' ')
        .map((name) => `payment_intent.${name}`),
    read: intent,
  },
  {
    object: 'refund',
    kind: 'refund',
    types: ['refund.created', 'refund.updated', 'refund.failed', 'charge.refund.updated'],
    read: refund,
  },
  {
    object: 'checkout.session',
    kind: 'checkout_session',
    types: 'completed expired async_payment_succeeded async_payment_failed'
      .split(' ')
      .map((name) => `checkout.session.${name}`),
    read: session,
  },
  {
    object: 'invoice',
    kind: 'invoice',
    types:
      'finalized paid payment_succeeded payment_failed payment_action_required voided marked_uncollectible updated'
        .split(' ')
        .map((name) => `invoice.${name}`),
    read: invoice,
  },
  { object: 'invoice_payment', kind: 'invoice', types: ['invoice_payment.paid'], read: invoicePayment },
  {
    object: 'dispute',
    kind: 'dispute',
    types: 'created updated funds_withdrawn funds_reinstated closed'
      .split(' ')
      .map((name) => `charge.dispute.${name}`),
    read: dispute,
  },
  {
    object: 'payout',
    kind: 'payout',
    types: 'created updated paid failed canceled reconciliation_completed'
      .split(' ')
      .map((name) => `payout.${name}`),
    read: payout,
  },
  { object: 'balance_transaction', kind: 'transaction', types: [], read: (node) => balanceLine(node) },
  {
    object: 'radar.early_fraud_warning',
    kind: 'charge',
    types: ['radar.early_fraud_warning.created', 'radar.early_fraud_warning.updated'],
    read: fraudWarning,
  },
  { object: 'review', kind: 'charge', types: ['review.opened', 'review.closed'], read: review },
  {
    object: 'subscription',
    kind: 'subscription',
    types: 'created updated deleted paused resumed'.split(' ').map((name) => `customer.subscription.${name}`),
    read: subscription,
  },
]

/** A Map, because the key comes from outside: a plain object would answer to 'constructor'. */
const byType = new Map(rows.flatMap((row) => row.types.map((type) => [type, row] as const)))
const byObject = new Map(rows.map((row) => [row.object, row]))

/** Event types that state something: what an endpoint has to be registered for, and what a poll looks at. */
export const eventTypes: readonly string[] = [...byType.keys()]

/** The reference of an object as an event or list carries it; undefined for what we do not use. */
export function refOf(object: Node): Ref | undefined {
  const row = byObject.get(text(object, 'object') ?? '')
  if (row === undefined) return undefined
  if (!aboutAnother.has(row.object)) return refs([row.kind, idIn(object, 'id')])[0]
  return refs([row.kind, idIn(object, row.kind)], ['payment_intent', idIn(object, 'payment_intent')])[0]
}

/** Objects that have no resource of their own with us, but speak of another, which they name. */
const aboutAnother = new Set(['invoice_payment', 'radar.early_fraud_warning', 'review'])

/**
 * Facts in one event, list item or reading.
 *
 * Pure, and never throws: what cannot be read is `payload_unreadable` with the path of the field that was in the way.
 */
export function normalize(event: StoredEvent, connection: ConnectionSettings): Outcome {
  return outcomeOf(() => read(event, connection))
}

function read(event: StoredEvent, connection: ConnectionSettings): Outcome {
  if (event.type.startsWith('resource.')) return readResource(event, connection)
  if (/^v[0-9]+\./.test(event.type)) return readThin(event)
  const row = byType.get(event.type)
  if (row === undefined) return { kind: 'ignored', reason: 'unused_type' }
  const root = parse(event.body)
  const data = child(root, 'data')
  const object = data && child(data, 'object')
  if (data === undefined || object === undefined) throw new Unreadable('data.object', 'is missing')
  if (text(object, 'object') !== row.object)
    throw new Unreadable(step(object, 'object'), `is not ${row.object}`)
  return state(row.read, object, {
    connection,
    type: event.type,
    eventAt: event.occurredAt,
    changed: changedFields(data),
  })
}

/** What a list or a re-read brought. No event stands around it, so its own times are all there are. */
function readResource(event: StoredEvent, connection: ConnectionSettings): Outcome {
  const root = parse(event.body)
  const witness: Witness = { connection, type: event.type, eventAt: undefined, changed: new Set() }
  if (event.type === 'resource.refunds') {
    return state((list) => children(list, 'data').flatMap((each) => refund(each, witness)), root, witness)
  }
  if (event.type === 'resource.line_items') return state(lineList, root, witness)
  if (event.type === 'resource.payout_lines') return state(payoutLines, root, witness)
  const row = byObject.get(text(root, 'object') ?? '')
  if (row === undefined) throw new Unreadable('object', 'is none that we know')
  return state(row.read, root, witness)
}

/** A thin event has no data: it names what to read. */
function readThin(event: StoredEvent): Outcome {
  const related = child(parse(event.body), 'related_object')
  const row = related && byObject.get(text(related, 'type') ?? '')
  if (related === undefined || row === undefined || aboutAnother.has(row.object)) {
    return { kind: 'ignored', reason: 'unused_type' }
  }
  return { kind: 'reread', resource: { kind: row.kind, id: needId(related, 'id') }, reason: 'thin event' }
}

function state(reader: Reader, object: Node, witness: Witness): Outcome {
  if (!isOurs(object, witness.connection)) return { kind: 'ignored', reason: 'not_ours' }
  const statements = reader(object, witness).filter(spokenFor(witness.connection))
  return stating(statements)
}

/** Objects that carry the shop's metadata from the start, so that a missing value means another shop's. */
const ofShops = new Set(['charge', 'payment_intent', 'checkout.session', 'invoice', 'subscription'])

/** `accept`: refunds, disputes and the like have no metadata of their own, so for them only another value is a no. */
function isOurs(object: Node, { accept }: ConnectionSettings): boolean {
  const isStrict = ofShops.has(text(object, 'object') ?? '')
  return isAccepted(accept, (path) => valueAt(object, path), isStrict)
}

const aboutOrders = new Set<FactKind>([
  'order_placed',
  'order_numbered',
  'order_total',
  'order_components',
  'order_lines',
  'order_shipping',
  'order_cancelled',
  'customer_seen',
  'checkout_expired',
])

/** A connection that does not speak for payment moves no money, whatever it sees. */
function spokenFor({ speaksFor }: ConnectionSettings): (statement: Statement) => boolean {
  return speaksFor.includes('payment') ? () => true : ({ fact }) => aboutOrders.has(fact.kind)
}

function parse(body: Uint8Array): Node {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'))
  } catch {
    throw new Unreadable('body', 'is not JSON')
  }
  if (!isThing(value)) throw new Unreadable('body', 'is no object')
  return { value, path: '' }
}
