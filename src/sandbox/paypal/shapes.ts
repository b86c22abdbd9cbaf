import { parseDecimal, printDecimal } from '../../core/money.ts'

/** Objects as their API prints them. Loose on purpose: the twin makes them, and nobody relies on their types. */
// biome-ignore lint/suspicious/noExplicitAny: made-up JSON
export type Resource = { [key: string]: any }
export type Amount = { readonly currency_code: string; readonly value: string }

const host = 'https://api.sandbox.paypal.com'

/** The links that every object carries: itself, and what it is a part of. */
export function linksOf(self: string, up?: string): { href: string; rel: string; method: string }[] {
  const link = (rel: string, path: string) => ({ href: `${host}${path}`, rel, method: 'GET' })
  return up === undefined ? [link('self', self)] : [link('self', self), link('up', up)]
}

export function moneyOf(amountMinor: bigint, currency: string): Amount {
  return { currency_code: currency, value: printDecimal({ amountMinor, currency }) }
}

export function minorOf({ value, currency_code }: Amount): bigint {
  return parseDecimal(value, currency_code)!
}

/** Puts a payment where its order shows it; one that was taken without an order is shown nowhere else. */
export function within(
  order: Resource | undefined,
  key: 'captures' | 'authorizations' | 'refunds',
  payment: Resource,
): void {
  const payments = order?.purchase_units[0].payments
  if (payments !== undefined) payments[key] = [...(payments[key] ?? []), payment]
}
