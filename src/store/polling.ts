import { statement } from './statement.ts'

/** What a reconciliation looks up about events, facts and orders; it writes nothing here. */

export const witnesses = statement<
  [scope: string, ids: string[]],
  { id: string; rank: number; data: string; occurred_at: string }
>({
  name: 'polling.witnesses',
  uses: ['facts_scope_id_digest_key'],
  text: `select f.id, f.rank, f.data, f.occurred_at from unnest($2::text[]) as w (id) join facts f on f.scope = $1 and f.id = w.id`,
})

/** Which of these events we have, and what became of them. */
export const eventStates = statement<
  [ids: string[]],
  {
    id: string
    status: string
    reason: string | null
    next_at: string | null
    attempts: number
    source: string
  }
>({
  name: 'polling.eventStates',
  uses: ['events_pkey'],
  text: `select id, status, reason, next_at, attempts, source from events where id = any($1::text[])`,
})

/** Which of these resources we know: by a reference, or as a thing of the account. */
export const knownResources = statement<
  [scope: string, kinds: string[], ids: string[]],
  { kind: string; id: string; order_id: string | null }
>({
  name: 'polling.knownResources',
  uses: ['refs_pkey', 'orders_pkey', 'facts_account_subject'],
  text: `select w.kind, w.id, coalesce(o.alias_of, o.id) as order_id
           from unnest($2::text[], $3::text[]) as w (kind, id)
           join refs r on r.scope = $1 and r.kind = w.kind and r.id = w.id join orders o on o.id = r.order_id
          union all
         select distinct w.kind, w.id, null::text
           from unnest($2::text[], $3::text[]) as w (kind, id)
           join facts f on f.scope = $1 and f.subject_kind = w.kind and f.subject_id = w.id and f.order_id is null`,
})

/** Events of a connection that are still to be worked on, oldest first, with their bytes. */
export const waitingEvents = statement<
  [connection: string, limit: number],
  {
    id: string
    type: string
    source: 'webhook' | 'poll' | 'reread'
    received_at: string
    occurred_at: string | null
    read_no: bigint | null
    next_at: string | null
    body: Buffer | null
  }
>({
  name: 'polling.waitingEvents',
  uses: ['events_status_seq', 'payloads_pkey'],
  text: `select e.id, e.type, e.source, e.received_at, e.occurred_at, e.read_no, e.next_at, p.body
           from events e
           left join lateral (select body from payloads where event_id = e.id and received_at = e.received_at limit 1) p on true
          where e.status = 'pending' and e.status <> 'processed' and e.connection = $1 and (e.next_at is not null or e.reason like 're-reading%')
          order by e.seq limit $2`,
})

/** How many events of a connection a worker could take now. */
export const workable = statement<[connection: string, now: string], { waiting: bigint }>({
  name: 'polling.workable',
  uses: ['events_next_at'],
  text: `select count(*) as waiting from (
           select from events where status = 'pending' and next_at is not null and next_at <= $2 and connection = $1 limit 1000) as w`,
})

/** The orders that these references lead to, as far as a finding shows our side. */
export const ordersOf = statement<
  [scope: string, kinds: string[], ids: string[]],
  {
    ref_kind: string
    ref_id: string
    id: string
    number: string | null
    status: string
    payment_status: string
    fulfillment_status: string
    version: number
    is_attached: boolean
  }
>({
  name: 'polling.ordersOf',
  uses: ['refs_pkey', 'orders_pkey'],
  text: `select w.kind as ref_kind, w.id as ref_id, r.id, r.number, r.status, r.payment_status, r.fulfillment_status, r.version,
                r.is_attached
           from unnest($2::text[], $3::text[]) as w (kind, id)
           join refs f on f.scope = $1 and f.kind = w.kind and f.id = w.id
           join orders o on o.id = f.order_id join orders r on r.id = coalesce(o.alias_of, o.id)`,
})

