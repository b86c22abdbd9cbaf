import { statement } from './statement.ts'

export type PeriodRow = {
  seq: bigint
  mode: string
  month: string
  closed_at: string
  closed_by: string
  note: string
  report: string
  chain_seq: bigint
  chain_hash: Buffer
  reopened_at: string | null
  reopened_by: string | null
}

/** The last closed month of each mode; holds off a closing until this transaction ends. */
export const closedThrough = statement<[], { mode: string; month: string }>({
  name: 'periods.closedThrough',
  uses: ['periods_closed'],
  text: `select mode, month from closed_through()`,
})

/** Waits for everybody who records, and keeps the next ones waiting, until this transaction ends. */
export const lock = statement<[], never>({
  name: 'periods.lock',
  text: `select pg_advisory_xact_lock(hashtextextended('ordersync:periods', 0))`,
})

export const close = statement<
  [
    mode: string,
    month: string,
    at: string,
    by: string,
    note: string,
    report: string,
    chainSeq: bigint,
    chainHash: Buffer,
  ],
  never
>({
  name: 'periods.close',
  text: `insert into periods (mode, month, closed_at, closed_by, note, report, chain_seq, chain_hash)
         values ($1, $2, $3, $4, $5, $6, $7, $8)`,
})

export const reopen = statement<[mode: string, month: string, at: string, by: string], { seq: bigint }>({
  name: 'periods.reopen',
  uses: ['periods_closed'],
  text: `update periods set reopened_at = $3, reopened_by = $4
          where mode = $1 and month = $2 and reopened_at is null returning seq`,
})

/** Closings, newest first; of one month, or of all. */
export const list = statement<[mode: string, before: bigint, limit: number, month: string | null], PeriodRow>(
  {
    name: 'periods.list',
    uses: ['periods_pkey'],
    text: `select seq, mode, month, closed_at, closed_by, note, report, chain_seq, chain_hash, reopened_at, reopened_by
           from periods where seq < $2 and mode = $1 and ($4::text is null or month = $4) order by seq desc limit $3`,
  },
)

// ── what a closing asks ──────────────────────────────────────────────────────────────────────────────────────────

/** Events of before a time that nobody has settled, by status. */
export const unsettledEvents = statement<
  [connections: string[], before: string],
  { status: string; events: bigint }
>({
  name: 'periods.unsettledEvents',
  uses: ['events_status_seq'],
  text: `select status, count(*) as events from events
          where status in ('pending', 'failed', 'needs_review') and status <> 'processed' and connection = any($1)
            and coalesce(occurred_at, received_at) < $2 group by status order by status`,
})

/** Of these connections, those that a whole reconciliation has looked through since a time. */
export const reconciledSince = statement<[connections: string[], since: string], { connection: string }>({
  name: 'periods.reconciledSince',
  uses: ['runs_connection'],
  text: `select distinct connection from runs
          where connection = any($1) and kind = 'reconciliation' and not dry_run and status = 'completed' and queued_at >= $2
            and parameters::jsonb ->> 'order' is null
            and coalesce((parameters::jsonb ->> 'until')::timestamptz, queued_at) >= $2`,
})

/** What the provider's own lines of before a time come to, each once: of several accounts of one line the best. */
export const linesNet = statement<
  [connections: string[], before: string],
  { scope: string; currency: string; net: bigint }
>({
  name: 'periods.linesNet',
  scans: 'a closing compares every line of the balance',
  text: `select scope, data ->> 'currency' as currency, sum((data ->> 'netMinor')::numeric)::numeric(38, 0) as net
           from (select distinct on (scope, id) scope, data::jsonb as data from facts
                  where kind = 'balance_line' and connection = any($1) and occurred_at < $2
                  order by scope, id, rank desc, digest) lines
          group by 1, 2 order by 1, 2`,
})

/** Money that came, or went, and that no order is known for. */
export const unidentified = statement<
  [account: string, mode: string, until: string],
  { currency: string; amount: bigint }
>({
  name: 'periods.unidentified',
  scans: 'a closing lists every receipt without an order',
  text: `select l.currency, sum(l.amount)::numeric(38, 0) as amount
           from journal_lines l join journal_entries j on j.seq = l.entry_seq
           left join orders o on o.id = j.order_id left join orders r on r.id = o.alias_of
          where l.account = $1 and j.mode = $2 and j.day <= $3::date and coalesce(r.is_attached, o.is_attached) is not true
          group by l.currency having sum(l.amount) <> 0 order by l.currency`,
})

export const openDisputes = statement<[mode: string, limit: number], { id: string; number: string | null }>({
  name: 'periods.openDisputes',
  scans: 'few closings a year, and few disputes open',
  text: `select id, number from orders
          where mode = $1 and alias_of is null and is_attached and dispute_status in ('open', 'inquiry') order by seq limit $2`,
})
