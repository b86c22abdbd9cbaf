import { statement } from '../statement.ts'

export type RunRow = {
  seq: bigint
  id: string
  kind: string
  connection: string | null
  dry_run: boolean
  scheduled: boolean
  status: string
  parameters: string
  scanned: number
  found: number
  repaired: number
  findings: string
  error: string | null
  queued_at: string
  started_at: string | null
  finished_at: string | null
}

const columns = `seq, id, kind, connection, dry_run, scheduled, status, parameters, scanned, found, repaired, findings, error,
                 queued_at, started_at, finished_at`

/** Runs of one kind, newest first. */
export const listRuns = statement<
  [kind: string, before: bigint, limit: number, scopes: readonly string[] | null],
  RunRow
>({
  name: 'reading.runs',
  uses: ['runs_seq'],
  text: `select ${columns} from runs
          where kind = $1 and seq < $2 and ($4::text[] is null or connection = any($4)) order by seq desc limit $3`,
})

export const runById = statement<[id: string], RunRow>({
  name: 'reading.runById',
  uses: ['runs_pkey'],
  text: `select ${columns} from runs where id = $1`,
})

export type FindingRow = {
  seq: bigint
  id: string
  kind: string
  resource_kind: string
  resource_id: string
  order_id: string | null
  detail: string
  ours: string
  theirs: string
  repair: string
  repaired: boolean
  opened_at: string
  closed_at: string | null
}

/** Findings of one run, newest first. */
export const findingsOfRun = statement<[run: string, before: bigint, limit: number], FindingRow>({
  name: 'reading.findingsOfRun',
  uses: ['findings_run'],
  text: `select seq, id, kind, resource_kind, resource_id, order_id, detail, ours, theirs, repair, repaired, opened_at, closed_at
           from findings where run_id = $1 and seq < $2 order by seq desc limit $3`,
})
