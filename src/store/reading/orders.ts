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
}

function withReference(parameter: string): string {
  return `select coalesce(m.alias_of, m.id) from refs r join orders m on m.id = r.order_id where r.id = ${parameter}
              union all select coalesce(alias_of, id) from orders where number = ${parameter} and number is not null`
}

/** A reference, a number that begins so, our own id, or a buyer's address. */
function foundBy(parameter: string, emailHash: string): string {
  return `${withReference(parameter)}
              union all select coalesce(alias_of, id) from orders
               where number is not null and number ~>=~ ${parameter} and number ~<~ (${parameter} || chr(1114111))
              union all select coalesce(alias_of, id) from orders where id = ${parameter}
              union all select coalesce(m.alias_of, m.id) from persons p
                join facts f on substring(f.data from '"personId":"([^"]+)"') = p.id and f.kind = 'customer_seen'
                join orders m on m.id = f.order_id
               where p.email_hash = ${emailHash} and p.email_hash is not null`
}

type Filter = keyof typeof filters

function listBy(
  name: string,
  uses: readonly string[],
  { driver, condition }: { driver?: Filter; condition?: string } = {},
) {
  const kept = Object.entries(filters).filter(([key]) => key !== driver)
  const conditions = [...kept.map(([, text]) => text), ...(condition === undefined ? [] : [condition])]
  return statement<readonly unknown[], ListedOrder>({
    name: `orders.${name}`,
    uses: [...uses, 'links_tx_key'],
    text: `select o.seq, o.id, o.connection, o.mode, o.state, l.recorded_at as updated_at
             from orders o join links l on l.tx = o.tx
            where o.is_attached and o.alias_of is null and o.seq < $1 and ${conditions.join('\n              and ')}
            order by o.seq desc limit $2`,
  })
}

// On young tables the planner may take any index that gives the order; the one named first is the narrow one.
const listed = listBy('list', ['orders_listed'])
const byStatus = listBy('listByStatus', ['orders_status', 'orders_listed'], {
  driver: 'status',
  condition: 'o.status = $5',
})
const byPaymentStatus = listBy('listByPaymentStatus', ['orders_payment_status', 'orders_listed'], {
  driver: 'paymentStatus',
  condition: 'o.payment_status = $6',
})
const byFulfillmentStatus = listBy(
  'listByFulfillmentStatus',
  ['orders_fulfillment_status', 'orders_listed'],
  {
    driver: 'fulfillmentStatus',
    condition: 'o.fulfillment_status = $7',
  },
)
const byConnection = listBy('listByConnection', ['orders_connection', 'orders_listed'], {
  driver: 'connection',
  condition: 'o.connection = $8',
})
const byReview = listBy('listByReview', ['orders_needs_review'], {
  driver: 'needsReview',
  condition: 'o.needs_review and $9::bool',
})
const byUpdate = listBy('listByUpdate', ['links_recorded_at', 'orders_tx', 'orders_listed'], {
  driver: 'updatedSince',
  condition: 'l.recorded_at >= $10',
})
const found = ['refs_pkey', 'orders_number', 'orders_pkey', 'orders_listed']
const byReference = listBy('listByReference', found, {
  condition: `o.id = any(array(${withReference('$11')}))`,
})
const foundByQ = [...found, 'persons_email_hash', 'facts_person']
const byQ = listBy('listByQ', foundByQ, { condition: `o.id = any(array(${foundBy('$11', '$12')}))` })
const byReferenceAndQ = listBy('listByReferenceAndQ', foundByQ, {
  condition: `o.id = any(array(${foundBy('$11', '$12')})) and o.id = any(array(${withReference('$13')}))`,
})

/** Orders newest first by when we first knew them, `limit + 1` at most; by the index of the narrowest filter. */
export async function listOrders(on: Queryable, filter: OrderFilter): Promise<ListedOrder[]> {
  const {
    before,
    limit,
    scopes,
    mode,
    status,
    paymentStatus,
    fulfillmentStatus,
    connection,
    needsReview,
    updatedSince,
  } = filter
  const { q, emailHash, reference } = filter
  const common = [
    before,
    limit + 1,
    scopes,
    mode,
    status,
    paymentStatus,
    fulfillmentStatus,
    connection,
    needsReview,
    updatedSince,
  ]
  if (q !== undefined && reference !== undefined)
    return byReferenceAndQ(on, ...common, q, emailHash, reference)
  if (q !== undefined) return byQ(on, ...common, q, emailHash)
  if (reference !== undefined) return byReference(on, ...common, reference)
  return driverOf(filter)(on, ...common)
}

function driverOf(filter: OrderFilter) {
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
export const referencesById = statement<
  [id: string],
  { scope: string; kind: string; id: string; root: string }
>({
  name: 'orders.referencesById',
  uses: ['refs_pkey', 'orders_pkey'],
  text: `select r.scope, r.kind, r.id, coalesce(o.alias_of, o.id) as root
           from refs r join orders o on o.id = r.order_id where r.id = $1 limit 20`,
})
