import { statement } from './statement.ts'

/** An event with its bytes, as the worker takes it up. */
export type EventToProcess = {
  id: string
  connection: string
  provider: string
  type: string
  source: 'webhook' | 'poll' | 'reread'
  status: string
  reason: string | null
  order_ids: string[]
  attempts: number
  occurred_at: string | null
  received_at: string
  read_no: bigint | null
  body_sha256: Buffer
  body: Buffer
  tx: bigint | null
}

/** Events by id with their payloads. One whose payload is gone (retention) is absent. */
export const load = statement<[ids: string[]], EventToProcess>({
  name: 'eventStates.load',
  uses: ['events_pkey', 'payloads_pkey'],
  text: `select e.id, e.connection, e.provider, e.type, e.source, e.status, e.reason, e.order_ids, e.attempts, e.occurred_at,
                e.received_at, e.read_no, e.body_sha256, e.tx, p.body
           from unnest($1::text[]) as w (id)
           join events e on e.id = w.id
           join payloads p on p.event_id = e.id and p.received_at = e.received_at`,
})

/** Which of these another transaction has settled; the lock keeps it from doing so until we have committed. */
export const lockSettled = statement<[ids: string[]], { id: string }>({
  name: 'eventStates.lockSettled',
  uses: ['events_pkey'],
  text: `with held as materialized (select id, tx from events where id = any($1) order by id for no key update)
         select id from held where tx is not null`,
})

/** What became of each event. `tx` stays that of the first settling: the history chain names it once. */
export const settle = statement<
  [
    ids: string[],
    statuses: string[],
    reasons: (string | null)[],
    codes: (string | null)[],
    nextAt: (string | null)[],
    orderIds: string[],
    tx: bigint,
    now: string,
  ],
  never
>({
  name: 'eventStates.settle',
  uses: ['events_pkey'],
  text: `update events e
            set status = w.status, reason = w.reason, review_code = w.code, next_at = w.next_at,
                order_ids = array(select jsonb_array_elements_text(w.order_ids::jsonb)),
                attempts = e.attempts + 1, processed_at = $8::timestamptz, tx = coalesce(e.tx, $7)
           from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[])
             as w (id, status, reason, code, next_at, order_ids)
          where e.id = w.id`,
})

/** Puts failed attempts off, or gives up on them. */
export const putOff = statement<
  [ids: string[], statuses: string[], reasons: string[], nextAt: (string | null)[]],
  never
>({
  name: 'eventStates.putOff',
  uses: ['events_pkey'],
  text: `update events e set status = w.status, reason = w.reason, next_at = w.next_at, attempts = e.attempts + 1
           from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) as w (id, status, reason, next_at)
          where e.id = w.id`,
})

/**
 * Events that waited for an order which is known now, or that a person was to find one for. `status || ''` keeps the
 * planner on the key.
 */
export const stopWaiting = statement<[ids: string[]], never>({
  name: 'eventStates.stopWaiting',
  uses: ['events_pkey'],
  text: `update events set status = 'processed', reason = null, review_code = null
          where id = any($1::text[]) and next_at is null
            and (status || '' = 'pending' or review_code in ('unmatched_payment', 'reference_ambiguous'))`,
})

/** Leaves to a person what still waits on these orders, which nobody knows to be any: their money came past its lag. */
export const leaveUnmatched = statement<[orderIds: string[], reason: string], never>({
  name: 'eventStates.leaveUnmatched',
  uses: ['events_pkey', 'facts_order_id', 'orders_pkey', 'orders_alias_of'],
  text: `with members as (select unnest($1::text[]) as id union select id from orders where alias_of = any($1::text[]))
         update events set status = 'needs_review', reason = $2, review_code = 'unmatched_payment'
          where id in (select f.event_id from members join facts f on f.order_id = members.id)
            and status || '' = 'pending' and next_at is null and reason like 'waiting for%'`,
})
