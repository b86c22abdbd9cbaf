import type { Instant } from '../core/fact.ts'
import type { Queryable } from './database.ts'
import { statement } from './statement.ts'

/** One attempt that is not the first of its event: a repeat, or a refusal. */
export type DeliveryRow = {
  readonly id: string
  readonly connection: string
  readonly eventId: string | undefined
  readonly receivedAt: Instant
  readonly remoteAddress: string
  readonly method: string
  readonly path: string
  readonly headers: string // JSON array of [name, value], secrets masked
  readonly bodyBytes: number
  readonly responseStatus: number
  readonly durationUs: number
  readonly duplicate: boolean
  /** Of one that was refused for its time alone: our clock less the signed time. */
  readonly skewSeconds?: number | undefined
}

type Columns = [
  ids: readonly string[],
  connections: readonly string[],
  eventIds: readonly (string | null)[],
  receivedAts: readonly Instant[],
  remoteAddresses: readonly string[],
  methods: readonly string[],
  paths: readonly string[],
  headers: readonly string[],
  bodyBytes: readonly number[],
  responseStatuses: readonly number[],
  durationsUs: readonly number[],
  duplicates: readonly boolean[],
  skews: readonly (number | null)[],
]

const insertRows = statement<Columns, never>({
  name: 'deliveries.insert',
  text: `insert into deliveries (id, connection, event_id, received_at, remote_address, method, path, headers, body_bytes,
      response_status, duration_us, duplicate, skew_seconds)
    select * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::text[],
      $9::int[], $10::int[], $11::int[], $12::boolean[], $13::int[])`,
})

/** Adds attempts to the delivery log. */
export async function insertDeliveries(on: Queryable, rows: readonly DeliveryRow[]): Promise<void> {
  await insertRows(
    on,
    rows.map((row) => row.id),
    rows.map((row) => row.connection),
    rows.map((row) => row.eventId ?? null),
    rows.map((row) => row.receivedAt),
    rows.map((row) => row.remoteAddress),
    rows.map((row) => row.method),
    rows.map((row) => row.path),
    rows.map((row) => row.headers),
    rows.map((row) => row.bodyBytes),
    rows.map((row) => row.responseStatus),
    rows.map((row) => row.durationUs),
    rows.map((row) => row.duplicate),
    rows.map((row) => row.skewSeconds ?? null),
  )
}

/** How many refusals one row stands for: it, and those after it in the same minute that got no row. */
export const countRefusals = statement<[id: string, receivedAt: Instant, count: number], never>({
  name: 'deliveries.countRefusals',
  uses: ['deliveries_pkey', 'deliveries_received_at'],
  text: 'update deliveries set refused_count = $3 where id = $1 and received_at = $2',
})

export type Skew = { skew_seconds: number; deliveries: number; last_at: Instant }

/** How far the times of the last deliveries since then were off that were refused for nothing else; none where it was few. */
export const skewOf = statement<[connection: string, since: Instant], Skew>({
  name: 'deliveries.skew',
  uses: ['deliveries_skew'],
  text: `select percentile_disc(0.5) within group (order by skew_seconds) as skew_seconds, count(*)::int as deliveries, max(received_at) as last_at
           from (select skew_seconds, received_at from deliveries
                  where connection = $1 and received_at > $2 and skew_seconds is not null order by received_at desc limit 20) recent
         having count(*) >= 3`,
})
