import type { Instant } from '../../core/fact.ts'
import { exponentOf, parseDecimal } from '../../core/money.ts'
import {
  child,
  fail,
  field,
  isId,
  isThing,
  needText,
  type Node,
  step,
  things,
  Unreadable,
} from '../reading/json.ts'

export * from '../reading/json.ts'

/** More than all money there is in one order. */
const amountMax = 1_000_000_000_000_000n

/** The body as an object; undefined for what is no JSON object in UTF-8. */
export function parseObject(body: Uint8Array): Node | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body))
    return isThing(value) ? { value, path: '' } : undefined
  } catch {
    return undefined
  }
}

/** Objects of an array; what else stands in it is left out. */
export function children(node: Node | undefined, key: string): Node[] {
  return node === undefined ? [] : things(field(node, key), step(node, key))
}

/** An id; throws `Unreadable` for what is there and is none. */
export function idIn(node: Node | undefined, key: string): string | undefined {
  const value = node && field(node, key)
  if (value === undefined || node === undefined) return undefined
  if (isId(value)) return value
  throw new Unreadable(step(node, key), 'is not an id')
}

/** As `idIn`; throws `Unreadable` where there is none. */
export function needId(node: Node, key: string): string {
  return idIn(node, key) ?? fail(node, key)
}

/** RFC 3339 with any offset, or the `+0000` of the reports. */
export function instant(node: Node, key: string): Instant | undefined {
  const value = field(node, key)
  if (value === undefined) return undefined
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value)) {
    const parsed = new Date(value.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'))
    if (!Number.isNaN(parsed.getTime())) return parsed.toISOString()
  }
  throw new Unreadable(step(node, key), 'is not a time')
}

/** As `instant`; throws `Unreadable` where there is none. */
export function needInstant(node: Node, key: string): Instant {
  return instant(node, key) ?? fail(node, key)
}

export type Amount = { readonly amountMinor: bigint; readonly currency: string }

/**
 * `{currency_code, value}` as minor units of ISO 4217. HUF and TWD come there without decimals, which a decimal string
 * says by itself. Undefined where the field is absent.
 *
 * @see https://developer.paypal.com/api/rest/reference/currency-codes/ (checked 2026-11)
 */
export function signed(node: Node | undefined, key: string): Amount | undefined {
  const money = child(node, key)
  if (node === undefined || field(node, key) === undefined) return undefined
  if (money === undefined) throw new Unreadable(step(node, key), 'is no amount')
  const currency = needText(money, 'currency_code')
  if (exponentOf(currency) === undefined)
    throw new Unreadable(step(money, 'currency_code'), 'is no currency we know')
  const amountMinor = parseDecimal(needText(money, 'value'), currency)
  if (amountMinor === undefined) throw new Unreadable(step(money, 'value'), `is no amount in ${currency}`)
  if (amountMinor > amountMax || amountMinor < -amountMax)
    throw new Unreadable(step(money, 'value'), 'is absurd')
  return { amountMinor, currency }
}

/** As `signed`, not negative. */
export function amount(node: Node | undefined, key: string): Amount | undefined {
  const found = signed(node, key)
  if (found !== undefined && found.amountMinor < 0n)
    throw new Unreadable(step(node!, `${key}.value`), 'is negative')
  return found
}

/** As `amount`; throws `Unreadable` where there is none. */
export function needAmount(node: Node, key: string): Amount {
  return amount(node, key) ?? fail(node, key)
}
