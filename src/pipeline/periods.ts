import { accountName } from '../core/accounts.ts'
import { accountingDay, endOf, lastDayOf } from '../core/periods.ts'
import { head } from '../store/chain.ts'
import { type Connection, inTransaction } from '../store/database.ts'
import * as periods from '../store/periods.ts'
import { type AccountSum, trialBalance } from '../store/reading/ledger.ts'
import { canRead } from './readable.ts'
import { booksOf } from './record/policy.ts'
import type { System } from './system.ts'

/** What keeps a month open; an admin may close it despite any of them but the first two. */
export const obstacles = ['not_over', 'closed', 'events', 'reconciliation', 'clearing', 'suspense'] as const
export type Obstacle = { readonly kind: (typeof obstacles)[number]; readonly detail: string }

/** What a closing wrote down, as it was then. Amounts are minor units as text. */
export type Report = {
  readonly trialBalance: readonly { account: string; currency: string; debit: string; credit: string }[]
  readonly unidentified: readonly { currency: string; amount: string }[]
  readonly openDisputes: readonly { order: string; number: string | null }[]
  readonly despite: readonly Obstacle[]
}

/** The month cannot be closed, or not be opened again, for these reasons. */
export class NotPossible extends Error {
  override readonly name = 'NotPossible'
  readonly reasons: readonly Obstacle[]
  constructor(reasons: readonly Obstacle[]) {
    super(reasons.map(({ detail }) => detail).join('; '))
    this.reasons = reasons
  }
}

export type Closing = {
  readonly mode: 'test' | 'live'
  readonly month: string
  readonly by: string
  readonly note: string
  readonly despite: readonly string[]
}

// An unsettled balance, not a register: who wants all of them asks the list of orders.
const openDisputesMax = 200

/**
 * Closes a month and every one before it: from now on what is learned of them stands under the first open day. Waits
 * for recordings under way, so that the trial balance it stores is the last word. Throws `NotPossible`.
 */
export async function closePeriod(system: System, closing: Closing): Promise<void> {
  const { mode, month, by, note } = closing
  await inTransaction(system.db.web, async (on) => {
    await periods.lock(on)
    const sums = await trialBalance(on, null, mode, lastDayOf(month))
    const found = await obstaclesTo(on, system, closing, sums)
    const isFinal = ({ kind }: Obstacle) =>
      kind === 'not_over' || kind === 'closed' || !closing.despite.includes(kind)
    if (found.some(isFinal)) throw new NotPossible(found.filter(isFinal))
    const report = await reportOf(on, system, closing, { sums, despite: found })
    const [end] = await head(on)
    const now = system.now().toISOString()
    await periods.close(on, mode, month, now, by, note, JSON.stringify(report), end!.seq, end!.hash)
  })
}

/** Opens the last closed month again: what was posted late stays where it is. Throws `NotPossible`. */
export async function reopenPeriod(
  system: System,
  { mode, month, by }: Pick<Closing, 'mode' | 'month' | 'by'>,
): Promise<void> {
  await inTransaction(system.db.web, async (on) => {
    await periods.lock(on)
    const last = (await periods.closedThrough(on)).find((row) => row.mode === mode)?.month
    if (last !== month) {
      const detail = last === undefined ? 'no month is closed' : `${last} is the last closed month`
      throw new NotPossible([{ kind: 'closed', detail }])
    }
    await periods.reopen(on, mode, month, system.now().toISOString(), by)
  })
}

async function obstaclesTo(
  on: Connection,
  system: System,
  { mode, month }: Closing,
  sums: readonly AccountSum[],
): Promise<Obstacle[]> {
  const timezone = system.config.sinks.accounting?.timezone ?? 'UTC'
  const now = system.now()
  if (accountingDay(now.toISOString(), timezone).slice(0, 7) <= month)
    return [{ kind: 'not_over', detail: `${month} is not over` }]
  const last = (await periods.closedThrough(on)).find((row) => row.mode === mode)?.month
  if (last !== undefined && last >= month)
    return [{ kind: 'closed', detail: `the books are closed through ${last}` }]
  const end = endOf(month, timezone)
  const ours = system.config.connections.filter((connection) => connection.mode === mode)
  const ids = ours.map(({ id }) => id)
  const events = await periods.unsettledEvents(on, ids, end)
  const counts = events.map(({ status, events: count }) => `${count} ${status}`).join(', ')
  const asked = ours.filter((connection) => canRead(connection)).map(({ id }) => id)
  // A provider shows what happened with a lag; how far runs reach back for it is the operator's own measure of that.
  const settledAt = new Date(Date.parse(end) + system.config.reconcile.overlapMs).toISOString()
  const seen = new Set((await periods.reconciledSince(on, asked, settledAt)).map((row) => row.connection))
  const unseen = asked.filter((id) => !seen.has(id))
  const apart = clearingDifferences(system, sums, await periods.linesNet(on, ids, end))
  return [
    ...(counts === ''
      ? []
      : [{ kind: 'events' as const, detail: `events of before ${end} are not settled: ${counts}` }]),
    ...(unseen.length === 0
      ? []
      : [
          {
            kind: 'reconciliation' as const,
            detail: `not reconciled since ${settledAt}: ${unseen.join(', ')}`,
          },
        ]),
    ...apart.map((detail) => ({ kind: 'clearing' as const, detail })),
    ...inSuspense(system, sums).map((detail) => ({ kind: 'suspense' as const, detail })),
  ]
}

/** Where clearing and reserves are not what the provider's own lines come to. A connection without any says nothing. */
function clearingDifferences(
  system: System,
  sums: readonly AccountSum[],
  lines: readonly { scope: string; currency: string; net: bigint }[],
): string[] {
  const books = booksOf(system.config)
  return lines.flatMap(({ scope, currency, net }) => {
    const own = new Set([
      accountName(books, 'clearing', { scope }),
      accountName(books, 'reserves', { scope }),
    ])
    const held = sums
      .filter((row) => own.has(row.account) && row.currency === currency)
      .reduce((total, { debit, credit }) => total + debit - credit, 0n)
    return held === net
      ? []
      : [`clearing of ${scope} holds ${held} ${currency} minor units, its lines come to ${net}`]
  })
}

/** Lines of a kind that we do not know stand there until somebody says what they are. */
function inSuspense(system: System, sums: readonly AccountSum[]): string[] {
  const books = booksOf(system.config)
  const own = new Set(
    system.config.connections.map(({ account }) => accountName(books, 'suspense', { scope: account })),
  )
  return sums
    .filter(({ account, debit, credit }) => own.has(account) && debit !== credit)
    .map(
      ({ account, currency, debit, credit }) => `${account} holds ${debit - credit} ${currency} minor units`,
    )
}

async function reportOf(
  on: Connection,
  system: System,
  { mode, month }: Closing,
  { sums, despite }: { sums: readonly AccountSum[]; despite: readonly Obstacle[] },
): Promise<Report> {
  const customers = accountName(booksOf(system.config), 'customers')
  const unidentified = await periods.unidentified(on, customers, mode, lastDayOf(month))
  const disputes = await periods.openDisputes(on, mode, openDisputesMax)
  return {
    trialBalance: sums.map(({ account, currency, debit, credit }) => ({
      account,
      currency,
      debit: debit.toString(),
      credit: credit.toString(),
    })),
    unidentified: unidentified.map(({ currency, amount }) => ({ currency, amount: amount.toString() })),
    openDisputes: disputes.map(({ id, number }) => ({ order: id, number })),
    despite,
  }
}
