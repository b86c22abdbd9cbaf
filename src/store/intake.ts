import type { Instant } from '../core/fact.ts'
import type { Queryable } from './database.ts'
import { statement } from './statement.ts'

/** A new event with its bytes. `headers` is a JSON array of [name, value], secrets masked. */
export type IntakeRow = {
  readonly id: string
  readonly connection: string
  readonly scope: string
  readonly provider: string
  readonly providerEventId: string
  readonly type: string
  readonly mode: string
  readonly apiVersion: string | undefined
  readonly source: string
  readonly status: 'pending' | 'ignored' | 'needs_review'
  readonly reason: string | undefined
  readonly reviewCode: string | undefined
  readonly occurredAt: Instant | undefined
  readonly receivedAt: Instant
  readonly readNo: bigint | undefined
  readonly remoteAddress: string | undefined
  readonly path: string
  readonly durationUs: number
  readonly deliveries: number
  readonly body: Uint8Array
  readonly headers: string
}

/** A statement of somebody else's, with `$1` as its only parameter. */
export type Alongside = { readonly name: string; readonly text: string; readonly values: readonly unknown[] }

// Array literals, made here: the driver's own take three times as long, and this is every delivery's way.
type Columns = [...literals: string[], bytes: Uint8Array]

const insertNew = statement<Columns, { id: string }>({
  name: 'intake.storeNew',
  uses: ['events_pkey'],
  text: `with item as materialized (
    select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
        $9::text[], $10::text[], $11::text[], $12::text[], $13::timestamptz[], $14::timestamptz[], $15::bigint[],
        $16::text[], $17::text[], $18::int[], $19::int[], $20::int[], $21::int[], $22::int[], $23::int[])
      as item (id, connection, scope, provider, provider_event_id, type, mode, api_version,
        source, status, reason, review_code, occurred_at, received_at, read_no,
        remote_address, path, duration_us, deliveries, body_start, body_bytes, headers_start, headers_bytes)
  ), stored as (
    insert into events (id, connection, scope, provider, provider_event_id, type, mode, api_version, source, status, reason,
      review_code, next_at, occurred_at, received_at, read_no, body_sha256, body_bytes, remote_address, duration_us, deliveries)
    select id, connection, scope, provider, provider_event_id, type, mode, api_version, source, status, reason,
      review_code, case when status = 'pending' then received_at end, occurred_at, received_at, read_no,
      sha256(substring($24::bytea from body_start for body_bytes)), body_bytes, remote_address, duration_us, deliveries
    from item order by id
    on conflict (id) do nothing
    returning id
  )
  insert into payloads (event_id, received_at, body, headers, path)
  select id, received_at, substring($24::bytea from body_start for body_bytes),
    convert_from(substring($24::bytea from headers_start for headers_bytes), 'UTF8'), path
  from item join stored using (id)
  returning event_id as id`,
})

/**
 * Stores events that are not known yet, each with its bytes, and names those: what is missing from the answer was known
 * already. `alongside` becomes part of the statement, so that both commit in one round trip or not at all.
 *
 * Rows come in order of id, which keeps two flushes from deadlocking. All bytes are one parameter, because cutting it
 * apart in SQL is cheaper than an array of bytea. A connection that says nothing for `timeoutMs` is given up.
 */
export async function storeNew(
  on: Queryable,
  rows: readonly IntakeRow[],
  { alongside, timeoutMs }: { alongside: Alongside | undefined; timeoutMs: number },
): Promise<{ id: string }[]> {
  const headersBytes = rows.map(({ headers }) => Buffer.byteLength(headers))
  const length = rows.reduce((sum, { body }, i) => sum + body.length + headersBytes[i]!, 0)
  const scratch = scratches.pop() ?? Buffer.allocUnsafeSlow(scratchBytes)
  const bytes = length <= scratch.length ? scratch : Buffer.allocUnsafe(length)
  const bodyStarts: number[] = []
  const headersStarts: number[] = []
  let end = 0
  rows.forEach(({ body, headers }, i) => {
    bodyStarts.push(end + 1) // from 1, as SQL counts bytes
    bytes.set(body, end)
    end += body.length
    headersStarts.push(end + 1)
    bytes.write(headers, end)
    end += headersBytes[i]!
  })
  const values = [
    ...columns.map((column) => literal(rows.map(column))),
    literal(bodyStarts),
    literal(rows.map(({ body }) => body.length)),
    literal(headersStarts),
    literal(headersBytes),
    bytes.subarray(0, end), // the last, so that the driver copies it once
    ...(alongside?.values ?? []),
  ]
  try {
    const query = { ...joined(alongside), values, query_timeout: timeoutMs }
    return (await on.query<{ id: string }>(query)).rows
  } finally {
    scratches.push(scratch)
  }
}

const parameters = 24
const composed = new Map<string, string>()

function joined(alongside: Alongside | undefined): { name: string; text: string } {
  if (alongside === undefined) return { name: insertNew.name, text: insertNew.text }
  let text = composed.get(alongside.name)
  if (text === undefined) {
    const renumbered = alongside.text.replaceAll(/\$1\b/g, `$${parameters + 1}`)
    text = `with alongside as (${renumbered}), ${insertNew.text.slice('with '.length)}`
    composed.set(alongside.name, text)
  }
  return { name: `${insertNew.name}.${alongside.name}`, text }
}

// In the order in which `insertNew` names them.
const columns: readonly ((row: IntakeRow) => string | number | bigint | undefined)[] = [
  (row) => row.id,
  (row) => row.connection,
  (row) => row.scope,
  (row) => row.provider,
  (row) => row.providerEventId,
  (row) => row.type,
  (row) => row.mode,
  (row) => row.apiVersion,
  (row) => row.source,
  (row) => row.status,
  (row) => row.reason,
  (row) => row.reviewCode,
  (row) => row.occurredAt,
  (row) => row.receivedAt,
  (row) => row.readNo,
  (row) => row.remoteAddress,
  (row) => row.path,
  (row) => row.durationUs,
  (row) => row.deliveries,
]

// As many as flushes were ever under way at once: allocating 200 KB for each of hundreds a second is what memory grows by.
const scratchBytes = 262_144
const scratches: Buffer[] = []

const special = /["\\]/g

/** `{"a",NULL,1}`. Strings are always quoted, so that one which reads NULL or is empty stays itself. */
export function literal(values: readonly (string | number | bigint | undefined)[]): string {
  let text = ''
  for (const value of values) {
    if (value === undefined) text += ',NULL'
    else if (typeof value !== 'string') text += `,${value}`
    else text += `,"${special.test(value) ? value.replace(special, '\\$&') : value}"`
    special.lastIndex = 0
  }
  return `{${text.slice(1)}}`
}

/** Digests of events that are known, to tell a repeat from another body under an id that nobody signed. */
export const knownDigests = statement<
  [ids: readonly string[]],
  { id: string; source: string; body_sha256: Buffer }
>({
  name: 'intake.knownDigests',
  uses: ['events_pkey'],
  text: 'select id, source, body_sha256 from events where id = any($1)',
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
