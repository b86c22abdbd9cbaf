import type { Queryable } from '../database.ts'
import { statement } from '../statement.ts'

export type EventRow = {
  seq: bigint
  id: string
  connection: string
  provider: string
  provider_event_id: string
  type: string
  mode: string
  api_version: string | null
  source: string
  status: string
  reason: string | null
  review_code: string | null
  occurred_at: string | null
  received_at: string
  processed_at: string | null
  attempts: number
  deliveries: number
  order_ids: string[]
  body_sha256: Buffer
}

const columns = `e.seq, e.id, e.connection, e.provider, e.provider_event_id, e.type, e.mode, e.api_version, e.source, e.status,
                 e.reason, e.review_code, e.occurred_at, e.received_at, e.processed_at, e.attempts, e.deliveries, e.order_ids,
                 e.body_sha256`

/** Every filter of `GET /events`; undefined does not restrict. Times are those of receipt: from `since` on, before `until`. */
export type EventFilter = {
  readonly before: bigint
  readonly limit: number
  readonly scopes: readonly string[] | null
  readonly connection: string | undefined
  readonly type: string | undefined
  readonly status: string | undefined
  readonly source: string | undefined
  readonly providerEventId: string | undefined
  readonly order: string | undefined
  readonly since: string | undefined
  readonly until: string | undefined
  readonly mode: string | undefined
}

// Events are stored within seconds of their receipt, so seq and received_at run nearly together: a seq so far from the
// one at the bound cannot be on the wrong side of it, and a period is read by seq without reading all before it.
const slack = 50_000

const filters = {
  scopes: '($3::text[] is null or e.connection = any($3))',
  connection: '($4::text is null or e.connection = $4)',
  type: '($5::text is null or e.type = $5)',
  status: '($6::text is null or e.status = $6)',
  source: '($7::text is null or e.source = $7)',
  providerEventId: '($8::text is null or e.provider_event_id = $8)',
  since: '($9::timestamptz is null or e.received_at >= $9)',
  until: '($10::timestamptz is null or e.received_at < $10)',
  mode: '($11::text is null or e.mode = $11)',
}

function memberIds(parameter: string): string {
  return `select m.id from orders o join orders m on m.id = coalesce(o.alias_of, o.id) where o.id = ${parameter}
          union all select m.id from orders o join orders m on m.alias_of = coalesce(o.alias_of, o.id) where o.id = ${parameter}`
}

function listBy(
  name: string,
  uses: readonly string[],
  { driver, condition }: { driver?: keyof typeof filters; condition?: string } = {},
) {
  const kept = Object.entries(filters).filter(([key]) => key !== driver)
  const conditions = [...kept.map(([, text]) => text), ...(condition === undefined ? [] : [condition])]
  return statement<readonly unknown[], EventRow>({
    name: `events.${name}`,
    // On young tables the planner may take any index that gives the order; the one named first is the narrow one.
    uses: [...uses, 'events_seq', 'events_received_at'],
    text: `select ${columns} from events e
            where e.seq < $1 and ${conditions.join('\n              and ')}
              and e.seq >= case when $9::timestamptz is null then 0 else coalesce(
                (select b.seq from events b where b.received_at >= $9 order by b.received_at limit 1) - ${slack}, 9223372036854775807) end
              and e.seq <= case when $10::timestamptz is null then 9223372036854775807 else coalesce(
                (select b.seq from events b where b.received_at < $10 order by b.received_at desc limit 1) + ${slack}, 0) end
            order by e.seq desc limit $2`,
  })
}

const ofOrder = `e.order_ids && array(${memberIds('$12')})`
const listed = listBy('list', [])
const byConnection = listBy('listByConnection', ['events_connection_seq'], {
  driver: 'connection',
  condition: 'e.connection = $4',
})
const byType = listBy('listByType', ['events_type_seq'], { driver: 'type', condition: 'e.type = $5' })
const byStatus = listBy('listByStatus', ['events_status_seq'], {
  driver: 'status',
  condition: `e.status = $6 and e.status <> 'processed'`, // literal: a parameter alone could not use the partial index
})
const byProviderEventId = listBy('listByProviderEventId', ['events_provider_event_id'], {
  driver: 'providerEventId',
  condition: 'e.provider_event_id = $8',
})
const byOrder = listBy(
  'listByOrder',
  ['events_order_ids', 'orders_pkey', 'orders_alias_of', 'events_provider_event_id'],
  { condition: ofOrder },
)

/** Events newest first by when we stored them, `limit + 1` at most. */
export async function listEvents(on: Queryable, filter: EventFilter): Promise<EventRow[]> {
  return withOrdersShown(on, await rowsOf(on, filter))
}

/** An event of this id, or none. */
export async function eventById(on: Queryable, id: string): Promise<EventRow[]> {
  return withOrdersShown(on, await byId(on, id))
}

/** What hangs on a reference that no order has named yet is no order: nobody can open it. */
async function withOrdersShown(on: Queryable, rows: EventRow[]): Promise<EventRow[]> {
  const ids = [...new Set(rows.flatMap((row) => row.order_ids))]
  if (ids.length === 0) return rows
  const shown = new Set((await attached(on, ids)).map(({ id }) => id))
  return rows.map((row) => ({ ...row, order_ids: row.order_ids.filter((id) => shown.has(id)) }))
}

async function rowsOf(on: Queryable, filter: EventFilter): Promise<EventRow[]> {
  const {
    before,
    limit,
    scopes,
    connection,
    type,
    status,
    source,
    providerEventId,
    order,
    since,
    until,
    mode,
  } = filter
  const common = [
    before,
    limit + 1,
    scopes,
    connection,
    type,
    status,
    source,
    providerEventId,
    since,
    until,
    mode,
  ]
  return order === undefined ? driverOf(filter)(on, ...common) : byOrder(on, ...common, order)
}

function driverOf(filter: EventFilter) {
  if (filter.providerEventId !== undefined) return byProviderEventId
  if (filter.status !== undefined && filter.status !== 'processed') return byStatus
  if (filter.type !== undefined) return byType
  if (filter.connection !== undefined) return byConnection
  return listed
}

const byId = statement<[id: string], EventRow>({
  name: 'events.byId',
  uses: ['events_pkey'],
  text: `select ${columns} from events e where e.id = $1`,
})

const attached = statement<[ids: readonly string[]], { id: string }>({
  name: 'events.attachedOrders',
  uses: ['orders_pkey'],
  text: `select o.id from orders o join orders r on r.id = coalesce(o.alias_of, o.id)
          where o.id = any($1::text[]) and r.is_attached`,
})

/** The bytes exactly as received. No row: unknown, or retention has dropped them. */
export const payloadOf = statement<[id: string], { body: Buffer }>({
  name: 'events.payload',
  uses: ['events_pkey', 'payloads_pkey'],
  text: `select p.body from events e join payloads p on p.event_id = e.id and p.received_at = e.received_at where e.id = $1`,
})
