import type { JournalEntry, JournalLine } from '../../src/core/journal.ts'

/** Sums lines into balances, `account currency` → minor units, those of zero left out. */
export function balancesOf(lines: Iterable<JournalLine>): Map<string, bigint> {
  const balances = new Map<string, bigint>()
  for (const { account, currency, amountMinor } of lines) {
    const key = `${account} ${currency}`
    const sum = (balances.get(key) ?? 0n) + amountMinor
    if (sum === 0n) balances.delete(key)
    else balances.set(key, sum)
  }
  return new Map([...balances].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Currencies in which these lines do not sum to zero: none, or the books are broken. */
export function imbalances(lines: Iterable<JournalLine>): string[] {
  const sums = new Map<string, bigint>()
  for (const line of lines) sums.set(line.currency, (sums.get(line.currency) ?? 0n) + line.amountMinor)
  return [...sums].filter(([, sum]) => sum !== 0n).map(([currency, sum]) => `${currency} ${sum}`)
}

/** An entry as the books' examples print it, without our account prefixes: `clearing +40.80`-like, in minor units. */
export function printed(entry: JournalEntry): string {
  return entry.lines.map((line) => `${line.account} ${line.currency} ${line.amountMinor}`).join(' · ')
}

/** JSON that is equal for equal values whatever the order of keys, with bigint as text. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, held) => {
    if (typeof held === 'bigint') return `${held}n`
    if (held instanceof Map) return [...held].sort(([a], [b]) => (a < b ? -1 : 1))
    if (held === null || typeof held !== 'object' || Array.isArray(held)) return held
    return Object.fromEntries(Object.entries(held).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
