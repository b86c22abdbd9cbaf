import { hash } from 'node:crypto'
import { type Difference, keyOf } from '../../core/diff.ts'
import type { Instant, Ref } from '../../core/fact.ts'
import { type Money, printDecimal } from '../../core/money.ts'
import * as findings from '../../store/findings.ts'
import * as polling from '../../store/polling.ts'
import type { Run } from './run.ts'

/** A finding about to be written. `detail` opens with the reason and keeps what the run needs to find it again. */
export type Draft = {
  readonly id: string
  readonly kind: string
  readonly resource: { readonly kind: string; readonly id: string }
  readonly detail: object
  readonly ours: object
  readonly theirs: object
  readonly repair: string
}

/** What `detail` of a difference holds besides the reason. */
type Kept = {
  readonly reason: string
  readonly name: string
  readonly occurred_at: Instant
  readonly resources: readonly Ref[]
  readonly facts: readonly string[]
  readonly events: readonly string[]
  readonly payments: readonly string[]
}

const pageSize = 500

/** Writes those differences that are new or grew since they were last written. The same work done twice writes one row. */
export async function writeDifferences(run: Run): Promise<void> {
  const { all } = run.differences
  const names = new Set(all.map((difference) => difference.name))
  await takeBack(
    run,
    [...run.findings.keys()].filter((name) => !names.has(name)),
  )
  const changed = all.filter((difference) => run.written.get(difference.name) !== difference)
  if (changed.length === 0) return
  const drafts = await draftsOf(run, changed)
  const fresh = drafts.filter((_, at) => !run.findings.has(changed[at]!.name))
  const opened = await openDrafts(run, fresh)
  for (const [at, difference] of changed.entries()) {
    const id = drafts[at]!.id
    if (!run.findings.has(difference.name))
      run.findings.set(difference.name, opened.get(id) ?? { id, isOwn: true, events: [] })
    run.written.set(difference.name, difference)
  }
  await rewrite(
    run,
    changed.map((difference, at) => ({ difference, draft: drafts[at]! })),
  )
}

/** Opens what has no open finding of its resource and kind yet; says for each under which finding it stands now. */
export async function openDrafts(
  run: Run,
  drafts: readonly Draft[],
): Promise<Map<string, { id: string; isOwn: boolean; events: readonly string[] }>> {
  const standing = new Map<string, { id: string; isOwn: boolean; events: readonly string[] }>()
  if (drafts.length === 0) return standing
  const { web } = run.system.db
  const columns = [
    drafts.map((d) => d.kind),
    drafts.map((d) => d.resource.kind),
    drafts.map((d) => d.resource.id),
  ] as const
  const open = new Map(
    (await findings.openOf(web, run.connection.id, ...columns)).map((row) => [
      markOf(row.kind, row.resource_kind, row.resource_id),
      row,
    ]),
  )
  const news = drafts.filter((draft) => !open.has(markOf(draft.kind, draft.resource.kind, draft.resource.id)))
  for (const draft of drafts) {
    const row = open.get(markOf(draft.kind, draft.resource.kind, draft.resource.id))
    const events = row === undefined ? [] : ((JSON.parse(row.detail) as Partial<Kept>).events ?? [])
    standing.set(
      draft.id,
      row === undefined
        ? { id: draft.id, isOwn: true, events }
        : { id: row.id, isOwn: row.run_id === run.id, events },
    )
  }
  await findings.insert(
    web,
    run.id,
    run.connection.id,
    run.dryRun,
    news.map((d) => d.id),
    news.map((d) => d.kind),
    news.map((d) => d.resource.kind),
    news.map((d) => d.resource.id),
    news.map((d) => JSON.stringify(d.detail)),
    news.map((d) => JSON.stringify(d.ours)),
    news.map((d) => JSON.stringify(d.theirs)),
    news.map((d) => d.repair),
    run.system.now().toISOString(),
  )
  return standing
}

/** Differences that an earlier attempt at this run wrote, so that what belongs to them is not opened again. */
export async function restoreDifferences(run: Run): Promise<void> {
  let after = -1n
  for (;;) {
    const rows = await findings.ofRun(run.system.db.web, run.id, after, pageSize)
    for (const row of rows) {
      after = row.seq
      const kept = JSON.parse(row.detail) as Partial<Kept>
      if (kept.name === undefined) continue
      const difference = restored(row, kept as Kept)
      run.differences.put(difference)
      if (difference.kind === 'missing') run.unknown.add(keyOf(difference.resource))
      run.findings.set(difference.name, { id: row.id, isOwn: true, events: difference.events })
      run.written.set(difference.name, difference)
    }
    if (rows.length < pageSize) return
  }
}

