import { statement } from './statement.ts'

/** Only one process sums up at a time; held until the transaction ends. */
export const lock = statement<[], never>({
  name: 'summaries.lock',
  text: `select pg_advisory_xact_lock(hashtextextended('ordersync:summaries', 0))`,
})

/** Where summing up begins: at the beginning of the history, or with what comes from now on. */
export const begin = statement<[fromStart: boolean], never>({
  name: 'summaries.begin',
  scans: 'one row by its constraint',
  text: `insert into summary_progress (link_seq) select case when $1 then 0 else seq end from chain_head on conflict do nothing`,
})

/** Up to which link entries are known here; and the newest link. */
export const progress = statement<[], { done: bigint; head: bigint }>({
  name: 'summaries.progress',
  scans: 'one row of each by its constraint',
  text: `select p.link_seq as done, h.seq as head from summary_progress p cross join chain_head h`,
})

export const advance = statement<[until: bigint], never>({
  name: 'summaries.advance',
  scans: 'one row by its constraint',
  text: `update summary_progress set link_seq = $1`,
})

/**
 * Takes up the entries of these links, of days from `from` on. By order they belong to their order, by payout they wait
 * where their account has payouts whose lines the provider names; all others belong to their day.
 */
export const takeUp = statement<
  [after: bigint, until: bigint, mode: string, from: string | null, by: 'payout' | 'day' | 'order'],
  never
>({
  name: 'summaries.takeUp',
  uses: ['links_pkey', 'journal_entries_tx', 'orders_pkey', 'facts_account', 'facts_payouts'],
  text: `insert into summary_entries (entry_seq, grp)
         select j.seq, case when $5 = 'order' and j.order_id is not null then 'order:' || coalesce(o.alias_of, o.id)
                            when $5 = 'payout' and exists (select from facts f
                                   where f.scope = j.scope and f.kind = 'payout_state' and f.order_id is null
                                     and f.data like '%"automatic":true%') then null
                            else 'day:' || j.day end
           from links l join journal_entries j on j.tx = l.tx left join orders o on o.id = j.order_id
          where l.seq > $1 and l.seq <= $2 and j.mode = $3 and ($4::date is null or j.day >= $4::date)
             on conflict do nothing`,
})

/**
 * Entries that wait for a payout which has been paid now. Each goes with the line that it is about: its own, or the one
 * of its money; what is about no single line goes with the newest of its order. While that line is in no payout the entry
 * waits. Apart by month, so that no summary holds two.
 */
export const joinPayouts = statement<[limit: number], never>({
  name: 'summaries.joinPayouts',
  uses: [
    'summary_entries_waiting',
    'summary_entries_pkey',
    'journal_entries_pkey',
    'facts_order_id',
    'facts_scope_id_digest_key',
    'facts_account_subject',
    'orders_pkey',
    'orders_alias_of',
  ],
  text: `with waiting as materialized (
           select entry_seq from summary_entries where part is null and grp is null order by entry_seq limit $1),
         found as (
           select w.entry_seq, j.day, j.scope,
                  case when j.key like 'journal:payout\\_%:payout:%' then split_part(j.key, ':', 4)
                       else substring(coalesce(own.data, line.data) from '"payout":"([^"]+)"') end as payout
             from waiting w join journal_entries j on j.seq = w.entry_seq
             left join lateral (
               select f.data from facts f where f.scope = j.scope and f.id = any(j.fact_ids) and f.kind = 'balance_line'
                order by f.rank desc, f.digest limit 1) own on true
             left join lateral (
               select f.data from orders o
                cross join lateral (select o.id union select m.id from orders m where m.alias_of = coalesce(o.alias_of, o.id)
                                     union select o.alias_of where o.alias_of is not null) member
                 join facts f on f.order_id = member.id and f.kind = 'balance_line'
                where o.id = j.order_id
                order by (f.data like '%"source":{"id":"' || split_part(j.fact_ids[1], ':', 3) || '",%') desc, f.occurred_at desc, f.rank desc, f.digest
                limit 1) line on own.data is null)
         update summary_entries s set grp = 'payout:' || found.payout || ':' || to_char(found.day, 'YYYY-MM')
           from found
          where s.entry_seq = found.entry_seq and found.payout is not null
            and exists (select from facts f
                         where f.scope = found.scope and f.subject_kind = 'payout' and f.subject_id = found.payout and f.order_id is null
                           and f.data like '%"state":"paid"%')`,
})

/** Entries that no payout took for so long that none will: they are summed up by their day after all. */
export const giveUpWaiting = statement<[before: string], never>({
  name: 'summaries.giveUpWaiting',
  uses: ['summary_entries_waiting', 'summary_entries_pkey', 'journal_entries_pkey'],
  text: `with late as materialized (
           select w.entry_seq, j.day from (select entry_seq from summary_entries where part is null and grp is null offset 0) w
             join journal_entries j on j.seq = w.entry_seq where j.day < $1::date)
         update summary_entries s set grp = 'day:' || late.day from late where s.entry_seq = late.entry_seq`,
})

/** Groups with something to sum up, of which nothing more is expected: orders and payouts now, days once they are over. */
export const complete = statement<[today: string, limit: number], { grp: string }>({
  name: 'summaries.complete',
  uses: ['summary_entries_open'],
  text: `select grp from summary_entries
          where part is null and grp is not null and (grp not like 'day:%' or substr(grp, 5) < $1)
          group by grp order by grp limit $2`,
})

/** Numbers what is open of a group as its next part. */
export const close = statement<[grp: string], { entry_seq: bigint; part: number }>({
  name: 'summaries.close',
  uses: ['summary_entries_open', 'summary_entries_grp'],
  text: `update summary_entries s
            set part = (select coalesce(max(d.part), 0) + 1 from summary_entries d where d.grp = $1 and d.part > 0)
          where s.grp = $1 and s.part is null returning s.entry_seq, s.part`,
})

/** What these entries come to by account and currency, and the last of their days. */
export const sumsOf = statement<
  [seqs: bigint[]],
  { account: string; currency: string; amount: bigint; day: string }
>({
  name: 'summaries.sumsOf',
  uses: ['journal_entries_pkey', 'journal_lines_pkey'],
  text: `select n.account, n.currency, sum(n.amount)::numeric(38, 0) as amount, max(max(j.day)) over ()::text as day
           from unnest($1::bigint[]) w (seq) join journal_entries j on j.seq = w.seq
           cross join lateral (select * from journal_lines l where l.entry_seq = j.seq offset 0) n
          group by n.account, n.currency order by n.currency, n.account`,
})
