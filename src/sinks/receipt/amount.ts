import { exponentOf, printDecimal } from '../../core/money.ts'

/**
 * An amount for people to read, with exactly the currency's decimals: 1999n USD → "$19.99", 5000n JPY → "¥5,000".
 * The decimal text goes to Intl as it is, so that no amount passes through floating point.
 */
export function printAmount(amountMinor: bigint, currency: string, locale = 'en-US'): string {
  const digits = exponentOf(currency) ?? 2
  const format = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
  // Intl puts a no-break space between a code and its figure, which plain-text readers show as an odd character.
  return format
    .format(printDecimal({ amountMinor, currency }) as Intl.StringNumericLiteral)
    .replaceAll(/[\u00a0\u202f]/g, ' ')
}
