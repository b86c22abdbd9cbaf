import { currentOf, shippedOf } from '../figures.ts'
import type { Line, ShopOrder } from '../things.ts'
import { bare, type Body, both, idsOf, nulls } from './shapes.ts'

/** One line of an order, as refunds and shipments quote it too. */
export function lineBody(order: ShopOrder, line: Line): Body {
  const shipped = shippedOf(order, line)
  const taxes =
    line.taxMinor === 0n
      ? []
      : [
          {
            title: 'Tax',
            rate: 0.1,
            ...both(order, 'price', line.taxMinor * BigInt(line.quantity)),
            channel_liable: false,
          },
        ]
  return {
    ...idsOf('LineItem', line.id),
    attributed_staffs: [],
    current_quantity: currentOf(line),
    fulfillable_quantity: Math.max(0, currentOf(line) - shipped),
    fulfillment_service: 'manual',
    fulfillment_status: shipped === 0 ? null : shipped >= currentOf(line) ? 'fulfilled' : 'partial',
    gift_card: false,
    grams: 200,
    name: line.title,
    ...both(order, 'pre_tax_price', line.unitMinor * BigInt(line.quantity)),
    ...both(order, 'price', line.unitMinor),
    product_exists: true,
    product_id: bare(line.itemId),
    properties: [],
    quantity: line.quantity,
    requires_shipping: line.needsShipping,
    sku: line.sku,
    ...nulls('tax_code variant_title'),
    taxable: true,
    title: line.title,
    ...both(order, 'total_discount', 0n),
    variant_id: bare(line.itemId),
    variant_inventory_management: 'shopify',
    vendor: 'Acme',
    tax_lines: taxes,
    duties: [],
    discount_allocations: [],
  }
}
