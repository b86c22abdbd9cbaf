import { statement } from './statement.ts'

/** Orders of these scopes under these numbers, with what tells whether they may be meant. */
export const hits = statement<
  [scopes: string[], numbers: string[]],
  { scope: string; number: string; root: string; is_attached: boolean; placed_at: string | null }
>({
  name: 'bareNumbers.hits',
  uses: ['refs_pkey', 'orders_pkey'],
  text: `select w.scope, w.number, o.id as root, o.is_attached, (o.state::json ->> 'placedAt') as placed_at
           from unnest($1::text[], $2::text[]) as w (scope, number)
           join refs r on r.scope = w.scope and r.kind = 'number' and r.id = w.number
           join orders m on m.id = r.order_id
           join orders o on o.id = coalesce(m.alias_of, m.id)`,
})

/** Payments that wait for one of these numbers. */
export const waiting = statement<
  [numbers: string[]],
  { scope: string; kind: string; id: string; number: string; candidates: string[]; occurred_at: string }
>({
  name: 'bareNumbers.waiting',
  uses: ['bare_numbers_number'],
  text: `select b.scope, b.kind, b.id, b.number, b.candidates, b.occurred_at
           from bare_numbers b where b.number = any($1::text[])`,
})

/** Keeps what a payment waits for; knowing it already changes nothing. */
export const wait = statement<
  [
    scopes: string[],
    kinds: string[],
    ids: string[],
    numbers: string[],
    candidates: string[],
    occurred: string[],
  ],
  never
>({
  name: 'bareNumbers.wait',
  uses: ['bare_numbers_pkey'],
  text: `insert into bare_numbers (scope, kind, id, number, candidates, occurred_at)
         select w.scope, w.kind, w.id, w.number,
                array(select jsonb_array_elements_text(w.candidates::jsonb)), w.occurred_at
           from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
             as w (scope, kind, id, number, candidates, occurred_at)
             on conflict do nothing`,
})
