import type { Order, Part } from '../../core/order.ts'
import type { Item } from '../sink.ts'
import { printAmount } from './amount.ts'

/** What a mail says, as plain text: the two renderings below escape it, each for its own kind. */
export type Notice = {
  readonly isRefund: boolean
  readonly subject: string
  readonly greeting: string
  readonly opening: string
  readonly lines: readonly {
    readonly title: string
    readonly quantity: number
    readonly amount: string | undefined
  }[]
  readonly sums: readonly { readonly label: string; readonly amount: string }[]
  readonly closing: string
}

/** Undefined when the effect says neither an amount nor a currency: nothing could be told. */
export function noticeOf(item: Item, order: Order, locale = 'en-US'): Notice | undefined {
  const amountMinor = minor(item.body.amount_minor)
  const currency = typeof item.body.currency === 'string' ? item.body.currency : order.currency
  if (amountMinor === undefined || currency === undefined) return undefined
  const amount = printAmount(amountMinor, currency, locale)
  const name = nameOf(item)
  const greeting = name === undefined ? 'Hello,' : `Hello ${name},`
  const number = order.number === undefined ? undefined : oneLine(order.number)
  const isRefund = item.kind === 'refund_notice'
  if (isRefund) {
    return {
      isRefund,
      subject: number === undefined ? 'Your refund' : `Your refund for order ${number}`,
      greeting,
      opening: `We have refunded ${amount}${number === undefined ? '' : ` for your order ${number}`}. It can take your bank some days to show it.`,
      lines: [],
      sums: [{ label: 'Refunded', amount }],
      closing: 'Thank you for your patience.',
    }
  }
  return {
    isRefund,
    subject: number === undefined ? 'Your receipt' : `Your receipt for order ${number}`,
    greeting,
    opening: `Thank you. We have received ${amount}${number === undefined ? '' : ` for your order ${number}`}.`,
    lines: linesOf(order, locale),
    sums: [...partsOf(order, locale), { label: 'Paid', amount }],
    closing: 'Please keep this message as your receipt.',
  }
}

/** The buyer's name, unless it looks like an address to click: our mail is not to carry somebody's advertisement. */
function nameOf({ customer }: Item): string | undefined {
  const name = oneLine(customer?.name ?? '').slice(0, 80)
  return name === '' || /[:/@]|www\./i.test(name) ? undefined : name
}

/** Lines at list price where it is known, so that the discounts below them explain the total. */
function linesOf(order: Order, locale: string): Notice['lines'] {
  const goods = new Map(
    order.parts.flatMap((part) => (part.lineId === undefined ? [] : [[part.lineId, part]])),
  )
  return order.lineItems.map((line) => {
    const part = goods.get(line.id)
    const amountMinor =
      (part === undefined ? undefined : part.amountMinor + part.discountMinor) ??
      line.totalMinor ??
      (line.unitPriceMinor === undefined ? undefined : line.unitPriceMinor * BigInt(line.quantity))
    return {
      title: oneLine(line.title ?? line.sku ?? 'Item'),
      quantity: line.quantity,
      amount:
        amountMinor === undefined || order.currency === undefined
          ? undefined
          : printAmount(amountMinor, order.currency, locale),
    }
  })
}

/** What the total holds besides the goods; a part of nothing is not shown. */
function partsOf(order: Order, locale: string): { label: string; amount: string }[] {
  const { currency, parts } = order
  if (currency === undefined) return []
  const sumOf = (kind: Part['kind']) =>
    parts.filter((part) => part.kind === kind).reduce((sum, part) => sum + part.amountMinor, 0n)
  const sums = [
    { label: 'Discounts', amountMinor: -parts.reduce((sum, part) => sum + part.discountMinor, 0n) },
    { label: 'Shipping', amountMinor: sumOf('shipping') },
    { label: 'Tips', amountMinor: sumOf('tips') },
    ...parts.filter((part) => part.kind === 'tax').map(taxSum),
    { label: 'Order total', amountMinor: order.totals.orderedMinor },
  ]
  return sums
    .filter((sum) => sum.amountMinor !== 0n)
    .map(({ label, amountMinor }) => ({ label, amount: printAmount(amountMinor, currency, locale) }))
}

function taxSum({ jurisdiction = 'unknown', amountMinor }: Part): { label: string; amountMinor: bigint } {
  return { label: jurisdiction === 'unknown' ? 'Tax' : `Tax (${oneLine(jurisdiction)})`, amountMinor }
}

function minor(value: unknown): bigint | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  return typeof value === 'string' && /^-?\d{1,30}$/.test(value) ? BigInt(value) : undefined
}

/** Control characters and line breaks of others' text become spaces. */
function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, 200)
}
