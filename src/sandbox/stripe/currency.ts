/**
 * How Stripe counts currencies, which is not quite ISO 4217: ISK and UGX are sent with two decimals.
 *
 * @see https://docs.stripe.com/currencies (checked 2026-11)
 */
const zeroDecimals = new Set('bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' '))
const threeDecimals = new Set('bhd jod kwd omr tnd'.split(' '))

/** Decimals of the integers in Stripe's API, for a lower-case code. */
export function decimalsOf(currency: string): number {
  if (zeroDecimals.has(currency)) return 0
  return threeDecimals.has(currency) ? 3 : 2
}

/** Value of one major unit in US dollars, in millionths. Made up, of the right size, and the same every day. */
export const defaultRates: ReadonlyMap<string, number> = new Map([
  ['usd', 1_000_000],
  ['eur', 1_084_200],
  ['gbp', 1_271_300],
  ['chf', 1_121_000],
  ['cad', 731_400],
  ['aud', 655_100],
  ['sek', 95_300],
  ['jpy', 6_702],
  ['krw', 724],
  ['isk', 7_210],
  ['kwd', 3_252_000],
  ['bhd', 2_652_000],
])

export type Conversion = { readonly amount: number; readonly rate: number }

/**
 * An amount in another currency, in that one's minor units, rounded half away from zero; with the rate of one major
 * unit, which is what Stripe shows as `exchange_rate`. Unknown currencies count as dollars.
 */
export function convert(
  amount: number,
  pair: { readonly from: string; readonly to: string },
  rates: ReadonlyMap<string, number>,
): Conversion {
  const from = BigInt(rates.get(pair.from) ?? 1_000_000)
  const to = BigInt(rates.get(pair.to) ?? 1_000_000)
  const shift = decimalsOf(pair.to) - decimalsOf(pair.from)
  const numerator = from * 10n ** BigInt(Math.max(shift, 0))
  const denominator = to * 10n ** BigInt(Math.max(-shift, 0))
  const magnitude = BigInt(Math.abs(amount))
  const converted = Number((magnitude * numerator * 2n + denominator) / (denominator * 2n))
  const rate = Math.round((Number(from) / Number(to)) * 1e6) / 1e6
  return { amount: Math.sign(amount) * converted, rate }
}

/** 2.9 % and a fixed part in the settlement currency, as for a card in the United States. */
export function processingFee(amount: number, currency: string): number {
  const fixed = { 0: 40, 2: 30, 3: 90 }[decimalsOf(currency)] ?? 30
  const fee = Math.round((amount * 29) / 1000) + fixed
  // Three-decimal amounts are multiples of ten at Stripe.
  return decimalsOf(currency) === 3 ? Math.round(fee / 10) * 10 : fee
}

/** The fixed fee of a dispute: 15.00 in two-decimal currencies. */
export function disputeFee(currency: string): number {
  return { 0: 2000, 2: 1500, 3: 4500 }[decimalsOf(currency)] ?? 1500
}

/** A decimal string in major units, as shops write prices into metadata. */
export function printMajor(amount: number, currency: string): string {
  const decimals = decimalsOf(currency)
  const text = String(Math.abs(amount)).padStart(decimals + 1, '0')
  const whole = text.slice(0, text.length - decimals)
  return `${amount < 0 ? '-' : ''}${whole}${decimals > 0 ? `.${text.slice(-decimals)}` : ''}`
}
