import type { Queryable } from '../database.ts'
import { statement } from '../statement.ts'

export type LedgerLine = { account: string; currency: string; amount: string } // + debit, − credit, minor units as text
export type LedgerEntry = {
  seq: bigint
  key: string
  layer: string
  connection: string
  mode: string
  order_id: string | null
  occurred_at: string
  day: string // the accounting day
  late_into: string | null // the closed month that it belongs to
  recorded_at: string
  description: string
  fact_ids: string[]
  lines: LedgerLine[]
}

const entry = `j.seq, j.key, j.layer, j.connection, j.mode, j.order_id, j.occurred_at, j.day::text as day, j.late_into, l.recorded_at, j.description, j.fact_ids,
               (select json_agg(json_build_object('account', n.account, 'currency', n.currency, 'amount', n.amount::text) order by n.position)
                  from journal_lines n where n.entry_seq = j.seq) as lines`
const uses = ['journal_entries_pkey', 'journal_lines_pkey', 'links_tx_key']

type Scope = [scopes: readonly string[] | null, mode: string | undefined]

/** Entries newest first. */
export const listEntries = statement<
  [before: bigint, limit: number, ...Scope, lateInto: string | null],
  LedgerEntry
>({
  name: 'ledger.list',
  uses,
  text: `select ${entry} from journal_entries j join links l on l.tx = j.tx
          where j.seq < $1 and ($3::text[] is null or j.connection = any($3)) and ($4::text is null or j.mode = $4)
            and ($5::text is null or j.late_into = $5)
          order by j.seq desc limit $2`,
})

/** Entries of these orders, newest first. */
export const entriesOfOrders = statement<
  [orderIds: readonly string[], before: bigint, limit: number],
  LedgerEntry
>({
  name: 'ledger.ofOrders',
  uses: ['journal_entries_order_id', 'journal_entries_pkey', 'journal_lines_pkey', 'links_tx_key'],
  text: `select ${entry} from journal_entries j join links l on l.tx = j.tx
          where j.order_id = any($1::text[]) and j.seq < $2 order by j.seq desc limit $3`,
})

/** Keys of the entries that moved the money which these resources of these orders are about. */
export const movementKeys = statement<
  [orderIds: readonly string[], subjects: readonly string[]],
  { key: string }
>({
  name: 'ledger.movementKeys',
  uses: ['facts_order_id'],
  text: `select distinct 'journal:' || f.id as key from facts f
          where f.order_id = any($1::text[]) and f.subject_id = any($2::text[])
            and f.kind in ('payment_captured', 'payment_returned', 'refund_moved', 'refund_returned')`,
})

/** Entries of one account under these keys, and the conversions of these lines; newest first. */
export const entriesByKeys = statement<
  [
    scope: string,
    keys: readonly string[],
    orderIds: readonly string[],
    lines: readonly string[],
    before: bigint,
    limit: number,
  ],
  LedgerEntry
>({
  name: 'ledger.byKeys',
  uses: [
    'journal_entries_scope_key_key',
    'journal_entries_order_id',
    'journal_entries_pkey',
    'journal_lines_pkey',
    'links_tx_key',
  ],
  text: `with found as materialized (
           select seq from journal_entries where scope = $1 and key = any($2::text[])
            union
           select seq from journal_entries
            where order_id = any($3::text[]) and key like 'journal:conversion:%' and split_part(key, ':', 3) = any($4::text[]))
         select ${entry} from found join journal_entries j on j.seq = found.seq join links l on l.tx = j.tx
          where j.seq < $5 order by j.seq desc limit $6`,
})

/** Entries that went into one summary for an accounting program, by what stands in its effect; newest first. */
export const entriesOfSummary = statement<[effectKey: string, before: bigint, limit: number], LedgerEntry>({
  name: 'ledger.ofSummary',
  uses: [
    'effects_key_key',
    'summary_entries_grp',
    'journal_entries_pkey',
    'journal_lines_pkey',
    'links_tx_key',
  ],
  text: `with of as materialized (select body::jsonb ->> 'group' as grp, (body::jsonb ->> 'part')::int as part from effects where key = $1),
              found as materialized (select s.entry_seq from of join summary_entries s on s.grp = of.grp and s.part = of.part)
         select ${entry} from found join journal_entries j on j.seq = found.entry_seq join links l on l.tx = j.tx
          where j.seq < $2 order by j.seq desc limit $3`,
})

const headOf = statement<[], { seq: bigint }>({
  name: 'ledger.head',
  scans: 'one row by its constraint',
  text: 'select seq from chain_head',
})

/** By link, in commit order: by number an entry whose transaction commits late would be passed over for good. */
const entriesBetween = statement<[afterLink: bigint, untilLink: bigint, ...Scope], LedgerEntry>({
  name: 'ledger.entriesBetween',
  uses: ['links_pkey', 'journal_entries_tx', 'journal_lines_pkey'],
  text: `select ${entry} from links l join journal_entries j on j.tx = l.tx
          where l.seq > $1 and l.seq <= $2 and ($3::text[] is null or j.connection = any($3)) and ($4::text is null or j.mode = $4)
          order by l.seq, j.seq`,
})

const linksPerBatch = 200n

/** Every entry up to the head of the history as it is now, oldest first, a batch at a time and in no transaction. */
export async function entriesUpTo(
  on: Queryable,
  scopes: readonly string[] | null,
  mode: string,
): Promise<{ until: bigint; entries: AsyncIterable<LedgerEntry> }> {
  const until = (await headOf(on))[0]!.seq
  async function* entries(): AsyncIterable<LedgerEntry> {
    for (let after = 0n; after < until; after += linksPerBatch) {
      const end = after + linksPerBatch < until ? after + linksPerBatch : until
      yield* await entriesBetween(on, after, end, scopes, mode)
    }
  }
  return { until, entries: entries() }
}

export type AccountSum = { account: string; currency: string; debit: bigint; credit: bigint }

/** Debits and credits by account and currency, of all days or up to one. */
export const trialBalance = statement<[...Scope, until: string | null], AccountSum>({
  name: 'ledger.trialBalance',
  scans: 'a trial balance is the sum of everything',
  text: `select n.account, n.currency, sum(greatest(n.amount, 0))::numeric(38, 0) as debit, sum(greatest(-n.amount, 0))::numeric(38, 0) as credit
           from journal_lines n join journal_entries j on j.seq = n.entry_seq
          where ($1::text[] is null or j.connection = any($1)) and ($2::text is null or j.mode = $2)
            and ($3::date is null or j.day <= $3::date)
          group by n.account, n.currency order by n.account, n.currency`,
})

/** Debits and credits of what belongs to a closed month and was learned after it. */
export const lateInto = statement<[mode: string, month: string], AccountSum>({
  name: 'ledger.lateInto',
  uses: ['journal_entries_late_into', 'journal_lines_pkey'],
  text: `select n.account, n.currency, sum(greatest(n.amount, 0))::numeric(38, 0) as debit, sum(greatest(-n.amount, 0))::numeric(38, 0) as credit
           from journal_entries j cross join lateral (select * from journal_lines n where n.entry_seq = j.seq offset 0) n
          where j.mode = $1 and j.late_into = $2
          group by n.account, n.currency order by n.account, n.currency`,
})

/** Accounts and currencies that are in use, to be declared at the head of an export. */
export async function accountsOf(
  on: Queryable,
  scopes: readonly string[] | null,
  mode: string,
): Promise<AccountSum[]> {
  return trialBalance(on, scopes, mode, null)
}
