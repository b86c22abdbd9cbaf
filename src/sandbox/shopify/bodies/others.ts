import { printDecimal } from '../../../core/money.ts'
import type { Dispute, Item, Line, ShopOrder } from '../things.ts'
import type { World } from '../world.ts'
import { bare, type Body, idsOf, nulls } from './shapes.ts'

/** `disputes/create` and `disputes/update`; they name an order, and no transaction of it. */
export function disputeBody(dispute: Dispute): Body {
  const { amountMinor, currency, initiatedAt } = dispute
  return {
    id: bare(dispute.id),
    order_id: bare(dispute.orderId),
    type: dispute.type,
    amount: printDecimal({ amountMinor, currency }),
    currency,
    reason: 'fraudulent',
    network_reason_code: '4837',
    status: dispute.status,
    evidence_due_by: new Date(Date.parse(initiatedAt) + 10 * 86_400_000).toISOString(),
    evidence_sent_on: null,
    finalized_on: dispute.finalizedOn ?? null,
    initiated_at: initiatedAt,
  }
}

/** `inventory_levels/update`. */
export function inventoryLevelBody({ locationId }: World, item: Item): Body {
  return {
    inventory_item_id: bare(item.id),
    location_id: bare(locationId),
    available: item.available,
    updated_at: item.updatedAt,
    admin_graphql_api_id: `gid://shopify/InventoryLevel/${locationId}?inventory_item_id=${item.id}`,
  }
}

/** `products/update`, of a product with one variant. */
export function productBody(item: Item): Body {
  const ids = idsOf('ProductVariant', item.id)
  const variant = {
    ...ids,
    ...nulls('barcode compare_at_price option2 option3 image_id'),
    created_at: item.updatedAt,
    inventory_policy: 'deny',
    position: 1,
    price: '19.99',
    product_id: bare(item.id),
    sku: item.sku,
    taxable: true,
    title: 'Default Title',
    updated_at: item.updatedAt,
    option1: 'Default Title',
    inventory_item_id: bare(item.id),
    inventory_quantity: item.available,
    old_inventory_quantity: item.available,
  }
  return {
    ...idsOf('Product', item.id),
    ...nulls('created_at template_suffix image category'),
    body_html: '',
    handle: item.sku.toLowerCase(),
    product_type: '',
    published_at: item.updatedAt,
    title: item.title,
    updated_at: item.updatedAt,
    vendor: 'Acme',
    status: 'active',
    published_scope: 'web',
    tags: '',
    variants: [variant],
    options: [],
    images: [],
    media: [],
    variant_gids: [{ admin_graphql_api_id: ids.admin_graphql_api_id, updated_at: item.updatedAt }],
    has_variants_that_requires_components: false,
  }
}

/** `orders/edited`: what changed, and neither a version nor a total. */
export function editBody(
  id: string,
  order: ShopOrder,
  changes: readonly { line: Line; delta: number }[],
): Body {
  const of = (isIt: (delta: number) => boolean) =>
    changes
      .filter(({ delta }) => isIt(delta))
      .map(({ line, delta }) => ({ id: bare(line.id), delta: Math.abs(delta) }))
  const none = { additions: [], removals: [] }
  return {
    order_edit: {
      id: bare(id),
      app_id: null,
      created_at: order.updatedAt,
      notify_customer: false,
      order_id: bare(order.id),
      staff_note: '',
      user_id: 548380009,
      line_items: { additions: of((delta) => delta > 0), removals: of((delta) => delta < 0) },
      discounts: { line_item: none },
      shipping_lines: none,
    },
  }
}

/** The shop of a privacy topic, and whom it is about. */
export function privacyBody(
  { shop, shopId }: World,
  about?: { customerId: string; email: string; orderIds: readonly string[]; requestId?: string },
): Body {
  const of = { shop_id: bare(shopId), shop_domain: shop }
  if (about === undefined) return of
  const { customerId, email, orderIds, requestId } = about
  const customer = { id: bare(customerId), email, phone: null }
  const ids = orderIds.map(bare)
  return requestId === undefined
    ? { ...of, customer, orders_to_redact: ids }
    : { ...of, orders_requested: ids, customer, data_request: { id: bare(requestId) } }
}

/** `app/uninstalled`: the shop itself. */
export function shopBody({ shop, shopId, currency }: World): Body {
  return {
    id: bare(shopId),
    name: 'Example Shop',
    email: 'owner@example.com',
    ...nulls('domain source phone latitude longitude customer_email iana_timezone'),
    province: 'Tennessee',
    country: 'US',
    address1: '190 Test Street',
    zip: '37178',
    city: 'Houston',
    primary_locale: 'en',
    country_code: 'US',
    country_name: 'United States',
    currency,
    timezone: '(GMT-05:00) Eastern Time (US & Canada)',
    shop_owner: 'Ada Example',
    money_format: '{{amount}}',
    plan_name: 'enterprise',
    myshopify_domain: shop,
    province_code: 'TN',
  }
}
