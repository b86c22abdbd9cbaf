import { statement } from '../statement.ts'

/** One attempt: a row of the delivery log, or the first delivery of an event, which is columns of the event. */
export type DeliveryRow = {
  id: string
  connection: string
  event_id: string | null
  received_at: string
  remote_address: string
  method: string
  path: string
  headers: string
  body_bytes: number
  response_status: number
  duration_us: number
  duplicate: boolean
  refused_count: number
}

const ofLog = `d.id, d.connection, d.event_id, d.received_at, d.remote_address, d.method, d.path, d.headers, d.body_bytes,
               d.response_status, d.duration_us, d.duplicate, d.refused_count`
const ofEvent = `'dlv_' || e.id as id, e.connection, e.id as event_id, e.received_at, coalesce(e.remote_address, '') as remote_address,
                 'POST' as method, coalesce(p.path, '') as path, coalesce(p.headers, '[]') as headers, e.body_bytes,
                 200 as response_status, coalesce(e.duration_us, 0) as duration_us, false as duplicate, 1 as refused_count`

/** The attempts by which one event reached us, newest first; none of one that was polled or re-read. */
export const deliveriesOfEvent = statement<[eventId: string], DeliveryRow>({
  name: 'deliveries.ofEvent',
  uses: ['events_pkey', 'payloads_pkey', 'deliveries_event_id'],
  text: `select * from (
           select ${ofEvent} from events e left join payloads p on p.event_id = e.id and p.received_at = e.received_at
            where e.id = $1 and e.source = 'webhook'
           union all
           select ${ofLog} from deliveries d where d.event_id = $1 and d.event_id is not null) as attempt
          order by received_at desc, duplicate desc, id desc limit 1000`,
})

type Page = [
  beforeAt: string,
  beforeId: string,
  limit: number,
  scopes: readonly string[] | null,
  connection: string | undefined,
  responseStatus: number | undefined,
  since: string | undefined,
]

/** Attempts newest first: `limit` at most before (`beforeAt`, `beforeId`). */
export const listDeliveries = statement<Page, DeliveryRow>({
  name: 'deliveries.list',
  uses: ['events_received_at', 'payloads_pkey', 'deliveries_received_at'],
  text: `select * from (
           (select ${ofEvent} from events e left join payloads p on p.event_id = e.id and p.received_at = e.received_at
             where e.received_at <= $1 and (e.received_at < $1 or 'dlv_' || e.id < $2) and e.source = 'webhook'
               and ($4::text[] is null or e.connection = any($4)) and ($5::text is null or e.connection = $5)
               and ($6::int is null or $6 = 200) and e.received_at >= coalesce($7::timestamptz, '-infinity')
             order by e.received_at desc, e.id desc limit $3)
           union all
           (select ${ofLog} from deliveries d
             where (d.received_at, d.id) < ($1, $2)
               and ($4::text[] is null or d.connection = any($4)) and ($5::text is null or d.connection = $5)
               and ($6::int is null or d.response_status = $6) and d.received_at >= coalesce($7::timestamptz, '-infinity')
             order by d.received_at desc, d.id desc limit $3)) as attempt
          order by received_at desc, id desc limit $3`,
})
