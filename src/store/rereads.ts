import { statement } from './statement.ts'

export type RereadRow = {
  connection: string
  scope: string
  kind: string
  id: string
  reason: string
  attempts: number
  asked_by: string | null
  answered_by: string | null
  read_at: string | null
}

const columns =
  'r.connection, r.scope, r.kind, r.id, r.reason, r.attempts, r.asked_by, r.answered_by, r.read_at'
const key = 'connection = $1 and kind = $2 and id = $3 and reason = $4'

/**
 * Takes rows that may be worked on now, oldest first, by moving their `next_at` behind a lease: who dies with one in
 * hand leaves it due again. Rows of other connections than these (no API key, or blocked for a while) stay untouched.
 */
export const claim = statement<
  [now: string, leaseUntil: string, connections: string[], limit: number],
  RereadRow
>({
  name: 'rereads.claim',
  uses: ['rereads_next_at', 'rereads_pkey', 'disabled_connections_pkey'],
  text: `with due as (
           select connection, kind, id, reason from rereads
            where state = 'due' and next_at <= $1 and connection = any($3::text[])
              and not exists (select from disabled_connections d where d.connection = rereads.connection)
            order by next_at limit $4 for update skip locked)
         update rereads r set next_at = $2 from due d
          where r.connection = d.connection and r.kind = d.kind and r.id = d.id and r.reason = d.reason
         returning ${columns}`,
})

/** The answer is stored under this event; the row stays due until that event is settled. */
export const answer = statement<
  [
    connection: string,
    kind: string,
    id: string,
    reason: string,
    eventId: string,
    readAt: string,
    nextAt: string,
  ],
  never
>({
  name: 'rereads.answer',
  uses: ['rereads_pkey'],
  text: `update rereads set answered_by = $5, read_at = $6, next_at = $7, last_error = null where ${key} and state = 'due'`,
})

/** Done with: `done` when answered, `failed` when the provider does not know the resource after all attempts. */
export const finish = statement<
  [
    connection: string,
    kind: string,
    id: string,
    reason: string,
    state: 'done' | 'failed',
    lastError: string | null,
  ],
  never
>({
  name: 'rereads.finish',
  uses: ['rereads_pkey'],
  text: `update rereads set state = $5, last_error = $6 where ${key}`,
})

/** To be tried again at `nextAt`; `attempts` is what the caller counted, and a stored answer is let go. */
export const postpone = statement<
  [
    connection: string,
    kind: string,
    id: string,
    reason: string,
    attempts: number,
    nextAt: string,
    lastError: string | null,
  ],
  never
>({
  name: 'rereads.postpone',
  uses: ['rereads_pkey'],
  text: `update rereads set attempts = $5, next_at = $6, last_error = $7, answered_by = null where ${key} and state = 'due'`,
})

/** The provider refuses our key: nothing of this connection is asked until a call works again. */
export const park = statement<[connection: string, lastError: string], never>({
  name: 'rereads.park',
  uses: ['rereads_next_at'],
  text: `update rereads set state = 'parked', last_error = $2 where state = 'due' and connection = $1`,
})

/** A call worked: everything parked on the connection is due. Answers with one row for each that it woke. */
export const wake = statement<[connection: string, now: string], { id: string }>({
  name: 'rereads.wake',
  uses: ['rereads_parked'],
  text: `update rereads set state = 'due', next_at = $2 where state = 'parked' and connection = $1 returning id`,
})

/** One parked row of each connection, as a probe whether its key works again. */
export const probes = statement<[connections: string[]], RereadRow>({
  name: 'rereads.probes',
  uses: ['rereads_parked'],
  text: `select ${columns} from unnest($1::text[]) as w (connection)
           cross join lateral (select * from rereads p where p.state = 'parked' and p.connection = w.connection limit 1) r`,
})

/** What of a connection is being asked or waits to be: those resources are no finding. */
export const open = statement<
  [connection: string, limit: number],
  { kind: string; id: string; next_at: string; state: string }
>({
  name: 'rereads.open',
  uses: ['rereads_next_at', 'rereads_parked'],
  text: `select kind, id, next_at, state from (
           (select kind, id, next_at, state from rereads where state = 'due' and connection = $1 order by next_at limit $2)
           union all
           (select kind, id, next_at, state from rereads where state = 'parked' and connection = $1 limit $2)) as r`,
})

/** Drawn before a provider is asked, so that of two readings the later one is known. */
export const nextReadNo = statement<[], { read_no: bigint }>({
  name: 'rereads.nextReadNo',
  text: `select nextval('read_seq') as read_no`,
})

/** Due once more, for an event that asked while an earlier answer was on its way. */
export const reopen = statement<
  [connection: string, kind: string, id: string, reason: string, nextAt: string],
  never
>({
  name: 'rereads.reopen',
  uses: ['rereads_pkey'],
  text: `update rereads set state = 'due', attempts = 0, next_at = $5, answered_by = null where ${key} and state = 'done'`,
})

/**
 * Settles the events that asked for a resource before it was read at `readAt`. The answer itself may be older: the same
 * bytes are the same event. An asker that was settled otherwise meanwhile stays as it is.
 */
export const settleAskers = statement<
  [connection: string, reason: string, answeredBy: string, readAt: string, now: string],
  { id: string }
>({
  name: 'rereads.settleAskers',
  uses: ['events_status_seq', 'events_pkey'],
  text: `update events a
            set status = 'processed', reason = null, next_at = null, processed_at = $5, order_ids = b.order_ids,
                tx = coalesce(a.tx, b.tx)
           from events b
          where b.id = $3 and a.status = 'pending' and a.status <> 'processed' and a.connection = $1 and a.reason = $2
            and a.received_at <= $4
         returning a.id`,
})

/** Events that still wait for the resource: they asked while an earlier answer was on its way. */
export const askersLeft = statement<[connection: string, reason: string], { id: string }>({
  name: 'rereads.askersLeft',
  uses: ['events_status_seq'],
  text: `select id from events where status = 'pending' and status <> 'processed' and connection = $1 and reason = $2 limit 1`,
})

/** Puts the events that asked under review: the provider would not say what they need. */
export const reviewAskers = statement<
  [connection: string, reason: string, code: string, detail: string],
  { id: string }
>({
  name: 'rereads.reviewAskers',
  uses: ['events_status_seq'],
  text: `update events set status = 'needs_review', review_code = $3, reason = $4, next_at = null
          where status = 'pending' and status <> 'processed' and connection = $1 and reason = $2 returning id`,
})

/** The folded orders that this resource belongs to: whether what was asked for is still wanted. */
export const orderStates = statement<[scope: string, kind: string, id: string], { state: string | null }>({
  name: 'rereads.orderStates',
  uses: ['refs_pkey', 'orders_pkey'],
  text: `select coalesce(r.state, o.state) as state
           from refs f join orders o on o.id = f.order_id left join orders r on r.id = o.alias_of
          where f.scope = $1 and f.kind = $2 and f.id = $3`,
})
