import { statement } from '../statement.ts'

export type StatusRow = {
  pending: number
  workable: number
  failed: number
  needs_review: number
  due: number
  due_now: number
  performing: number
  unknown: number
  failed_effects: number
  review_effects: number
  orders_needs_review: number
  runs_queued: number
  runs_running: number
  findings_open: number
  rereads_due: number
  rereads_due_now: number
  rereads_parked: number
}

/**
 * How much is open, at `now`. Every count reads a partial index that holds only what is open; what is done is never
 * counted. An event or effect whose time has not come, and an event that waits for something other than time, cannot
 * be worked on now. A re-read can, also while it is under way, until an attempt has failed and it waits for the next;
 * `answering` are the connections that may be asked now.
 */
export const statusCounts = statement<[now: Date, answering: readonly string[]], StatusRow>({
  name: 'status.counts',
  uses: [
    'events_status_seq',
    'events_next_at',
    'effects_state_seq',
    'effects_due_at',
    'effects_lease',
    'orders_needs_review',
    'runs_open',
    'findings_open',
    'rereads_next_at',
    'rereads_parked',
    'disabled_connections_pkey',
  ],
  text: `select (select count(*)::int from events where status = 'pending') as pending,
                (select count(*)::int from events where status = 'pending' and next_at is not null and next_at <= $1) as workable,
                (select count(*)::int from events where status = 'failed') as failed,
                (select count(*)::int from events where status = 'needs_review') as needs_review,
                (select count(*)::int from effects where state = 'due') as due,
                (select count(*)::int from effects where state = 'due' and due_at <= $1) as due_now,
                (select count(*)::int from effects where state = 'performing') as performing,
                (select count(*)::int from effects where state = 'unknown') as unknown,
                (select count(*)::int from effects where state = 'failed') as failed_effects,
                (select count(*)::int from effects where state = 'needs_review') as review_effects,
                (select count(*)::int from orders where needs_review and is_attached and alias_of is null) as orders_needs_review,
                (select count(*)::int from runs where status in ('queued', 'running') and status = 'queued') as runs_queued,
                (select count(*)::int from runs where status in ('queued', 'running') and status = 'running') as runs_running,
                (select count(*)::int from findings where closed_at is null and not dry_run) as findings_open,
                (select count(*)::int from rereads where state = 'due') as rereads_due,
                (select count(*)::int from rereads r where state = 'due' and (next_at <= $1 or last_error is null)
                    and connection = any($2::text[])
                    and not exists (select from disabled_connections d where d.connection = r.connection)) as rereads_due_now,
                (select count(*)::int from rereads where state = 'parked') as rereads_parked`,
})
