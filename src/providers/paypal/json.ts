import type { Instant } from '../../core/fact.ts'
import { exponentOf, parseDecimal } from '../../core/money.ts'

/** Somebody else's JSON: own properties only, and what cannot be read is said by its path. */
export type Thing = { readonly [key: string]: unknown }

/** An object of the payload and where it stands in it. */
export type Node = { readonly value: Thing; readonly path: string }

/** A field that we need is missing or not what it should be. Never leaves this folder: it becomes a review. */
export class Unreadable extends Error {
  constructor(path: string, why: string) {
    super(`${path}: ${why}`)
    this.name = 'Unreadable'
  }
}

const idPattern = /^[\x21-\x7e]{1,255}$/
const textLengthMax = 500
/** More than all money there is in one order. */
const amountMax = 1_000_000_000_000_000n

/** The path of a field of this object. */
export function step(node: Node, key: string): string {
  return node.path === '' ? key : `${node.path}.${key}`
}

/** A plain object: neither null nor an array. */
export function isThing(value: unknown): value is Thing {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The body as an object; undefined for what is no JSON object in UTF-8. */
export function parseObject(body: Uint8Array): Node | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body))
    return isThing(value) ? { value, path: '' } : undefined
  } catch {
    return undefined
  }
}

/** The raw value of an own property; null reads as absent. */
export function field(node: Node, key: string): unknown {
  return Object.hasOwn(node.value, key) ? (node.value[key] ?? undefined) : undefined
}

/** A nested object, by one key or a path of them. */
export function child(node: Node | undefined, ...keys: readonly string[]): Node | undefined {
  let at = node
  for (const key of keys) {
    const value = at && field(at, key)
    at = at !== undefined && isThing(value) ? { value, path: step(at, key) } : undefined
  }
  return at
}

/** Objects of an array; what else stands in it is left out. */
export function children(node: Node | undefined, key: string): Node[] {
  const list = node && field(node, key)
  if (node === undefined || !Array.isArray(list)) return []
  return list.flatMap((value: unknown, at) =>
    isThing(value) ? [{ value, path: `${step(node, key)}[${at}]` }] : [],
  )
}

/** Trimmed, well-formed, without NUL; absent when empty. */
export function clean(value: string): string | undefined {
  const cleaned = value.toWellFormed().replaceAll('\0', '').trim().slice(0, textLengthMax).toWellFormed()
  return cleaned === '' ? undefined : cleaned
}

/** As `clean`, of a field. */
export function text(node: Node | undefined, key: string): string | undefined {
  const value = node && field(node, key)
  return typeof value === 'string' ? clean(value) : undefined
}

/** As `text`; throws `Unreadable` where there is none. */
export function needText(node: Node, key: string): string {
  return text(node, key) ?? fail(node, key)
}

/** Usable as an id: printable ASCII, not longer than an index may hold. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && idPattern.test(value)
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

/** The value at a dotted path, where it is text or a whole number. */
export function valueAt(node: Node, path: string): string | undefined {
  let value: unknown = node.value
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Thing)[key]
  }
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
  return typeof value === 'string' ? clean(value) : undefined
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

function fail(node: Node, key: string): never {
  const value = field(node, key)
  throw new Unreadable(step(node, key), value === undefined ? 'is missing' : `is a ${typeof value}`)
}
