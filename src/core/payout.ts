import { meaningOf } from './balance-lines.ts'
import { byText, evidenceOf, type Known, sum } from './evidence.ts'
import type { Instant, KnownFact, Ref } from './fact.ts'

/** One transfer between a provider's balance and the bank, with the lines that make it up. */
export type Payout = {
  readonly ref: Ref
  readonly connection: string
  readonly state: Known<'payout_state'>['data']['state']
  readonly amountMinor: bigint // negative: the provider took money from the bank
  readonly currency: string
  readonly arrivalDate: Instant | undefined
  readonly occurredAt: Instant
  readonly isAutomatic: boolean
  /** `provider`: it said which lines this payout pays. `balance`: it did not, and the lines roll forward (not folded here). */
  readonly linesBasis: 'provider' | 'balance'
  readonly lines: readonly PayoutLine[]
  /** Amount less the net of its lines: zero when all are known. Undefined where the provider attributes none. */
  readonly differenceMinor: bigint | undefined
}

export type PayoutLine = {
  readonly ref: Ref
  readonly category: string
  readonly amountMinor: bigint
  readonly feeMinor: bigint
  readonly netMinor: bigint
  readonly currency: string
  readonly source: Ref | undefined
  readonly occurredAt: Instant
}

// In rising order: a payout may fail after it was paid, and does not come back from that under the same id.
const states = ['pending', 'in_transit', 'paid', 'canceled', 'failed'] as const

/** Payouts of these account-level facts, newest first. The payout's own line, and those that undo it, are not among its lines. */
export function payoutsOf(facts: readonly KnownFact[]): Payout[] {
  const evidence = evidenceOf(facts)
  const lines = evidence.of('balance_line').filter((line) => meaningOf(line.data) !== 'payout')
  const byPayout = Map.groupBy(lines, (line) => line.data.payout ?? '')
  const groups = Map.groupBy(evidence.of('payout_state'), (fact) => `${fact.scope} ${fact.subject.id}`)
  return [...groups.values()]
    .map((known) => payoutOf(known, byPayout.get(known[0]!.subject.id) ?? []))
    .sort((a, b) => byText(b.occurredAt, a.occurredAt) || byText(a.ref.id, b.ref.id))
}

function payoutOf(known: readonly Known<'payout_state'>[], lines: readonly Known<'balance_line'>[]): Payout {
  const last = known.reduce((best, fact) =>
    states.indexOf(fact.data.state) > states.indexOf(best.data.state) ? fact : best,
  )
  const own = lines.filter((line) => line.scope === last.scope && line.data.currency === last.data.currency)
  const isAttributed = last.data.automatic && own.length > 0
  return {
    ref: last.subject,
    connection: last.connection,
    state: last.data.state,
    amountMinor: last.data.amountMinor,
    currency: last.data.currency,
    arrivalDate: last.data.arrivalDate,
    occurredAt: last.occurredAt,
    isAutomatic: last.data.automatic,
    linesBasis: isAttributed ? 'provider' : 'balance',
    lines: own.map((line) => ({
      ref: line.subject,
      category: line.data.category,
      amountMinor: line.data.amountMinor,
      feeMinor: line.data.feeMinor,
      netMinor: line.data.netMinor,
      currency: line.data.currency,
      source: line.data.source,
      occurredAt: line.occurredAt,
    })),
    differenceMinor: isAttributed
      ? last.data.amountMinor - sum(own.map((line) => line.data.netMinor))
      : undefined,
  }
}
