import * as z from 'zod'
import type { Connection } from '../../store/database.ts'
import { deliveriesOf, effectsOf, entriesOf, findingsOf } from '../../store/reading/history.ts'
import { inSnapshot } from '../../store/reading/snapshot.ts'
import type { RecordedFact } from '../../store/facts.ts'
import { changedFields } from './changes.ts'
import { badCursor, decodeText, encodeText } from './cursor.ts'
import { summaryOf } from './history-words.ts'
import { type Step, stepsOf } from './history-steps.ts'
import type { OrderView } from '../../core/order-view.ts'
import { timelineFor } from './orders.ts'
import { type Call, ok, type Route, route } from './route.ts'
import { pageOf, textListQuery, Time } from './schemas.ts'
import { type Timeline, viewAt } from './timeline.ts'

const HistoryRow = z
  .object({
    id: z.string(),
    at: Time.meta({ description: "The provider's time" }),
    recorded_at: Time.meta({ description: 'When we knew it' }),
    kind: z.enum(['fact', 'effect', 'finding', 'operator']),
    type: z.string(),
    source: z.enum(['webhook', 'poll', 'reread', 'operator', 'effect']),
    event_id: z.string().nullable(),
    summary: z.string(),
    before: z
      .record(z.string(), z.unknown())
      .meta({ description: "The order's fields that it changed, as they were" }),
    after: z.record(z.string(), z.unknown()),
    witnesses: z
      .number()
      .int()
      .meta({ description: 'How many differing accounts of the same fact there are' }),
    deliveries: z.number().int().meta({ description: 'How often its event was delivered' }),
    entries: z.array(z.string()).meta({ description: 'Ledger entries that it made' }),
  })
  .meta({ id: 'HistoryRow' })
type HistoryRow = z.infer<typeof HistoryRow>

const Query = textListQuery({ sort: z.enum(['recorded_at', 'at']).default('recorded_at') })

export const historyRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/orders/{id}/history',
    role: 'viewer',
    tag: 'Orders',
    summary: 'Everything that happened to an order, oldest first',
    query: Query,
    answers: { 200: pageOf(HistoryRow) },
    async handle(call) {
      return ok(await inSnapshot(call.system.db.web, (on) => historyPage(on, call)))
    },
  }),
]

/**
 * Rows of one page. Only what is shown is folded: each row's change is the difference between the order as known just
 * before and just after it, so an earlier row never changes and never needs the later ones.
 */
async function historyPage(on: Connection, call: Call<z.output<typeof Query>, unknown>): Promise<object> {
  const timeline = await timelineFor(on, call)
  const root = [...timeline.members.values()].find((member) => member.alias_of === null)!.id
  const ids = [...timeline.members.keys()]
  const steps = stepsOf(timeline, root, await effectsOf(on, ids), await findingsOf(on, ids))
  const place = new Map(steps.map((step, index) => [step.id, index]))
  const sorted = call.query.sort === 'at' ? steps.toSorted((a, b) => compare(a.at, b.at)) : steps
  const views = viewer(timeline, root, steps, call.actor.role === 'viewer')
  const rows: HistoryRow[] = []
  const isFull = () => rows.length > call.query.limit
  for (const step of sorted.slice(startOf(sorted, call.query.cursor))) {
    const index = place.get(step.id)!
    const change = changedFields(views(index - 1), views(index))
    // A second witness that changes nothing is a count on the row of the first.
    if (step.kind === 'fact' && !step.isFirstWitness && Object.keys(change.after).length === 0) continue
    rows.push({ ...rowOf(step, timeline.facts), ...change })
    if (isFull()) break
  }
  const data = rows.slice(0, call.query.limit)
  await addCounts(on, data, ids)
  return { data, next_cursor: isFull() ? encodeText(data.at(-1)!.id) : null }
}

function startOf(steps: readonly Step[], cursor: string | undefined): number {
  if (cursor === undefined) return 0
  const id = decodeText(cursor)
  const index = steps.findIndex((step) => step.id === id)
  if (index === -1) throw badCursor()
  return index + 1
}

