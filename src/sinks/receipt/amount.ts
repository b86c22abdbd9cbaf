import { exponentOf, printDecimal } from '../../core/money.ts'
import { turnsAround } from './reading-order.ts'

/**
 * An amount for people to read, with exactly the currency's decimals: 1999n USD → "$19.99", 5000n JPY → "¥5,000".
 * The decimal text goes to Intl as it is, so that no amount passes through floating point. Figures are always 0 to 9 and
 * a sign that is read from right to left gives way to the currency's code: an amount stands among words of another
 * direction, and must not be turned with them.
 */
export function printAmount(amountMinor: bigint, currency: string, locale = 'en-US'): string {
  const digits = exponentOf(currency) ?? 2
  const text = printDecimal({ amountMinor, currency }) as Intl.StringNumericLiteral
  const print = (currencyDisplay: 'symbol' | 'code') =>
    plain(
      new Intl.NumberFormat(locale, {
        style: 'currency',
        currency,
        currencyDisplay,
        numberingSystem: 'latn',
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
      }).format(text),
    )
  const printed = print('symbol')
  return turnsAround(printed) ? print('code') : printed
}

/** The day in the locale's words where these are read from left to right in an alphabet, else as 2026-11-25. */
export function printDay(at: Date, locale: string): string {
  const printed = plain(
    new Intl.DateTimeFormat(locale, {
      dateStyle: 'long',
      timeZone: 'UTC',
      calendar: 'gregory',
      numberingSystem: 'latn',
    }).format(at),
  )
  const isAlphabetic = /^[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{N}\p{P}\p{Zs}]+$/u.test(
    printed,
  )
  return isAlphabetic ? printed : at.toISOString().slice(0, 10)
}

/** Without marks of direction, wide forms of signs and no-break spaces, which some readers show as odd characters. */
function plain(text: string): string {
  return text
    .replaceAll(/[\u061c\u200e\u200f]/g, '')
    .normalize('NFKC')
    .trim()
}
