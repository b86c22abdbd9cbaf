import { statement } from './statement.ts'

/** Events that are not done, by status. `processed` and `ignored` only ever grow and are counted nowhere. */
export const openEvents = statement<[], { status: string; count: number }>({
  name: 'gauges.openEvents',
  uses: ['events_status_seq'],
  text: `select status, count(*)::int as count from events
    where status in ('pending', 'failed', 'needs_review') and status <> 'processed' group by status`,
})

/** Seconds for which the event that has waited longest could have been worked on; none when nothing can. */
export const oldestDue = statement<[now: Date], { seconds: number }>({
  name: 'gauges.oldestDue',
  uses: ['events_next_at'],
  text: `select extract(epoch from $1::timestamptz - next_at)::float8 as seconds from events
    where status = 'pending' and next_at is not null order by next_at limit 1`,
})

/** Events ever stored, by the number that the last one got: counting them would read them all. */
export const eventsStored = statement<[], { count: number }>({
  name: 'gauges.eventsStored',
  uses: ['events_seq'],
  text: 'select seq::int as count from events order by seq desc limit 1',
})

/** Effects that are not done, by sink and state. */
export const openEffects = statement<[], { sink: string; state: string; count: number }>({
  name: 'gauges.openEffects',
  uses: ['effects_state_seq'],
  text: `select sink, state, count(*)::int as count from effects
    where state in ('due', 'performing', 'unknown', 'failed', 'needs_review') and state <> 'done' group by sink, state`,
})

/** Answers when the database does. */
export const ping = statement<[], { writable: boolean }>({
  name: 'gauges.ping',
  text: "select not pg_is_in_recovery() and current_setting('default_transaction_read_only') = 'off' as writable",
})
