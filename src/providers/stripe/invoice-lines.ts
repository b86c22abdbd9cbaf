import type { LineItem, Ref, Statement } from '../../core/fact.ts'
import { child, children, count, field, flag, idIn, type Node, present, text } from './json.ts'
import { amount, signed } from './money.ts'
import { address } from './people.ts'
import type { stateAbout, When } from './witness.ts'

type Invoiced = {
  subject: Ref
  currency: string
  totalMinor: bigint
  state: ReturnType<typeof stateAbout>
  when: When
}

/** What an invoice asks for: its total, what that is made of, and its lines where its first page holds them all. */
export function invoiced(node: Node, { subject, when, state, currency, totalMinor }: Invoiced): Statement[] {
  const taxMinor = tax(node, currency)
  const subtotalMinor = signed(node, 'subtotal', currency)
  const discountMinor = sum(node, 'total_discount_amounts', currency)
  const shippingMinor = amount(node, 'amount_shipping', currency) ?? 0n
  const withoutTax = (subtotalMinor ?? 0n) - discountMinor + shippingMinor
  const taxIncluded = taxMinor > 0n && totalMinor === withoutTax
  const lines = invoiceLines(node, currency, taxIncluded)
  const total = { totalMinor, currency, by: 'invoice' as const }
  const components = {
    ...present({ subtotalMinor }),
    discountMinor,
    shippingMinor,
    taxMinor,
    taxIncluded,
    currency,
  }
  return [
    state('order_total', subject, when, total, { apart: `invoice:${totalMinor}` }),
    state('order_components', subject, when, components, { apart: 'invoice' }),
    ...(lines
      ? [
          state(
            'order_lines',
            subject,
            when,
            { lines, currency, by: 'invoice' as const },
            { apart: 'invoice' },
          ),
        ]
      : []),
  ]
}

/** Three names over the versions: `total_taxes`, `total_tax_amounts`, `tax`. */
function tax(node: Node, currency: string): bigint {
  return (
    sum(node, 'total_taxes', currency) ||
    sum(node, 'total_tax_amounts', currency) ||
    (signed(node, 'tax', currency) ?? 0n)
  )
}

function sum(node: Node, key: string, currency: string): bigint {
  return children(node, key).reduce((total, each) => total + (signed(each, 'amount', currency) ?? 0n), 0n)
}

/** Lines, or undefined where the first page does not hold them all. Prorations are negative. */
function invoiceLines(node: Node, currency: string, taxIncluded: boolean): LineItem[] | undefined {
  const list = child(node, 'lines')
  if (list === undefined || flag(list, 'has_more')) return undefined
  const items = children(node, 'lines')
  const needsShipping = shippingOf(node) !== undefined
  return items.length === 0 ? undefined : items.map((item, index) => line(item, index))

  function line(item: Node, index: number): LineItem {
    const taxMinor = sum(item, 'taxes', currency) || sum(item, 'tax_amounts', currency)
    const net = (signed(item, 'amount', currency) ?? 0n) - sum(item, 'discount_amounts', currency)
    const totalMinor = taxIncluded || !areTaxesInside(item) ? net : net - taxMinor
    return {
      id: idIn(item, 'id') ?? String(index),
      quantity: count(item, 'quantity') ?? 1,
      totalMinor,
      ...(taxMinor !== 0n && { taxMinor }),
      ...present({ sku: skuOf(item), title: text(item, 'description') }),
      ...(!needsShipping && { requiresShipping: false }),
    }
  }
}

function areTaxesInside(item: Node): boolean {
  const taxes = [...children(item, 'taxes'), ...children(item, 'tax_amounts')]
  return taxes.some((each) => field(each, 'tax_behavior') === 'inclusive' || flag(each, 'inclusive'))
}

function skuOf(item: Node): string | undefined {
  const price = child(item, 'price')
  const pricing = child(item, 'pricing')
  const details = pricing && child(pricing, 'price_details')
  const named = (node: Node | undefined) => {
    const metadata = node && child(node, 'metadata')
    return metadata && text(metadata, 'sku')
  }
  const product = (price && idIn(price, 'product')) ?? (details && idIn(details, 'product'))
  return named(item) ?? named(price) ?? (price && text(price, 'lookup_key')) ?? product
}

/** Where its goods go, if it has any: an invoice without an address ships nothing. */
export function shippingOf(node: Node): Node | undefined {
  return [child(node, 'shipping_details'), child(node, 'customer_shipping')].find(
    (shipping) => shipping !== undefined && address(child(shipping, 'address')) !== undefined,
  )
}
