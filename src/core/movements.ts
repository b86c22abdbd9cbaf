import { accountName, tenderAccounts } from './accounts.ts'
import { byText, type Evidence, evidenceOf, type Known, refKey } from './evidence.ts'
import { entryOf, keyOf, transfer } from './entries.ts'
import type { FactKind, KnownFact, Tender } from './fact.ts'
import type { Books, JournalEntry, JournalLine } from './journal.ts'
import { conversions } from './movements-conversion.ts'
import { disputeLosses, lineMovements } from './movements-lines.ts'
import { payoutMovements } from './movements-payouts.ts'
import { purseOf } from './payments.ts'

/**
 * The movement layer: one entry per money fact of this set, order known or not, in order of key. The same set gives the
 * same entries, and a larger set gives the same ones and more, so what is missing can be inserted whenever it is learned.
 *
 * `posted` are keys that stand in the books already. Only a charge that grew needs them: its captures are cumulative, so
 * one learned after a larger one was posted adds nothing.
 */
export function movements(
  facts: readonly KnownFact[],
  books: Books,
  posted: ReadonlySet<string> = new Set(),
): JournalEntry[] {
  const evidence = evidenceOf(facts)
  const entries = [
    ...cumulative(evidence, 'payment_captured', books, posted),
    ...cumulative(evidence, 'payment_returned', books, posted),
    ...refunds(evidence, books),
    ...lineMovements(evidence, books),
    ...conversions(evidence, books, posted),
    ...disputeLosses(evidence, books),
    ...payoutMovements(evidence, books),
  ]
  return entries.sort((a, b) => byText(a.key, b.key))
}

/** What was taken on a charge, and what its bank took back: each amount as stated less the one before. */
function cumulative(
  evidence: Evidence,
  kind: 'payment_captured' | 'payment_returned',
  books: Books,
  posted: ReadonlySet<string>,
): JournalEntry[] {
  const groups = Map.groupBy(
    evidence.of(kind) as readonly Known<'payment_captured' | 'payment_returned'>[],
    purseOf,
  )
  return [...groups.values()].flatMap((group) => {
    const rising = group.toSorted((a, b) => (a.data.amountMinor < b.data.amountMinor ? -1 : 1))
    const highest = rising.findLastIndex((fact) => posted.has(keyOf(fact.id)))
    return rising.flatMap((fact, index) => {
      const before = index > 0 ? rising[index - 1]!.data.amountMinor : 0n
      if (index <= highest && !posted.has(keyOf(fact.id))) return []
      const rise = fact.data.amountMinor - before
      const customers = accountName(books, 'customers')
      const money = tenderAccount(evidence, fact, books)
      const lines =
        kind === 'payment_captured'
          ? transfer(money, customers, fact.data.currency, rise)
          : transfer(customers, money, fact.data.currency, rise)
      return [...entryOf(keyOf(fact.id), fact, lines), ...takenBack(evidence, fact, lines)]
    })
  })
}

/**
 * What was booked of an intent alone goes back once its charge is known, whose own entry says the same money. Both stand
 * however late the one or the other was learned, so the set does not depend on the order.
 */
function takenBack(
  evidence: Evidence,
  fact: Known<'payment_captured'> | Known<'payment_returned'>,
  lines: readonly JournalLine[],
): JournalEntry[] {
  if (fact.kind !== 'payment_captured' || fact.subject.kind !== 'payment_intent') return []
  const own = evidence
    .of('payment_captured')
    .find((one) => one.subject.kind === 'charge' && one.data.intentId === fact.subject.id)
  if (own === undefined) return []
  const back = lines.map((line) => ({ ...line, amountMinor: -line.amountMinor }))
  return entryOf(`journal:charge_known:${fact.subject.id}:${fact.data.amountMinor}`, fact, back, {
    description: `charge known ${fact.subject.id}`,
    factIds: [fact.id],
  })
}

/** A return goes out of what the capture came into; captures state their tender, and all but a provider's never return. */
function tenderAccount(
  evidence: Evidence,
  fact: Known<'payment_captured'> | Known<'payment_returned'>,
  books: Books,
): string {
  const captured =
    fact.kind === 'payment_captured'
      ? fact
      : evidence.of('payment_captured').find((one) => refKey(one.subject) === refKey(fact.subject))
  return tenderName(books, captured?.data.tender, fact.scope)
}

function tenderName(books: Books, tender: Tender | undefined, scope: string): string {
  return accountName(books, tenderAccounts[tender ?? 'provider'], { scope })
}

/** Money that has gone back, and money of it that came back to us; a refund that is only announced moves nothing. */
function refunds(evidence: Evidence, books: Books): JournalEntry[] {
  const customers = accountName(books, 'customers')
  const moved = evidence.of('refund_moved').flatMap((fact) => {
    const money = tenderName(books, fact.data.tender, fact.scope)
    return entryOf(
      keyOf(fact.id),
      fact,
      transfer(customers, money, fact.data.currency, fact.data.amountMinor),
    )
  })
  const returned = evidence.of('refund_returned').flatMap((fact) => {
    const money = tenderName(books, fact.data.tender, fact.scope)
    return entryOf(
      keyOf(fact.id),
      fact,
      transfer(money, customers, fact.data.currency, fact.data.amountMinor),
    )
  })
  return [...moved, ...returned]
}

/** Kinds that can bring a movement: facts of other kinds need no books. */
export const movingKinds: readonly FactKind[] = [
  'payment_captured',
  'payment_returned',
  'refund_moved',
  'refund_returned',
  'balance_line',
  'dispute_state',
  'payout_state',
]
