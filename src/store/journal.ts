import { hash } from 'node:crypto'
import type { JournalEntry } from '../core/journal.ts'
import type { Booking } from '../core/periods.ts'
import { statement } from './statement.ts'

/** An entry with whose it is. Its day is known once it is known what is closed. */
export type UndatedEntry = JournalEntry & {
  readonly scope: string
  readonly connection: string
  readonly mode: string
  readonly orderId: string | null
}
export type EntryToPost = UndatedEntry & Booking

/** Entry keys of the orders that these references lead to: what is posted already. */
export const keysByRefs = statement<
  [scopes: string[], kinds: string[], ids: string[]],
  { root: string; key: string; layer: 'movement' | 'recognition' }
>({
  name: 'journal.keysByRefs',
  uses: ['refs_pkey', 'orders_pkey', 'orders_alias_of', 'journal_entries_order_id'],
  text: `select m.root, j.key, j.layer
           from members_of($1, $2, $3) m
           cross join lateral (select j.key, j.layer from journal_entries j where j.order_id = m.id offset 0) j`,
})

/** Balances of the recognition layer of those orders. */
export const recognisedByRefs = statement<
  [scopes: string[], kinds: string[], ids: string[]],
  { root: string; account: string; currency: string; amount: bigint }
>({
  name: 'journal.recognisedByRefs',
  uses: ['refs_pkey', 'orders_pkey', 'orders_alias_of', 'journal_entries_order_id', 'journal_lines_pkey'],
  text: `select m.root, l.account, l.currency, sum(l.amount)::numeric(30, 0) as amount
           from members_of($1, $2, $3) m
           cross join lateral (select j.seq from journal_entries j
                                where j.order_id = m.id and j.layer = 'recognition' offset 0) j
           join journal_lines l on l.entry_seq = j.seq
          group by m.root, l.account, l.currency`,
})

/**
 * Entries and their lines in one statement: the balance trigger sees each entry whole. Lines find their entry by its
 * place in the array, not by a join, which without hash joins is quadratic.
 */
export const post = statement<
  [
    keys: string[],
    layers: string[],
    scopes: string[],
    connections: string[],
    modes: string[],
    orderIds: (string | null)[],
    occurred: string[],
    descriptions: string[],
    factIds: string[],
    digests: Buffer[],
    days: string[],
    lateInto: (string | null)[],
    tx: bigint,
    lineEntries: number[],
    positions: number[],
    accounts: string[],
    currencies: string[],
    amounts: string[],
  ],
  never
>({
  name: 'journal.post',
  text: `with numbers as materialized (
           select array_agg(nextval('journal_entries_seq_seq') order by n) as seqs from generate_series(1, cardinality($1::text[])) n),
         e as (
           insert into journal_entries (seq, key, layer, scope, connection, mode, order_id, occurred_at, description, fact_ids, digest, day, late_into, tx)
           overriding system value
           select numbers.seqs[w.n], w.key, w.layer, w.scope, w.connection, w.mode, w.order_id, w.occurred_at, w.description,
                  array(select jsonb_array_elements_text(w.fact_ids::jsonb)), w.digest, w.day, w.late_into, $13
             from numbers, unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
                                  $8::text[], $9::text[], $10::bytea[], $11::date[], $12::text[]) with ordinality
               as w (key, layer, scope, connection, mode, order_id, occurred_at, description, fact_ids, digest, day, late_into, n))
         insert into journal_lines (entry_seq, position, account, currency, amount)
         select numbers.seqs[l.entry], l.position, l.account, l.currency, l.amount
           from numbers, unnest($14::int[], $15::smallint[], $16::text[], $17::text[], $18::numeric[])
             as l (entry, position, account, currency, amount)`,
})

/** What the history chain covers of an entry. A day that is not late follows from `occurredAt`. */
export function entryDigest(entry: Omit<EntryToPost, 'connection' | 'description' | 'factIds'>): Buffer {
  const late = entry.lateInto === null ? [] : [`late ${entry.day} ${entry.lateInto}`]
  const lines = entry.lines.map((line) => `${line.account} ${line.currency} ${line.amountMinor}`)
  return hash(
    'sha256',
    [
      entry.key,
      entry.layer,
      entry.scope,
      entry.mode,
      entry.orderId ?? '',
      entry.occurredAt,
      ...late,
      ...lines,
    ].join('\n'),
    'buffer',
  )
}

/** `post` for entries as values; queues one statement and does not wait for it. */
export function postEntries(
  on: Parameters<typeof post>[0],
  entries: readonly EntryToPost[],
  tx: bigint,
): Promise<unknown> {
  // Postgres counts array elements from 1.
  const lines = entries.flatMap((entry, index) =>
    entry.lines.map((line, position) => ({ ...line, entry: index + 1, position })),
  )
  return post(
    on,
    entries.map((entry) => entry.key),
    entries.map((entry) => entry.layer),
    entries.map((entry) => entry.scope),
    entries.map((entry) => entry.connection),
    entries.map((entry) => entry.mode),
    entries.map((entry) => entry.orderId),
    entries.map((entry) => entry.occurredAt),
    entries.map((entry) => entry.description),
    entries.map((entry) => JSON.stringify(entry.factIds)),
    entries.map(entryDigest),
    entries.map((entry) => entry.day),
    entries.map((entry) => entry.lateInto),
    tx,
    lines.map((line) => line.entry),
    lines.map((line) => line.position),
    lines.map((line) => line.account),
    lines.map((line) => line.currency),
    lines.map((line) => line.amountMinor.toString()),
  )
}
