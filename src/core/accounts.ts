import { type Books, defaultChart } from './journal.ts'
import type { Tender } from './fact.ts'

/**
 * The account under a key of the chart, for the account (`scope`) and jurisdiction it is about. `{c}` is the money's
 * account at the provider, not the connection by which we heard of it: two connections of one account share its clearing.
 * Throws on a key that is in no chart.
 */
export function accountName(
  { accounts }: Pick<Books, 'accounts'>,
  key: string,
  { scope, jurisdiction }: { scope?: string; jurisdiction?: string } = {},
): string {
  const pattern = accounts[key] ?? defaultChart[key]
  if (pattern === undefined) throw new RangeError(`no account under ${key}`)
  return pattern.replaceAll('{c}', segment(scope)).replaceAll('{j}', segment(jurisdiction))
}

/** One segment of an account's name: what would read as a separator, or as the end of the name, is replaced. */
function segment(text: string | undefined): string {
  const clean = (text ?? 'unknown').replaceAll(/[^\p{L}\p{N}_.-]+/gu, '-')
  return clean === '' ? 'unknown' : clean
}

/** Where the money of a tender lies: a provider's in its clearing account, the rest with us. */
export const tenderAccounts: { readonly [K in Tender]: string } = {
  provider: 'clearing',
  gift_card: 'giftCards',
  store_credit: 'storeCredit',
  cash: 'cash',
  manual: 'cash',
}
