import { accountName } from './accounts.ts'
import { meaningOf, type Meaning } from './balance-lines.ts'
import { type Evidence, type Known, sum } from './evidence.ts'
import type { Chart, JournalEntry, JournalLine } from './journal.ts'
import { entryOf, keyOf, transfer } from './entries.ts'

/** The other side of a line's own amount; absent where the resource itself says what moved, and the line only adds its fee. */
const counterparts: { readonly [K in Meaning]?: string } = {
  dispute: 'disputes',
  reserve: 'reserves',
  fee: 'fees',
  tax: 'inputTax',
  adjustment: 'adjustments',
  transfer: 'connected',
  platform_fee: 'platformFees',
  conversion: 'conversion',
  topup: 'bank', // by way of transit, and at once: the line exists when the bank has paid
  unknown: 'suspense', // under the provider's own name, until somebody maps it
}

/** One entry per balance line: its amount where no other fact moves it, and its fee, booked once and here only. */
export function lineMovements(evidence: Evidence, chart: Chart): JournalEntry[] {
  return evidence.of('balance_line').flatMap((line) => {
    const meaning = meaningOf(line.data)
    const clearing = accountName(chart, 'clearing', { scope: line.scope })
    const counterpart = counterparts[meaning]
    const principal =
      counterpart === undefined
        ? []
        : transfer(
            clearing,
            accountName(chart, counterpart, { scope: line.scope }),
            line.data.currency,
            line.data.amountMinor,
          )
    const lines = merged([...principal, ...feeLines(line, meaning, clearing, chart)])
    const name =
      meaning === 'unknown'
        ? `${line.data.category || line.data.type} (not mapped)`
        : line.data.category || line.data.type
    return entryOf(keyOf(line.id), line, lines, {
      description: `${name} ${line.data.source?.id ?? line.subject.id}`,
    })
  })
}

/** Fee and the tax on it as the line details them; what its details leave unsaid is the provider's own fee. */
function feeLines(
  line: Known<'balance_line'>,
  meaning: Meaning,
  clearing: string,
  chart: Chart,
): JournalLine[] {
  const { currency, feeMinor, fees } = line.data
  const tax = sum(fees.filter((fee) => fee.type === 'tax').map((fee) => fee.amountMinor))
  const account = accountName(chart, meaning === 'dispute' ? 'disputeFees' : 'fees', { scope: line.scope })
  return [
    ...transfer(account, clearing, currency, feeMinor - tax),
    ...transfer(accountName(chart, 'inputTax'), clearing, currency, tax),
  ]
}

/** One line per account, so that an entry reads as a person would write it. */
function merged(lines: readonly JournalLine[]): JournalLine[] {
  const byAccount = new Map<string, JournalLine>()
  for (const line of lines) {
    const held = byAccount.get(line.account)
    byAccount.set(
      line.account,
      held === undefined ? line : { ...held, amountMinor: held.amountMinor + line.amountMinor },
    )
  }
  return [...byAccount.values()]
}

/**
 * A lost dispute costs what is withdrawn: one entry per line of a dispute that was ever lost. A line that brings the
 * money back takes its part of the cost back, so winning after losing needs nothing more.
 */
export function disputeLosses(evidence: Evidence, chart: Chart): JournalEntry[] {
  const lost = new Map(
    evidence
      .of('dispute_state')
      .filter((fact) => fact.data.state === 'lost')
      .map((fact) => [fact.subject.id, fact]),
  )
  return evidence.of('balance_line').flatMap((line) => {
    const loss = lost.get(line.data.source?.id ?? '')
    if (loss === undefined || line.data.source?.kind !== 'dispute') return []
    const [chargebacks, disputes] = [
      accountName(chart, 'chargebacks'),
      accountName(chart, 'disputes', { scope: line.scope }),
    ]
    return entryOf(
      `journal:dispute_lost:${line.subject.id}`,
      loss,
      transfer(chargebacks, disputes, line.data.currency, -line.data.amountMinor),
      {
        occurredAt: loss.occurredAt > line.occurredAt ? loss.occurredAt : line.occurredAt,
        description: `dispute lost ${loss.subject.id}`,
        factIds: [loss.id, line.id],
      },
    )
  })
}
