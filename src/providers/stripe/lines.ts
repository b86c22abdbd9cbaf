import type { Components, LineItem, Ref, Statement, TaxLine } from '../../core/fact.ts'
import { child, children, count, field, flag, idIn, type Node, present, text } from './json.ts'
import { amount } from './money.ts'
import type { stateAbout, When } from './witness.ts'

type State = ReturnType<typeof stateAbout>
type About = { subject: Ref; when: When; currency: string }

/** Lines and components as `amount_details` of an intent has them; unit costs are before tax and discount. */
export function intentLines(node: Node, state: State, { subject, when, currency }: About): Statement[] {
  const details = child(node, 'amount_details')
  if (details === undefined) return []
  const lines = children(details, 'line_items').map((each, index) => intentLine(each, index, currency))
  const parts = present({
    discountMinor: amount(details, 'discount_amount', currency),
    shippingMinor: inside(details, 'shipping', 'amount', currency),
    taxMinor: inside(details, 'tax', 'total_tax_amount', currency),
    tipsMinor: inside(details, 'tip', 'amount', currency),
  })
  const statements: Statement[] = []
  if (lines.length > 0) {
    statements.push(
      state('order_lines', subject, when, { lines, currency, by: 'intent' }, { apart: 'intent' }),
    )
  }
  if (Object.keys(parts).length > 0) {
    const data = { ...parts, taxIncluded: false, currency }
    statements.push(state('order_components', subject, when, data, { apart: 'intent' }))
  }
  return statements
}

function inside(node: Node, key: string, name: string, currency: string): bigint | undefined {
  const part = child(node, key)
  return part && amount(part, name, currency)
}

function intentLine(node: Node, index: number, currency: string): LineItem {
  const quantity = count(node, 'quantity') ?? 1
  const unitPriceMinor = amount(node, 'unit_cost', currency)
  const discount = amount(node, 'discount_amount', currency) ?? 0n
  return {
    id: idIn(node, 'id') ?? String(index),
    quantity,
    ...present({
      sku: text(node, 'product_code'),
      title: text(node, 'product_name'),
      unitPriceMinor,
      totalMinor: unitPriceMinor === undefined ? undefined : unitPriceMinor * BigInt(quantity) - discount,
      taxMinor: inside(node, 'tax', 'total_tax_amount', currency),
    }),
  }
}

/**
 * Lines of a session; undefined where they are not all there: not expanded, cut off at the first page, or with a bare
 * product id (whose metadata may name another SKU). Then a re-read has to bring them.
 */
export function sessionLines(node: Node, currency: string): LineItem[] | undefined {
  const list = child(node, 'line_items')
  if (list === undefined || flag(list, 'has_more')) return undefined
  const items = children(node, 'line_items')
  if (items.length === 0 || items.some((item) => !knowsItsProduct(item))) return undefined
  return items.map((item, index) => sessionLine(item, index, currency))
}

function knowsItsProduct(item: Node): boolean {
  const price = child(item, 'price')
  return price === undefined || typeof field(price, 'product') !== 'string'
}

function sessionLine(item: Node, index: number, currency: string): LineItem {
  const price = child(item, 'price')
  const product = price && child(price, 'product')
  const total = amount(item, 'amount_total', currency)
  const tax = amount(item, 'amount_tax', currency)
  const before = amount(item, 'amount_subtotal', currency)
  // With tax inside the price, the line's total is its subtotal less the discount; else it has the tax on top.
  const isTaxIncluded =
    before !== undefined && total === before - (amount(item, 'amount_discount', currency) ?? 0n)
  const isShippable = product === undefined ? undefined : field(product, 'shippable')
  return {
    id: idIn(item, 'id') ?? String(index),
    quantity: count(item, 'quantity') ?? 1,
    ...present({
      sku: skuOf(price, product),
      title: text(item, 'description') ?? (product && text(product, 'name')),
      unitPriceMinor: price && amount(price, 'unit_amount', currency),
      totalMinor: total === undefined || isTaxIncluded ? total : total - (tax ?? 0n),
      taxMinor: tax,
      requiresShipping: isShippable === false ? false : undefined,
    }),
  }
}

/** Contract §5: product metadata, price metadata, lookup key, product id. */
function skuOf(price: Node | undefined, product: Node | undefined): string | undefined {
  const metadataSku = (node: Node | undefined) => {
    const metadata = node && child(node, 'metadata')
    return metadata && text(metadata, 'sku')
  }
  return (
    metadataSku(product) ??
    metadataSku(price) ??
    (price && text(price, 'lookup_key')) ??
    (product && idIn(product, 'id'))
  )
}

/**
 * What a session's total is made of. Whether tax is in the prices shows in the sum alone: without tax inside, subtotal
 * less discount plus shipping plus tax is the total; with it, the tax is in the subtotal already.
 */
export function sessionComponents(node: Node, currency: string): Components | undefined {
  const details = child(node, 'total_details')
  const subtotalMinor = amount(node, 'amount_subtotal', currency)
  if (details === undefined || subtotalMinor === undefined) return undefined
  const discountMinor = amount(details, 'amount_discount', currency) ?? 0n
  const shippingMinor = amount(details, 'amount_shipping', currency) ?? 0n
  const taxMinor = amount(details, 'amount_tax', currency) ?? 0n
  const total = amount(node, 'amount_total', currency) ?? 0n
  const taxIncluded = taxMinor > 0n && total === subtotalMinor - discountMinor + shippingMinor
  const taxes = taxLines(child(details, 'breakdown'), currency)
  return {
    subtotalMinor,
    discountMinor,
    shippingMinor,
    taxMinor,
    taxIncluded,
    ...(taxes.length > 0 && { taxes }),
  }
}

function taxLines(breakdown: Node | undefined, currency: string): TaxLine[] {
  if (breakdown === undefined) return []
  return children(breakdown, 'taxes').flatMap((each) => {
    const rate = child(each, 'rate')
    const amountMinor = amount(each, 'amount', currency)
    if (rate === undefined || amountMinor === undefined) return []
    const place = [text(rate, 'country'), text(rate, 'state')].filter((part) => part !== undefined).join('-')
    const percentage = field(rate, 'effective_percentage') ?? field(rate, 'percentage')
    const jurisdiction = place || text(rate, 'jurisdiction') || text(rate, 'display_name') || 'unknown'
    return [
      { jurisdiction, amountMinor, ...(typeof percentage === 'number' && { rate: String(percentage) }) },
    ]
  })
}
