import type { Components, LineItem, TaxLine } from '../../core/fact.ts'
import { child, children, count, field, flag, list, needId, type Node, present, text } from './json.ts'
import { type Amount, money, needMoney, presented, signed } from './money.ts'
import { returnedQuantities } from './refund.ts'

/** Whether the order was cancelled, and whether its figures of now differ from those of its making only by an edit. */
type State = { readonly isCancelled: boolean; readonly isEdited: boolean }

/** The order's total before returns and after edits, in the shop's money and, where the buyer saw another, in theirs. */
export type Total = {
  readonly totalMinor: bigint
  readonly presentment: Amount | undefined
  readonly state: State
}

/**
 * `total_price` is before returns, `current_total_price` after edits *and* returns. With neither a return nor a
 * cancellation in the order what they differ by is an edit, and then the current one is what was ordered.
 *
 * @see https://shopify.dev/docs/api/admin-graphql/latest/objects/Order (checked 2026-11)
 */
export function totalOf(node: Node, currency: string): Total {
  const totalMinor = needMoney(node, 'total_price', currency)
  const currentMinor = money(node, 'current_total_price', currency)
  const isCancelled = field(node, 'cancelled_at') !== undefined
  const hasNoReturns = list(node, 'refunds')?.length === 0
  const isEdited = !isCancelled && hasNoReturns && currentMinor !== undefined && currentMinor !== totalMinor
  const seen = presented(node, isEdited ? 'current_total_price' : 'total_price')
  return {
    totalMinor: isEdited ? currentMinor : totalMinor,
    presentment: seen?.currency === currency ? undefined : seen,
    state: { isCancelled, isEdited },
  }
}

/** What was ordered: quantities before returns and after edits, without what an edit took out altogether. */
export function linesOf(node: Node, currency: string, { isCancelled }: State): LineItem[] {
  const returned = returnedQuantities(node)
  return children(node, 'line_items')
    .filter((item) => child(item, 'tip') === undefined)
    .map((item) => lineOf(item, currency, quantityOf(item, isCancelled ? undefined : returned)))
    .filter((line) => line.quantity > 0)
}

function quantityOf(item: Node, returned: ReadonlyMap<string, number> | undefined): number {
  const quantity = count(item, 'quantity') ?? 0
  const current = count(item, 'current_quantity')
  if (current === undefined || returned === undefined) return quantity
  return Math.min(Math.max(quantity, current), current + (returned.get(needId(item, 'id')) ?? 0))
}

function lineOf(item: Node, currency: string, quantity: number): LineItem {
  const unitPriceMinor = money(item, 'price', currency)
  const totalMinor =
    unitPriceMinor === undefined ? undefined : unitPriceMinor * BigInt(quantity) - discountOf(item, currency)
  const taxes = children(item, 'tax_lines').map((tax) => money(tax, 'price', currency) ?? 0n)
  return {
    id: needId(item, 'id'),
    quantity,
    ...present({
      sku: text(item, 'sku'),
      title: text(item, 'name') ?? text(item, 'title'),
      unitPriceMinor,
      totalMinor: totalMinor !== undefined && totalMinor >= 0n ? totalMinor : undefined,
      taxMinor: taxes.length === 0 ? undefined : sum(taxes),
      requiresShipping: field(item, 'requires_shipping') === false ? false : undefined,
      isGiftCard: flag(item, 'gift_card') ? true : undefined,
    }),
  }
}

/** Allocations hold the line's own discounts and its share of the order's. */
function discountOf(item: Node, currency: string): bigint {
  const allocations = list(item, 'discount_allocations')
  if (allocations === undefined || allocations.length === 0)
    return money(item, 'total_discount', currency) ?? 0n
  return sum(allocations.map((one) => money(one, 'amount', currency) ?? 0n))
}

/** What the total is made of besides its lines; of an edited order as it is now. */
export function componentsOf(
  node: Node,
  currency: string,
  lines: readonly LineItem[],
  { isEdited }: State,
): Components {
  const now = (name: string, then: string): bigint =>
    (isEdited ? money(node, name, currency) : undefined) ?? money(node, then, currency) ?? 0n
  const dutiesMinor = now('current_total_duties', 'original_total_duties')
  const taxMinor = now('current_total_tax', 'total_tax') + dutiesMinor
  const taxes = taxLines(node, currency, { taxMinor, dutiesMinor })
  const prices = lines.map((line) => line.unitPriceMinor && line.unitPriceMinor * BigInt(line.quantity))
  return {
    ...present({ subtotalMinor: prices.every((price) => price !== undefined) ? sum(prices) : undefined }),
    discountMinor: now('current_total_discounts', 'total_discounts'),
    shippingMinor: now('current_shipping_price', 'total_shipping_price'),
    taxMinor,
    tipsMinor: signed(node, 'total_tip_received', currency) ?? 0n,
    taxIncluded: flag(node, 'taxes_included'),
    ...(taxes.length > 0 && { taxes }),
  }
}

/** Tax by where it is owed: a tax line names its tax, the address the place. */
function taxLines(
  node: Node,
  currency: string,
  { taxMinor, dutiesMinor }: { taxMinor: bigint; dutiesMinor: bigint },
): TaxLine[] {
  const to = child(node, 'shipping_address') ?? child(node, 'billing_address')
  const place =
    to && [text(to, 'country_code'), text(to, 'province_code')].filter((part) => part !== undefined)
  const taxes = children(node, 'tax_lines').flatMap((line) => {
    const amountMinor = money(line, 'price', currency)
    if (amountMinor === undefined) return []
    const rate = field(line, 'rate')
    return [
      {
        jurisdiction: place?.join('-') || text(line, 'title') || 'unknown',
        amountMinor,
        ...(typeof rate === 'number' && { rate: String(rate) }),
      },
    ]
  })
  // Tax lines stay as they were made, whatever an edit did: then only the sum is known, and where it is owed.
  const stated = sum(taxes.map((tax) => tax.amountMinor))
  const owed = taxMinor - dutiesMinor
  const [first] = taxes
  const now =
    stated === owed || first === undefined ? taxes : [{ jurisdiction: first.jurisdiction, amountMinor: owed }]
  return dutiesMinor > 0n ? [...now, { jurisdiction: 'duties', amountMinor: dutiesMinor }] : now
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((a, b) => a + b, 0n)
}
