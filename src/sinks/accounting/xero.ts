import { printDecimal } from '../../core/money.ts'
import type { Program } from './program.ts'
import { type Summary, theirAccount } from './summary.ts'

/**
 * Xero: a posted manual journal for each summary, known by its narration. The same `Idempotency-Key` (128 characters at
 * most) makes nothing anew, but Xero keeps keys for minutes only, so a repeat looks for the journal first.
 *
 * @see https://developer.xero.com/documentation/api/accounting/manualjournals (checked 2026-11)
 * @see https://developer.xero.com/documentation/guides/oauth2/limits (checked 2026-11)
 */
export const xero: Program = {
  origin: () => 'https://api.xero.com',
  tokenUrl: 'https://identity.xero.com/connect/token',
  // It allows 60 calls a minute; it says how long to wait, this is for an answer that does not.
  quietMs: 60_000,
  refusal: ({ currency }, { baseCurrency }) =>
    currency === baseCurrency
      ? undefined
      : `its manual journals know ${baseCurrency} only: export ${currency} instead`,
  bodyOf: (summary, { accounts }) => ({
    ManualJournals: [
      {
        Narration: narrationOf(summary),
        Date: summary.date,
        Status: 'POSTED',
        LineAmountTypes: 'NoTax',
        JournalLines: summary.lines.map(({ account, amountMinor }) => ({
          LineAmount: Number(printDecimal({ amountMinor, currency: summary.currency })),
          AccountCode: theirAccount(accounts, account),
          Description: account,
        })),
      },
    ],
  }),
  write: ({ origin, company, id, body }) => ({
    method: 'PUT',
    url: `${origin}/api.xro/2.0/ManualJournals`,
    headers: { 'content-type': 'application/json', 'xero-tenant-id': company, 'idempotency-key': id },
    body,
  }),
  written: (json) => idOf(json),
  find: ({ origin, company, summary }) => {
    const where = `Narration=="${narrationOf(summary)}"`
    return {
      method: 'GET',
      url: `${origin}/api.xro/2.0/ManualJournals?where=${encodeURIComponent(where)}`,
      headers: { 'xero-tenant-id': company },
    }
  },
  found: (json) => idOf(json),
  wordsOf: (json) => {
    const { ErrorNumber: number, Message: message } = json as { ErrorNumber?: number; Message?: string }
    return message === undefined ? undefined : `${number ?? ''} ${message}`.trim()
  },
}

function narrationOf({ id, text }: Pick<Summary, 'id' | 'text'>): string {
  return `${text.replaceAll('"', "'")} (${id})`
}

function idOf(json: { readonly [name: string]: unknown }): string | undefined {
  const [journal] = (json.ManualJournals ?? []) as { ManualJournalID?: unknown }[]
  return typeof journal?.ManualJournalID === 'string' ? journal.ManualJournalID : undefined
}
