import * as z from 'zod'
import { decodeData, type FactData } from '../../core/fact.ts'
import { type Payout, payoutOf, rolledForward } from '../../core/payout.ts'
import type { System } from '../../pipeline/system.ts'
import { entriesByKeys, type LedgerEntry, movementKeys } from '../../store/reading/ledger.ts'
import {
  linesOf,
  linesSince,
  listPayouts,
  openingOf,
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
import { EntryShape, entryView } from './ledger.ts'
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
  route({
    method: 'get',
    path: '/payouts/{id}/ledger',
    role: 'viewer',
    tag: 'Payouts',
    summary: 'The journal entries of one payout, of its lines and of what they are about, newest first',
    query: listQuery({}),
    answers: { 200: pageOf(EntryShape) },
    async handle({ system, actor, params, query: { cursor, limit } }) {
      const [row] = await payoutById(system.db.web, scopesFor(system, actor), params.id!)
      if (row === undefined || !isSeen(actor, row.connection))
        throw new Problem('not_found', 'There is no payout with this id')
      const { lines } = (await toldOf(system, [row])).get(row)!
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

type Line = Omit<PayoutLine, 'data'> & { readonly data: FactData['balance_line'] }
type Told = Payout<Line>

async function viewsOf(system: System, rows: readonly PayoutRow[]): Promise<Map<PayoutRow, object>> {
  const told = await toldOf(system, rows)
  return new Map([...told].map(([row, payout]) => [row, payoutView(system, row, payout)]))
}

async function toldOf(system: System, rows: readonly PayoutRow[]): Promise<Map<PayoutRow, Told>> {
  if (rows.length === 0) return new Map()
  const scopes = [...new Set(rows.map((row) => row.scope))]
  const ids = rows.map((row) => row.id)
  const [states, lines] = await Promise.all([
    statesOf(system.db.web, scopes, ids),
    linesOf(system.db.web, scopes, ids),
  ])
  const told = rows.map((row) => ({ row, payout: named(row, states, lines) }))
  const rolled = await rollForward(
    system,
    told.filter(({ payout }) => payout.linesBasis === 'balance'),
  )
  return new Map(told.map(({ row, payout }) => [row, rolled.get(row) ?? payout]))
}

/** A payout with the lines that name it. */
function named(row: PayoutRow, states: readonly PayoutFact[], lines: readonly PayoutLine[]): Told {
  const own = states.filter((state) => state.scope === row.scope && state.subject_id === row.id)
  return payoutOf(
    own.map((state) => ({ occurredAt: state.occurred_at, data: decodeData<'payout_state'>(state.data) })),
    lines.filter((line) => line.scope === row.scope && line.payout === row.id).map(decoded),
  )!
}

function decoded(line: PayoutLine): Line {
  return { ...line, data: decodeData<'balance_line'>(line.data) }
}

/** Those whose lines the provider does not name, with what the balance saw since the payout before. */
async function rollForward(
  system: System,
  payouts: readonly { row: PayoutRow; payout: Told }[],
): Promise<Map<PayoutRow, Told>> {
  if (payouts.length === 0) return new Map()
  const asked = [
    payouts.map(({ row }) => row.scope),
    payouts.map(({ row }) => row.id),
    payouts.map(({ payout }) => payout.currency),
    payouts.map(({ payout }) => payout.occurredAt),
  ] as const
  const [since, openings] = await Promise.all([
    linesSince(system.db.web, ...asked),
    openingOf(system.db.web, ...asked),
  ])
  return new Map(
    payouts.map(({ row, payout }) => {
      const isOwn = (one: { scope: string; payout: string }) =>
        one.scope === row.scope && one.payout === row.id
      const opening = openings.find(isOwn)?.opening ?? 0n
      return [row, rolledForward(payout, since.filter(isOwn).map(decoded), opening)]
    }),
  )
}

function payoutView(system: System, row: PayoutRow, payout: Told): object {
  const { currency, differenceMinor, balance } = payout
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
  }
}
