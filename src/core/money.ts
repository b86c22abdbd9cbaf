/**
 * Money: bigint minor units beside the currency that says how many decimals they stand for.
 *
 * The exponent table is ISO 4217's. Providers that count a currency otherwise (ISK and UGX with two decimals, say)
 * convert in their own folder; past `normalize` there is one exponent per currency.
 */
export type Money = { readonly amountMinor: bigint; readonly currency: string }

const zeroDecimals = 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'
const threeDecimals = 'BHD IQD JOD KWD LYD OMR TND'
const fourDecimals = 'CLF UYW'
const twoDecimals =
  'AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF ' +
  'CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF ' +
  'IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN ' +
  'MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS ' +
  'SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG'

const exponents = new Map<string, number>([
  ...twoDecimals.split(' ').map((code) => [code, 2] as const),
  ...zeroDecimals.split(' ').map((code) => [code, 0] as const),
  ...threeDecimals.split(' ').map((code) => [code, 3] as const),
  ...fourDecimals.split(' ').map((code) => [code, 4] as const),
])

/** Decimals of an upper-case ISO 4217 code, or undefined where the code is not one. */
export function exponentOf(currency: string): number | undefined {
  return exponents.get(currency)
}

/** Every currency we know, upper case. */
export function currencies(): readonly string[] {
  return [...exponents.keys()].sort()
}

const decimalText = /^(-?)(\d{1,30})(?:\.(\d{1,30}))?$/

/**
 * Minor units of a decimal string in major units ("19.99" USD → 1999n).
 *
 * Undefined for anything that is not exactly representable: not a decimal, an unknown currency, or more decimals
 * than the currency has (unless the surplus is zeros: shops write "408.0" and "125.375").
 */
export function parseDecimal(text: string, currency: string): bigint | undefined {
  const exponent = exponents.get(currency)
  const match = decimalText.exec(text)
  if (exponent === undefined || match === null) return undefined
  const [, sign, whole, fraction = ''] = match
  const kept = fraction.slice(0, exponent).padEnd(exponent, '0')
  if (/[^0]/.test(fraction.slice(exponent))) return undefined
  const magnitude = BigInt(`${whole}${kept}`)
  return sign === '-' ? -magnitude : magnitude
}

/** Exactly the currency's decimals: 1999n USD → "19.99", 5000n JPY → "5000". Throws on an unknown currency. */
export function printDecimal({ amountMinor, currency }: Money): string {
  const exponent = exponents.get(currency)
  if (exponent === undefined) throw new RangeError(`unknown currency ${currency}`)
  const negative = amountMinor < 0n
  const digits = (negative ? -amountMinor : amountMinor).toString().padStart(exponent + 1, '0')
  const whole = digits.slice(0, digits.length - exponent)
  const fraction = digits.slice(digits.length - exponent)
  return `${negative ? '-' : ''}${whole}${exponent > 0 ? `.${fraction}` : ''}`
}

/**
 * `part` × numerator ÷ denominator, rounded half to even, for a share of an amount at a stated ratio.
 * Denominator must not be zero.
 */
export function shareHalfEven(part: bigint, numerator: bigint, denominator: bigint): bigint {
  const product = part * numerator
  const negative = product < 0n !== denominator < 0n
  const n = product < 0n ? -product : product
  const d = denominator < 0n ? -denominator : denominator
  const floor = n / d
  const twice = (n % d) * 2n
  const up = twice > d || (twice === d && floor % 2n === 1n)
  const rounded = up ? floor + 1n : floor
  return negative ? -rounded : rounded
}

/**
 * Splits `total` over `weights` by largest remainder; ties go to the earlier weight. The parts sum to `total` exactly.
 * All weights zero: everything goes to the first.
 */
export function splitByWeight(total: bigint, weights: readonly bigint[]): bigint[] {
  if (weights.length === 0) return []
  const negative = total < 0n
  const magnitude = negative ? -total : total
  const sum = weights.reduce((a, b) => a + b, 0n)
  if (sum === 0n) return weights.map((_, index) => (index === 0 ? total : 0n))
  const parts = weights.map((weight) => (magnitude * weight) / sum)
  let rest = magnitude - parts.reduce((a, b) => a + b, 0n)
  const byRemainder = weights
    .map((weight, index) => ({ index, remainder: (magnitude * weight) % sum }))
    .sort((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1))
  for (const { index } of byRemainder) {
    if (rest === 0n) break
    parts[index]! += 1n
    rest -= 1n
  }
  return negative ? parts.map((part) => -part) : parts
}
