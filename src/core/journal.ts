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

/** All that the configuration decides about what is posted, and to which accounts. */
export type Books = {
  readonly accounts: Chart
  /** When a sale becomes income: as it is paid, or as it ships. Until then what was paid is a deposit. */
  readonly recognise: 'capture' | 'fulfillment'
  /** When its tax is owed: with the income, or with the payment, where a prepayment is taxed. */
  readonly taxAt: 'recognise' | 'capture'
  readonly discounts: 'gross' | 'net'
  /** What a lost dispute is: a cost, or goods that came back. */
  readonly lostDisputes: 'expense' | 'returns'
  /** Tax on the provider's fee: to be had back, or part of the fee. */
  readonly feeTax: 'asset' | 'fees'
}

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

export const defaultBooks: Books = {
  accounts: defaultChart,
  recognise: 'capture',
  taxAt: 'recognise',
  discounts: 'gross',
  lostDisputes: 'expense',
  feeTax: 'asset',
}
