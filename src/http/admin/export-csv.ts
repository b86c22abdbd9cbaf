import type { LedgerEntry } from '../../store/reading/ledger.ts'
import { decimalOf, type Format } from './export-format.ts'

const columns =
  'date,entry,key,layer,connection,mode,order_id,description,account,currency,debit,credit,late_into'

export const csv: Format = {
  type: 'text/csv; charset=utf-8',
  extension: 'csv',
  head: () => `${columns}\r\n`,
  entry: (entry: LedgerEntry) =>
    entry.lines
      .map(({ account, currency, amount }) => {
        // Two columns of positive figures: a leading minus would have to be escaped, and then it is no figure.
        const isDebit = !amount.startsWith('-')
        const figure = decimalOf(isDebit ? amount : amount.slice(1), currency)
        const cells = [
          entry.day,
          `jrn_${entry.seq}`,
          entry.key,
          entry.layer,
          entry.connection,
          entry.mode,
          entry.order_id ?? '',
          entry.description,
          account,
          currency,
          isDebit ? figure : '',
          isDebit ? '' : figure,
          entry.late_into ?? '',
        ]
        return `${cells.map(cell).join(',')}\r\n`
      })
      .join(''),
}

/** Quoted where needed; what a spreadsheet would take for a formula gets an apostrophe in front and stays text. */
export function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
