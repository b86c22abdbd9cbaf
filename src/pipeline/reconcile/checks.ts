import type { Ref } from '../../core/fact.ts'
import type { ApiError } from '../../providers/provider.ts'
import { leaveUnmatched } from '../../store/event-states.ts'
import * as findings from '../../store/findings.ts'
import * as polling from '../../store/polling.ts'
import { type Draft, findingId, openDrafts } from './findings.ts'
import type { Run } from './run.ts'
import { payoutFindings } from './settlement.ts'
import { stockFindings } from './stock.ts'
import { lastWebhookOf, lookAtSubscription, mendSubscription, subscriptionStandings } from './subscription.ts'
import { unmatchedOrders } from './witnesses.ts'

/**
 * Checks that look at the whole connection rather than at one listed thing: is our webhook registered, did deliveries
 * stop, does a payment still name no order. Each opens what it finds and closes what holds no more. Answers with how
 * many findings of other runs went away.
 */
export async function checkConnection(run: Run): Promise<number> {
  let closed = await checkSubscription(run)
  closed += await stand(run, 'gap', await gapFindings(run))
  const since = new Date(run.system.now().getTime() - run.system.config.reconcile.lookbackMs).toISOString()
  const orders = await unmatchedOrders(run, (scope, kinds) => recordedSince(run, since, kinds, scope))
  const payouts = await payoutFindings(run, (kinds) => recordedSince(run, since, kinds))
  const adrift = await stillUnattached(run)
  const unmatched = [...(await unmatchedFindings(run)), ...orders, ...payouts]
  closed += await stand(run, 'unmatched', unmatched, (resource) => adrift.has(resource))
  // Other drift is of orders, and closes when its object agrees again.
  closed += await stand(
    run,
    'drift',
    await stockFindings(run),
    (resource) => !resource.startsWith('product:'),
  )
  return closed
}

type Standing = Omit<Draft, 'id' | 'kind'>

/** Opens the findings of one kind that hold now and closes those of it that do not any more. */
export async function stand(
  run: Run,
  kind: string,
  holding: readonly Standing[],
  stillOpen?: (resource: string) => boolean,
): Promise<number> {
  const drafts = holding.map((finding) => ({
    ...finding,
    kind,
    id: findingId(run, `${kind} ${keyOf(finding.resource)}`),
  }))
  await openDrafts(run, drafts)
  if (run.dryRun) return 0
  const holds = new Set(drafts.map((draft) => keyOf(draft.resource)))
  const gone: string[] = []
  for await (const row of findings.allOpen(run.system.db.web, run.connection.id)) {
    const resource = `${row.resource_kind}:${row.resource_id}`
    if (row.kind === kind && !holds.has(resource) && stillOpen?.(resource) !== true) gone.push(row.id)
  }
  const closed = await findings.close(run.system.db.web, gone, true, run.system.now().toISOString())
  return closed.filter((row) => row.run_id !== run.id).length
}

/** What was dropped and could be made again is told and closed at once, so that it shows and nobody has to act. */
async function checkSubscription(run: Run): Promise<number> {
  const state = await lookAtSubscription(run)
  if (state === undefined) return 0
  const mending = await mendSubscription(run, state)
  const standings = mending === 'unneeded' ? [] : subscriptionStandings(run, state)
  const closed = await stand(run, 'subscription', standings)
  return mending === 'mended' ? closed + (await stand(run, 'subscription', [])) : closed
}

/** So many events of the provider's must have come to us by no webhook before deliveries count as stopped. */
const gapEvents = 3
const gapAtLeastMs = 60_000

/**
 * Deliveries stopped: the connection had webhooks, and since the last one the provider had events that none brought, for
 * longer than a reconciliation period. A shop without sales has no events either, and is no gap.
 */
async function gapFindings(run: Run): Promise<Standing[]> {
  const now = run.system.now().getTime()
  const last = await lastWebhookOf(run)
  if (last === undefined) return []
  const lost = run.undelivered.filter((at) => at > last).sort()
  const quietMs = Math.max(run.system.config.reconcile.everyMs, gapAtLeastMs)
  if (lost.length < gapEvents || now - new Date(lost[0]!).getTime() < quietMs) return []
  return [
    {
      resource: { kind: 'connection', id: run.connection.id },
      detail: {
        reason: 'silence',
        text: `no webhook since ${last}, while the provider had ${lost.length} events for us`,
      },
      ours: { last_webhook: last },
      theirs: { events: lost.length, first_at: lost[0] },
      repair: "look at the endpoint in the provider's dashboard; polling brings the facts in meanwhile",
    },
  ]
}

const unmatchedLagMs = 600_000
const unmatchedReason =
  'a payment that names no order anybody knows: link it, declare that it is no sale, or refund it'
const chunk = 2_000

