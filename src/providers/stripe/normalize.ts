import type { Statement } from '../../core/fact.ts'
import type { Outcome } from '../../core/outcome.ts'
import type { ConnectionSettings, StoredEvent } from '../provider.ts'
import { charge } from './charge.ts'
import { intent } from './intent.ts'
import { child, isThing, type Node, text, Unreadable, valueAt } from './json.ts'
import { refund } from './refund.ts'
import { session } from './session.ts'
import { changedFields, type Witness } from './witness.ts'

type Reader = (node: Node, witness: Witness) => Statement[]

/** A Map, because the key comes from outside: a plain object would answer to 'constructor'. */
const byObject = new Map<string, Reader>([
  ['charge', charge],
  ['payment_intent', intent],
  ['refund', refund],
  ['checkout.session', session],
])

const typeFamilies = ['payment_intent.', 'charge.', 'refund.', 'checkout.session.', 'resource.']

/** Facts in one event, list item or reading. Pure, and never throws. */
export function normalize(event: StoredEvent, connection: ConnectionSettings): Outcome {
  try {
    return read(event, connection)
  } catch (error) {
    const detail =
      error instanceof Unreadable ? error.message : `not readable: ${(error as Error)?.name ?? 'unknown'}`
    return { kind: 'needs_review', code: 'payload_unreadable', detail }
  }
}

function read(event: StoredEvent, connection: ConnectionSettings): Outcome {
  if (!typeFamilies.some((family) => event.type.startsWith(family)))
    return { kind: 'ignored', reason: event.type }
  const root = parse(event.body)
  const isResource = event.type.startsWith('resource.')
  const data = isResource ? undefined : child(root, 'data')
  const object = isResource ? root : data && child(data, 'object')
  if (object === undefined) throw new Unreadable('data.object', 'is missing')
  const reader = byObject.get(text(object, 'object') ?? '')
  if (reader === undefined) return { kind: 'ignored', reason: event.type }
  if (!isAccepted(object, connection)) return { kind: 'ignored', reason: 'not_ours' }
  const witness: Witness = {
    connection,
    type: event.type,
    eventAt: isResource ? undefined : event.occurredAt,
    changed: data ? changedFields(data) : new Set(),
  }
  const statements = reader(object, witness)
  return statements.length === 0 ? { kind: 'ignored', reason: event.type } : { kind: 'processed', statements }
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

function isAccepted(object: Node, { accept }: ConnectionSettings): boolean {
  return Object.entries(accept).every(([path, wanted]) => valueAt(object, path) === wanted)
}
