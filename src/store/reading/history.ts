import { statement } from '../statement.ts'

/** One order of a cluster that proved to be one purchase. `merged_seq`: the link by which it became part of `merged_into`. */
export type MemberRow = {
  id: string
  connection: string
  mode: string
  alias_of: string | null
  merged_into: string | null
  merged_seq: bigint | null
}

/** The order, its root and all that became part of that root. */
export const membersOf = statement<[id: string], MemberRow>({
  name: 'history.members',
  uses: ['orders_pkey', 'orders_alias_of', 'links_tx_key'],
  text: `with it as (select coalesce(alias_of, id) as root from orders where id = $1),
              ids as (select root as id from it union all select o.id from it join orders o on o.alias_of = it.root)
         select o.id, o.connection, o.mode, o.alias_of, o.merged_into, l.seq as merged_seq
           from ids join orders o using (id) left join links l on o.alias_of is not null and l.tx = o.alias_tx
          order by o.id`,
})

/** The newest link at or before an instant: what we knew then. */
export const linkAt = statement<[at: string], { seq: bigint; recorded_at: string }>({
  name: 'history.linkAt',
  uses: ['links_recorded_at'],
  text: 'select seq, recorded_at from links where recorded_at <= $1 order by recorded_at desc limit 1',
})

/** Of these SKUs, those that stock is kept of, and since which link (null: since ever). */
export const knownSkus = statement<[skus: readonly string[]], { sku: string; link_seq: bigint | null }>({
  name: 'history.knownSkus',
  uses: ['stock_pkey', 'links_tx_key'],
  text: `select s.sku, l.seq as link_seq from stock s left join links l on l.tx = s.tx where s.sku = any($1::text[])`,
})

export type OrderEffect = {
  seq: bigint
  id: string
  key: string
  sink: string
  kind: string
  state: string
  order_id: string
  reference: string | null
  last_error: string | null
  done_at: string | null
  link_seq: bigint
  recorded_at: string
}

/** Effects of these orders with the link that made them due. */
export const effectsOf = statement<[orderIds: readonly string[]], OrderEffect>({
  name: 'history.effects',
  uses: ['effects_order_id', 'links_tx_key'],
  text: `select e.seq, e.id, e.key, e.sink, e.kind, e.state, e.order_id, e.reference, e.last_error, e.done_at,
                l.seq as link_seq, l.recorded_at
           from effects e join links l on l.tx = e.tx where e.order_id = any($1::text[]) order by e.seq`,
})

export type OrderFinding = {
  seq: bigint
  id: string
  kind: string
  detail: string
  repair: string
  opened_at: string
}

/** What reconciling found about these orders; dry runs leave no trace in a history. */
export const findingsOf = statement<[orderIds: readonly string[]], OrderFinding>({
  name: 'history.findings',
  uses: ['findings_order_id'],
  text: `select seq, id, kind, detail, repair, opened_at from findings
          where order_id = any($1::text[]) and not dry_run and order_id is not null order by seq`,
})

/** How often each event was delivered. */
export const deliveriesOf = statement<[eventIds: readonly string[]], { id: string; deliveries: number }>({
  name: 'history.deliveries',
  uses: ['events_pkey'],
  text: 'select id, deliveries from events where id = any($1::text[])',
})

/** Ledger entries of these orders, each with the facts (by seq) that it came from, as recorded in the same transaction. */
export const entriesOf = statement<[orderIds: readonly string[]], { id: bigint; fact_seqs: bigint[] }>({
  name: 'history.entries',
  uses: ['journal_entries_order_id', 'facts_tx'],
  text: `select j.seq as id, array(select f.seq from facts f where f.tx = j.tx and f.id = any(j.fact_ids)) as fact_seqs
           from journal_entries j where j.order_id = any($1::text[]) order by j.seq`,
})
