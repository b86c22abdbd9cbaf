import { decimalOf, type Declared, type Format, lateWords } from './export-format.ts'
import type { LedgerEntry } from '../../store/reading/ledger.ts'

/** Accounts must be opened before their first entry; nothing of ours is older than this. */
const opened = '1970-01-01'

export const beancount: Format = {
  type: 'text/plain; charset=utf-8',
  extension: 'beancount',
  head: ({ accounts, until }: Declared) =>
    [
      `; ordersync, up to link ${until} of the history\n`,
      'option "title" "ordersync"\n\n',
      ...accounts.map((account) => `${opened} open ${accountName(account)}\n`),
      '\n',
    ].join(''),
  entry: (entry: LedgerEntry) =>
    [
      `${entry.day} * ${quoted(entry.description)}\n`,
      `  id: "jrn_${entry.seq}"\n  key: ${quoted(entry.key)}\n`,
      entry.late_into === null ? '' : `  late: ${quoted(lateWords(entry)!)}\n`,
      ...entry.lines.map(
        ({ account, currency, amount }) =>
          `  ${accountName(account)}  ${decimalOf(amount, currency)} ${currency}\n`,
      ),
      '\n',
    ].join(''),
}

/** Each part begins with a capital or a digit and holds letters, digits and hyphens only. */
function accountName(name: string): string {
  return name
    .split(':')
    .map((part) => {
      const safe = part.replaceAll(/[^\p{L}\p{N}-]/gu, '-')
      return /^[\p{Lu}\p{N}]/u.test(safe) ? safe : safe.charAt(0).toUpperCase() + safe.slice(1)
    })
    .map((part) => (/^[\p{Lu}\p{N}]/u.test(part) ? part : `X${part}`))
    .join(':')
}

function quoted(text: string): string {
  return `"${text
    .replaceAll(/\p{Cc}/gu, ' ')
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')}"`
}
