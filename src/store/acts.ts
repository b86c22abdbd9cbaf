import { statement } from './statement.ts'

export type ActRow = {
  id: string
  event_id: string
  connection: string
  kind: string
  body: string | null
  attempts: number
}

/** Makes acts due; those of an event that is taken up again are there already. */
export const insert = statement<
  [ids: string[], eventIds: string[], connections: string[], kinds: string[], bodies: string[]],
  never
>({
  name: 'acts.insert',
  uses: ['acts_pkey'],
  text: `insert into acts (id, event_id, connection, kind, body)
         select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) on conflict do nothing`,
})

/** Takes acts that may be carried out now, behind a lease: who dies with one leaves it due again. */
export const claim = statement<[now: string, leaseUntil: string, limit: number], ActRow>({
  name: 'acts.claim',
  uses: ['acts_next_at', 'acts_pkey'],
  text: `with due as (select id from acts where state = 'due' and next_at <= $1 order by next_at limit $3 for update skip locked)
         update acts a set next_at = $2, attempts = a.attempts + 1 from due d where a.id = d.id
         returning a.id, a.event_id, a.connection, a.kind, a.body, a.attempts`,
})

/** Done with. Its body goes: it names a person. */
export const finish = statement<[id: string, state: string, now: string, error: string | null], never>({
  name: 'acts.finish',
  uses: ['acts_pkey'],
  text: `update acts set state = $2, done_at = $3, error = $4, body = null where id = $1`,
})

export const putOff = statement<[id: string, nextAt: string, error: string], never>({
  name: 'acts.putOff',
  uses: ['acts_pkey'],
  text: `update acts set next_at = $2, error = $3 where id = $1`,
})

export const disable = statement<[connection: string, now: string, reason: string], never>({
  name: 'acts.disable',
  uses: ['disabled_connections_pkey'],
  text: `insert into disabled_connections (connection, disabled_at, reason) values ($1, $2, $3) on conflict do nothing`,
})

/** A connection whose provider tells of something newer than our being sent away has been set up again. */
export const enable = statement<[], { connection: string }>({
  name: 'acts.enable',
  scans: 'the connections that are disabled now: a few at the most',
  uses: ['events_connection_seq'],
  text: `delete from disabled_connections d
          where (select e.occurred_at from events e where e.connection = d.connection and e.source = 'webhook'
                  order by e.seq desc limit 1) > d.disabled_at
         returning connection`,
})

export const keepExport = statement<[id: string, connection: string, now: string, data: string], never>({
  name: 'acts.keepExport',
  uses: ['customer_exports_pkey'],
  text: `insert into customer_exports (id, connection, made_at, data) values ($1, $2, $3, $4) on conflict do nothing`,
})

export const exports = statement<
  [limit: number],
  { id: string; connection: string; made_at: string; data: string }
>({
  name: 'acts.exports',
  scans: 'what customers asked to see: one row a request, and seldom any',
  text: `select id, connection, made_at, data from customer_exports order by made_at desc, id limit $1`,
})
