import type { Connection } from '../../config.ts'
import { type FactData, factId, type Instant, type Ref } from '../../core/fact.ts'
import { printDecimal } from '../../core/money.ts'
import type { Order } from '../../core/order.ts'
import * as findings from '../../store/findings.ts'
import { inDoubt } from '../../store/orders.ts'
import * as polling from '../../store/polling.ts'
import { canRead } from '../readable.ts'
import { record } from '../record.ts'
import { numberScopes } from '../record/number-scopes.ts'
import { orderOf } from '../record/state.ts'
import { policyOf } from '../record/policy.ts'
import type { Draft } from './findings.ts'
import type { Run } from './run.ts'

type Standing = Omit<Draft, 'id' | 'kind'>
type Subject = { readonly kind: string; readonly id: string; readonly order_id: string | null }

/** A payment may become known so long after its order without anything being wrong. */
const lagMs = 600_000
/** Shops end an order first and give the money back minutes later. */
const refundLagMs = 3_600_000
const ordersAtOnce = 500

/**
 * Orders that their shop calls paid and the payment side does not know past its lag, those that ended with their money
 * still here, and those of which money was given back on one side alone. Where a review is due the order is told as well, so
 * that it shows and goes by itself when the money is known.
 * `recorded` are the orders that something was recorded of lately; those of open findings are looked at besides.
 */
export async function unmatchedOrders(
  run: Run,
  recorded: (scope: string, kinds: string[]) => AsyncIterable<Subject>,
): Promise<Standing[]> {
  const found: Standing[] = []
  for (const shop of shopsOf(run)) {
    const ids = new Set<string>()
    for await (const row of recorded(shop.account, ['order']))
      if (row.order_id !== null) ids.add(row.order_id)
    for (const payer of payersOf(run))
      for await (const row of recorded(payer, ['refund'])) if (row.order_id !== null) ids.add(row.order_id)
    for (const id of await underFindings(run, shop)) ids.add(id)
    const all = [...ids]
    for (let at = 0; at < all.length; at += ordersAtOnce) {
      const rows = await inDoubt(run.system.db.web, all.slice(at, at + ordersAtOnce))
      for (const row of rows) found.push(...(await judge(run, shop, row.id, orderOf(row.state))))
    }
  }
  return found
}

/** Whose orders this run looks after: its own; and those that it may have been paid for where their shop cannot be asked. */
function shopsOf({ connection, system }: Run): Connection[] {
  const { connections } = system.config
  const isOrders = (one: Connection) => one.speaksFor.includes('order') && one.mode === connection.mode
  if (isOrders(connection)) return connection.speaksFor.includes('payment') ? [] : [connection]
  if (!connection.speaksFor.includes('payment')) return []
  const { scopes } = numberScopes(connection.account, connection, system.config)
  return connections.filter((one) => isOrders(one) && !canRead(one) && scopes.includes(one.account))
}

/** Whose money may have been given back of these orders. */
function payersOf({ connection, system }: Run): Set<string> {
  const payers = system.config.connections.filter(
    (one) => one.mode === connection.mode && one.speaksFor.includes('payment'),
  )
  return new Set(payers.map((one) => one.account))
}

async function underFindings(run: Run, shop: Connection): Promise<string[]> {
  const open: string[] = []
  for await (const row of findings.allOpen(run.system.db.web, run.connection.id)) {
    if (row.kind === 'unmatched' && row.resource_kind === 'order') open.push(row.resource_id)
  }
  if (open.length === 0) return []
  const rows = await polling.ordersOf(
    run.system.db.web,
    shop.account,
    open.map(() => 'order'),
    open,
  )
  return rows.map((row) => row.id)
}

type Case = { readonly told?: FactData['lag_passed']; readonly standing: Standing }

async function judge(run: Run, shop: Connection, id: string, order: Order): Promise<Standing[]> {
  const { resource, currency } = order
  if (resource?.kind !== 'order' || order.scope !== shop.account || currency === undefined) return []
  const named = { id, resource, currency, name: order.number ?? resource.id }
  const found = unpaid(run, order, named) ?? kept(run, order, named) ?? refundedOnOneSide(run, order, named)
  if (found === undefined) return []
  if (found.told !== undefined) await tell(run, shop, order, found.told)
  return [found.standing]
}

