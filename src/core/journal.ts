/**
 * Double entry. Two layers (books.md): movements, one entry per money fact and needing no order; recognition, the
 * difference between what an order's state calls for and what is posted. Each entry sums to zero in each currency.
 */
export type JournalLine = {
  readonly account: string
  readonly currency: string
  readonly amountMinor: bigint
} // + debit, − credit

export type JournalEntry = {
  readonly key: string // journal:<fact id> · recognise:<order>:<n>
  readonly layer: 'movement' | 'recognition'
  readonly occurredAt: string
  readonly description: string // names resources, never a person
  readonly factIds: readonly string[]
  readonly lines: readonly JournalLine[]
}

/** Account names of the chart by their configuration key; `{c}` stands for the connection, `{j}` for a jurisdiction. */
export type Chart = { readonly [key: string]: string }

/** What is posted of the recognition layer for one order: `account currency` → minor units. */
export type Balances = ReadonlyMap<string, bigint>

export const defaultChart: Chart = {
  clearing: 'Assets:Clearing:{c}',
  transit: 'Assets:Transit',
  bank: 'Assets:Bank',
  reserves: 'Assets:Reserves:{c}',
  disputes: 'Assets:Disputes:{c}',
  cash: 'Assets:Cash',
  inputTax: 'Assets:InputTax',
  suspense: 'Assets:Suspense:{c}',
  customers: 'Liabilities:Customers',
  giftCards: 'Liabilities:GiftCards',
  storeCredit: 'Liabilities:StoreCredit',
  tax: 'Liabilities:Tax:{j}',
  tips: 'Liabilities:Tips',
  duties: 'Liabilities:Duties',
  connected: 'Liabilities:Connected',
  conversion: 'Equity:Conversion',
  sales: 'Income:Sales',
  shipping: 'Income:Shipping',
  discounts: 'Income:Discounts',
  returns: 'Income:Returns',
  exchangeGain: 'Income:Exchange',
  breakage: 'Income:Breakage',
  platformFees: 'Income:PlatformFees',
  fees: 'Expenses:Fees:{c}',
  disputeFees: 'Expenses:Fees:Disputes',
  chargebacks: 'Expenses:Chargebacks',
  badDebt: 'Expenses:BadDebt',
  exchangeLoss: 'Expenses:Exchange',
  adjustments: 'Expenses:ProviderAdjustments',
  rounding: 'Expenses:Rounding',
}
