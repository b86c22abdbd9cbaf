import { statement } from '../statement.ts'

export type PayoutRow = { seq: bigint; scope: string; id: string; connection: string }
export type PayoutFact = {
  scope: string
  subject_id: string
  data: string
  occurred_at: string
  recorded_at: string
}
export type PayoutLine = {
  scope: string
  payout: string
  id: string
  data: string
  occurred_at: string
  order_id: string | null
}

type Page = [before: bigint, limit: number, scopes: readonly string[] | null, connections: readonly string[]]

/** Payouts, newest first by when we first knew them, of these connections (those of one mode). */
export const listPayouts = statement<Page, PayoutRow>({
  name: 'payouts.list',
  uses: ['facts_payouts', 'facts_account_subject'],
  text: `select f.seq, f.scope, f.subject_id as id, f.connection from facts f
          where f.kind = 'payout_state' and f.seq < $1 and ($3::text[] is null or f.connection = any($3)) and f.connection = any($4)
            and not exists (select from facts e where e.scope = f.scope and e.subject_kind = f.subject_kind and e.subject_id = f.subject_id
                                                  and e.order_id is null and e.kind = 'payout_state' and e.seq < f.seq)
          order by f.seq desc limit $2`,
})

/** The first fact of each of these payouts, of these scopes. */
export const payoutsById = statement<[scopes: readonly string[], ids: readonly string[]], PayoutRow>({
  name: 'payouts.byId',
  uses: ['facts_account_subject', 'facts_payouts'],
  text: `select distinct on (f.scope, f.subject_id) f.seq, f.scope, f.subject_id as id, f.connection from facts f
          where f.scope = any($1::text[]) and f.subject_kind = 'payout' and f.subject_id = any($2::text[]) and f.order_id is null
            and f.kind = 'payout_state' order by f.scope, f.subject_id, f.seq`,
})

export const statesOf = statement<[scopes: readonly string[], ids: readonly string[]], PayoutFact>({
  name: 'payouts.states',
  uses: ['facts_account_subject', 'facts_payouts', 'links_tx_key'],
  text: `select f.scope, f.subject_id, f.data, f.occurred_at, l.recorded_at from facts f join links l on l.tx = f.tx
          where f.scope = any($1::text[]) and f.subject_kind = 'payout' and f.subject_id = any($2::text[]) and f.order_id is null
            and f.kind = 'payout_state' order by f.seq`,
})

type Unnamed = [
  scopes: readonly string[],
  ids: readonly string[],
  currencies: readonly string[],
  made: readonly string[],
]

// Of each payout, when the one before it in its currency was made.
const before = `unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) w (scope, id, currency, at)
          cross join lateral (
            select coalesce(max(p.occurred_at), '-infinity') as at
              from (select occurred_at, data from facts p where p.scope = w.scope and p.subject_kind = 'payout' and p.order_id is null
                       and p.subject_id <> w.id offset 0) p
             where p.occurred_at < w.at and p.data like '%"currency":"' || w.currency || '"%') earlier`

/** What the balance of their account saw between each of these payouts and the one before it, its own line included. */
export const linesSince = statement<Unnamed, PayoutLine>({
  name: 'payouts.linesSince',
  uses: ['facts_account_subject', 'facts_lines'],
  text: `select distinct on (f.scope, w.id, f.subject_id) f.scope, w.id as payout, f.subject_id as id, f.data, f.occurred_at, f.order_id
           from ${before}
           join facts f on f.kind = 'balance_line' and f.scope = w.scope and f.occurred_at > earlier.at and f.occurred_at <= w.at
          where f.data like '%"currency":"' || w.currency || '"%'
          order by f.scope, w.id, f.subject_id, f.rank desc, f.digest`,
})

/** What the balance held when the payout before each of these had left. */
export const openingOf = statement<Unnamed, { scope: string; payout: string; opening: bigint }>({
  name: 'payouts.openingOf',
  uses: ['facts_account_subject', 'facts_lines'],
  text: `select scope, payout, sum((data ->> 'netMinor')::numeric)::numeric(38, 0) as opening
           from (select distinct on (f.scope, w.id, f.subject_id) f.scope, w.id as payout, f.data::jsonb as data
                   from ${before}
                   join facts f on f.kind = 'balance_line' and f.scope = w.scope and f.occurred_at <= earlier.at
                  where f.data like '%"currency":"' || w.currency || '"%'
                  order by f.scope, w.id, f.subject_id, f.rank desc, f.digest) lines
          group by scope, payout`,
})

/** Lines that the provider counts to these payouts, each once: of several accounts of one line the best. */
export const linesOf = statement<[scopes: readonly string[], ids: readonly string[]], PayoutLine>({
  name: 'payouts.lines',
  uses: ['facts_payout_lines'],
  text: `select distinct on (f.scope, f.subject_id) f.scope, substring(f.data from '"payout":"([^"]+)"') as payout, f.subject_id as id,
                f.data, f.occurred_at, f.order_id
           from facts f
          where f.kind = 'balance_line' and substring(f.data from '"payout":"([^"]+)"') = any($2::text[]) and f.scope = any($1::text[])
          order by f.scope, f.subject_id, f.rank desc, f.digest`,
})
