import { statement } from '../statement.ts'

export type ConnectionHealth = {
  last_event_at: string | null
  last_event_id: string | null
  last_poll_at: string | null
  recent: number
  settled: number
  good: number
  latency_p50_ms: number | null
  latency_p95_ms: number | null
  subscription: string | null
  disabled_at: string | null
  disabled_reason: string | null
}

const recentEvents = 200 // enough for a rate that moves when something breaks, and one index read

/** How one connection has been doing lately; `subscription` is the open finding about its webhook, if any. */
// The bound is no restriction: on a young table the planner may read by seq, and then not the whole of it.
export const healthOf = statement<[connection: string], ConnectionHealth>({
  name: 'connections.health',
  uses: [
    'events_connection_seq',
    'events_seq',
    'runs_connection',
    'runs_seq',
    'findings_open',
    'disabled_connections_pkey',
  ],
  text: `with recent as materialized (
           select id, status, received_at, processed_at from events
            where connection = $1 and seq < 9223372036854775807 order by seq desc limit ${recentEvents}),
              last_run as (
           select finished_at from runs
            where connection = $1 and kind = 'reconciliation' and not dry_run and status = 'completed'
              and seq < 9223372036854775807 order by seq desc limit 1)
         select (select max(received_at) from recent) as last_event_at,
                (select id from recent order by received_at desc limit 1) as last_event_id,
                (select finished_at from last_run) as last_poll_at,
                (select count(*)::int from recent) as recent,
                (select count(*)::int from recent where status <> 'pending') as settled,
                (select count(*)::int from recent where status in ('processed', 'ignored')) as good,
                (select percentile_cont(0.5) within group (order by extract(epoch from processed_at - received_at) * 1000)
                   from recent where processed_at is not null)::float8 as latency_p50_ms,
                (select percentile_cont(0.95) within group (order by extract(epoch from processed_at - received_at) * 1000)
                   from recent where processed_at is not null)::float8 as latency_p95_ms,
                (select detail from findings
                  where connection = $1 and kind = 'subscription' and closed_at is null and not dry_run order by seq desc limit 1) as subscription,
                (select disabled_at from disabled_connections where connection = $1) as disabled_at,
                (select reason from disabled_connections where connection = $1) as disabled_reason`,
})
