import { exponentOf, parseDecimal } from '../../core/money.ts'
import { child, fail, field, type Node, step, text, Unreadable } from './json.ts'

/**
 * Amounts are decimal text in major units; many stand twice, plain and as a `…_set` with the shop's and the buyer's
 * money. The set says its currency, so it is believed first; some plain ones are JSON numbers.
 *
 * @see https://shopify.dev/docs/api/admin-rest/latest/resources/order (checked 2026-11)
 */
const amountMax = 1_000_000_000_000_000n

export type Amount = { readonly amountMinor: bigint; readonly currency: string }

/** ISO code of `key`; one that we do not know cannot be counted, and so is not read. */
export function needCurrency(node: Node, key = 'currency'): string {
  const currency = (text(node, key) ?? fail(node, key)).toUpperCase()
  if (exponentOf(currency) === undefined) throw new Unreadable(step(node, key), 'is no currency we know')
  return currency
}

/** The shop's money under this name; undefined where the body does not say it. May be negative. */
export function signed(node: Node, name: string, currency: string): bigint | undefined {
  const set = setOf(node, name, 'shop_money')
  if (set?.currency === currency) return set.amountMinor
  return plain(node, name, currency)
}

/** As `signed`, and not negative. */
export function money(node: Node, name: string, currency: string): bigint | undefined {
  const amountMinor = signed(node, name, currency)
  if (amountMinor !== undefined && amountMinor < 0n) throw new Unreadable(step(node, name), 'is negative')
  return amountMinor
}

/** As `money`; throws `Unreadable` where there is none. */
export function needMoney(node: Node, name: string, currency: string): bigint {
  return money(node, name, currency) ?? fail(node, name)
}

/** The other reading of a `…_set`: what the buyer saw. */
export function presented(node: Node, name: string): Amount | undefined {
  return setOf(node, name, 'presentment_money')
}

/** The shop's money of a set, with its currency, for bodies that name no currency elsewhere. */
export function shopMoney(node: Node, name: string): Amount | undefined {
  return setOf(node, name, 'shop_money')
}

/** Money that has one reading only, as queries give it: `{amount, currency_code}`. Undefined where there is no such object. */
export function bareMoney(node: Node, name: string): Amount | undefined {
  const side = child(node, name)
  return side && amountOf(side)
}

function setOf(node: Node, name: string, key: 'shop_money' | 'presentment_money'): Amount | undefined {
  const set = child(node, `${name}_set`)
  const side = set && child(set, key)
  return side && amountOf(side)
}

function amountOf(side: Node): Amount | undefined {
  const currency = needCurrency(side, 'currency_code')
  const amountMinor = plain(side, 'amount', currency)
  return amountMinor === undefined ? undefined : { amountMinor, currency }
}

function plain(node: Node, name: string, currency: string): bigint | undefined {
  const value = field(node, name)
  if (value === undefined || value === '') return undefined
  const written = typeof value === 'number' ? String(value) : value
  const amountMinor = typeof written === 'string' ? parseDecimal(written, currency) : undefined
  if (amountMinor === undefined) throw new Unreadable(step(node, name), `is no amount in ${currency}`)
  if (amountMinor > amountMax || amountMinor < -amountMax) throw new Unreadable(step(node, name), 'is absurd')
  return amountMinor
}
