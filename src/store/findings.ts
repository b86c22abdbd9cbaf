import type { Queryable } from './database.ts'
import { statement } from './statement.ts'

export type FindingRow = {
  id: string
  run_id: string
  kind: string
  resource_kind: string
  resource_id: string
  detail: string
  repaired: boolean
  order_id: string | null
}

const columns = 'id, run_id, kind, resource_kind, resource_id, detail, repaired, order_id'

/**
 * Opens findings; those whose resource and kind have an open one already, and those that an interrupted attempt wrote,
 * come back with nothing. A dry run's rows are never open, so they meet no conflict: ask `openOf` first.
 */
export const insert = statement<
  [
    runId: string,
    connection: string,
    dryRun: boolean,
    ids: string[],
    kinds: string[],
    resourceKinds: string[],
    resourceIds: string[],
    details: string[],
    ours: string[],
    theirs: string[],
    repairs: string[],
    now: string,
  ],
  { id: string }
>({
  name: 'findings.insert',
  uses: ['findings_open'],
  text: `insert into findings (run_id, connection, dry_run, id, kind, resource_kind, resource_id, detail, ours, theirs, repair, opened_at)
         select $1, $2, $3, w.*, $12
           from unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[]) as w
             on conflict do nothing
         returning id`,
})

/** Rewrites a finding as more of the same purchase is seen. */
export const update = statement<
  [
    ids: string[],
    kinds: string[],
    resourceKinds: string[],
    resourceIds: string[],
    details: string[],
    ours: string[],
    theirs: string[],
    repairs: string[],
  ],
  never
>({
  name: 'findings.update',
  uses: ['findings_pkey'],
  text: `update findings f
            set kind = w.kind, resource_kind = w.resource_kind, resource_id = w.resource_id, detail = w.detail,
                ours = w.ours, theirs = w.theirs, repair = w.repair
           from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
             as w (id, kind, resource_kind, resource_id, detail, ours, theirs, repair)
          where f.id = w.id`,
})

/** Takes back findings of a run under way that proved to be part of another one. */
export const remove = statement<[runId: string, ids: string[]], never>({
  name: 'findings.remove',
  uses: ['findings_pkey', 'findings_run'],
  text: `delete from findings where run_id = $1 and id = any($2::text[])`,
})

/** The open findings of these resources, whichever run opened them. */
export const openOf = statement<
  [connection: string, kinds: string[], resourceKinds: string[], resourceIds: string[]],
  FindingRow
>({
  name: 'findings.openOf',
  uses: ['findings_open'],
  text: `select ${columns
    .split(', ')
    .map((column) => `f.${column}`)
    .join(', ')}
           from unnest($2::text[], $3::text[], $4::text[]) as w (kind, resource_kind, resource_id)
           join findings f on f.connection = $1 and f.kind = w.kind and f.resource_kind = w.resource_kind
                          and f.resource_id = w.resource_id and f.closed_at is null and not f.dry_run`,
})

/** Open findings of a connection after one of them, for a look whether what they say still holds. */
export const open = statement<
  [connection: string, kind: string, resourceKind: string, resourceId: string, limit: number],
  FindingRow
>({
  name: 'findings.open',
  uses: ['findings_open'],
  text: `select ${columns} from findings
          where connection = $1 and closed_at is null and not dry_run
            and (kind, resource_kind, resource_id) > ($2, $3, $4)
          order by kind, resource_kind, resource_id limit $5`,
})

/** Every open finding of a connection, fetched a page at a time. */
export async function* allOpen(on: Queryable, connection: string): AsyncGenerator<FindingRow> {
  const page = 500
  for (let last: FindingRow | undefined; ; ) {
    const rows = await open(
      on,
      connection,
      last?.kind ?? '',
      last?.resource_kind ?? '',
      last?.resource_id ?? '',
      page,
    )
    yield* rows
    last = rows.at(-1)
    if (rows.length < page) return
  }
}

/** What one run opened, oldest first, a page at a time. */
export const ofRun = statement<[runId: string, after: bigint, limit: number], FindingRow & { seq: bigint }>({
  name: 'findings.ofRun',
  uses: ['findings_run'],
  text: `select seq, ${columns} from findings where run_id = $1 and seq > $2 order by seq limit $3`,
})

/** Closes findings; `repaired` says whether our side was mended or the matter went away by itself. */
export const close = statement<
  [ids: string[], repaired: boolean, now: string],
  { id: string; run_id: string }
>({
  name: 'findings.close',
  uses: ['findings_pkey'],
  text: `update findings set closed_at = $3, repaired = $2 where id = any($1::text[]) and closed_at is null returning id, run_id`,
})

/** Names the order that each resource belongs to now. */
export const attach = statement<[runId: string, scope: string], never>({
  name: 'findings.attach',
  uses: ['findings_run', 'refs_pkey', 'orders_pkey'],
  text: `update findings f set order_id = coalesce(o.alias_of, o.id)
           from refs r join orders o on o.id = r.order_id
          where f.run_id = $1 and f.order_id is null and r.scope = $2 and r.kind = f.resource_kind and r.id = f.resource_id`,
})

/** Figures of a run, by kind; exact after a kill as well, because they are counted from the rows. */
export const counts = statement<[runId: string], { kind: string; found: bigint; repaired: bigint }>({
  name: 'findings.counts',
  uses: ['findings_run'],
  text: `select kind, count(*) as found, count(*) filter (where repaired) as repaired from findings where run_id = $1 group by kind order by kind`,
})
