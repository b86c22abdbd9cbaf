import { printDecimal } from '../../core/money.ts'
import type { Line, ShopOrder, Transaction } from './things.ts'

/** Gateways whose money never touches the shop's own payments. */
const manualGateways = new Set(['cash_on_delivery', 'bank_deposit', 'money_order', 'manual'])

export function isManual(gateway: string): boolean {
  return manualGateways.has(gateway)
}

/** Units that are part of the order: all but what an edit took out. */
export function orderedOf({ quantity, removed }: Line): number {
  return quantity - removed
}

/** Units that are neither taken out nor come back. */
export function currentOf(line: Line): number {
  return orderedOf(line) - line.refunded
}

export type Figures = {
  readonly itemsMinor: bigint
  readonly taxMinor: bigint
  readonly totalMinor: bigint
  readonly currentItemsMinor: bigint
  readonly currentTaxMinor: bigint
  readonly currentTotalMinor: bigint
  readonly outstandingMinor: bigint
}

/** What an order comes to: before returns and after edits, and as it is now. Shipping is given back by money alone. */
export function figuresOf(order: ShopOrder): Figures {
  const of = (units: (line: Line) => number, price: (line: Line) => bigint) =>
    order.lines.reduce((sum, line) => sum + BigInt(units(line)) * price(line), 0n)
  const fixed = order.shippingMinor - order.discountMinor
  const [itemsMinor, taxMinor] = [
    of(orderedOf, (line) => line.unitMinor),
    of(orderedOf, (line) => line.taxMinor),
  ]
  const currentItemsMinor = of(currentOf, (line) => line.unitMinor)
  const currentTaxMinor = of(currentOf, (line) => line.taxMinor)
  const totalMinor = itemsMinor + taxMinor + fixed
  const currentTotalMinor = currentItemsMinor + currentTaxMinor + fixed
  const { capturedMinor, refundedMinor } = paidOf(order)
  return {
    itemsMinor,
    taxMinor,
    totalMinor,
    currentItemsMinor,
    currentTaxMinor,
    currentTotalMinor,
    outstandingMinor: currentTotalMinor - capturedMinor + refundedMinor,
  }
}

/** Money that was taken and given back, as the transactions say. */
export function paidOf({ transactions }: ShopOrder): { capturedMinor: bigint; refundedMinor: bigint } {
  const sum = (isIt: (one: Transaction) => boolean) =>
    transactions.filter(isIt).reduce((total, one) => total + one.amountMinor, 0n)
  return {
    capturedMinor: sum(({ kind, status }) => (kind === 'sale' || kind === 'capture') && status === 'success'),
    refundedMinor: sum(({ kind, status }) => kind === 'refund' && status === 'success'),
  }
}

export function financialStatusOf(order: ShopOrder): string {
  const { totalMinor } = figuresOf(order)
  const { capturedMinor, refundedMinor } = paidOf(order)
  const has = (wanted: Transaction['kind']) =>
    order.transactions.some(({ kind, status }) => kind === wanted && status === 'success')
  if (capturedMinor === 0n && totalMinor > 0n) {
    if (has('void')) return 'voided'
    return has('authorization') ? 'authorized' : 'pending'
  }
  if (refundedMinor > 0n) return refundedMinor >= capturedMinor ? 'refunded' : 'partially_refunded'
  return capturedMinor >= totalMinor ? 'paid' : 'partially_paid'
}

/** Units of a line that have left. */
export function shippedOf({ fulfillments }: ShopOrder, line: Line): number {
  return fulfillments
    .filter(({ status }) => status === 'success')
    .flatMap(({ lines }) => lines)
    .filter((one) => one.line === line)
    .reduce((sum, { quantity }) => sum + quantity, 0)
}

/** Null where nothing has left, as the shop says it. */
export function fulfillmentStatusOf(order: ShopOrder): 'fulfilled' | 'partial' | null {
  const lines = order.lines.filter((line) => line.needsShipping && orderedOf(line) > 0)
  const shipped = lines.map((line) => shippedOf(order, line))
  if (shipped.every((quantity) => quantity === 0)) return null
  return lines.every((line, index) => shipped[index]! >= currentOf(line)) ? 'fulfilled' : 'partial'
}

/** An amount of the order in both monies, as decimal text; the buyer's rounded to its unit. */
export function inBoth(
  { currency, presentment }: Pick<ShopOrder, 'currency' | 'presentment'>,
  amountMinor: bigint,
): { shop: [amount: string, currency: string]; buyer: [amount: string, currency: string] } {
  const shop: [string, string] = [printDecimal({ amountMinor, currency }), currency]
  if (presentment === undefined) return { shop, buyer: shop }
  const seenMinor = (amountMinor * presentment.totalMinor) / presentment.ofMinor
  const seen = printDecimal({ amountMinor: seenMinor, currency: presentment.currency })
  return { shop, buyer: [seen, presentment.currency] }
}

/** Units that have not left yet, of lines that need to be sent. */
export function leftToShip(order: ShopOrder): { line: Line; quantity: number }[] {
  return order.lines
    .filter(({ needsShipping }) => needsShipping)
    .map((line) => ({ line, quantity: currentOf(line) - shippedOf(order, line) }))
    .filter(({ quantity }) => quantity > 0)
}