/** Links of the chain from a time on: the way to what was recorded since, without an index on facts for it. */
export const linksSince = statement<
  [since: string, after: bigint, limit: number],
  { seq: bigint; tx: bigint }
>({
  name: 'polling.linksSince',
  uses: ['links_pkey', 'links_recorded_at'],
  text: `select seq, tx from links
          where seq > greatest($2::bigint, coalesce((select seq from links where recorded_at < $1 order by recorded_at desc limit 1), 0))
          order by seq limit $3`,
})

/** Subjects of the facts that these transactions recorded, with the order they hang on. */
export const subjectsOf = statement<
  [txs: bigint[], scope: string, kinds: string[]],
  {
    kind: string
    id: string
    first_at: string
    last_at: string
    order_id: string | null
    is_attached: boolean | null
    captured: boolean
    is_deleted: boolean
  }
>({
  name: 'polling.subjectsOf',
  uses: ['facts_tx', 'orders_pkey'],
  text: `select f.subject_kind as kind, f.subject_id as id, min(f.occurred_at) as first_at, max(f.occurred_at) as last_at,
                coalesce(r.id, o.id) as order_id, bool_or(coalesce(r.is_attached, o.is_attached)) as is_attached,
                bool_or(f.kind = 'payment_captured') as captured, bool_or(f.kind = 'order_deleted') as is_deleted
           from facts f left join orders o on o.id = f.order_id left join orders r on r.id = o.alias_of
          where f.tx = any($1::bigint[]) and f.scope = $2 and f.subject_kind = any($3::text[])
          group by f.subject_kind, f.subject_id, coalesce(r.id, o.id)`,
})

/** When a webhook of this connection came last since a time: a new event, or the repeat of a known one. */
export const lastWebhook = statement<
  [connection: string, since: string],
  { first: string | null; repeat: string | null }
>({
  name: 'polling.lastWebhook',
  uses: ['events_received_at', 'deliveries_received_at', 'deliveries_connection'],
  text: `select (select received_at from events
                  where connection = $1 and source = 'webhook' and received_at >= $2
                  order by received_at desc limit 1) as first,
                (select received_at from deliveries
                  where connection = $1 and received_at >= $2 and event_id is not null
                  order by received_at desc limit 1) as repeat`,
})

/** The references, within one account, of the orders that go by this number or external id; the number may be a shop's. */
export const referencesOf = statement<
  [scope: string, reference: string],
  { kind: string; id: string; order_id: string }
>({
  name: 'polling.referencesOf',
  uses: ['refs_pkey', 'refs_order_id', 'orders_pkey', 'orders_alias_of'],
  text: `with roots as (select distinct coalesce(o.alias_of, o.id) as root from refs r join orders o on o.id = r.order_id where r.id = $2),
              members as (select root, root as id from roots union all select roots.root, o.id from roots join orders o on o.alias_of = roots.root)
         select r.kind, r.id, m.root as order_id from members m join refs r on r.order_id = m.id where r.scope = $1`,
})

/** Ids of events in the order we learned them, by the filters of the event list; null leaves one out. */
export const eventsAfter = statement<
  [
    after: bigint,
    limit: number,
    connection: string | null,
    type: string | null,
    status: string | null,
    source: string | null,
    providerEventId: string | null,
    order: string | null,
    since: string | null,
    until: string | null,
  ],
  { seq: bigint; id: string }
>({
  name: 'polling.eventsAfter',
  uses: ['events_seq'],
  text: `select seq, id from events
          where seq > $1 and ($3::text is null or connection = $3) and ($4::text is null or type = $4)
            and ($5::text is null or status = $5) and ($6::text is null or source = $6)
            and ($7::text is null or provider_event_id = $7) and ($8::text is null or $8 = any(order_ids))
            and ($9::timestamptz is null or received_at >= $9) and ($10::timestamptz is null or received_at < $10)
          order by seq limit $2`,
})
