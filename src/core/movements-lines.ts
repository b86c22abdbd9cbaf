import { accountName } from './accounts.ts'
import { meaningOf, type Meaning } from './balance-lines.ts'
import { type Evidence, type Known, sum } from './evidence.ts'
import type { Books, JournalEntry, JournalLine } from './journal.ts'
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
export function lineMovements(evidence: Evidence, books: Books): JournalEntry[] {
  return evidence.of('balance_line').flatMap((line) => {
    const meaning = meaningOf(line.data)
    const clearing = accountName(books, 'clearing', { scope: line.scope })
    const counterpart = meaning === 'tax' && books.feeTax === 'fees' ? 'fees' : counterparts[meaning]
    const principal =
      counterpart === undefined
        ? []
        : transfer(
            clearing,
            accountName(books, counterpart, { scope: line.scope }),
            line.data.currency,
            line.data.amountMinor,
          )
    const lines = merged([...principal, ...feeLines(line, meaning, clearing, books)])
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
  books: Books,
): JournalLine[] {
  const { currency, feeMinor, fees } = line.data
  const isApart = books.feeTax === 'asset'
  const tax = sum(fees.filter((fee) => isApart && fee.type === 'tax').map((fee) => fee.amountMinor))
  const account = accountName(books, meaning === 'dispute' ? 'disputeFees' : 'fees', { scope: line.scope })
  return [
    ...transfer(account, clearing, currency, feeMinor - tax),
    ...transfer(accountName(books, 'inputTax'), clearing, currency, tax),
  ]
}

/** One line per account and currency, so that an entry reads as a person would write it. */
function merged(lines: readonly JournalLine[]): JournalLine[] {
  const byAccount = new Map<string, JournalLine>()
  for (const line of lines) {
    const key = `${line.account} ${line.currency}`
    const held = byAccount.get(key)
    byAccount.set(
      key,
      held === undefined ? line : { ...held, amountMinor: held.amountMinor + line.amountMinor },
    )
  }
  return [...byAccount.values()]
}

/**
 * A lost dispute takes what is withdrawn: one entry per line of a dispute that was ever lost. A line that brings the
 * money back takes its part back, so winning after losing needs nothing more.
 */
export function disputeLosses(evidence: Evidence, books: Books): JournalEntry[] {
  const lost = new Map(
    evidence
      .of('dispute_state')
      .filter((fact) => fact.data.state === 'lost')
      .map((fact) => [fact.subject.id, fact]),
  )
  return evidence.of('balance_line').flatMap((line) => {
    const loss = lost.get(line.data.source?.id ?? '')
    if (loss === undefined || line.data.source?.kind !== 'dispute') return []
    const lines = books.lostDisputes === 'expense' ? asCost(line, books) : asReturn(line, loss, books)
    return entryOf(`journal:dispute_lost:${line.subject.id}`, loss, lines, {
      occurredAt: loss.occurredAt > line.occurredAt ? loss.occurredAt : line.occurredAt,
      description: `dispute lost ${loss.subject.id}`,
      factIds: [loss.id, line.id],
    })
  })
}

function asCost({ scope, data }: Known<'balance_line'>, books: Books): JournalLine[] {
  const disputes = accountName(books, 'disputes', { scope })
  return transfer(accountName(books, 'chargebacks'), disputes, data.currency, -data.amountMinor)
}

/**
 * The buyer has the disputed sum back as if we had refunded it, and recognition takes the sale back. What was withdrawn
 * beyond it stays a cost; in another currency both amounts are as stated.
 */
function asReturn(
  { scope, data }: Known<'balance_line'>,
  { data: claim }: Known<'dispute_state'>,
  books: Books,
): JournalLine[] {
  const [disputes, customers] = [accountName(books, 'disputes', { scope }), accountName(books, 'customers')]
  const given = data.amountMinor < 0n ? claim.amountMinor : -claim.amountMinor
  const crossing = accountName(books, data.currency === claim.currency ? 'chargebacks' : 'conversion')
  return merged([
    { account: disputes, currency: data.currency, amountMinor: data.amountMinor },
    { account: crossing, currency: data.currency, amountMinor: -data.amountMinor },
    { account: crossing, currency: claim.currency, amountMinor: -given },
    { account: customers, currency: claim.currency, amountMinor: given },
  ])
}
