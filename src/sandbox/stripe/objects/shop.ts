import type { Buyer, Fields, Item, Metadata, Resource, Session } from '../types.ts'
import { addressOf, type Making } from './payment.ts'

/** What Stripe's Sessions have and no buyer of the twin uses. */
const unusedBySessions = {
  adaptive_pricing: { enabled: false },
  after_expiration: null,
  allow_promotion_codes: null,
  automatic_tax: { enabled: false, liability: null, provider: null, status: null },
  billing_address_collection: null,
  client_secret: null,
  consent: null,
  consent_collection: null,
  currency_conversion: null,
  custom_fields: [],
  custom_text: {
    after_submit: null,
    shipping_address: null,
    submit: null,
    terms_of_service_acceptance: null,
  },
  customer_account: null,
  integration_identifier: null,
  invoice: null,
  invoice_creation: null,
  locale: null,
  managed_payments: { enabled: false },
  origin_context: null,
  payment_link: null,
  payment_method_configuration_details: null,
  payment_method_options: {},
  permissions: null,
  phone_number_collection: { enabled: false },
  recovered_from: null,
  saved_payment_method_options: null,
  setup_intent: null,
  shipping_address_collection: null,
  shipping_options: [],
  submit_type: null,
  subscription: null,
  wallet_options: null,
}

/** A Checkout Session, open and unpaid. */
export function makeSession(
  making: Making,
  given: {
    readonly currency: string
    readonly subtotal: number
    readonly discount: number
    readonly shipping: number
    readonly tax: number
    readonly reference: string | null
    readonly metadata: Metadata
    readonly buyer: Buyer | undefined
    readonly customer: string | null
  },
): Session {
  const total = given.subtotal - given.discount + given.shipping + given.tax
  return {
    id: making.id,
    object: 'checkout.session',
    ...structuredClone(unusedBySessions),
    amount_subtotal: given.subtotal,
    amount_total: total,
    cancel_url: 'https://shop.example/cancel',
    client_reference_id: given.reference,
    collected_information: null,
    created: making.created,
    currency: given.currency,
    customer: given.customer,
    customer_creation: 'if_required',
    customer_details: null,
    customer_email: given.buyer?.email ?? null,
    discounts: [],
    expires_at: making.created + 86_400,
    livemode: making.livemode,
    metadata: { ...given.metadata },
    mode: 'payment',
    payment_intent: null,
    payment_method_collection: 'if_required',
    payment_method_types: ['card'],
    payment_status: 'unpaid',
    shipping_cost:
      given.shipping === 0
        ? null
        : {
            amount_subtotal: given.shipping,
            amount_tax: 0,
            amount_total: given.shipping,
            shipping_rate: null,
          },
    status: 'open',
    success_url: 'https://shop.example/thanks',
    total_details: {
      amount_discount: given.discount,
      amount_shipping: given.shipping,
      amount_tax: given.tax,
    },
    ui_mode: 'hosted',
    url: `https://checkout.stripe.com/c/pay/${making.id}`,
  }
}

/** What the buyer typed into Checkout, known once it is complete. */
export function collected(buyer: Buyer | undefined): Fields {
  return {
    collected_information:
      buyer?.address === undefined
        ? null
        : {
            business_name: null,
            individual_name: null,
            shipping_details: { address: addressOf(buyer), name: buyer.name ?? null },
          },
    customer_details: {
      address: addressOf(buyer),
      business_name: null,
      email: buyer?.email ?? null,
      individual_name: null,
      name: buyer?.name ?? null,
      phone: buyer?.phone ?? null,
      tax_exempt: 'none',
      tax_ids: [],
    },
  }
}

export function makeProduct(making: Making, item: Item): Resource {
  return {
    id: making.id,
    object: 'product',
    active: true,
    attributes: [],
    created: making.created,
    default_price: null,
    description: null,
    images: [],
    livemode: making.livemode,
    marketing_features: [],
    metadata: { sku: item.sku },
    name: item.title ?? item.sku,
    package_dimensions: null,
    shippable: null,
    statement_descriptor: null,
    tax_code: null,
    type: 'good',
    unit_label: null,
    updated: making.created,
    url: null,
  }
}

export function makePrice(
  making: Making,
  given: { readonly product: string; readonly currency: string; readonly item: Item },
): Resource {
  return {
    id: making.id,
    object: 'price',
    active: true,
    billing_scheme: 'per_unit',
    created: making.created,
    currency: given.currency,
    custom_unit_amount: null,
    livemode: making.livemode,
    lookup_key: null,
    metadata: {},
    nickname: null,
    product: given.product,
    recurring: null,
    tax_behavior: 'unspecified',
    tiers_mode: null,
    transform_quantity: null,
    type: 'one_time',
    unit_amount: given.item.unitAmount,
    unit_amount_decimal: String(given.item.unitAmount),
  }
}

/** One line of a Session; `discount` and `tax` are this line's share. */
export function makeLineItem(
  making: Making,
  given: {
    readonly item: Item
    readonly price: Resource
    readonly currency: string
    readonly discount: number
    readonly tax: number
  },
): Resource {
  const subtotal = given.item.unitAmount * given.item.quantity
  return {
    id: making.id,
    object: 'item',
    adjustable_quantity: null,
    amount_discount: given.discount,
    amount_subtotal: subtotal,
    amount_tax: given.tax,
    amount_total: subtotal - given.discount + given.tax,
    currency: given.currency,
    description: given.item.title ?? given.item.sku,
    metadata: {},
    price: given.price,
    quantity: given.item.quantity,
  }
}
