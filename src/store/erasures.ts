import { statement } from './statement.ts'

/** Looking at every payload may take longer than a request for one page: within this transaction only. */
export const unhurried = statement<[], never>({
  name: 'erasures.unhurried',
  text: `select set_config('statement_timeout', '0', true)`,
})

/** People by what they are found again by. */
export const personsByHashes = statement<
  [emailHashes: string[], customerHashes: string[]],
  { id: string; data: string | null }
>({
  name: 'erasures.personsByHashes',
  uses: ['persons_email_hash', 'persons_customer_hash'],
  text: `select id, data from persons where email_hash = any($1::text[])
         union select id, data from persons where customer_hash = any($2::text[])`,
})

/** The orders in which these people are the customer. */
export const ordersOfPersons = statement<[personIds: string[]], { id: string }>({
  name: 'erasures.ordersOfPersons',
  uses: ['facts_person'],
  text: `select distinct f.order_id as id from facts f
          where f.kind = 'customer_seen' and substring(f.data from '"personId":"([^"]+)"') = any($1::text[])
            and f.order_id is not null`,
})

/** The same orders with all that is one with them. */
export const members = statement<[ids: string[]], { id: string }>({
  name: 'erasures.members',
  uses: ['orders_pkey', 'orders_alias_of'],
  text: `with roots as materialized (
           select distinct coalesce(o.alias_of, o.id) as id from unnest($1::text[]) as w (id) join orders o on o.id = w.id)
         select id from roots union select o.id from roots r join orders o on o.alias_of = r.id`,
})

/** Everybody whom these orders' facts name, and the events that told of them. */
export const toldBy = statement<[orderIds: string[]], { person_id: string | null; event_id: string | null }>({
  name: 'erasures.toldBy',
  uses: ['facts_order_id'],
  text: `select distinct substring(f.data from '"(?:personId|shipTo)":"([^"]+)"') as person_id, f.event_id
           from unnest($1::text[]) as w (id) join facts f on f.order_id = w.id`,
})

export const eventsOfOrders = statement<[orderIds: string[]], { id: string }>({
  name: 'erasures.eventsOfOrders',
  uses: ['events_order_ids'],
  text: `select id from events where order_ids && $1::text[]`,
})

/** Events whose bytes hold one of these texts, order or none: erasure leaves no copy, so it looks at all of them. */
export const eventsHolding = statement<[needles: Buffer[]], { id: string }>({
  name: 'erasures.eventsHolding',
  scans: 'every payload: people are in no index but their hashes, and an erasure must not miss one',
  text: `select p.event_id as id from payloads p where exists (
           select from unnest($1::bytea[]) as w (needle) where position(w.needle in p.body) > 0)`,
})

export const blankPersons = statement<[ids: string[]], { id: string }>({
  name: 'erasures.blankPersons',
  uses: ['persons_pkey'],
  text: `update persons set data = null, email_hash = null, customer_hash = null
          where id = any($1::text[]) and (data is not null or email_hash is not null or customer_hash is not null) returning id`,
})

export const dropPayloads = statement<[eventIds: string[]], { event_id: string }>({
  name: 'erasures.dropPayloads',
  uses: ['events_pkey', 'payloads_pkey'],
  text: `delete from payloads p using events e
          where e.id = any($1::text[]) and p.event_id = e.id and p.received_at = e.received_at returning p.event_id`,
})

/** Nothing is left to be tried again of an event without its bytes; one that waits for its order goes on waiting. */
export const settleEvents = statement<[eventIds: string[], now: string], never>({
  name: 'erasures.settleEvents',
  uses: ['events_pkey'],
  text: `update events set status = 'ignored', reason = 'erased', next_at = null, processed_at = $2::timestamptz
          where id = any($1::text[]) and status || '' = 'pending' and next_at is not null`,
})

export const blankDeliveries = statement<[eventIds: string[]], never>({
  name: 'erasures.blankDeliveries',
  uses: ['deliveries_event_id'],
  text: `update deliveries set headers = '[]' where event_id = any($1::text[])`,
})

export const blankEffects = statement<[orderIds: string[]], never>({
  name: 'erasures.blankEffects',
  uses: ['effects_order_id'],
  text: `update effects set request = null where order_id = any($1::text[]) and request is not null`,
})

/** Answers that were kept for repeats, and exports made for the person. */
export const dropAnswers = statement<[needle: string], never>({
  name: 'erasures.dropAnswers',
  scans: 'answers of the last 30 days, and an erasure is rare',
  text: `delete from idempotency where position(lower($1) in lower(body)) > 0`,
})

export const dropExports = statement<[needle: string], never>({
  name: 'erasures.dropExports',
  scans: 'what customers asked to see: one row a request, and seldom any',
  text: `delete from customer_exports where position(lower($1) in lower(data)) > 0`,
})

export const remember = statement<[hashes: string[], now: string], { hash: string }>({
  name: 'erasures.remember',
  uses: ['erased_subjects_pkey'],
  text: `insert into erased_subjects (hash, erased_at) select h, $2 from unnest($1::text[]) as h
         on conflict do nothing returning hash`,
})

export const remembered = statement<[hashes: string[]], { hash: string }>({
  name: 'erasures.remembered',
  uses: ['erased_subjects_pkey'],
  text: `select hash from erased_subjects where hash = any($1::text[])`,
})

/** Erased people who were told of again since. */
export const reborn = statement<[limit: number], { email_hash: string | null; customer_hash: string | null }>(
  {
    name: 'erasures.reborn',
    uses: ['persons_reborn'],
    text: `select email_hash, customer_hash from persons
          where data is null and (email_hash is not null or customer_hash is not null) limit $1`,
  },
)

/** Everybody whom a connection told of; and its events, a page at a time. */
export const personsOfConnection = statement<[connection: string], { id: string }>({
  name: 'erasures.personsOfConnection',
  scans: 'all facts: a shop is erased once, after it has left',
  text: `select distinct substring(data from '"personId":"([^"]+)"') as id from facts
          where connection = $1 and kind in ('customer_seen', 'order_shipping')`,
})

export const eventsOfConnection = statement<
  [connection: string, after: bigint, limit: number],
  { seq: bigint; id: string }
>({
  name: 'erasures.eventsOfConnection',
  uses: ['events_connection_seq', 'events_seq'],
  text: `select seq, id from events where connection = $1 and seq > $2 order by seq limit $3`,
})

export const blankEffectsOfConnection = statement<[connection: string], never>({
  name: 'erasures.blankEffectsOfConnection',
  scans: 'all effects: a shop is erased once, after it has left',
  text: `update effects set request = null where connection = $1 and request is not null`,
})
