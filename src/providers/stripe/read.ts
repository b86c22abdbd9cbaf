import type Stripe from 'stripe'
import type { Ref, RefKind } from '../../core/fact.ts'
import { type Api, ApiError, type Reading } from '../provider.ts'
import { type Answer, call } from './client.ts'
import { hasLines, readWithLines } from './payout-lines.ts'
import { child, field, flag, isThing, type Node, text } from './json.ts'

type Params = { expand?: string[] }
type Readable = {
  readonly type: string
  readonly object: string
  readonly expand: readonly string[]
  readonly get: (client: Stripe, id: string, params: Params) => Promise<unknown>
}

/**
 * What can be read, and what is expanded with it, so that one answer settles every reason to ask: the fee, the refunds
 * behind a sum, the lines of a session with the products that name their SKUs. Four levels are the most they expand.
 */
const readables = new Map<RefKind, Readable>([
  [
    'charge',
    {
      type: 'resource.charge',
      object: 'charge',
      expand: ['balance_transaction', 'refunds'],
      get: (client, id, params) => client.charges.retrieve(id, params),
    },
  ],
  [
    'payment_intent',
    {
      type: 'resource.payment_intent',
      object: 'payment_intent',
      expand: ['latest_charge.balance_transaction', 'latest_charge.refunds'],
      get: (client, id, params) => client.paymentIntents.retrieve(id, params),
    },
  ],
  [
    'checkout_session',
    {
      type: 'resource.checkout_session',
      object: 'checkout.session',
      expand: ['line_items.data.price.product', 'payment_intent.latest_charge.balance_transaction'],
      get: (client, id, params) => client.checkout.sessions.retrieve(id, params),
    },
  ],
  [
    'refund',
    {
      type: 'resource.refund',
      object: 'refund',
      expand: ['balance_transaction', 'failure_balance_transaction'],
      get: (client, id, params) => client.refunds.retrieve(id, params),
    },
  ],
  ['dispute', plain('dispute', (client, id) => client.disputes.retrieve(id))],
  ['payout', plain('payout', (client, id) => client.payouts.retrieve(id))],
  ['transaction', plain('balance_transaction', (client, id) => client.balanceTransactions.retrieve(id))],
  ['subscription', plain('subscription', (client, id) => client.subscriptions.retrieve(id))],
  [
    'invoice',
    {
      type: 'resource.invoice',
      object: 'invoice',
      expand: ['payments'],
      get: (client, id, params) => client.invoices.retrieve(id, params),
    },
  ],
])

function plain(object: string, get: Readable['get']): Readable {
  return { type: `resource.${object}`, object, expand: [], get }
}

/** The provider's word on one resource now. Throws `ApiError`; `refused` for kinds that it has no address for. */
export async function read(resource: Ref, api: Api): Promise<Reading> {
  const readable = readables.get(resource.kind)
  if (readable === undefined) throw new ApiError('refused', `a ${resource.kind} cannot be read`)
  const answer = await get(readable, resource.id, api)
  const node = parsed(answer.body)
  if (text(node, 'object') !== readable.object) {
    throw new ApiError('unavailable', `the answer is not a ${readable.object}`)
  }
  return (await rest(answer, node, resource, api)) ?? reading(readable.type, answer)
}

/** Where an expansion is refused (an older API, a restricted key) the bare object is still worth having. */
async function get({ expand, get }: Readable, id: string, api: Api): Promise<Answer> {
  try {
    return await call(api, (client) => get(client, id, expand.length > 0 ? { expand: [...expand] } : {}))
  } catch (error) {
    const cause = error instanceof ApiError ? (error.cause as { param?: unknown } | undefined) : undefined
    if (cause?.param !== 'expand') throw error
    return await call(api, (client) => get(client, id, {}))
  }
}

/**
 * What an expansion cut off is read from its own list. The object itself is known by then: its event asked for this.
 * The lines of a payout have no other place.
 */
async function rest(answer: Answer, node: Node, { kind, id }: Ref, api: Api): Promise<Reading | undefined> {
  if (kind === 'payout' && hasLines(node)) return readWithLines(answer, id, api)
  if (kind === 'charge' && isCutOff(node, 'refunds', field(node, 'amount_refunded') !== 0)) {
    return reading(
      'resource.refunds',
      await call(api, (client) => client.refunds.list({ charge: id, limit: 100 })),
    )
  }
  if (kind === 'checkout_session' && isCutOff(node, 'line_items', false)) {
    const params = { limit: 100, expand: ['data.price.product'] }
    return reading(
      'resource.line_items',
      await call(api, (client) => client.checkout.sessions.listLineItems(id, params)),
    )
  }
  return undefined
}

function isCutOff(node: Node, key: string, isNeeded: boolean): boolean {
  const list = child(node, key)
  return list === undefined ? isNeeded : flag(list, 'has_more')
}

function reading(type: string, { body, apiVersion }: Answer): Reading {
  return { type, body, ...(apiVersion !== undefined && { apiVersion }) }
}

function parsed(body: Uint8Array): Node {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'))
    if (isThing(value)) return { value, path: '' }
  } catch {
    // told below, in the same words as for JSON of another shape
  }
  throw new ApiError('unavailable', 'the answer is no JSON object')
}
