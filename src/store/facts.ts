import { decodeData, type Fact, type KnownFact, type RefKind } from '../core/fact.ts'
import { statement } from './statement.ts'

type FactRow = {
  seq: bigint
  scope: string
  id: string
  digest: Buffer
  kind: Fact['kind']
  subject_kind: RefKind
  subject_id: string
  occurred_at: string
  rank: number
  data: string
  connection: string
  source: KnownFact['source']
  event_id: string | null
  order_id: string | null
  tx: bigint
}

/** A fact as it is stored: with its place in the history. */
export type StoredFact = KnownFact & {
  readonly seq: bigint
  readonly orderId: string | null
  readonly eventId: string | null
  readonly tx: bigint
}
export type RecordedFact = StoredFact & { readonly linkSeq: bigint; readonly recordedAt: string }

const columns = `f.seq, f.scope, f.id, f.digest, f.kind, f.subject_kind, f.subject_id, f.occurred_at, f.rank, f.data,
                 f.connection, f.source, f.event_id, f.order_id, f.tx`

/**
 * All facts of the orders that these references lead to, merged members included, with the root they belong to.
 *
 * `offset 0` in this and its sisters is a fence: left free, the planner one day reads a whole index and filters.
 */
export const byRefs = statement<
  [scopes: string[], kinds: string[], ids: string[]],
  FactRow & { root: string }
>({
  name: 'facts.byRefs',
  uses: ['refs_pkey', 'orders_pkey', 'orders_alias_of', 'facts_order_id'],
  text: `select m.root, ${columns}
           from members_of($1, $2, $3) m
           cross join lateral (select * from facts f where f.order_id = m.id offset 0) f
          order by f.seq`,
})

/** Facts of account-level resources: payouts, lines of no order. */
export const bySubjects = statement<[scopes: string[], kinds: string[], ids: string[]], FactRow>({
  name: 'facts.bySubjects',
  uses: ['facts_account_subject'],
  text: `select ${columns}
           from unnest($1::text[], $2::text[], $3::text[]) as w (scope, kind, id)
           join facts f on f.scope = w.scope and f.subject_kind = w.kind and f.subject_id = w.id and f.order_id is null`,
})

/** Facts of one order and all that became part of it, in the order in which we learned them. */
export const ofOrder = statement<[id: string], FactRow & { link_seq: bigint; recorded_at: string }>({
  name: 'facts.ofOrder',
  uses: ['orders_pkey', 'orders_alias_of', 'facts_order_id', 'links_tx_key'],
  text: `with it as (select coalesce(alias_of, id) as root from orders where id = $1),
              members as (select o.id from it join orders o on o.id = it.root
                          union all select o.id from it join orders o on o.alias_of = it.root)
         select ${columns}, l.seq as link_seq, l.recorded_at
           from members m join facts f on f.order_id = m.id join links l on l.tx = f.tx
          order by l.seq, f.seq`,
})

/** Serialises the transactions that touch one account-level resource; released at the end of the transaction. */
export const lockSubjects = statement<[keys: bigint[]], never>({
  name: 'facts.lockSubjects',
  text: `select pg_advisory_xact_lock(k) from unnest($1::bigint[]) as k`,
})

/** Appends facts. A unique violation means another transaction recorded one meanwhile: take the batch again. */
export const insert = statement<
  [
    scopes: string[],
    ids: string[],
    digests: Buffer[],
    kinds: string[],
    subjectKinds: string[],
    subjectIds: string[],
    occurred: string[],
    ranks: number[],
    data: string[],
    orderIds: (string | null)[],
    connections: string[],
    sources: string[],
    eventIds: (string | null)[],
    tx: bigint,
  ],
  never
>({
  name: 'facts.insert',
  text: `insert into facts (scope, id, digest, kind, subject_kind, subject_id, occurred_at, rank, data, order_id,
                            connection, source, event_id, tx)
         select w.*, $14 from unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::text[], $6::text[],
                                     $7::timestamptz[], $8::smallint[], $9::text[], $10::text[], $11::text[], $12::text[],
                                     $13::text[]) as w`,
})

export const nextTx = statement<[], { tx: bigint }>({
  name: 'facts.nextTx',
  text: `select nextval('tx_seq') as tx`,
})

/** Which of these facts are known, whatever their digest: for a quick look before anything is stored. */
export const known = statement<
  [scope: string, ids: string[]],
  { id: string; digest: Buffer; order_id: string | null }
>({
  name: 'facts.known',
  uses: ['facts_scope_id_digest_key'],
  text: `select f.id, f.digest, f.order_id from unnest($2::text[]) as w (id) join facts f on f.scope = $1 and f.id = w.id`,
})

export function factOf(row: FactRow): StoredFact {
  return {
    id: row.id,
    kind: row.kind,
    subject: { kind: row.subject_kind, id: row.subject_id },
    occurredAt: row.occurred_at,
    rank: row.rank,
    data: decodeData(row.data),
    digest: row.digest.toString('hex'),
    connection: row.connection,
    scope: row.scope,
    source: row.source,
    seq: row.seq,
    orderId: row.order_id,
    eventId: row.event_id,
    tx: row.tx,
  } as StoredFact
}

/** `ofOrder` as facts. */
export async function factsOfOrder(on: Parameters<typeof ofOrder>[0], id: string): Promise<RecordedFact[]> {
  const rows = await ofOrder(on, id)
  return rows.map((row) => ({ ...factOf(row), linkSeq: row.link_seq, recordedAt: row.recorded_at }))
}
