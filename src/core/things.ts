/** What facts are about: people, goods, what makes up a total. As one witness described it. */

/** A buyer as one witness described them. Never inside a fact: a fact holds `personId`, `persons` holds this. */
export type Person = {
  readonly email?: string
  readonly name?: string
  readonly phone?: string
  readonly locale?: string
  readonly customerId?: string
  readonly address?: {
    readonly name?: string
    readonly line1?: string
    readonly line2?: string
    readonly city?: string
    readonly state?: string
    readonly postalCode?: string
    readonly country?: string
    readonly phone?: string
  }
}

export type LineItem = {
  readonly id: string // the provider's line id, else its position
  readonly sku?: string
  readonly title?: string
  readonly quantity: number
  readonly unitPriceMinor?: bigint // list price, before discount
  readonly totalMinor?: bigint // after discount, tax as `taxIncluded` says
  readonly taxMinor?: bigint
  readonly requiresShipping?: boolean // absent: yes
  readonly isGiftCard?: boolean // sold at face value: a liability, no income
}

export type TaxLine = { readonly jurisdiction: string; readonly amountMinor: bigint; readonly rate?: string }

/** What makes up the order's total besides its lines; each part absent where the witness does not say. */
export type Components = {
  readonly subtotalMinor?: bigint
  readonly discountMinor?: bigint
  readonly shippingMinor?: bigint
  readonly taxMinor?: bigint
  readonly tipsMinor?: bigint
  readonly taxIncluded?: boolean
  readonly taxes?: readonly TaxLine[]
}

export type FeeDetail = {
  readonly type: 'provider' | 'tax' | 'application'
  readonly amountMinor: bigint
}