type Named = { readonly id: string; readonly resource: Ref; readonly currency: string; readonly name: string }

/** The shop says paid, and the payment side knows less. */
function unpaid(run: Run, order: Order, { id, resource, currency, name }: Named): Case | undefined {
  const { claim } = order
  const since = order.saidAt ?? order.placedAt
  if (claim === undefined || order.status === 'cancelled' || !isPast(run, since, lagMs)) return undefined
  return {
    told: { what: 'unmatched_order', figures: `${claim.knownMinor}/${claim.claimedMinor}` },
    standing: {
      resource,
      detail: {
        reason: 'order_without_payment',
        text: `order ${name} is called paid, and its payment is not known`,
      },
      ours: { order_id: id, amount: moneyOf(claim.knownMinor, currency) },
      theirs: { amount: moneyOf(claim.claimedMinor, currency), since },
      repair:
        'none by itself: reconcile the payment connection, link the payment, or record it as paid by hand',
    },
  }
}

/** The shop ended the order, and its money is still here. */
function kept(run: Run, order: Order, { id, resource, currency, name }: Named): Case | undefined {
  const { capturedMinor, returnedMinor, refundedMinor } = order.totals
  const keptMinor = capturedMinor - returnedMinor - refundedMinor
  const lateAfterMs = Math.max(refundLagMs, policyOf(run.system).refundDueAfterMs)
  if (keptMinor <= 0n || !isPast(run, order.cancelledAt, lateAfterMs)) return undefined
  return {
    told: { what: 'refund_due', figures: `${keptMinor}/0` },
    standing: {
      resource,
      detail: {
        reason: 'cancelled_but_captured',
        text: `order ${name} ended, and its money is still here`,
      },
      ours: { order_id: id, amount: moneyOf(keptMinor, currency) },
      theirs: { since: order.cancelledAt },
      repair: 'none by itself: refund it, or keep it as credit',
    },
  }
}

/** The shop gave money back that nobody gave, or somebody gave it and the shop does not know. */
function refundedOnOneSide(
  run: Run,
  order: Order,
  { id, resource, currency, name }: Named,
): Case | undefined {
  const { refundClaim, refunds, saidAt } = order
  const since = [saidAt, ...refunds.map(({ occurredAt }) => occurredAt)]
    .filter((at) => at !== undefined)
    .sort()
    .at(-1)
  if (refundClaim === undefined || !isPast(run, since, refundLagMs)) return undefined
  const { knownMinor, claimedMinor } = refundClaim
  const isShops = claimedMinor > knownMinor
  const text = isShops
    ? `the shop gave back more of order ${name} than is known where it was paid`
    : `more of order ${name} was given back where it was paid than its shop knows`
  return {
    standing: {
      resource,
      detail: { reason: isShops ? 'refund_not_at_provider' : 'refund_not_in_shop', text },
      ours: { order_id: id, amount: moneyOf(knownMinor, currency) },
      theirs: { amount: moneyOf(claimedMinor, currency), since },
      repair: isShops
        ? 'none by itself: refund it where it was paid'
        : 'none by itself: say in the shop which goods it was for',
    },
  }
}

function isPast(run: Run, at: Instant | undefined, ms: number): boolean {
  return at !== undefined && Date.parse(at) <= run.system.now().getTime() - ms
}

function moneyOf(amountMinor: bigint, currency: string): { amount: string; currency: string } {
  return { amount: printDecimal({ amountMinor, currency }), currency }
}

/** Tells the order that a lag has passed, once for each state of its figures. */
async function tell(run: Run, shop: Connection, order: Order, data: FactData['lag_passed']): Promise<void> {
  const isTold = order.reviews.some(({ code, figures }) => code === data.what && figures === data.figures)
  if (run.dryRun || isTold) return
  const subject = order.resource as Ref
  const fact = {
    id: factId('lag_passed', subject, `${data.what}:${data.figures}`),
    kind: 'lag_passed' as const,
    subject,
    // Of the order, not of the look at it: looking twice says the same.
    occurredAt: order.placedAt ?? order.saidAt ?? run.system.now().toISOString(),
    rank: 0,
    data,
  }
  const statements = [{ fact, joins: [], level: 'order' as const }]
  await record(run.system, { items: [{ connection: shop.id, source: 'poll', statements }] })
}
