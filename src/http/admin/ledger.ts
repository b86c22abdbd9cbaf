import * as z from 'zod'
import {
  type AccountSum,
  entriesOfOrders,
  entriesOfSummary,
  type LedgerEntry,
  listEntries,
  trialBalance,
} from '../../store/reading/ledger.ts'
import { inSnapshot } from '../../store/reading/snapshot.ts'
import { page } from './cursor.ts'
import { exportOf, formats } from './export.ts'
import { moneyOf } from '../../core/order-view.ts'
import { timelineFor } from './orders.ts'
import { ok, type Route, route } from './route.ts'
import { Day, listQuery, MoneyShape, Month, pageOf, Time } from './schemas.ts'
import { modeShown, ModeQuery } from './scope.ts'

export const EntryShape = z
  .object({
    id: z.string(),
    key: z.string(),
    layer: z.enum(['movement', 'recognition']),
    connection: z.string(),
    mode: z.enum(['test', 'live']),
    order_id: z.string().nullable(),
    occurred_at: Time,
    day: z.string().meta({ description: 'The accounting day that it stands under' }),
    late_into: z
      .string()
      .nullable()
      .meta({ description: 'The closed month that it belongs to, where it was learned too late' }),
    recorded_at: Time,
    description: z.string(),
    fact_ids: z.array(z.string()),
    lines: z.array(
      z.object({ account: z.string(), amount: MoneyShape.meta({ description: '+ debit, − credit' }) }),
    ),
  })
  .meta({ id: 'LedgerEntry' })

export const BalanceShape = z
  .object({
    account: z.string(),
    currency: z.string(),
    debit: MoneyShape,
    credit: MoneyShape,
    balance: MoneyShape,
  })
  .meta({ id: 'AccountBalance' })

export function balanceView({ account, currency, debit, credit }: AccountSum): z.output<typeof BalanceShape> {
  return {
    account,
    currency,
    debit: moneyOf(debit, currency),
    credit: moneyOf(credit, currency),
    balance: moneyOf(debit - credit, currency),
  }
}

export function entryView({ seq, lines, ...entry }: LedgerEntry): object {
  return {
    id: `jrn_${seq}`,
    ...entry,
    lines: lines.map(({ account, currency, amount }) => ({
      account,
      amount: moneyOf(BigInt(amount), currency),
    })),
  }
}

export const ledgerRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/ledger/entries',
    role: 'viewer',
    tag: 'Ledger',
    summary: 'Journal entries of one mode, newest first',
    query: listQuery({ mode: ModeQuery, late_into: Month.optional() }),
    answers: { 200: pageOf(EntryShape) },
    async handle({ system, actor, query: { cursor, limit, mode = modeShown(system), late_into: late } }) {
      const rows = await listEntries(system.db.web, cursor, limit + 1, actor.connections, mode, late ?? null)
      return ok(page(rows, limit, entryView))
    },
  }),
  route({
    method: 'get',
    path: '/ledger/summaries/{id}/entries',
    role: 'viewer',
    tag: 'Ledger',
    isForAll: true,
    summary: 'The entries behind one journal in the accounting program, by its number there; newest first',
    query: listQuery({}),
    answers: { 200: pageOf(EntryShape) },
    async handle({ system, params, query: { cursor, limit } }) {
      const rows = await entriesOfSummary(system.db.web, `accounting:${params.id}`, cursor, limit + 1)
      return ok(page(rows, limit, entryView))
    },
  }),
  route({
    method: 'get',
    path: '/orders/{id}/ledger',
    role: 'viewer',
    tag: 'Orders',
    summary: 'The journal entries of one order, newest first',
    query: listQuery({}),
    answers: { 200: pageOf(EntryShape) },
    async handle(call) {
      const { cursor, limit } = call.query
      return inSnapshot(call.system.db.web, async (on) => {
        const { members } = await timelineFor(on, call)
        return ok(page(await entriesOfOrders(on, [...members.keys()], cursor, limit + 1), limit, entryView))
      })
    },
  }),
  route({
    method: 'get',
    path: '/ledger/trial-balance',
    role: 'viewer',
    tag: 'Ledger',
    summary: 'Debits and credits by account and currency, of one mode; they are equal in each currency',
    query: z.strictObject({ mode: ModeQuery, until: Day.optional() }),
    answers: { 200: z.object({ mode: z.enum(['test', 'live']), data: z.array(BalanceShape) }) },
    async handle({ system, actor, query: { mode = modeShown(system), until } }) {
      const rows = await trialBalance(system.db.web, actor.connections, mode, until ?? null)
      return ok({ mode, data: rows.map(balanceView) })
    },
  }),
  route({
    method: 'get',
    path: '/ledger/export',
    role: 'viewer',
    tag: 'Ledger',
    summary: 'All entries of one mode, oldest first, as a file for accounting programs',
    query: z.strictObject({ format: z.enum(['hledger', 'beancount', 'ledger', 'csv']), mode: ModeQuery }),
    answers: { 200: 'text/plain' },
    async handle({ system, actor, query: { format, mode = modeShown(system) } }) {
      const { type, extension } = formats[format]
      return {
        status: 200,
        type,
        pieces: exportOf(system, format, actor.connections, mode),
        headers: { 'Content-Disposition': `attachment; filename="ordersync-${mode}.${extension}"` },
      }
    },
  }),
]
