import { decodeData, type FactData, type Ref } from '../core/fact.ts'
import { type Payout, payoutOf, rolledForward } from '../core/payout.ts'
import {
  linesOf,
  linesSince,
  openingOf,
  type PayoutFact,
  type PayoutLine,
  type PayoutRow,
  statesOf,
} from '../store/reading/payouts.ts'
import type { System } from './system.ts'

/** A line of a provider's balance, with the order that it is about where one is known. */
export type Line = Omit<PayoutLine, 'data'> & {
  readonly subject: Ref
  readonly data: FactData['balance_line']
}
export type Told = Payout<Line>

/** What is known of each of these payouts, with the lines that make it up. */
export async function payoutsOf(system: System, rows: readonly PayoutRow[]): Promise<Map<PayoutRow, Told>> {
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
  return {
    ...line,
    subject: { kind: 'transaction', id: line.id },
    data: decodeData<'balance_line'>(line.data),
  }
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
