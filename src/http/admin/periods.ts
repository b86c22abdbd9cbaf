import * as z from 'zod'
import { moneyOf } from '../../core/order-view.ts'
import { closePeriod, NotPossible, type Report, reopenPeriod } from '../../pipeline/periods.ts'
import type { System } from '../../pipeline/system.ts'
import { list, type PeriodRow } from '../../store/periods.ts'
import { lateInto } from '../../store/reading/ledger.ts'
import { Problem } from '../problem.ts'
import { page } from './cursor.ts'
import { BalanceShape, balanceView } from './ledger.ts'
import { ok, type Route, route } from './route.ts'
import { listQuery, MoneyShape, Month, pageOf, Time } from './schemas.ts'
import { modeShown, ModeQuery } from './scope.ts'

const PeriodShape = z
  .object({
    id: z.string(),
    month: z.string(),
    mode: z.enum(['test', 'live']),
    status: z.enum(['closed', 'reopened']),
    closed_at: Time,
    closed_by: z.string(),
    note: z.string(),
    reopened_at: Time.nullable(),
    reopened_by: z.string().nullable(),
    head: z
      .object({ seq: z.string(), hash: z.string() })
      .meta({ description: 'The newest link of the history then' }),
    trial_balance: z.array(BalanceShape),
    unidentified_receipts: z
      .array(MoneyShape)
      .meta({ description: 'Money without an order; + they owe, − we owe' }),
    open_disputes: z.array(z.object({ order_id: z.string(), number: z.string().nullable() })),
    despite: z.array(z.object({ kind: z.string(), detail: z.string() })),
  })
  .meta({ id: 'Period' })

function periodView(row: PeriodRow): object {
  const report = JSON.parse(row.report) as Report
  return {
    id: `prd_${row.seq}`,
    month: row.month,
    mode: row.mode,
    status: row.reopened_at === null ? 'closed' : 'reopened',
    closed_at: row.closed_at,
    closed_by: row.closed_by,
    note: row.note,
    reopened_at: row.reopened_at,
    reopened_by: row.reopened_by,
    head: { seq: row.chain_seq.toString(), hash: row.chain_hash.toString('hex') },
    trial_balance: report.trialBalance.map((sum) =>
      balanceView({ ...sum, debit: BigInt(sum.debit), credit: BigInt(sum.credit) }),
    ),
    unidentified_receipts: report.unidentified.map(({ currency, amount }) =>
      moneyOf(BigInt(amount), currency),
    ),
    open_disputes: report.openDisputes.map(({ order, number }) => ({ order_id: order, number })),
    despite: report.despite,
  }
}

const top = 9_223_372_036_854_775_807n
const Mode = z.enum(['test', 'live']).optional()
const Note = z.string().max(1000).default('')

export const periodRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/periods',
    role: 'viewer',
    tag: 'Ledger',
    isForAll: true,
    summary: 'Closings of months, newest first, with what the books said then',
    query: listQuery({ mode: ModeQuery }),
    answers: { 200: pageOf(PeriodShape) },
    async handle({ system, query: { cursor, limit, mode = modeShown(system) } }) {
      return ok(page(await list(system.db.web, mode, cursor, limit + 1, null), limit, periodView))
    },
  }),
  route({
    method: 'get',
    path: '/periods/{month}',
    role: 'viewer',
    tag: 'Ledger',
    isForAll: true,
    summary: 'The last closing of a month, and what was learned of the month since',
    query: z.strictObject({ mode: ModeQuery }),
    answers: { 200: PeriodShape.extend({ late: z.array(BalanceShape) }) },
    async handle({ system, params, query: { mode = modeShown(system) } }) {
      const late = await lateInto(system.db.web, mode, monthOf(params))
      return ok({ ...(await viewOf(system, mode, monthOf(params))), late: late.map(balanceView) })
    },
  }),
  route({
    method: 'post',
    path: '/periods/{month}/close',
    role: 'admin',
    tag: 'Ledger',
    isForAll: true,
    summary:
      'Closes a month and those before it; what is learned of them later stands under the first open day',
    body: z.strictObject({
      mode: Mode,
      note: Note,
      despite: z
        .array(z.enum(['events', 'reconciliation', 'clearing', 'suspense']))
        .default([])
        .meta({ description: 'What may stand in the way and is accepted' }),
    }),
    answers: { 200: PeriodShape },
    async handle({ system, actor, params, body: { mode = modeShown(system), note, despite } }) {
      const month = monthOf(params)
      await possible(closePeriod(system, { mode, month, by: actor.keyId, note, despite }))
      return ok(await viewOf(system, mode, month))
    },
  }),
  route({
    method: 'post',
    path: '/periods/{month}/reopen',
    role: 'admin',
    tag: 'Ledger',
    isForAll: true,
    summary: 'Opens the last closed month again; what was posted late stays where it is',
    body: z.strictObject({ mode: Mode, note: Note }),
    answers: { 200: PeriodShape },
    async handle({ system, actor, params, body: { mode = modeShown(system) } }) {
      const month = monthOf(params)
      await possible(reopenPeriod(system, { mode, month, by: actor.keyId }))
      return ok(await viewOf(system, mode, month))
    },
  }),
]

function monthOf(params: { readonly [name: string]: string }): string {
  const month = Month.safeParse(params.month)
  if (!month.success) throw new Problem('invalid_request', 'The month is written as 2026-03')
  return month.data
}

async function viewOf(system: System, mode: string, month: string): Promise<object> {
  const [row] = await list(system.db.web, mode, top, 1, month)
  if (row === undefined) throw new Problem('not_found', 'This month was never closed')
  return periodView(row)
}

async function possible(work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (error instanceof NotPossible) throw new Problem('conflict', error.message)
    throw error
  }
}
