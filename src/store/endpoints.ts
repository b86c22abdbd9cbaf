import { statement } from './statement.ts'

/** An endpoint that is disabled: since when, and why. */
export const disabledEndpoint = statement<[id: string], { disabled_at: string; reason: string }>({
  name: 'endpoints.disabled',
  uses: ['disabled_endpoints_pkey'],
  text: 'select disabled_at, reason from disabled_endpoints where id = $1',
})

/** A row only when it was not disabled yet, so that one notice is given. */
export const disableEndpoint = statement<[id: string, reason: string], { id: string }>({
  name: 'endpoints.disable',
  uses: ['disabled_endpoints_pkey'],
  text: 'insert into disabled_endpoints (id, reason) values ($1, $2) on conflict (id) do nothing returning id',
})

/** It took something again. */
export const enableEndpoint = statement<[id: string], never>({
  name: 'endpoints.enable',
  uses: ['disabled_endpoints_pkey'],
  text: 'delete from disabled_endpoints where id = $1',
})

/** True where the endpoint took anything after this effect became known: then it is that effect, not the endpoint. */
export const tookSomethingSince = statement<[endpoint: string, effectId: string], { took: boolean }>({
  name: 'endpoints.tookSomethingSince',
  uses: ['effects_pkey', 'effects_sink_seq'],
  text: `select exists (select from effects e join effects one on one.id = $2
                         where e.sink = 'outgoing' and e.seq > one.seq and e.state || '' = 'done'
                           and split_part(e.key, ':', 2) = $1) as took`,
})

/** When each order's effect was made, and the references that the order had then: what an announcement is to show. */
export const announcedWith = statement<
  [effectIds: string[]],
  {
    effect_id: string
    updated_at: string | null
    connection: string | null
    kind: string | null
    ref_id: string | null
  }
>({
  name: 'endpoints.announcedWith',
  uses: ['effects_pkey', 'orders_pkey', 'orders_alias_of', 'refs_order_id', 'links_tx_key'],
  text: `select e.id as effect_id, l.recorded_at as updated_at, r.connection, r.kind, r.id as ref_id
           from effects e left join links l on l.tx = e.tx
           left join lateral (
             select r.connection, r.kind, r.id from refs r where r.order_id = e.order_id and r.tx <= e.tx
              union all
             select r.connection, r.kind, r.id from orders o join refs r on r.order_id = o.id
              where o.alias_of = e.order_id and o.alias_tx <= e.tx and r.tx <= e.tx) r on true
          where e.id = any($1::text[])
          order by e.id, r.kind, r.id`,
})
