import { statement } from './statement.ts'

export type RunRow = {
  id: string
  kind: 'reconciliation' | 'replay'
  connection: string | null
  dry_run: boolean
  scheduled: boolean
  parameters: string
  progress: string
  queued_at: string
}

/** Serialises claiming and scheduling between processes, so that one connection never has two runs under way. */
export const lock = statement<[], never>({
  name: 'runs.lock',
  text: `select pg_advisory_xact_lock(hashtextextended('ordersync:runs', 0))`,
})

export const insert = statement<
  [
    id: string,
    kind: string,
    connection: string | null,
    dryRun: boolean,
    scheduled: boolean,
    parameters: string,
    now: string,
  ],
  never
>({
  name: 'runs.insert',
  text: `insert into runs (id, kind, connection, dry_run, scheduled, parameters, queued_at) values ($1, $2, $3, $4, $5, $6, $7)`,
})

/**
 * Queues a scheduled run for each of these connections that has none open and whose last one was queued before
 * `dueBefore`. Run under `lock`.
 */
export const schedule = statement<
  [connections: string[], ids: string[], parameters: string, now: string, dueBefore: string],
  { id: string }
>({
  name: 'runs.schedule',
  uses: ['runs_open', 'runs_scheduled', 'disabled_connections_pkey'],
  text: `insert into runs (id, kind, connection, dry_run, scheduled, parameters, queued_at)
         select w.id, 'reconciliation', w.connection, false, true, $3, $4
           from unnest($1::text[], $2::text[]) as w (connection, id)
          where not exists (select from runs r where r.status in ('queued', 'running') and r.connection = w.connection and r.kind = 'reconciliation' and r.scheduled)
            and not exists (select from runs r where r.scheduled and r.connection = w.connection and r.queued_at > $5)
            and not exists (select from disabled_connections d where d.connection = w.connection)
         returning id`,
})

/**
 * Takes the oldest run that nobody works on: queued, or its worker let the lease lapse. A connection that has a run
 * under way waits for its end. Run under `lock`.
 */
export const claim = statement<[now: string, leaseUntil: string, token: string], RunRow>({
  name: 'runs.claim',
  uses: ['runs_open', 'runs_pkey'],
  text: `update runs set status = 'running', token = $3, lease_until = $2, started_at = coalesce(started_at, $1)
          where id = (
            select r.id from runs r
             where r.status in ('queued', 'running') and (r.status = 'queued' or r.lease_until < $1)
               and not exists (select from runs o
                                where o.status in ('queued', 'running') and o.status = 'running' and o.lease_until >= $1
                                  and o.kind = r.kind and o.connection is not distinct from r.connection)
             order by r.seq limit 1)
         returning id, kind, connection, dry_run, scheduled, parameters, progress, queued_at`,
})

/** Prolongs the lease; no row comes back when another process took the run meanwhile: stop at once. */
export const renew = statement<[id: string, token: string, leaseUntil: string], { id: string }>({
  name: 'runs.renew',
  uses: ['runs_pkey'],
  text: `update runs set lease_until = $3 where id = $1 and token = $2 and status = 'running' returning id`,
})

/** Writes how far the run is; no row comes back when it is no longer ours. */
export const progress = statement<
  [id: string, token: string, progress: string, scanned: number],
  { id: string }
>({
  name: 'runs.progress',
  uses: ['runs_pkey'],
  text: `update runs set progress = $3, scanned = $4 where id = $1 and token = $2 and status = 'running' returning id`,
})

/** Gives an unfinished run back, to be taken up by any process: a graceful stop. */
export const release = statement<[id: string, token: string, now: string], never>({
  name: 'runs.release',
  uses: ['runs_pkey'],
  text: `update runs set lease_until = $3::timestamptz - interval '1 second' where id = $1 and token = $2 and status = 'running'`,
})

export const finish = statement<
  [
    id: string,
    token: string,
    status: 'completed' | 'failed',
    now: string,
    error: string | null,
    scanned: number,
    found: number,
    repaired: number,
    findings: string,
  ],
  { id: string }
>({
  name: 'runs.finish',
  uses: ['runs_pkey'],
  text: `update runs set status = $3, finished_at = $4, error = $5, scanned = $6, found = $7, repaired = $8, findings = $9,
                         lease_until = null
          where id = $1 and token = $2 and status = 'running' returning id`,
})

/** One run as tests and the command line look at it. */
export const byId = statement<
  [id: string],
  {
    id: string
    status: string
    scanned: number
    found: number
    repaired: number
    findings: string
    error: string | null
    progress: string
  }
>({
  name: 'runs.byId',
  uses: ['runs_pkey'],
  text: `select id, status, scanned, found, repaired, findings, error, progress from runs where id = $1`,
})
