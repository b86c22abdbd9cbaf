import { currencies } from '../../core/money.ts'
import type { System } from '../../pipeline/system.ts'
import { accountsOf, entriesUpTo } from '../../store/reading/ledger.ts'
import { beancount } from './export-beancount.ts'
import { csv } from './export-csv.ts'
import type { Format } from './export-format.ts'
import { hledger, ledger } from './export-journal.ts'

export const formats: { readonly [name in 'hledger' | 'beancount' | 'ledger' | 'csv']: Format } = {
  hledger,
  beancount,
  ledger,
  csv,
}

/** The export in pieces, so that years of books need no more memory than a day's. */
export async function* exportOf(
  system: System,
  format: keyof typeof formats,
  scopes: readonly string[] | null,
  mode: string,
): AsyncIterable<string> {
  const { head, entry } = formats[format]
  const { until, entries } = await entriesUpTo(system.db.web, scopes, mode)
  const used = await accountsOf(system.db.web, scopes, mode)
  const inUse = new Set(used.map((row) => row.currency))
  yield head({
    accounts: [...new Set(used.map((row) => row.account))].sort(),
    currencies: currencies().filter((currency) => inUse.has(currency)),
    until: until.toString(),
  })
  for await (const row of entries) yield entry(row)
}
