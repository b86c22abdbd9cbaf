import { exponentOf } from '../../core/money.ts'
import { field, type Node, needText, step, Unreadable } from './json.ts'

/**
 * Their integers are in the smallest unit as *they* count it; facts count as ISO 4217 does. ISK and UGX are sent with
 * two decimals though they have none (500000 is ISK 5000), and MGA with none though it has two.
 *
 * @see https://docs.stripe.com/currencies#zero-decimal (checked 2026-11)
 */
const zeroDecimal = new Set('BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' '))
const threeDecimal = new Set('BHD JOD KWD OMR TND'.split(' '))

/** More than all money there is in one order: a number past this is a mistake, whoever made it. */
const amountMax = 1_000_000_000_000_000

/** Upper-case ISO code of `key`; one that we do not know cannot be counted, and so is not read. */
export function needCurrency(node: Node, key = 'currency'): string {
  const currency = needText(node, key).toUpperCase()
  if (exponentOf(currency) === undefined) throw new Unreadable(step(node, key), 'is no currency we know')
  return currency
}

/** Minor units of a payment: not negative; undefined where the field is absent. */
export function amount(node: Node, key: string, currency: string): bigint | undefined {
  const value = signed(node, key, currency)
  if (value !== undefined && value < 0n) throw new Unreadable(step(node, key), 'is negative')
  // Three-decimal amounts end in a zero there; one that does not was never charged.
  if (value !== undefined && threeDecimal.has(currency) && value % 10n !== 0n) {
    throw new Unreadable(step(node, key), `is no amount in ${currency}`)
  }
  return value
}

/** As `amount`; throws `Unreadable` where there is none. */
export function needAmount(node: Node, key: string, currency: string): bigint {
  return amount(node, key, currency) ?? missing(node, key)
}

/** Minor units of a balance line or payout, which may be negative. */
export function signed(node: Node, key: string, currency: string): bigint | undefined {
  const value = field(node, key)
  if (value === undefined) return undefined
  const path = step(node, key)
  // Integers past 2^53 arrive rounded, and rounding makes them unsafe: none of them passes for another number.
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw new Unreadable(path, 'is no whole amount')
  if (Math.abs(value) > amountMax) throw new Unreadable(path, 'is absurd')
  return inIsoUnits(BigInt(value), currency, path)
}

/** As `signed`; throws `Unreadable` where there is none. */
export function needSigned(node: Node, key: string, currency: string): bigint {
  return signed(node, key, currency) ?? missing(node, key)
}

function inIsoUnits(value: bigint, currency: string, path: string): bigint {
  const theirs = zeroDecimal.has(currency) ? 0 : threeDecimal.has(currency) ? 3 : 2
  const ours = exponentOf(currency)
  if (ours === theirs) return value
  if (ours === 2 && theirs === 0) return value * 100n
  if (ours !== 0 || theirs !== 2) throw new Unreadable(path, `${currency} is not charged there`)
  if (value % 100n !== 0n) throw new Unreadable(path, `is no amount in ${currency}`)
  return value / 100n
}

function missing(node: Node, key: string): never {
  throw new Unreadable(step(node, key), 'is missing')
}
