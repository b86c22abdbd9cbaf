import { statement } from './statement.ts'

export type OrderRow = {
  id: string
  alias_of: string | null
  connection: string
  mode: string
  is_attached: boolean
  state: string | null
  version: number
}

/** Rows for those proposed orders that a reference really went to; the rest were never needed. */
export const insertClaimed = statement<[ids: string[], connections: string[], modes: string[]], never>({
  name: 'orders.insertClaimed',
  uses: ['refs_order_id', 'orders_pkey'],
  text: `insert into orders (id, connection, mode)
         select p.id, p.connection, p.mode
           from unnest($1::text[], $2::text[], $3::text[]) as p (id, connection, mode)
          where exists (select from refs r where r.order_id = p.id)
          order by p.id
             on conflict do nothing`,
})

/**
 * Locks the orders that these references lead to, by id, waiting. A row that comes back with `alias_of` became part of
 * another order while we waited: roll back and take the batch again.
 */
export const lockByRefs = statement<[scopes: string[], kinds: string[], ids: string[]], OrderRow>({
  name: 'orders.lockByRefs',
  uses: ['refs_pkey', 'orders_pkey', 'orders_alias_of'],
  text: `select id, alias_of, connection, mode, is_attached, state, version from orders
          where id = any(array(select root from members_of($1, $2, $3)))
          order by id for no key update`,
})

/** Writes the folded state of each order back. */
export const write = statement<
  [
    ids: string[],
    connections: string[],
    attached: boolean[],
    numbers: (string | null)[],
    statuses: string[],
    paymentStatuses: string[],
    disputeStatuses: string[],
    fulfillmentStatuses: string[],
    reviews: boolean[],
    states: string[],
    versions: number[],
    tx: bigint,
  ],
  never
>({
  name: 'orders.write',
  uses: ['orders_pkey'],
  text: `update orders o
            set connection = w.connection, is_attached = w.is_attached, number = w.number, status = w.status,
                payment_status = w.payment_status, dispute_status = w.dispute_status,
                fulfillment_status = w.fulfillment_status, needs_review = w.needs_review, state = w.state,
                version = w.version, tx = $12
           from unnest($1::text[], $2::text[], $3::bool[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                       $9::bool[], $10::text[], $11::int[])
             as w (id, connection, is_attached, number, status, payment_status, dispute_status, fulfillment_status,
                   needs_review, state, version)
          where o.id = w.id`,
})

/** Makes an order, and whatever was an alias of it, an alias of the root that lives on. */
export const alias = statement<[losers: string[], roots: string[], tx: bigint], never>({
  name: 'orders.alias',
  uses: ['orders_pkey', 'orders_alias_of'],
  text: `with pairs as (select * from unnest($1::text[], $2::text[]) as p (loser, root)),
              moved as (select o.id, p.root from pairs p join orders o on o.id = p.loser
                        union all
                        select o.id, p.root from pairs p join orders o on o.alias_of = p.loser)
         update orders o set alias_of = m.root, alias_tx = coalesce(o.alias_tx, $3),
                             merged_into = coalesce(o.merged_into, m.root), tx = $3
           from moved m where o.id = m.id`,
})

/** The order itself or, of an alias, the survivor; with every id that became part of it. */
export const members = statement<[id: string], { root: string; id: string; alias_tx: bigint | null }>({
  name: 'orders.members',
  uses: ['orders_pkey', 'orders_alias_of'],
  text: `with it as (select coalesce(alias_of, id) as root from orders where id = $1)
         select it.root, o.id, o.alias_tx from it join orders o on o.id = it.root
         union all
         select it.root, o.id, o.alias_tx from it join orders o on o.alias_of = it.root`,
})

/** What these orders are now; those that became part of another one have no state of their own to show. */
export const statesOf = statement<[ids: string[]], { id: string; state: string | null }>({
  name: 'orders.statesOf',
  uses: ['orders_pkey'],
  text: `select id, state from orders where id = any($1::text[]) and alias_of is null order by id`,
})

/** Of these orders those whose money and whose word may differ: not paid for, ended with money taken, or refunded on one side. */
export const inDoubt = statement<[ids: string[]], { id: string; state: string }>({
  name: 'orders.inDoubt',
  uses: ['orders_pkey'],
  text: `select id, state from orders
          where id = any($1::text[]) and alias_of is null and is_attached and state is not null
            and (state like '%"refundClaim":{%'
                 or case when status = 'cancelled' then payment_status in ('paid', 'partially_paid', 'partially_refunded')
                         else payment_status in ('pending', 'authorized', 'failed', 'voided', 'partially_paid') end)
          order by id`,
})

/** References that lead to an order, to take its lock by: one is enough. */
export const anyRef = statement<[id: string], { scope: string; kind: string; id: string }>({
  name: 'orders.anyRef',
  uses: ['refs_order_id'],
  text: `select scope, kind, id from refs where order_id = $1 order by scope, kind, id limit 1`,
})
