import * as z from 'zod'
import { decodeData } from '../../core/fact.ts'
import { payoutOf } from '../../core/payout.ts'
import type { System } from '../../pipeline/system.ts'
import {
  linesOf,
  listPayouts,
  payoutById,
  type PayoutFact,
  type PayoutLine,
  type PayoutRow,
  statesOf,
} from '../../store/reading/payouts.ts'
import type { Actor } from '../auth.ts'
import { Problem } from '../problem.ts'
import { page } from './cursor.ts'
import { moneyOf } from '../../core/order-view.ts'
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
      description: 'The payout less the net of its lines; null while no line names it',
    }),
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
      const [row] = await payoutById(system.db.web, scopesFor(system, actor), params.id!)
      if (row === undefined || !isSeen(actor, row.connection))
        throw new Problem('not_found', 'There is no payout with this id')
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
  const [states, lines] = await Promise.all([
    statesOf(system.db.web, scopes, ids),
    linesOf(system.db.web, scopes, ids),
  ])
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

function payoutView(
  system: System,
  row: PayoutRow,
  states: readonly PayoutFact[],
  lines: readonly PayoutLine[],
): object {
  const payout = payoutOf(
    states.map((state) => ({ occurredAt: state.occurred_at, data: decodeData<'payout_state'>(state.data) })),
    lines.map((line) => ({ ...line, data: decodeData<'balance_line'>(line.data) })),
  )!
  const { currency, differenceMinor } = payout
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
    difference: differenceMinor === undefined ? null : moneyOf(differenceMinor, currency),
  }
}
