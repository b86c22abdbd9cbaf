import { decimalOf, decimalsOf, type Declared, type Format, lateWords } from './export-format.ts'
import type { LedgerEntry } from '../../store/reading/ledger.ts'

/** Journals of hledger and of ledger differ only in what is declared, and how. */
export const hledger: Format = journal({
  extension: 'journal',
  // A decimal mark is needed even where nothing follows it.
  commodity: (currency) => `commodity 1000.${'0'.repeat(decimalsOf(currency))} ${currency}\n`,
})

export const ledger: Format = journal({
  extension: 'ledger',
  tags: 'tag key\n\n',
  commodity: (currency) => {
    const decimals = decimalsOf(currency)
    return `commodity ${currency}\n    format 1000${decimals === 0 ? '' : `.${'0'.repeat(decimals)}`} ${currency}\n`
  },
})

function journal({
  extension,
  commodity,
  tags = '',
}: {
  extension: string
  commodity: (currency: string) => string
  tags?: string
}): Format {
  return {
    type: 'text/plain; charset=utf-8',
    extension,
    head: ({ accounts, currencies, until }: Declared) =>
      [
        `; ordersync, up to link ${until} of the history\n\n`,
        tags,
        ...accounts.map((account) => `account ${accountName(account)}\n`),
        '\n',
        ...currencies.map(commodity),
        '\n',
      ].join(''),
    entry: transaction,
  }
}

function transaction(entry: LedgerEntry): string {
  const { seq, day, description, key, lines } = entry
  const width = Math.max(...lines.map(({ account }) => accountName(account).length))
  const postings = lines.map(
    ({ account, currency, amount }) =>
      `    ${accountName(account).padEnd(width)}  ${decimalOf(amount, currency)} ${currency}\n`,
  )
  const late = lateWords(entry)
  const said = late === undefined ? '' : `    ; ${late}\n`
  return `${day} (jrn_${seq}) ${oneLine(description)}\n    ; key: ${oneLine(key)}\n${said}${postings.join('')}\n`
}

/** Two blanks end an account's name, and a semicolon begins a comment. */
function accountName(name: string): string {
  return oneLine(name).replaceAll(/ {2,}/g, ' ')
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc};|]/gu, ' ').trim()
}
