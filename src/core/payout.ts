import { meaningOf } from './balance-lines.ts'
import { sum } from './evidence.ts'
import type { FactData, Instant, Ref } from './fact.ts'
import type { Review } from './order.ts'
import { money } from './review.ts'

/** One transfer between a provider's balance and the bank, with the lines that make it up. */
export type Payout<Line> = {
  readonly state: FactData['payout_state']['state']
  readonly amountMinor: bigint // negative: the provider took money from the bank
  readonly currency: string
  readonly arrivalDate: Instant | undefined
  readonly occurredAt: Instant
  /** `provider`: it says which lines an automatic payout pays. `balance`: it does not, and the lines roll forward. */
  readonly linesBasis: 'provider' | 'balance'
  readonly lines: readonly Line[]
  /** Amount less the net of its lines: zero when all of them are known. Undefined while no line names this payout. */
  readonly differenceMinor: bigint | undefined
  /** Of one whose lines roll forward: what the balance held before its lines, and after it left. */
  readonly balance: { readonly openingMinor: bigint; readonly closingMinor: bigint } | undefined
}

type State = { readonly occurredAt: Instant; readonly data: FactData['payout_state'] }

// In rising order: a payout may fail after it was paid, and does not come back from that under the same id.
const progress = ['pending', 'in_transit', 'paid', 'canceled', 'failed'] as const

/**
 * A payout from the facts about it, in any order: of its states the furthest counts. `lines` are those that name it; its
 * own line, and those that undo it, are what the others add up to and are left out. Undefined where no state is known.
 */
export function payoutOf<Line extends { readonly data: FactData['balance_line'] }>(
  states: readonly State[],
  lines: readonly Line[],
): Payout<Line> | undefined {
  const [last] = states.toSorted((a, b) => progress.indexOf(b.data.state) - progress.indexOf(a.data.state))
  if (last === undefined) return undefined
  const { state, amountMinor, currency, automatic } = last.data
  const own = lines.filter(({ data }) => meaningOf(data) !== 'payout' && data.currency === currency)
  return {
    state,
    amountMinor,
    currency,
    arrivalDate: states.map(({ data }) => data.arrivalDate).findLast((date) => date !== undefined),
    occurredAt: last.occurredAt,
    linesBasis: automatic ? 'provider' : 'balance',
    lines: own,
    differenceMinor:
      automatic && own.length > 0 ? amountMinor - sum(own.map(({ data }) => data.netMinor)) : undefined,
    balance: undefined,
  }
}

/**
 * A payout that no line names, with the lines of the balance since the payout before: opening balance and lines, less the
 * payout, are the closing balance. It differs where its own line in the balance says another amount, or is not known.
 */
export function rolledForward<Line extends { readonly data: FactData['balance_line'] }>(
  payout: Payout<Line>,
  since: readonly Line[],
  openingMinor: bigint,
): Payout<Line> {
  const told = since.filter(({ data }) => data.currency === payout.currency)
  const lines = told.filter(({ data }) => meaningOf(data) !== 'payout')
  const left = told.filter(({ data }) => meaningOf(data) === 'payout')
  const closingMinor = openingMinor + sum(lines.map(({ data }) => data.netMinor)) - payout.amountMinor
  return {
    ...payout,
    lines,
    balance: { openingMinor, closingMinor },
    differenceMinor:
      left.length === 0 ? undefined : payout.amountMinor + sum(left.map(({ data }) => data.netMinor)),
  }
}

/**
 * Why a person has to look at a payout: it arrived and is not what its lines come to, or a line of it is of a type that
 * nobody has mapped yet. Nothing is posted to hide the one or the other.
 */
export function settlementReview<
  Line extends { readonly subject: Ref; readonly data: FactData['balance_line'] },
>(payout: Payout<Line>, subject: Ref): Review | undefined {
  const { state, amountMinor, currency, differenceMinor = 0n, lines } = payout
  const unmapped = lines.filter(({ data }) => meaningOf(data) === 'unknown')
  const isOff = state === 'paid' && differenceMinor !== 0n
  if (!isOff && unmapped.length === 0) return undefined
  const said = [
    isOff &&
      `${money(amountMinor, currency)} was paid, and its lines come to ${money(amountMinor - differenceMinor, currency)}`,
    unmapped.length > 0 && `nobody has mapped lines of type ${[...new Set(unmapped.map(wordOf))].join(', ')}`,
  ]
  return {
    code: 'settlement_mismatch',
    detail: `${said.filter(Boolean).join('; ')}.`,
    holds: false,
    since: payout.occurredAt,
    figures: `${differenceMinor}/${unmapped.length}`,
    refs: [subject, ...unmapped.map((line) => line.subject)],
  }
}

function wordOf({ data }: { readonly data: FactData['balance_line'] }): string {
  return data.category || data.type
}
