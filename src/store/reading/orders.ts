import type { Queryable } from '../database.ts'
import { statement } from '../statement.ts'

export type ListedOrder = {
  seq: bigint
  id: string
  connection: string
  mode: string
  state: string
  updated_at: string
}

/** Every filter of `GET /orders`; undefined does not restrict. `scopes`: the connections that the asker may see. */
export type OrderFilter = {
  readonly before: bigint
  readonly limit: number
  readonly scopes: readonly string[] | null
  readonly mode: string | undefined
  readonly status: string | undefined
  readonly paymentStatus: string | undefined
  readonly fulfillmentStatus: string | undefined
  readonly connection: string | undefined
  readonly needsReview: boolean | undefined
  readonly updatedSince: string | undefined
  readonly reference: string | undefined
  readonly q: string | undefined
  readonly emailHash: string | undefined // of `q`, where it may be an address and the asker may see people
}

type Parameters = readonly unknown[]

/** Each filter as it stands when another one drives; the driver's own loses its `is null`. */
const filters = {
  scopes: '($3::text[] is null or o.connection = any($3))',
  mode: '($4::text is null or o.mode = $4)',
  status: '($5::text is null or o.status = $5)',
  paymentStatus: '($6::text is null or o.payment_status = $6)',
  fulfillmentStatus: '($7::text is null or o.fulfillment_status = $7)',
  connection: '($8::text is null or o.connection = $8)',
  needsReview: '($9::bool is null or o.needs_review = $9)',
  updatedSince: '($10::timestamptz is null or l.recorded_at >= $10)',
  reference: `($11::text is null or o.id = any(array(${withReference('$11')})))`,
  q: `($12::text is null or o.id = any(array(${withReference('$12')} union all ${foundBy('$12', '$13')})))`,
}

function withReference(parameter: string): string {
  return `select coalesce(m.alias_of, m.id) from refs r join orders m on m.id = r.order_id where r.id = ${parameter}
              union all select coalesce(alias_of, id) from orders where number = ${parameter} and number is not null`
}

/** A number that begins so, our own id, or a buyer's address. */
function foundBy(parameter: string, emailHash: string): string {
  return `select coalesce(alias_of, id) from orders
               where number is not null and number ~>=~ ${parameter} and number ~<~ (${parameter} || chr(1114111))
              union all select coalesce(alias_of, id) from orders where id = ${parameter}
              union all select coalesce(m.alias_of, m.id) from persons p
                join facts f on substring(f.data from '"personId":"([^"]+)"') = p.id and f.kind = 'customer_seen'
                join orders m on m.id = f.order_id
               where p.email_hash = ${emailHash} and p.email_hash is not null`
}

function listBy(name: string, uses: readonly string[], driver?: keyof typeof filters, condition?: string) {
  const conditions = Object.entries(filters).map(([key, text]) => (key === driver ? condition : text))
  return statement<Parameters, ListedOrder>({
    name: `orders.${name}`,
    uses: [...uses, 'links_tx_key'],
    text: `select o.seq, o.id, o.connection, o.mode, o.state, l.recorded_at as updated_at
             from orders o join links l on l.tx = o.tx
            where o.is_attached and o.alias_of is null and o.seq < $1 and ${conditions.join('\n              and ')}
            order by o.seq desc limit $2`,
  })
}

const listed = listBy('list', ['orders_listed'])
const byStatus = listBy('listByStatus', ['orders_status'], 'status', 'o.status = $5')
const byPaymentStatus = listBy('listByPaymentStatus', ['orders_payment_status'], 'paymentStatus', 'o.payment_status = $6')
const byFulfillmentStatus = listBy('listByFulfillmentStatus', ['orders_fulfillment_status'], 'fulfillmentStatus', 'o.fulfillment_status = $7')
const byConnection = listBy('listByConnection', ['orders_connection'], 'connection', 'o.connection = $8')
const byReview = listBy('listByReview', ['orders_needs_review'], 'needsReview', 'o.needs_review and $9::bool')
const byUpdate = listBy('listByUpdate', ['links_recorded_at', 'orders_tx'], 'updatedSince', 'l.recorded_at >= $10')
const byReference = listBy('listByReference', ['refs_id', 'orders_number', 'orders_pkey'], 'reference', `o.id = any(array(${withReference('$11')}))`)
const byQ = listBy('listByQ', ['refs_id', 'orders_number', 'orders_pkey', 'facts_person'], 'q', `o.id = any(array(${withReference('$12')}
              union all ${foundBy('$12', '$13')}))`)

/** Orders newest first by when we first knew them, `limit + 1` at most; by the index of the narrowest filter. */
export async function listOrders(on: Queryable, filter: OrderFilter): Promise<ListedOrder[]> {
  const { before, limit, scopes, mode, status, paymentStatus, fulfillmentStatus, connection, needsReview, updatedSince } = filter
  return driverOf(filter)(
    on, before, limit + 1, scopes, mode, status, paymentStatus, fulfillmentStatus, connection, needsReview, updatedSince,
    filter.reference, filter.q, filter.emailHash,
  )
}

function driverOf(filter: OrderFilter) {
  if (filter.reference !== undefined) return byReference
  if (filter.q !== undefined) return byQ
  if (filter.needsReview === true) return byReview
  if (filter.updatedSince !== undefined) return byUpdate
  if (filter.paymentStatus !== undefined) return byPaymentStatus
  if (filter.fulfillmentStatus !== undefined) return byFulfillmentStatus
  if (filter.connection !== undefined) return byConnection
  if (filter.status !== undefined) return byStatus
  return listed
}

/** References of these orders and of all that became part of them, with the link that brought each. */
export const referencesOf = statement<
  [ids: readonly string[]],
  { root: string; order_id: string; connection: string; kind: string; id: string; link_seq: bigint | null }
>({
  name: 'orders.referencesOf',
  uses: ['orders_pkey', 'orders_alias_of', 'refs_order_id', 'links_tx_key'],
  text: `select m.root, r.order_id, r.connection, r.kind, r.id, l.seq as link_seq
           from (select id, id as root from orders where id = any($1::text[])
                 union all select id, alias_of from orders where alias_of = any($1::text[])) m
           join refs r on r.order_id = m.id left join links l on l.tx = r.tx
          order by r.kind, r.id`,
})

/** Where these orders stand, and when they last changed. */
export const orderFrames = statement<
  [ids: readonly string[]],
  { id: string; connection: string; mode: string; updated_at: string | null }
>({
  name: 'orders.frames',
  uses: ['orders_pkey', 'links_tx_key'],
  text: `select o.id, o.connection, o.mode, l.recorded_at as updated_at
           from orders o left join links l on l.tx = o.tx where o.id = any($1::text[])`,
})

/** References that go by this id, with the surviving order that each belongs to. */
export const referencesById = statement<[id: string], { scope: string; kind: string; id: string; root: string }>({
  name: 'orders.referencesById',
  uses: ['refs_id', 'orders_pkey'],
  text: `select r.scope, r.kind, r.id, coalesce(o.alias_of, o.id) as root
           from refs r join orders o on o.id = r.order_id where r.id = $1 limit 20`,
})
