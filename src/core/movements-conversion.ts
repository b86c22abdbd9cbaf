import { accountName } from './accounts.ts'
import { meaningOf } from './balance-lines.ts'
import { entryOf } from './entries.ts'
import { type Evidence, type Known, largest, returnedBy } from './evidence.ts'
import type { KnownFact } from './fact.ts'
import type { Books, JournalEntry } from './journal.ts'

/**
 * Conversions: a balance line in another currency than the money it is about. Both amounts are as stated, never amount ×
 * rate, so an entry waits until both are known. Source comes out of clearing, target goes in; a reversal the other way.
 */
export function conversions(evidence: Evidence, books: Books, posted: ReadonlySet<string>): JournalEntry[] {
  const lines = evidence.of('balance_line')
  const ofCharges = Map.groupBy(
    lines.filter((line) => meaningOf(line.data) === 'charge'),
    (line) => line.data.source?.id,
  )
  const reversals = lines.flatMap((line) => {
    if (meaningOf(line.data) === 'partial_capture') return givenBack(evidence, line, books)
    const source = sourceOf(evidence, line)
    if (source === undefined || source.currency === line.data.currency) return []
    const sides = [
      { currency: source.currency, amountMinor: -source.amountMinor },
      { currency: line.data.currency, amountMinor: line.data.amountMinor },
    ]
    return conversion({ line, source: source.fact, sides, books })
  })
  const charges = [...ofCharges.values()].flatMap((group) =>
    chargeConversions(evidence, group, books, posted),
  )
  return [...reversals, ...charges]
}

/**
 * A charge may grow, each rise with a line of its own, and they may be learned in any order. So what was captured comes
 * out of clearing as far as it has not yet (a posted key ends in how far), and each line goes in once.
 */
function chargeConversions(
  evidence: Evidence,
  lines: readonly Known<'balance_line'>[],
  books: Books,
  posted: ReadonlySet<string>,
): JournalEntry[] {
  const captures = evidence
    .of('payment_captured')
    .filter((fact) => fact.subject.id === lines[0]!.data.source?.id)
  const source = captures.toSorted((a, b) => (a.data.amountMinor > b.data.amountMinor ? -1 : 1))[0]
  if (source === undefined) return []
  const { currency, amountMinor } = source.data
  const converted = lines
    .filter((line) => line.data.currency !== currency)
    .map((line) => ({ line, steps: stepsOf(line, posted) }))
  let reached = converted.flatMap(({ steps }) => steps).reduce(largest, 0n)
  // No new line may come to carry the rise: then a line that is posted carries it under a further key.
  const isBehind = reached < amountMinor && converted.every(({ steps }) => steps.length > 0)
  return converted.flatMap(({ line, steps }, index) => {
    if (steps.length > 0 && !(isBehind && index === 0)) return []
    const sides = [{ currency, amountMinor: amountMinor > reached ? reached - amountMinor : 0n }]
    if (steps.length === 0) sides.push({ currency: line.data.currency, amountMinor: line.data.amountMinor })
    reached = largest(reached, amountMinor)
    return conversion({ line, source, sides, books, step: `:${amountMinor}` })
  })
}

/** How far the charge had come each time this line was posted; empty where it was not. */
function stepsOf(line: Known<'balance_line'>, posted: ReadonlySet<string>): bigint[] {
  const prefix = `journal:conversion:${line.subject.id}:`
  return [...posted].filter((key) => key.startsWith(prefix)).map((key) => BigInt(key.slice(prefix.length)))
}

type Source = { readonly fact: KnownFact; readonly currency: string; readonly amountMinor: bigint }

/** What a reversal's line is about in the payment's own currency: positive where it came to us. */
function sourceOf(evidence: Evidence, line: Known<'balance_line'>): Source | undefined {
  const id = line.data.source?.id
  switch (meaningOf(line.data)) {
    case 'payment_failure':
      return signed(returnedBy(evidence, id), -1n)
    case 'refund':
      return signed(
        evidence.of('refund_moved').find((fact) => fact.subject.id === id),
        -1n,
      )
    case 'refund_failure':
      return signed(
        evidence.of('refund_returned').find((fact) => fact.subject.id === id),
        1n,
      )
    default:
      return undefined
  }
}

type MoneyFact = Known<'payment_returned' | 'refund_moved' | 'refund_returned'>

function signed(fact: MoneyFact | undefined, sign: bigint): Source | undefined {
  if (fact === undefined) return undefined
  return { fact, currency: fact.data.currency, amountMinor: sign * fact.data.amountMinor }
}

/** What a partial capture did not take was converted as well; it goes back in the currency in which it came. */
function givenBack(evidence: Evidence, line: Known<'balance_line'>, books: Books): JournalEntry[] {
  const source = evidence.of('payment_captured').find((fact) => fact.subject.id === line.data.source?.id)
  if (source === undefined || source.data.currency === line.data.currency) return []
  const sides = [{ currency: line.data.currency, amountMinor: line.data.amountMinor }]
  return conversion({ line, source, sides, books })
}

function conversion(made: {
  readonly line: Known<'balance_line'>
  readonly source: KnownFact
  readonly sides: readonly { readonly currency: string; readonly amountMinor: bigint }[]
  readonly books: Books
  readonly step?: string
}): JournalEntry[] {
  const { line, source, sides, books, step = '' } = made
  const clearing = accountName(books, 'clearing', { scope: line.scope })
  const equity = accountName(books, 'conversion')
  const lines = sides.flatMap(({ currency, amountMinor }) => [
    { account: clearing, currency, amountMinor },
    { account: equity, currency, amountMinor: -amountMinor },
  ])
  return entryOf(`journal:conversion:${line.subject.id}${step}`, line, lines, {
    description: `conversion ${line.data.source?.id ?? line.subject.id}`,
    factIds: [line.id, source.id],
  })
}
