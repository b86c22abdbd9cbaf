import { exponentOf, printDecimal } from '../../core/money.ts'
import type { LedgerEntry } from '../../store/reading/ledger.ts'

/** One format: what stands before the entries, and what each becomes. */
export type Format = {
  readonly type: string
  readonly extension: string
  head(declared: Declared): string
  entry(entry: LedgerEntry): string
}
/** Accounts and currencies in use, and until which link of the history the export goes. */
export type Declared = {
  readonly accounts: readonly string[]
  readonly currencies: readonly string[]
  readonly until: string
}

/** What an entry that was learned too late says of itself. */
export function lateWords({ late_into: month, occurred_at: at }: LedgerEntry): string | undefined {
  return month === null ? undefined : `late into ${month}, of ${at}`
}

/** A decimal with exactly the currency's decimals. */
export function decimalOf(amount: string, currency: string): string {
  return printDecimal({ amountMinor: BigInt(amount), currency })
}

export function decimalsOf(currency: string): number {
  return exponentOf(currency) ?? 2
}
