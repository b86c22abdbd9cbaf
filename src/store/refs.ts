import { statement } from './statement.ts'

export type RefRow = {
  scope: string
  kind: string
  id: string
  order_id: string
  root: string
  is_attached: boolean
}

/**
 * Claims references for orders, sorted, so that of two transactions with a common reference the later one waits at the
 * unique index. References of one component go to the order that any of them belongs to already, else to the proposed
 * one. What another transaction commits meanwhile is not seen here: read the references back in a second statement.
 */
export const claim = statement<
  [
    scopes: string[],
    kinds: string[],
    ids: string[],
    components: number[],
    proposed: string[],
    connections: string[],
  ],
  never
>({
  name: 'refs.claim',
  uses: ['refs_pkey', 'orders_pkey'],
  text: `with wanted as (
           select * from unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::text[])
             with ordinality as w (scope, kind, id, component, proposed, connection, position)),
         held as (
           select w.component, min(coalesce(o.alias_of, o.id)) as order_id
             from wanted w join refs r using (scope, kind, id) join orders o on o.id = r.order_id group by w.component)
         insert into refs (scope, kind, id, order_id, connection)
         select w.scope, w.kind, w.id, coalesce(h.order_id, w.proposed), w.connection
           from wanted w left join held h using (component)
          order by w.position
             on conflict do nothing`,
})

/** The references with their orders, aliases resolved. Run after `claim`, as a statement of its own. */
export const resolve = statement<[scopes: string[], kinds: string[], ids: string[]], RefRow>({
  name: 'refs.resolve',
  uses: ['refs_pkey', 'orders_pkey'],
  text: `select r.scope, r.kind, r.id, r.order_id, coalesce(o.alias_of, o.id) as root, o.is_attached
           from unnest($1::text[], $2::text[], $3::text[]) as w (scope, kind, id)
           join refs r using (scope, kind, id) join orders o on o.id = r.order_id`,
})
