import { readFileSync } from 'node:fs'

/** How a shop's mails look, as the configuration has it. */
export type LookSettings = {
  readonly locale?: string | undefined
  readonly shop?:
    | { readonly name: string; readonly address: readonly string[]; readonly logo?: string | undefined }
    | undefined
}

/** The same with the logo read. `locale` is how amounts and dates are written, e.g. `de-DE`. */
export type Look = {
  readonly locale: string
  readonly shop:
    | { readonly name: string; readonly address: readonly string[]; readonly logo: Logo | undefined }
    | undefined
}
export type Logo = { readonly bytes: Buffer; readonly type: 'png' | 'jpeg' }

const usual = 'en-US'

/** Throws where the logo cannot be read or is neither PNG nor JPEG: at the start, not at the first mail. */
export function lookOf({ locale = usual, shop }: LookSettings = {}): Look {
  if (shop === undefined) return { locale, shop: undefined }
  const logo = shop.logo === undefined ? undefined : logoOf(shop.logo)
  return { locale, shop: { name: shop.name, address: shop.address, logo } }
}

function logoOf(path: string): Logo {
  const bytes = readFileSync(path)
  if (bytes.subarray(0, 8).equals(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'))) return { bytes, type: 'png' }
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return { bytes, type: 'jpeg' }
  throw new Error(`sinks.receipt.shop.logo: ${path} is neither PNG nor JPEG`)
}

/** The buyer's own way to write amounts where they have told one that exists, else the shop's. */
export function localeFor(told: string | undefined, look: Look): string {
  const tag = told?.replaceAll('_', '-') ?? ''
  return isLocale(tag) ? tag : look.locale
}

/** True for a language tag that Intl knows how to write amounts for. */
export function isLocale(tag: string): boolean {
  try {
    return tag !== '' && Intl.NumberFormat.supportedLocalesOf(tag).length > 0
  } catch {
    return false
  }
}
