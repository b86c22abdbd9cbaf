import { z } from 'zod'
import { defaultChart } from '../core/journal.ts'
import { exponentOf } from '../core/money.ts'
import { choice, only, text, url } from './values.ts'

const roots = 'Assets, Liabilities, Equity, Income or Expenses'
/** Names that every accounting program takes: a root, then parts without blanks at their ends. */
const accountPattern = text(
  `an account name such as Income:Sales, below ${roots}`,
  /^(Assets|Liabilities|Equity|Income|Expenses)(:[^\s:;|"]([^:;|"\n]*[^\s:;|"])?)+$/,
)

/** The books as the file has them. */
export const accounting = only({
  kind: choice('internal'),
  baseCurrency: text('a currency such as USD')
    .refine((code) => exponentOf(code) !== undefined, 'a currency of ISO 4217 such as USD')
    .default('USD'),
  timezone: text('a time zone such as Europe/Warsaw')
    .refine(isTimezone, 'a time zone such as Europe/Warsaw')
    .default('UTC'),
  accounts: only(
    Object.fromEntries(Object.keys(defaultChart).map((key) => [key, accountPattern.optional()])),
  ).default({}),
  recognise: choice('capture', 'fulfillment').default('capture'),
  taxAt: choice('recognise', 'capture').default('recognise'),
  discounts: choice('gross', 'net').default('gross'),
  lostDisputes: choice('expense', 'returns').default('expense'),
  feeTax: choice('asset', 'fees').default('asset'),
  push: only({
    to: choice('quickbooks', 'xero'),
    by: choice('payout', 'day', 'order').default('payout'),
    clientId: text("the app's client id").optional(),
    clientSecret: text("the app's client secret").optional(),
    refreshToken: text('the refresh token that authorising the app gave').optional(),
    company: text('the id of the company: realm or tenant', /^[A-Za-z0-9-]{1,64}$/).optional(),
    accounts: z
      .record(z.string(), z.coerce.string("the program's account"), 'a mapping of accounts')
      .default({}),
    from: z.iso.date('a day such as 2026-01-01').optional(),
    apiBaseUrl: url(['http:', 'https:'], 'http://127.0.0.1:12112').optional(),
  }).optional(),
})

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined
  } catch {
    return false
  }
}
