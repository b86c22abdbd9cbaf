import * as z from 'zod'
import { requestRun } from '../../pipeline/reconcile.ts'
import { requestReplay } from '../../pipeline/replay.ts'
import { type FindingRow, findingsOfRun, listRuns, runById, type RunRow } from '../../store/reading/runs.ts'
import { Problem } from '../problem.ts'
import { page } from './cursor.ts'
import { eventFilters } from './events.ts'
import { type Call, ok, type Route, route } from './route.ts'
import { Id, listQuery, pageOf, Text, Time } from './schemas.ts'
import { isSeen } from './scope.ts'

const RunShape = z
  .object({
    id: z.string(),
    kind: z.enum(['reconciliation', 'replay']),
    connection: z.string().nullable(),
    dry_run: z.boolean(),
    scheduled: z.boolean(),
    status: z.enum(['queued', 'running', 'completed', 'failed']),
    scanned: z.number().int(),
    found: z.number().int().meta({ description: 'Findings newly opened' }),
    repaired: z.number().int(),
    findings: z.record(z.string(), z.number().int()).meta({ description: 'How many of each kind' }),
    error: z.string().nullable(),
    queued_at: Time,
    started_at: Time.nullable(),
    finished_at: Time.nullable(),
  })
  .meta({ id: 'Run' })

const FindingShape = z
  .object({
    id: z.string(),
    kind: z.enum(['missing', 'behind', 'drift', 'orphan', 'unmatched', 'gap', 'subscription']),
    resource: z.object({ kind: z.string(), id: z.string() }),
    order_id: z.string().nullable(),
    detail: z.unknown(),
    ours: z.unknown(),
    theirs: z.unknown(),
    repair: z.string(),
    repaired: z.boolean(),
    opened_at: Time,
    closed_at: Time.nullable(),
  })
  .meta({ id: 'Finding' })

function runView({ seq: _seq, parameters: _parameters, ...run }: RunRow): object {
  return { ...run, findings: JSON.parse(run.findings) }
}

function findingView(row: FindingRow): object {
  const { id, kind, order_id, repair, repaired, opened_at, closed_at } = row
  const { detail, ours, theirs } = row
  return {
    id,
    kind,
    order_id,
    repair,
    repaired,
    opened_at,
    closed_at,
    resource: { kind: row.resource_kind, id: row.resource_id },
    detail: JSON.parse(detail),
    ours: JSON.parse(ours),
    theirs: JSON.parse(theirs),
  }
}

const Instant = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text).toISOString())
  .meta({ override: { type: 'string', format: 'date-time' } })

const { mode: _mode, ...replayFilters } = eventFilters
const kinds = { '/reconciliations': 'reconciliation', '/replays': 'replay' } as const

function readsOf(path: '/reconciliations' | '/replays', tag: string): readonly Route[] {
  const kind = kinds[path]
  return [
    route({
      method: 'get',
      path,
      role: 'viewer',
      tag,
      summary: 'Runs, newest first',
      query: listQuery({}),
      answers: { 200: pageOf(RunShape) },
      async handle({ system, actor, query: { cursor, limit } }) {
        return ok(
          page(await listRuns(system.db.web, kind, cursor, limit + 1, actor.connections), limit, runView),
        )
      },
    }),
    route({
      method: 'get',
      path: `${path}/{id}`,
      role: 'viewer',
      tag,
      summary: 'One run',
      answers: { 200: RunShape },
      async handle(call) {
        return ok(runView(await runFor(call)))
      },
    }),
  ]
}

export const runRoutes: readonly Route[] = [
  ...readsOf('/reconciliations', 'Reconciliations'),
  ...readsOf('/replays', 'Replays'),
  route({
    method: 'get',
    path: '/reconciliations/{id}/findings',
    role: 'viewer',
    tag: 'Reconciliations',
    summary: 'What a run found, newest first',
    query: listQuery({}),
    answers: { 200: pageOf(FindingShape) },
    async handle(call) {
      const { cursor, limit } = call.query
      const run = await runFor(call)
      return ok(page(await findingsOfRun(call.system.db.web, run.id, cursor, limit + 1), limit, findingView))
    },
  }),
  route({
    method: 'post',
    path: '/reconciliations',
    role: 'operator',
    tag: 'Reconciliations',
    summary: 'Queues a run: what the provider has and we lack enters as events',
    body: z.strictObject({
      connection: Id,
      since: Instant.optional(),
      until: Instant.optional(),
      order: Text.optional(),
      dry_run: z.boolean().default(false),
    }),
    answers: { 202: RunShape },
    async handle({ system, actor, body }) {
      const { connection, since, until, order, dry_run: dryRun } = body
      const isKnown = system.config.connections.some(({ id }) => id === connection)
      if (!isKnown || !isSeen(actor, connection))
        throw new Problem('invalid_request', `connection: there is no connection ${connection}`)
      if (since !== undefined && until !== undefined && since >= until)
        throw new Problem('invalid_request', 'since must be before until')
      const { id } = await requestRun(system, {
        connection,
        dryRun,
        ...(since === undefined ? {} : { since }),
        ...(until === undefined ? {} : { until }),
        ...(order === undefined ? {} : { order }),
      })
      return { status: 202, json: runView((await runById(system.db.web, id))[0]!) }
    },
  }),
  route({
    method: 'post',
    path: '/replays',
    role: 'operator',
    tag: 'Replays',
    summary: 'Queues a run that enters every stored event of the filter again',
    body: z.strictObject({ filter: z.strictObject(replayFilters), dry_run: z.boolean().default(false) }),
    answers: { 202: RunShape },
    async handle({ system, actor, body: { filter, dry_run: dryRun } }) {
      if (!isSeen(actor, filter.connection ?? null))
        throw new Problem('forbidden', 'Name a connection that this key may see')
      const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
      const { id } = await requestReplay(system, { filter: given, dryRun })
      return { status: 202, json: runView((await runById(system.db.web, id))[0]!) }
    },
  }),
]

async function runFor(call: Call<unknown, unknown>): Promise<RunRow> {
  const [run] = await runById(call.system.db.web, call.params.id!)
  if (run === undefined || !isSeen(call.actor, run.connection))
    throw new Problem('not_found', 'There is no run with this id')
  return run
}