/** The order's view after the step at an index; −1 is before anything was known. Neighbours are asked for in turn. */
function viewer(
  timeline: Timeline,
  root: string,
  steps: readonly Step[],
  isMasked: boolean,
): (index: number) => OrderView {
  const kept = new Map<number, OrderView>()
  return (index) => {
    const held = kept.get(index)
    if (held !== undefined) return held
    const facts = steps.slice(0, index + 1).flatMap((step) => step.facts)
    const { view } = viewAt(timeline, {
      root,
      facts,
      linkSeq: index < 0 ? 0n : steps[index]!.linkSeq,
      isMasked,
    })
    kept.set(index, view)
    return view
  }
}

type BareRow = Omit<HistoryRow, 'before' | 'after'>

function rowOf(step: Step, facts: readonly RecordedFact[]): BareRow {
  const base = {
    id: step.id,
    at: step.at,
    recorded_at: step.recordedAt,
    event_id: null,
    witnesses: 1,
    deliveries: 0,
    entries: [],
  }
  switch (step.kind) {
    case 'fact':
      return { ...base, ...factRow(step.fact, facts) }
    case 'merge':
      return {
        ...base,
        kind: 'fact',
        type: 'orders_merged',
        source: step.cause?.source ?? 'webhook',
        event_id: step.cause?.eventId ?? null,
        summary: `The order ${step.merged} proved to be this one`,
      }
    case 'effect': {
      const { kind, state, last_error: reason } = step.effect
      const isUnsent = state === 'cancelled' && step.effect.done_at === null
      return {
        ...base,
        kind: 'effect',
        type: `${kind}_due`,
        source: 'effect',
        summary: isUnsent
          ? `A ${plain(kind)} was called for and will not be made: ${plain(reason ?? '')}`
          : `A ${plain(kind)} became due`,
      }
    }
    case 'finding':
      return {
        ...base,
        kind: 'finding',
        type: step.finding.kind,
        source: 'poll',
        summary: `Reconciling found it ${step.finding.kind}; repair: ${step.finding.repair}`,
      }
    default:
      return step satisfies never
  }
}

function factRow(
  fact: RecordedFact,
  facts: readonly RecordedFact[],
): Pick<BareRow, 'kind' | 'type' | 'source' | 'event_id' | 'summary' | 'witnesses'> {
  const isOurs = fact.kind === 'effect_performed'
  return {
    kind: isOurs ? 'effect' : fact.source === 'operator' ? 'operator' : 'fact',
    type: isOurs ? `${fact.data.effectKind}_${fact.data.state}` : fact.kind,
    source: fact.source,
    event_id: fact.eventId,
    summary: summaryOf(fact),
    witnesses: facts.filter((other) => other.id === fact.id && other.scope === fact.scope).length,
  }
}

/** What the database counts for the shown rows: deliveries of their events, ledger entries of their facts. */
async function addCounts(on: Connection, rows: HistoryRow[], orderIds: readonly string[]): Promise<void> {
  const eventIds = [...new Set(rows.flatMap((row) => row.event_id ?? []))]
  const deliveries = new Map(
    (eventIds.length === 0 ? [] : await deliveriesOf(on, eventIds)).map((row) => [row.id, row.deliveries]),
  )
  const entries = await entriesOf(on, orderIds)
  const byFact = Map.groupBy(
    entries.flatMap((entry) => entry.fact_seqs.map((seq) => ({ seq, id: `jrn_${entry.id}` }))),
    (entry) => `fct_${entry.seq}`,
  )
  for (const row of rows) {
    row.deliveries = row.event_id === null ? 0 : (deliveries.get(row.event_id) ?? 0)
    row.entries = (byFact.get(row.id) ?? []).map((entry) => entry.id)
  }
}

function plain(code: string): string {
  return code.replaceAll('_', ' ')
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
