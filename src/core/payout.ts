import { meaningOf } from './balance-lines.ts'
import { sum } from './evidence.ts'
import type { FactData, Instant } from './fact.ts'

/** One transfer between a provider's balance and the bank, with the lines that make it up. */
export type Payout<Line> = {
  readonly state: FactData['payout_state']['state']
  readonly amountMinor: bigint // negative: the provider took money from the bank
  readonly currency: string
  readonly arrivalDate: Instant | undefined
  readonly occurredAt: Instant
  /** `provider`: it says which lines an automatic payout pays. `balance`: it does not, and the lines roll forward (not folded here). */
  readonly linesBasis: 'provider' | 'balance'
  readonly lines: readonly Line[]
  /** Amount less the net of its lines: zero when all of them are known. Undefined while no line names this payout. */
  readonly differenceMinor: bigint | undefined
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
  }
}
