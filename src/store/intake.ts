import type { Instant } from '../core/fact.ts'
import { statement } from './statement.ts'

/** One column an array, one position an event; the events' ids ascend, which keeps two flushes from deadlocking. */
export type IntakeColumns = readonly [
  bytes: Buffer, // every body and every header list, one after the other
  ids: readonly string[],
  connections: readonly string[],
  scopes: readonly string[],
  providers: readonly string[],
  providerEventIds: readonly string[],
  types: readonly string[],
  modes: readonly string[],
  apiVersions: readonly (string | null)[],
  sources: readonly string[],
  statuses: readonly string[],
  reasons: readonly (string | null)[],
  reviewCodes: readonly (string | null)[],
  occurredAts: readonly (Instant | null)[],
  receivedAts: readonly Instant[],
  readNos: readonly (string | null)[],
  remoteAddresses: readonly (string | null)[],
  paths: readonly string[],
  durationsUs: readonly number[],
  deliveries: readonly number[],
  bodyStarts: readonly number[], // from 1, as SQL counts bytes
  bodyBytes: readonly number[],
  headersStarts: readonly number[],
  headersBytes: readonly number[],
]

/**
 * Stores events that are not known yet, each with its bytes, and names those: what is missing from the answer was known
 * already. One binary parameter holds all bytes, because cutting it apart here is cheaper than an array of bytea.
 */
export const storeNew = statement<IntakeColumns, { id: string }>({
  name: 'intake.storeNew',
  uses: ['events_pkey'],
  text: `with item as materialized (
    select * from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
        $10::text[], $11::text[], $12::text[], $13::text[], $14::timestamptz[], $15::timestamptz[], $16::bigint[],
        $17::text[], $18::text[], $19::int[], $20::int[], $21::int[], $22::int[], $23::int[], $24::int[])
      as item (id, connection, scope, provider, provider_event_id, type, mode, api_version,
        source, status, reason, review_code, occurred_at, received_at, read_no,
        remote_address, path, duration_us, deliveries, body_start, body_bytes, headers_start, headers_bytes)
  ), stored as (
    insert into events (id, connection, scope, provider, provider_event_id, type, mode, api_version, source, status, reason,
      review_code, next_at, occurred_at, received_at, read_no, body_sha256, body_bytes, remote_address, duration_us, deliveries)
    select id, connection, scope, provider, provider_event_id, type, mode, api_version, source, status, reason,
      review_code, case when status = 'pending' then received_at end, occurred_at, received_at, read_no,
      sha256(substring($1::bytea from body_start for body_bytes)), body_bytes, remote_address, duration_us, deliveries
    from item order by id
    on conflict (id) do nothing
    returning id
  )
  insert into payloads (event_id, received_at, body, headers, path)
  select id, received_at, substring($1::bytea from body_start for body_bytes),
    convert_from(substring($1::bytea from headers_start for headers_bytes), 'UTF8'), path
  from item join stored using (id)
  returning event_id as id`,
})

/** Digests of events that are known, to tell a repeat from another body under an id that nobody signed. */
export const knownDigests = statement<[ids: readonly string[]], { id: string; body_sha256: Buffer }>({
  name: 'intake.knownDigests',
  uses: ['events_pkey'],
  text: 'select id, body_sha256 from events where id = any($1)',
})

/** Locks events in order of id, so that two flushes that count repeats of the same ones cannot deadlock. */
export const lockEvents = statement<[ids: readonly string[]], never>({
  name: 'intake.lockEvents',
  uses: ['events_pkey'],
  text: 'select from events where id = any($1) order by id for no key update',
})

/** Counts one more delivery of each; an id given twice counts twice. */
export const countRepeats = statement<[ids: readonly string[]], never>({
  name: 'intake.countRepeats',
  uses: ['events_pkey'],
  text: `update events set deliveries = deliveries + repeat.times
    from (select id, count(*)::int as times from unnest($1::text[]) as given (id) group by id) repeat
    where events.id = repeat.id`,
})