function restored(row: findings.FindingRow, kept: Kept): Difference {
  return {
    name: kept.name,
    kind: row.kind as Difference['kind'],
    resource: { kind: row.resource_kind, id: row.resource_id } as Ref,
    reason: kept.reason,
    members: kept.resources,
    facts: kept.facts,
    events: kept.events,
    amount: undefined,
    occurredAt: kept.occurred_at,
    payments: kept.payments,
  }
}

async function takeBack(run: Run, names: readonly string[]): Promise<void> {
  const own = names.flatMap((name) => {
    const finding = run.findings.get(name)
    run.findings.delete(name)
    run.written.delete(name)
    return finding?.isOwn === true ? [finding.id] : []
  })
  if (own.length > 0) await findings.remove(run.system.db.web, run.id, own)
}

/** Brings the rows up to what is known now. A finding that another run opened keeps its events beside ours. */
async function rewrite(
  run: Run,
  changes: readonly { difference: Difference; draft: Draft }[],
): Promise<void> {
  const rows = changes.map(({ difference, draft }) => {
    const finding = run.findings.get(difference.name)!
    const detail = draft.detail as Kept
    return {
      ...draft,
      id: finding.id,
      detail: { ...detail, events: [...new Set([...finding.events, ...detail.events])] },
    }
  })
  const writable = run.dryRun
    ? rows.filter((_, at) => run.findings.get(changes[at]!.difference.name)!.isOwn)
    : rows
  if (writable.length === 0) return
  try {
    await update(run, writable)
  } catch (error) {
    if ((error as { code?: string }).code !== '23505') throw error
    // What a finding grew into is open under another one already: that one stands, and ours keeps its first resource.
    for (const row of writable)
      await update(run, [row]).catch(() =>
        run.system.log.info('two findings are one', { finding_id: row.id, run_id: run.id }),
      )
  }
}

async function update(run: Run, writable: readonly Draft[]): Promise<void> {
  await findings.update(
    run.system.db.web,
    writable.map((d) => d.id),
    writable.map((d) => d.kind),
    writable.map((d) => d.resource.kind),
    writable.map((d) => d.resource.id),
    writable.map((d) => JSON.stringify(d.detail)),
    writable.map((d) => JSON.stringify(d.ours)),
    writable.map((d) => JSON.stringify(d.theirs)),
    writable.map((d) => d.repair),
  )
}

async function draftsOf(run: Run, differences: readonly Difference[]): Promise<Draft[]> {
  const refs = differences.flatMap((difference) => difference.members)
  const rows = await polling.ordersOf(
    run.system.db.web,
    run.connection.account,
    refs.map((ref) => ref.kind),
    refs.map((ref) => ref.id),
  )
  const orders = new Map(rows.map((row) => [`${row.ref_kind}:${row.ref_id}`, row]))
  return differences.map((difference) => {
    const { kind, resource, reason, members, facts, events, payments, name } = difference
    const order =
      kind === 'missing' ? undefined : members.flatMap((ref) => orders.get(`${ref.kind}:${ref.id}`) ?? [])[0]
    const detail: Kept = {
      reason,
      name,
      occurred_at: difference.occurredAt,
      resources: members,
      facts,
      events,
      payments,
    }
    const ours =
      order === undefined
        ? {}
        : {
            order_id: order.id,
            number: order.number,
            status: order.status,
            payment_status: order.payment_status,
          }
    const amount = difference.amount === undefined ? {} : { amount: moneyOf(difference.amount) }
    return {
      id: findingId(run, name),
      kind,
      resource,
      detail,
      ours,
      theirs: { ...amount, occurred_at: difference.occurredAt, facts },
      repair: repairOf(difference),
    }
  })
}

function repairOf({ facts, events }: Difference): string {
  const kinds = [...new Set(facts.map((id) => id.slice(0, id.indexOf(':'))))]
  const what = kinds.length === 0 ? 'keeps it for a person to read' : `records ${kinds.join(', ')}`
  return `store ${events.length} event${events.length === 1 ? '' : 's'} of source poll; processing ${what}`
}

/** Ids are derived, so that a page that is compared again after a kill writes the rows that it wrote before. */
export function findingId(run: Run, name: string): string {
  return `fnd_${hash('sha256', `${run.id}\n${name}`).slice(0, 32)}`
}

function moneyOf(money: Money): { amount: string; currency: string } {
  return { amount: printDecimal(money), currency: money.currency }
}

function markOf(kind: string, resourceKind: string, resourceId: string): string {
  return `${kind}\0${resourceKind}\0${resourceId}`
}
