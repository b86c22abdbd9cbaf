import { printDecimal } from '../../core/money.ts'
import type { Program } from './program.ts'
import { theirAccount } from './summary.ts'

const api = { live: 'https://quickbooks.api.intuit.com', test: 'https://sandbox-quickbooks.api.intuit.com' }

// The newest of 2026; older ones were switched off in August 2025, and unnamed means the oldest that is left.
const minorVersion = '75'

/**
 * QuickBooks Online: a JournalEntry for each summary, known by its DocNumber (21 characters at most). The same
 * `requestid` (50 at most) is answered as the first time, and makes nothing anew.
 *
 * @see https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/journalentry (checked 2026-11)
 * @see https://blogs.intuit.com/2015/04/06/15346/ on requestid (checked 2026-11)
 */
export const quickbooks: Program = {
  origin: (mode) => api[mode],
  tokenUrl: 'https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer',
  // It allows 500 calls a minute and does not say how long to wait.
  quietMs: 60_000,
  refusal: () => undefined,
  bodyOf(summary, { accounts, baseCurrency }) {
    const { currency } = summary
    return {
      DocNumber: summary.id,
      TxnDate: summary.date,
      PrivateNote: summary.text,
      ...(currency === baseCurrency ? {} : { CurrencyRef: { value: currency } }),
      Line: summary.lines.map(({ account, amountMinor }) => ({
        DetailType: 'JournalEntryLineDetail',
        Description: account,
        Amount: Number(
          printDecimal({ amountMinor: amountMinor < 0n ? -amountMinor : amountMinor, currency }),
        ),
        JournalEntryLineDetail: {
          PostingType: amountMinor < 0n ? 'Credit' : 'Debit',
          AccountRef: { value: theirAccount(accounts, account) },
        },
      })),
    }
  },
  write: ({ origin, company, id, body }) => ({
    method: 'POST',
    url: `${origin}/v3/company/${company}/journalentry?requestid=${id}&minorversion=${minorVersion}`,
    headers: { 'content-type': 'application/json' },
    body,
  }),
  written: (json) => idOf(json.JournalEntry),
  find: ({ origin, company, summary }) => {
    const query = `select * from JournalEntry where DocNumber = '${summary.id}'`
    return {
      method: 'GET',
      url: `${origin}/v3/company/${company}/query?query=${encodeURIComponent(query)}&minorversion=${minorVersion}`,
      headers: {},
    }
  },
  found: (json) => {
    const { JournalEntry: entries } = (json.QueryResponse ?? {}) as { JournalEntry?: unknown[] }
    return idOf(entries?.[0])
  },
  wordsOf: (json) => {
    const { Error: errors } = (json.Fault ?? {}) as { Error?: { code?: string; Message?: string }[] }
    return errors?.map(({ code, Message: message }) => `${code ?? ''} ${message ?? ''}`.trim()).join('; ')
  },
}

function idOf(entry: unknown): string | undefined {
  const { Id: id } = (entry ?? {}) as { Id?: unknown }
  return typeof id === 'string' ? id : undefined
}
