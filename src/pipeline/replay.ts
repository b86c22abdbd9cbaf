import type { Order } from '../core/order.ts'
import * as findings from '../store/findings.ts'
import { eventsAfter, eventStates } from '../store/polling.ts'
import * as runs from '../store/runs.ts'
import { newId } from './ids.ts'
import { point } from './point.ts'
import { processEvents } from './process.ts'
import type { RecordResult } from './record.ts'
import type { Claimed } from './reconcile/work.ts'
import { RunLost } from './reconcile/run.ts'
import { signal } from './signal.ts'
import type { System } from './system.ts'

/** What entering a stored event again changed, or would change. A replay of what is known shows nothing at all. */
export type Replayed = {
  readonly facts: readonly string[]
  readonly orders: readonly {
    readonly id: string
    readonly before: Order | undefined
    readonly after: Order
  }[]
  readonly effects: readonly {
    readonly key: string
    readonly sink: string
    readonly kind: string
    readonly orderId: string
  }[]
}

/** The filter names of the event list. */
export type ReplayFilter = {
  readonly connection?: string
  readonly type?: string
  readonly status?: string
  readonly source?: string
  readonly provider_event_id?: string
  readonly order?: string
  readonly since?: string
  readonly until?: string
}

const batchMax = 64

/**
 * Enters a stored event again. Facts that are known change nothing, so nothing is done twice; with `dryRun` the same is
 * computed and nothing is written. Undefined where no such event is stored, or its bytes are not kept any more.
 */
export async function replayEvent(
  system: System,
  id: string,
  { dryRun }: { dryRun: boolean },
): Promise<Replayed | undefined> {
  const { events, result } = await processEvents(system, [id], { replay: true, dryRun })
  return events.length === 0 ? undefined : changedBy(result)
}

function changedBy(result: RecordResult | undefined): Replayed {
  const changes = result?.changes ?? []
  return {
    facts: [...new Set((result?.perItem ?? []).flatMap((item) => item.newFactIds))],
    orders: changes.map(({ orderId, before, after }) => ({ id: orderId, before, after })),
    effects: changes.flatMap(({ orderId, effects }) =>
      effects.map(({ key, sink, kind }) => ({ key, sink, kind, orderId })),
    ),
  }
}

/** Queues a replay of everything that the filter matches. */
export async function requestReplay(
  system: System,
  { filter, dryRun }: { filter: ReplayFilter; dryRun: boolean },
): Promise<{ id: string }> {
  const now = system.now()
  const id = newId('run', now)
  await runs.insert(
    system.db.web,
    id,
    'replay',
    filter.connection ?? null,
    dryRun,
    false,
    JSON.stringify({ filter }),
    now.toISOString(),
  )
  signal.emit('runs')
  return { id }
}

type Progress = { after?: string; scanned: number; found: number; repaired: number; until?: string }

/**
 * Carries a replay run out, in batches from where an earlier attempt stopped. `scanned` counts events, `found` those
 * that brought something new, `repaired` those that are settled now and were not before.
 */
export async function workReplay(system: System, { row, token, signal: stop }: Claimed): Promise<void> {
  const { filter } = JSON.parse(row.parameters) as { filter: ReplayFilter }
  const progress: Progress = {
    scanned: 0,
    found: 0,
    repaired: 0,
    ...(JSON.parse(row.progress) as Partial<Progress>),
  }
  // Events that come while it runs are processed by themselves.
  progress.until ??= filter.until ?? system.now().toISOString()
  for (;;) {
    stop.throwIfAborted()
    const rows = await eventsAfter(
      system.db.web,
      BigInt(progress.after ?? '-1'),
      batchMax,
      ...columnsOf(filter),
      progress.until,
    )
    if (rows.length === 0) break
    await replayBatch(
      system,
      rows.map((event) => event.id),
      { dryRun: row.dry_run, progress },
    )
    progress.after = rows.at(-1)!.seq.toString()
    point('replay.mid_batch')
    const kept = await runs.progress(system.db.web, row.id, token, JSON.stringify(progress), progress.scanned)
    if (kept.length === 0) throw new RunLost(`run ${row.id} was taken over`)
  }
  const { scanned, found, repaired } = progress
  const counts = await findings.counts(system.db.web, row.id)
  const ended = await runs.finish(
    system.db.web,
    row.id,
    token,
    'completed',
    system.now().toISOString(),
    null,
    scanned,
    found,
    repaired,
    JSON.stringify(Object.fromEntries(counts.map((c) => [c.kind, Number(c.found)]))),
  )
  if (ended.length === 0) throw new RunLost(`run ${row.id} was taken over`)
}

async function replayBatch(
  system: System,
  ids: readonly string[],
  { dryRun, progress }: { dryRun: boolean; progress: Progress },
): Promise<void> {
  const before = new Map((await eventStates(system.db.web, [...ids])).map((row) => [row.id, row.status]))
  const { events } = await processEvents(system, ids, { replay: true, dryRun })
  progress.scanned += ids.length
  for (const event of events) {
    if (event.newFactIds.length > 0) progress.found += 1
    if (event.status === 'processed' && before.get(event.id) !== 'processed') progress.repaired += 1
  }
}

type Columns = [
  connection: string | null,
  type: string | null,
  status: string | null,
  source: string | null,
  providerEventId: string | null,
  order: string | null,
  since: string | null,
]

function columnsOf(filter: ReplayFilter): Columns {
  const { connection, type, status, source, provider_event_id, order, since } = filter
  return [
    connection ?? null,
    type ?? null,
    status ?? null,
    source ?? null,
    provider_event_id ?? null,
    order ?? null,
    since ?? null,
  ]
}
