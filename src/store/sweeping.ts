import { statement } from './statement.ts'

/** Events that could be worked on since before `overdue` and were not; each is taken by one sweeper. */
export const takeOverdue = statement<[overdue: string, now: string, limit: number], { id: string }>({
  name: 'sweeping.takeOverdue',
  uses: ['events_next_at', 'events_pkey'],
  text: `with lost as (
           select id from events
            where status = 'pending' and next_at is not null and next_at < $1
            order by next_at limit $3 for update skip locked)
         update events e set next_at = $2 from lost where e.id = lost.id returning e.id`,
})

export const ensurePartitions = statement<[now: string], never>({
  name: 'sweeping.ensurePartitions',
  text: `select ensure_partitions($1)`,
})

export const forgetIdempotency = statement<[before: string], never>({
  name: 'sweeping.forgetIdempotency',
  uses: ['idempotency_created_at'],
  text: `delete from idempotency where created_at < $1`,
})

/** Drops the oldest month that ended before a time, and names it; no row or null where none is so old. */
export const dropOldestPartition = statement<
  [parent: 'payloads' | 'deliveries', before: string],
  { dropped: string | null }
>({
  name: 'sweeping.dropOldestPartition',
  text: `select drop_oldest_partition($1, $2) as dropped`,
})
