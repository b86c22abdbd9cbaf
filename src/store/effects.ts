import type { Instant } from '../core/fact.ts'
import { statement } from './statement.ts'

/** An effect as the performer needs it. Rows come back with column names, as everywhere in the store. */
export type EffectRow = {
  id: string
  key: string
  sink: string
  kind: string
  order_id: string | null
  connection: string
  body: string // JSON
  request: Buffer | null
  attempts: number
  reference: string | null
}

// `state || ''` below keeps the planner on the key it was given: an index on states looks as good while the table is small,
// and that plan, kept, would read a whole backlog for one row later.
const columns = 'id, key, sink, kind, order_id, connection, body, request, attempts, reference'

/**
 * Effects of one sink that may go out now, the longest due first, locked until the transaction ends. Literal 'due': a
 * parameter could not use the partial index. A cancellation waits until its request is settled, so that it cannot
 * overtake it.
 */
export const claimDue = statement<[sink: string, now: Instant, limit: number], EffectRow>({
  name: 'effects.claimDue',
  uses: ['effects_due_at', 'effects_key_key'],
  text: `select ${columns} from effects e
          where sink = $1 and state = 'due' and due_at <= $2
            and (kind <> 'cancellation' or coalesce(
                  (select r.state from effects r where r.key = 'fulfil' || substr(e.key, 7)), '') not in ('due', 'performing'))
          order by due_at limit $3
            for update skip locked`,
})

/**
 * As `claimDue`, of what is to go to one endpoint: the second part of the key. Each has an index of its own to go by, so that
 * a dead one's backlog is never walked for another's.
 */
export const claimDueOf = statement<[sink: string, endpoint: string, now: Instant, limit: number], EffectRow>(
  {
    name: 'effects.claimDueOf',
    uses: ['effects_endpoint_due'],
    text: `select ${columns} from effects
          where sink in ('outgoing', 'provider') and state = 'due' and sink = $1 and split_part(key, ':', 2) = $2 and due_at <= $3
          order by due_at limit $4
            for update skip locked`,
  },
)

/**
 * Everything of one channel that is to be told, once its oldest has waited until `$3`: also what waits for another try,
 * since it would go to the same place, but not what is for later.
 */
export const claimTogether = statement<
  [sink: string, keysFrom: string, waitedSince: Instant, limit: number, now: Instant],
  EffectRow
>({
  name: 'effects.claimTogether',
  uses: ['effects_due_at'],
  text: `select ${columns} from effects
          where sink = $1 and state = 'due' and starts_with(key, $2) and (due_at <= $5 or attempts > 0)
            and exists (select from effects o
                         where o.sink = $1 and o.state = 'due' and o.due_at <= $3 and starts_with(o.key, $2))
          order by due_at limit $4
            for update skip locked`,
})

/** Begins an attempt for each: state, token and lease; the request's bytes are kept once and never replaced. */
export const markPerforming = statement<
  [ids: string[], tokens: string[], requests: (Buffer | null)[], leaseMs: number],
  { id: string }
>({
  name: 'effects.markPerforming',
  uses: ['effects_pkey'],
  text: `update effects e
            set state = 'performing', token = w.token, request = coalesce(e.request, w.request), attempts = attempts + 1,
                lease_until = clock_timestamp() + $4 * interval '1 millisecond'
           from unnest($1::text[], $2::text[], $3::bytea[]) as w (id, token, request)
          where e.id = w.id and e.state || '' = 'due'
      returning e.id`,
})

/**
 * Extends the leases that these attempts still hold. An attempt that is not in the answer was superseded.
 * Leases live on the database's clock alone, so that processes with different clocks agree about them.
 */
export const renewLeases = statement<[ids: string[], tokens: string[], leaseMs: number], { id: string }>({
  name: 'effects.renewLeases',
  uses: ['effects_pkey'],
  text: `update effects e set lease_until = clock_timestamp() + $3 * interval '1 millisecond'
           from unnest($1::text[], $2::text[]) as w (id, token)
          where e.id = w.id and e.token = w.token and e.state || '' = 'performing'
      returning e.id`,
})

/**
 * Commits that this attempt is about to do what cannot be taken back, for each effect that it carries: from now on the
 * reference says that it may have happened. A row missing: the attempt was superseded and must not go on.
 */
export const markLeaving = statement<[ids: string[], token: string, reference: string], { id: string }>({
  name: 'effects.markLeaving',
  uses: ['effects_pkey'],
  text: `update effects set reference = $3
          where id = any($1::text[]) and token = $2 and state || '' = 'performing'
            and lease_until > clock_timestamp() returning id`,
})

/** Ends an attempt and notes what became of it. No row: it was superseded and has no say any more. */
export const settle = statement<
  [
    id: string,
    token: string,
    state: string,
    doneAt: Instant | null,
    dueAt: Instant | null,
    reference: string | null,
    error: string | null,
    now: Instant,
  ],
  { id: string }
>({
  name: 'effects.settle',
  uses: ['effects_pkey'],
  text: `with settled as (
           update effects
              set state = $3, done_at = $4, due_at = coalesce($5, due_at), reference = $6, last_error = $7,
                  token = null, lease_until = null
            where id = $1 and token = $2 and state || '' = 'performing' returning id, attempts),
         noted as (
           insert into effect_attempts (effect_id, attempt, ended_at, outcome, error)
           select id, attempts, $8, case $3 when 'due' then 'retry' else $3 end, $7 from settled)
         select id from settled`,
})

