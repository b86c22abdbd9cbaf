import { figuresOf, financialStatusOf, fulfillmentStatusOf } from '../figures.ts'
import { isCounterSale, type ShopOrder } from '../things.ts'
import type { World } from '../world.ts'
import { lineBody } from './line.ts'
import { fulfillmentBody, refundBody } from './parts.ts'
import { addressOf, bare, type Body, both, idsOf, nulls, setAlone } from './shapes.ts'

/**
 * An order as the topics `orders/…` carry it.
 *
 * @see https://shopify.dev/docs/api/webhooks/2026-10?reference=toml#list-of-topics-orders/create (checked 2026-11)
 */
export function orderBody(world: World, order: ShopOrder): Body {
  const { id, name, buyer, cancelled } = order
  const number = Number(name.replace(/\D/g, '')) || 1
  const token = `${id.slice(-9)}abcd`
  return {
    ...idsOf('Order', id),
    ...nulls('app_id browser_ip cart_token client_details company device_id landing_site location_id'),
    ...nulls('merchant_of_record_app_id note phone po_number reference referring_site source_identifier'),
    ...nulls('source_url user_id payment_terms original_total_additional_fees_set original_total_duties_set'),
    ...nulls('current_total_additional_fees_set current_total_duties_set checkout_token'),
    buyer_accepts_marketing: false,
    cancel_reason: cancelled?.reason ?? null,
    cancelled_at: cancelled?.at ?? null,
    checkout_id: 901414060,
    closed_at: null,
    confirmation_number: `C${token}`,
    confirmed: true,
    contact_email: buyer.email ?? null,
    created_at: order.placedAt,
    currency: order.currency,
    customer_locale: 'en',
    discount_codes: [],
    duties_included: false,
    email: buyer.email ?? '',
    estimated_taxes: false,
    financial_status: financialStatusOf(order),
    fulfillment_status: fulfillmentStatusOf(order),
    name,
    note_attributes: [],
    number: Math.max(1, number - 1000),
    order_number: number,
    order_status_url: `https://${world.shop}/${world.shopId}/orders/${token}/authenticate?key=abcdefg`,
    payment_gateway_names: [...new Set(order.transactions.map(({ gateway }) => gateway))],
    presentment_currency: order.presentment?.currency ?? order.currency,
    processed_at: order.placedAt,
    source_name: order.sourceName,
    tags: order.tags.join(', '),
    tax_exempt: false,
    tax_lines: [],
    taxes_included: false,
    test: order.isTest,
    token,
    total_tip_received: '0.00',
    total_weight: 400,
    updated_at: order.updatedAt,
    ...amounts(order),
    billing_address: addressOf(buyer),
    customer: customerBody(order),
    discount_applications: [],
    fulfillments: order.fulfillments.map((one) => fulfillmentBody(order, one)),
    line_items: order.lines.map((line) => lineBody(order, line)),
    refunds: order.refunds.map((one) => refundBody(order, one)),
    shipping_address: isCounterSale(order) ? null : addressOf(buyer),
    shipping_lines: shippingLines(order),
  }
}

function amounts(order: ShopOrder): Body {
  const figures = figuresOf(order)
  const { shippingMinor, discountMinor } = order
  const { total_outstanding } = both(order, 'total_outstanding', figures.outstandingMinor)
  return {
    ...both(order, 'current_subtotal_price', figures.currentItemsMinor - discountMinor),
    ...both(order, 'current_total_discounts', discountMinor),
    ...both(order, 'current_total_price', figures.currentTotalMinor),
    ...both(order, 'current_total_tax', figures.currentTaxMinor),
    ...both(order, 'subtotal_price', figures.itemsMinor - discountMinor),
    ...both(order, 'total_discounts', discountMinor),
    ...both(order, 'total_line_items_price', figures.itemsMinor),
    total_outstanding,
    ...both(order, 'total_price', figures.totalMinor),
    ...both(order, 'total_tax', figures.taxMinor),
    ...setAlone(order, 'total_shipping_price', shippingMinor),
    ...setAlone(order, 'total_cash_rounding_payment_adjustment', 0n),
    ...setAlone(order, 'total_cash_rounding_refund_adjustment', 0n),
  }
}

function customerBody({ buyer, currency }: ShopOrder): Body {
  return {
    ...idsOf('Customer', buyer.customerId),
    email: buyer.email ?? null,
    first_name: buyer.firstName,
    last_name: buyer.lastName,
    ...nulls('created_at updated_at note multipass_identifier phone'),
    state: 'disabled',
    verified_email: true,
    tax_exempt: false,
    currency,
    tax_exemptions: [],
    default_address: {
      ...addressOf(buyer),
      id: bare(buyer.customerId),
      customer_id: bare(buyer.customerId),
      default: true,
    },
  }
}

function shippingLines(order: ShopOrder): Body[] {
  if (!order.lines.some(({ needsShipping }) => needsShipping)) return []
  const price = (name: string) => both(order, name, order.shippingMinor)
  return [
    {
      id: bare(order.id),
      ...nulls('carrier_identifier code phone requested_fulfillment_service_id'),
      ...setAlone(order, 'current_discounted_price', order.shippingMinor),
      ...price('discounted_price'),
      is_removed: false,
      ...price('price'),
      source: 'shopify',
      title: 'Standard Shipping',
      tax_lines: [],
      discount_allocations: [],
    },
  ]
}
