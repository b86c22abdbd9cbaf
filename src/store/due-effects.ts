import { statement } from './statement.ts'

export type EffectState = { root: string; id: string; key: string; state: string; sink: string; kind: string }

/**
 * Effects that exist for the orders these references lead to, merged members included. `overtaken` are those that were
 * cancelled because the order called for them no more, not because nothing was to leave at all.
 */
export const effectsByRefs = statement<[scopes: string[], kinds: string[], ids: string[]], EffectState>({
  name: 'dueEffects.byRefs',
  uses: ['refs_pkey', 'orders_pkey', 'orders_alias_of', 'effects_order_id'],
  text: `select m.root, e.id, e.key, case when e.state = 'cancelled' and e.last_error = 'overtaken' then 'overtaken' else e.state end as state,
                e.sink, e.kind
           from members_of($1, $2, $3) m
           cross join lateral (select * from effects e where e.order_id = m.id offset 0) e`,
})

/** Makes effects due; a key that exists already stays as it is. */
export const insertDue = statement<
  [
    ids: string[],
    keys: string[],
    sinks: string[],
    kinds: string[],
    states: string[],
    orderIds: (string | null)[],
    connections: string[],
    bodies: string[],
    dueAt: string[],
    errors: (string | null)[],
    tx: bigint,
  ],
  never
>({
  name: 'dueEffects.insertDue',
  uses: ['effects_key_key'],
  text: `insert into effects (id, key, sink, kind, state, order_id, connection, body, due_at, last_error, tx)
         select w.*, $11 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                                     $8::text[], $9::timestamptz[], $10::text[]) as w
             on conflict (key) do nothing`,
})

// `state || ''` keeps the planner on the key: by the index of states it would read the whole backlog one day.

/** Takes back effects that have not left: what made them due is no longer so. */
export const cancelDue = statement<[ids: string[], reason: string], never>({
  name: 'dueEffects.cancelDue',
  uses: ['effects_pkey'],
  text: `update effects set state = 'cancelled', last_error = $2, done_at = now() where id = any($1::text[]) and state || '' = 'due'`,
})

/**
 * Puts off requests of orders that this transaction sold more to than is there, until it is known whose order is to wait.
 * Should nobody come to know it, they go out all the same.
 */
export const putOffRequests = statement<[orderIds: string[], skus: string[], ms: number], never>({
  name: 'dueEffects.putOffRequests',
  uses: ['effects_order_id', 'stock_oversold'],
  text: `update effects set due_at = now() + $3 * interval '1 millisecond'
          where order_id = any($1::text[]) and state || '' = 'due' and kind = 'request' and attempts = 0
            and exists (select from stock where sku = any($2::text[]) and committed > on_hand)`,
})

/** Effects that waited for something the order now knows go out at once; one that failed keeps its backoff. */
export const expedite = statement<[ids: string[]], never>({
  name: 'dueEffects.expedite',
  uses: ['effects_pkey'],
  text: `update effects set due_at = least(due_at, now()) where id = any($1::text[]) and state || '' = 'due' and attempts = 0`,
})

/** Asks for a resource to be read; a want that was answered before and is there again is asked again. */
export const want = statement<
  [
    connections: string[],
    scopes: string[],
    kinds: string[],
    ids: string[],
    reasons: string[],
    askedBy: (string | null)[],
  ],
  never
>({
  name: 'wants.ask',
  uses: ['rereads_pkey'],
  text: `insert into rereads (connection, scope, kind, id, reason, asked_by)
         select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
             on conflict (connection, kind, id, reason)
             do update set state = 'due', attempts = 0, next_at = now(), answered_by = null, last_error = null,
                           asked_by = coalesce(excluded.asked_by, rereads.asked_by)
          where rereads.state in ('done', 'failed')`,
})