/** What became of each attempt of an effect, the last first. */
export const attemptsOf = statement<
  [id: string, before: number, limit: number],
  { attempt: number; ended_at: string; outcome: string; error: string | null }
>({
  name: 'effects.attemptsOf',
  uses: ['effect_attempts_pkey'],
  text: `select attempt, ended_at, outcome, error from effect_attempts
          where effect_id = $1 and attempt < $2 order by attempt desc limit $3`,
})

/** Settles effects that are due and locked by this transaction without an attempt: nothing is to leave. */
export const settleUnsent = statement<
  [ids: string[], states: string[], errors: string[], now: Instant],
  never
>({
  name: 'effects.settleUnsent',
  uses: ['effects_pkey'],
  text: `update effects e set state = w.state, last_error = w.error, done_at = $4
           from unnest($1::text[], $2::text[], $3::text[]) as w (id, state, error)
          where e.id = w.id and e.state || '' = 'due'`,
})

/** Attempts of one sink (and endpoint, or channel) whose process went silent. Literal 'performing', for the partial index. */
export const lapsed = statement<
  [sink: string, limit: number, endpoint: string | null, keysFrom: string | null],
  EffectRow & { token: string }
>({
  name: 'effects.lapsed',
  uses: ['effects_lease'],
  text: `select ${columns}, token from effects
          where state = 'performing' and lease_until < clock_timestamp() and sink = $1
            and ($3::text is null or split_part(key, ':', 2) = $3) and ($4::text is null or starts_with(key, $4))
          order by lease_until limit $2`,
})

/** What went out, or may have, under this key: the bytes are absent when nothing ever left. */
export const requestByKey = statement<[key: string], { request: Buffer | null; state: string }>({
  name: 'effects.requestByKey',
  uses: ['effects_key_key'],
  text: `select case when state in ('due', 'cancelled') and reference is null then null else request end as request, state
           from effects where key = $1`,
})

/** The folded order of each effect, aliases resolved: an effect made for an order that was merged away sees the survivor. */
export const ordersOf = statement<
  [orderIds: string[]],
  { order_id: string; root: string; state: string | null }
>({
  name: 'effects.ordersOf',
  uses: ['orders_pkey'],
  text: `select o.id as order_id, r.id as root, r.state
           from orders o join orders r on r.id = coalesce(o.alias_of, o.id) where o.id = any($1::text[])`,
})

/** One reference of the order that the effect was made for, of its own connection where there is one: what it is recorded under. */
export const subjectOf = statement<
  [orderId: string, connection: string],
  { scope: string; kind: string; id: string; connection: string }
>({
  name: 'effects.subjectOf',
  uses: ['refs_order_id'],
  text: `select scope, kind, id, connection from refs
          where order_id = $1 order by connection <> $2, kind = 'number', kind, id limit 1`,
})

/** Mails that left, or may have, under this Message-ID. */
export const mailsByReference = statement<[messageId: string], EffectRow>({
  name: 'effects.mailsByReference',
  uses: ['effects_mail_reference'],
  text: `select ${columns} from effects
          where sink = 'receipt' and reference = $1 and state || '' in ('done', 'unknown')`,
})

/** No row: it was told before, or somebody sends it again just now. */
export const bounced = statement<[id: string, error: string], { id: string }>({
  name: 'effects.bounced',
  uses: ['effects_pkey'],
  text: `update effects set state = 'failed', last_error = $2
          where id = $1 and state || '' in ('done', 'unknown') returning id`,
})

// ── what an operator may do ──────────────────────────────────────────────────────────────────────────────────────

/**
 * Makes an effect due at once, whatever became of it: an explicit wish to have it (again). Not while it is being
 * performed: no row then. The number of attempts goes on counting, so that what
 * it did before stays told apart; and a request that may have arrived before still may have.
 */
export const retry = statement<[id: string, now: Instant], { id: string; key: string; state: string }>({
  name: 'effects.retry',
  uses: ['effects_pkey'],
  text: `update effects
            set state = 'due', due_at = $2, done_at = null, last_error = null, token = null, lease_until = null,
                reference = case when request is null then null else reference end
          where id = $1 and state <> 'performing' returning id, key, state`,
})

/** The receipts of an order, merged members included, and what was sent of them again. */
export const receiptsOf = statement<
  [orderId: string],
  { key: string; kind: string; state: string; order_id: string; connection: string; body: string }
>({
  name: 'effects.receiptsOf',
  uses: ['orders_pkey', 'orders_alias_of', 'effects_order_id'],
  text: `select e.key, e.kind, e.state, e.order_id, e.connection, e.body
           from (select id from orders where id = $1 union all select id from orders where alias_of = $1) m
           cross join lateral (select * from effects e where e.order_id = m.id offset 0) e
          where e.sink = 'receipt' and e.kind in ('receipt', 'resend')
          order by e.seq`,
})

/** Settles by a person's word an effect that is in doubt or has failed. No row: it is in neither state. */
export const resolve = statement<
  [id: string, as: string, note: string, now: Instant],
  { id: string; key: string; state: string }
>({
  name: 'effects.resolve',
  uses: ['effects_pkey'],
  text: `update effects set state = $2, done_at = $4, last_error = nullif($3, ''), token = null, lease_until = null
          where id = $1 and state in ('unknown', 'failed', 'needs_review') returning id, key, state`,
})
