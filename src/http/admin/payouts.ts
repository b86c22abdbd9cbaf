import * as z from 'zod'
import { settlementReview } from '../../core/payout.ts'
import { type Line, payoutsOf, type Told } from '../../pipeline/payouts.ts'
import type { System } from '../../pipeline/system.ts'
import { entriesByKeys, type LedgerEntry, movementKeys } from '../../store/reading/ledger.ts'
import { listPayouts, payoutsById, type PayoutRow } from '../../store/reading/payouts.ts'
import type { Actor } from '../auth.ts'
import { Problem } from '../problem.ts'
import { page } from './cursor.ts'
import { moneyOf, reviewView } from '../../core/order-view.ts'
import { EntryShape, entryView } from './ledger.ts'
import { ReviewShape } from './order-shape.ts'
import { ok, type Route, route } from './route.ts'
import { listQuery, MoneyShape, pageOf, Time } from './schemas.ts'
import { isSeen, modeShown, ModeQuery } from './scope.ts'

const PayoutShape = z
  .object({
    id: z.string(),
    connection: z.string(),
    mode: z.enum(['test', 'live']),
    status: z.enum(['pending', 'in_transit', 'paid', 'failed', 'canceled']),
    amount: MoneyShape,
    created_at: Time,
    arrival_date: Time.nullable(),
    lines_basis: z.enum(['provider', 'balance']),
    lines: z.array(
      z.object({
        id: z.string(),
        type: z.string(),
        category: z.string(),
        amount: MoneyShape,
        fee: MoneyShape,
        net: MoneyShape,
        occurred_at: Time,
        order_id: z.string().nullable(),
      }),
    ),
    difference: MoneyShape.nullable().meta({
      description: 'The payout less the net of its lines; null while that is not known',
    }),
    opening_balance: MoneyShape.nullable().meta({
      description:
        'Where the provider names no lines: what its balance held before those since the payout before',
    }),
    closing_balance: MoneyShape.nullable().meta({ description: 'What it held when this one had left' }),
    needs_review: z.array(ReviewShape),
  })
  .meta({ id: 'Payout' })

export const payoutRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/payouts',
    role: 'viewer',
    tag: 'Payouts',
    summary: 'Payouts with every line that makes them up, newest first',
    query: listQuery({ mode: ModeQuery }),
    answers: { 200: pageOf(PayoutShape) },
    async handle({ system, actor, query: { cursor, limit, mode = modeShown(system) } }) {
      const connections = system.config.connections
        .filter((connection) => connection.mode === mode)
        .map(({ id }) => id)
      const rows = await listPayouts(system.db.web, cursor, limit + 1, actor.connections, connections)
      const views = await viewsOf(system, rows.slice(0, limit))
      return ok(page(rows, limit, (row) => views.get(row)!))
    },
  }),
  route({
    method: 'get',
    path: '/payouts/{id}',
    role: 'viewer',
    tag: 'Payouts',
    summary: 'One payout',
    answers: { 200: PayoutShape },
    async handle({ system, actor, params }) {
      const [row] = await payoutsById(system.db.web, scopesFor(system, actor), [params.id!])
      if (row === undefined || !isSeen(actor, row.connection))
        throw new Problem('not_found', 'There is no payout with this id')
      return ok((await viewsOf(system, [row])).get(row)!)
    },
  }),
  route({
    method: 'get',
    path: '/payouts/{id}/ledger',
    role: 'viewer',
    tag: 'Payouts',
    summary: 'The journal entries of one payout, of its lines and of what they are about, newest first',
    query: listQuery({}),
    answers: { 200: pageOf(EntryShape) },
    async handle({ system, actor, params, query: { cursor, limit } }) {
      const [row] = await payoutsById(system.db.web, scopesFor(system, actor), [params.id!])
      if (row === undefined || !isSeen(actor, row.connection))
        throw new Problem('not_found', 'There is no payout with this id')
      const { lines } = (await payoutsOf(system, [row])).get(row)!
      const rows = await entriesOf(system, row, lines, { before: cursor, limit: limit + 1 })
      return ok(page(rows, limit, entryView))
    },
  }),
]

/** Its own entries are keyed by it, those of a line by the line, and what a line is about by that. */
async function entriesOf(
  { db }: System,
  row: PayoutRow,
  lines: readonly Line[],
  { before, limit }: { before: bigint; limit: number },
): Promise<LedgerEntry[]> {
  const orderIds = [...new Set(lines.flatMap(({ order_id: orderId }) => orderId ?? []))]
  const sources = lines.flatMap(({ data }) => data.source?.id ?? [])
  const moved = await movementKeys(db.web, orderIds, sources)
  const keys = [
    ...['left', 'arrived', 'back', 'bounced'].map((step) => `journal:payout_${step}:payout:${row.id}`),
    ...lines.flatMap(({ id }) => [`journal:balance_line:transaction:${id}`, `journal:dispute_lost:${id}`]),
    ...moved.map(({ key }) => key),
  ]
  const ids = lines.map(({ id }) => id)
  return entriesByKeys(db.web, row.scope, keys, orderIds, ids, before, limit)
}

function scopesFor(system: System, actor: Actor): string[] {
  return system.config.connections.filter(({ id }) => isSeen(actor, id)).map(({ account }) => account)
}

async function viewsOf(system: System, rows: readonly PayoutRow[]): Promise<Map<PayoutRow, object>> {
  const told = await payoutsOf(system, rows)
  return new Map([...told].map(([row, payout]) => [row, payoutView(system, row, payout)]))
}

function payoutView(system: System, row: PayoutRow, payout: Told): object {
  const { currency, differenceMinor, balance } = payout
  const review = settlementReview(payout, { kind: 'payout', id: row.id })
  const orNull = (amountMinor: bigint | undefined) =>
    amountMinor === undefined ? null : moneyOf(amountMinor, currency)
  return {
    id: row.id,
    connection: row.connection,
    mode: system.config.connections.find(({ id }) => id === row.connection)?.mode ?? 'test',
    status: payout.state,
    amount: moneyOf(payout.amountMinor, currency),
    created_at: payout.occurredAt,
    arrival_date: payout.arrivalDate ?? null,
    lines_basis: payout.linesBasis,
    lines: payout.lines.map(({ id, data, occurred_at, order_id }) => ({
      id,
      type: data.type,
      category: data.category,
      amount: moneyOf(data.amountMinor, data.currency),
      fee: moneyOf(data.feeMinor, data.currency),
      net: moneyOf(data.netMinor, data.currency),
      occurred_at,
      order_id,
    })),
    difference: orNull(differenceMinor),
    opening_balance: orNull(balance?.openingMinor),
    closing_balance: orNull(balance?.closingMinor),
    needs_review: review === undefined ? [] : [reviewView(review)],
  }
}
