import * as z from 'zod'
import { decodeData, type FactData } from '../../core/fact.ts'
import type { System } from '../../pipeline/system.ts'
import { linesOf, listPayouts, payoutById, type PayoutFact, type PayoutLine, type PayoutRow, statesOf } from '../../store/reading/payouts.ts'
import type { Actor } from '../auth.ts'
import { Problem } from '../problem.ts'
import { page } from './cursor.ts'
import { moneyOf } from './order-view.ts'
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
    difference: MoneyShape.meta({ description: 'The payout less the net of its lines' }),
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
      const connections = system.config.connections.filter((connection) => connection.mode === mode).map(({ id }) => id)
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
      const [row] = await payoutById(system.db.web, scopesFor(system, actor), params.id!)
      if (row === undefined || !isSeen(actor, row.connection)) throw new Problem('not_found', 'There is no payout with this id')
      return ok((await viewsOf(system, [row])).get(row)!)
    },
  }),
]

function scopesFor(system: System, actor: Actor): string[] {
  return system.config.connections.filter(({ id }) => isSeen(actor, id)).map(({ account }) => account)
}

async function viewsOf(system: System, rows: readonly PayoutRow[]): Promise<Map<PayoutRow, object>> {
  if (rows.length === 0) return new Map()
  const scopes = [...new Set(rows.map((row) => row.scope))]
  const ids = rows.map((row) => row.id)
  const [states, lines] = await Promise.all([statesOf(system.db.web, scopes, ids), linesOf(system.db.web, scopes, ids)])
  return new Map(
    rows.map((row) => [
      row,
      payoutView(
        system,
        row,
        states.filter((state) => state.scope === row.scope && state.subject_id === row.id),
        lines.filter((line) => line.scope === row.scope && line.payout === row.id),
      ),
    ]),
  )
}

/** A payout only moves on through these: of its states the furthest is where it stands. */
const progress: readonly FactData['payout_state']['state'][] = ['pending', 'in_transit', 'paid', 'canceled', 'failed']

function payoutView(system: System, row: PayoutRow, states: readonly PayoutFact[], lines: readonly PayoutLine[]): object {
  const known = states.map((state) => ({ at: state.occurred_at, data: decodeData<'payout_state'>(state.data) }))
  const { data, at } = known.reduce((best, next) => (progress.indexOf(next.data.state) > progress.indexOf(best.data.state) ? next : best))
  // The payout's own line is the money leaving: it is what the others add up to.
  const parts = lines
    .map((line) => ({ line, data: decodeData<'balance_line'>(line.data) }))
    .filter((part) => part.data.source?.id !== row.id)
  const net = parts.reduce((sum, part) => sum + part.data.netMinor, 0n)
  return {
    id: row.id,
    connection: row.connection,
    mode: system.config.connections.find(({ id }) => id === row.connection)?.mode ?? 'test',
    status: data.state,
    amount: moneyOf(data.amountMinor, data.currency),
    created_at: at,
    arrival_date: known.findLast((state) => state.data.arrivalDate !== undefined)?.data.arrivalDate ?? null,
    lines_basis: data.automatic ? 'provider' : 'balance',
    lines: parts.map((part) => ({
      id: part.line.id,
      type: part.data.type,
      category: part.data.category,
      amount: moneyOf(part.data.amountMinor, part.data.currency),
      fee: moneyOf(part.data.feeMinor, part.data.currency),
      net: moneyOf(part.data.netMinor, part.data.currency),
      occurred_at: part.line.occurred_at,
      order_id: part.line.order_id,
    })),
    difference: moneyOf(data.amountMinor - net, data.currency),
  }
}
