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
]

const insertRows = statement<Columns, never>({
  name: 'deliveries.insert',
  text: `insert into deliveries (id, connection, event_id, received_at, remote_address, method, path, headers, body_bytes,
      response_status, duration_us, duplicate)
    select * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::text[],
      $9::int[], $10::int[], $11::int[], $12::boolean[])`,
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
  )
}

/** How many refusals one row stands for: it, and those after it in the same minute that got no row. */
export const countRefusals = statement<[id: string, receivedAt: Instant, count: number], never>({
  name: 'deliveries.countRefusals',
  uses: ['deliveries_pkey', 'deliveries_received_at'],
  text: 'update deliveries set refused_count = $3 where id = $1 and received_at = $2',
})
