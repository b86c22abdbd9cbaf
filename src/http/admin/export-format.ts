import { exponentOf, printDecimal } from '../../core/money.ts'
import type { LedgerEntry } from '../../store/reading/ledger.ts'

/** One format: what stands before the entries, and what each becomes. */
export type Format = {
  readonly type: string
  readonly extension: string
  head(declared: Declared): string
  entry(entry: DatedEntry): string
}
/** Accounts and currencies in use, and until which link of the history the export goes. */
export type Declared = {
  readonly accounts: readonly string[]
  readonly currencies: readonly string[]
  readonly until: string
}
/** `date` is the accounting day: the provider's instant in the books' time zone. */
export type DatedEntry = LedgerEntry & { readonly date: string }

/** A decimal with exactly the currency's decimals. */
export function decimalOf(amount: string, currency: string): string {
  return printDecimal({ amountMinor: BigInt(amount), currency })
}

export function decimalsOf(currency: string): number {
  return exponentOf(currency) ?? 2
}