/** Payments that still name no order that anybody knows, past their lag. */
async function unmatchedFindings(run: Run): Promise<Standing[]> {
  const { reconcile } = run.system.config
  const now = run.system.now().getTime()
  const since = new Date(now - reconcile.lookbackMs).toISOString()
  const before = new Date(now - unmatchedLagMs).toISOString()
  const found = new Map<string, Standing>()
  for await (const row of recordedSince(run, since, payments)) {
    if (!row.captured || row.is_attached !== false || row.order_id === null || row.last_at > before) continue
    const resource = { kind: row.kind, id: row.id }
    found.set(row.order_id, {
      resource,
      detail: {
        reason: 'payment_without_order',
        text: `${row.kind} ${row.id} names no order that is known`,
        occurred_at: row.first_at,
      },
      ours: { order_id: row.order_id },
      theirs: { occurred_at: row.first_at },
      repair: 'link it to an order, or refund it',
    })
  }
  if (!run.dryRun) await leaveUnmatched(run.system.db.web, [...found.keys()], unmatchedReason)
  return [...found.values()]
}

const payments = ['charge', 'capture', 'payment_intent']

/** Payments under a finding that still hang on no order, however long ago they were recorded. */
async function stillUnattached(run: Run): Promise<ReadonlySet<string>> {
  const found: { readonly resource_kind: string; readonly resource_id: string }[] = []
  for await (const row of findings.allOpen(run.system.db.web, run.connection.id))
    if (row.kind === 'unmatched' && payments.includes(row.resource_kind)) found.push(row)
  const orders = await polling.ordersOf(
    run.system.db.web,
    run.connection.account,
    found.map((row) => row.resource_kind),
    found.map((row) => row.resource_id),
  )
  const adrift = orders.filter((order) => !order.is_attached)
  return new Set(adrift.map((order) => keyOf({ kind: order.ref_kind, id: order.ref_id })))
}

type Subject = Awaited<ReturnType<typeof polling.subjectsOf>>[number]

/** Subjects of all facts of an account recorded since a time, by way of the history chain. */
export async function* recordedSince(
  run: Run,
  since: string,
  kinds: string[],
  scope: string = run.connection.account,
): AsyncGenerator<Subject> {
  for (let after = 0n; ; ) {
    const links = await polling.linksSince(run.system.db.web, since, after, chunk)
    if (links.length > 0)
      yield* await polling.subjectsOf(
        run.system.db.web,
        links.map((link) => link.tx),
        scope,
        kinds,
      )
    if (links.length < chunk) return
    after = links.at(-1)!.seq
  }
}

/** Reads that one run may spend on what its lists did not show; the rest waits for the next run. */
const readsMax = 200
const rememberedMax = 10_000
const asked = new WeakMap<Run['system']['db'], Map<string, number>>()

/**
 * Resources of ours that the provider's lists should have shown and did not, oldest first, for reading one by one. What
 * the provider itself said is deleted is none of them.
 */
export async function unlisted(run: Run, window: { since: string; until: string }): Promise<Ref[]> {
  const found = new Map<string, Ref>()
  const deleted = new Set<string>()
  for await (const row of recordedSince(run, window.since, [...run.provider.keeps])) {
    const key = `${row.kind}:${row.id}`
    if (row.is_deleted) deleted.add(key)
    if (row.first_at < window.since || row.last_at > window.until || run.seen.has(key)) continue
    if (!wasAsked(run, key)) found.set(key, { kind: row.kind as Ref['kind'], id: row.id })
    if (found.size >= readsMax) break
  }
  return [...found].flatMap(([key, ref]) => (deleted.has(key) ? [] : [ref]))
}

/** An orphan: we hold it, and the provider, asked for it by its id, does not know it. */
export function orphanOf(resource: Ref, error: ApiError): Standing {
  const reason = ['payment_intent', 'charge', 'capture', 'refund', 'dispute', 'payout'].includes(
    resource.kind,
  )
    ? 'payment'
    : 'order'
  return {
    resource,
    detail: {
      reason,
      text: `${resource.kind} ${resource.id} is not known to the provider: ${error.message}`,
    },
    ours: { resource: keyOf(resource) },
    theirs: {},
    repair: 'none: a person must say where it came from',
  }
}

/** Remembers in this process that the provider knows a resource, so that its absence from lists costs one read a day. */
export function rememberRead(run: Run, resource: Ref): void {
  const known = asked.get(run.system.db) ?? new Map<string, number>()
  asked.set(run.system.db, known)
  if (known.size >= rememberedMax) known.delete(known.keys().next().value!)
  known.set(`${run.connection.id} ${keyOf(resource)}`, performance.now())
}

function wasAsked(run: Run, key: string): boolean {
  const at = asked.get(run.system.db)?.get(`${run.connection.id} ${key}`)
  return at !== undefined && performance.now() - at < 86_400_000
}

function keyOf(resource: { kind: string; id: string }): string {
  return `${resource.kind}:${resource.id}`
}
