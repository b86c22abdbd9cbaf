import { accountName } from './accounts.ts'
import { meaningOf } from './balance-lines.ts'
import type { Evidence, Known } from './evidence.ts'
import type { KnownFact } from './fact.ts'
import type { Chart, JournalEntry } from './journal.ts'
import { entryOf } from './entries.ts'

/**
 * Conversions: a balance line in another currency than the money it is about. Both amounts are as stated, never amount ×
 * rate, so an entry waits until both are known. Source comes out of clearing, target goes in; a reversal the other way.
 */
export function conversions(evidence: Evidence, chart: Chart): JournalEntry[] {
  return evidence.of('balance_line').flatMap((line) => {
    const meaning = meaningOf(line.data)
    if (meaning === 'partial_capture') return givenBack(evidence, line, chart)
    const source = sourceOf(evidence, line)
    if (source === undefined || source.currency === line.data.currency) return []
    return conversion(
      line,
      source.fact,
      [
        { currency: source.currency, amountMinor: -source.amountMinor },
        { currency: line.data.currency, amountMinor: line.data.amountMinor },
      ],
      chart,
    )
  })
}

type Source = { readonly fact: KnownFact; readonly currency: string; readonly amountMinor: bigint }

/** What a line is about in the payment's own currency: positive where it came to us. */
function sourceOf(evidence: Evidence, line: Known<'balance_line'>): Source | undefined {
  const id = line.data.source?.id
  switch (meaningOf(line.data)) {
    case 'charge':
      return captureOf(evidence, line)
    case 'payment_failure':
      return signed(
        evidence.of('payment_returned').find((fact) => fact.subject.id === id),
        -1n,
      )
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

type MoneyFact = Known<'payment_captured' | 'payment_returned' | 'refund_moved' | 'refund_returned'>

function signed(fact: MoneyFact | undefined, sign: bigint): Source | undefined {
  return fact === undefined
    ? undefined
    : { fact, currency: fact.data.currency, amountMinor: sign * fact.data.amountMinor }
}

/** A charge that grew has a line per rise, in the same order; one line alone is the whole of it. */
function captureOf(evidence: Evidence, line: Known<'balance_line'>): Source | undefined {
  const id = line.data.source?.id
  const rising = evidence
    .of('payment_captured')
    .filter((fact) => fact.subject.id === id)
    .toSorted((a, b) => (a.data.amountMinor < b.data.amountMinor ? -1 : 1))
  const lines = evidence
    .of('balance_line')
    .filter((other) => other.data.source?.id === id && meaningOf(other.data) === 'charge')
    .toSorted((a, b) =>
      a.occurredAt < b.occurredAt || (a.occurredAt === b.occurredAt && a.id < b.id) ? -1 : 1,
    )
  const index = lines.indexOf(line)
  const fact = lines.length === 1 ? rising.at(-1) : rising[index]
  if (fact === undefined) return undefined
  const before = lines.length === 1 ? 0n : (rising[index - 1]?.data.amountMinor ?? 0n)
  return { fact, currency: fact.data.currency, amountMinor: fact.data.amountMinor - before }
}

/** What a partial capture did not take was converted as well; it goes back in the currency in which it came. */
function givenBack(evidence: Evidence, line: Known<'balance_line'>, chart: Chart): JournalEntry[] {
  const capture = evidence.of('payment_captured').find((fact) => fact.subject.id === line.data.source?.id)
  if (capture === undefined || capture.data.currency === line.data.currency) return []
  return conversion(
    line,
    capture,
    [{ currency: line.data.currency, amountMinor: line.data.amountMinor }],
    chart,
  )
}

function conversion(
  line: Known<'balance_line'>,
  source: KnownFact,
  sides: readonly { readonly currency: string; readonly amountMinor: bigint }[],
  chart: Chart,
): JournalEntry[] {
  const clearing = accountName(chart, 'clearing', { scope: line.scope })
  const equity = accountName(chart, 'conversion')
  const lines = sides.flatMap(({ currency, amountMinor }) => [
    { account: clearing, currency, amountMinor },
    { account: equity, currency, amountMinor: -amountMinor },
  ])
  return entryOf(`journal:conversion:${line.subject.id}`, line, lines, {
    description: `conversion ${line.data.source?.id ?? line.subject.id}`,
    factIds: [line.id, source.id],
  })
}
