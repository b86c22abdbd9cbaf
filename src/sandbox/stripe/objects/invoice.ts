import type { Buyer, Invoice, Item, Metadata, Resource } from '../types.ts'
import { addressOf, type Making, shippingOf } from './payment.ts'

/** What Stripe's invoices have and the twin's customers never need. */
const unusedByInvoices = {
  account_country: 'US',
  account_name: 'Twin Shop',
  account_tax_ids: null,
  amount_overpaid: 0,
  amount_shipping: 0,
  application: null,
  auto_advance: true,
  automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
  automatically_finalizes_at: null,
  collection_method: 'charge_automatically',
  custom_fields: null,
  customer_account: null,
  customer_tax_exempt: 'none',
  customer_tax_ids: [],
  default_payment_method: null,
  default_source: null,
  default_tax_rates: [],
  description: null,
  discounts: [],
  due_date: null,
  ending_balance: null,
  footer: null,
  from_invoice: null,
  issuer: { type: 'self' },
  last_finalization_error: null,
  latest_revision: null,
  on_behalf_of: null,
  payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
  post_payment_credit_notes_amount: 0,
  pre_payment_credit_notes_amount: 0,
  receipt_number: null,
  rendering: null,
  shipping_cost: null,
  shipping_details: null,
  starting_balance: 0,
  statement_descriptor: null,
  test_clock: null,
  total_discount_amounts: [],
  total_pretax_credit_amounts: [],
  total_taxes: [],
  webhooks_delivered_at: null,
}

/** A draft invoice; with `subscription` a renewal, without one sent by hand. */
export function makeInvoice(
  making: Making,
  given: {
    readonly customer: string
    readonly buyer: Buyer | undefined
    readonly currency: string
    readonly total: number
    readonly lines: readonly Resource[]
    readonly subscription: string | null
    readonly billingReason: string
    readonly metadata: Metadata
  },
): Invoice {
  const { total } = given
  return {
    id: making.id,
    object: 'invoice',
    ...structuredClone(unusedByInvoices),
    amount_due: total,
    amount_paid: 0,
    amount_remaining: total,
    attempt_count: 0,
    attempted: false,
    billing_reason: given.billingReason,
    created: making.created,
    currency: given.currency,
    customer: given.customer,
    customer_address: given.buyer?.address === undefined ? null : addressOf(given.buyer),
    customer_email: given.buyer?.email ?? null,
    customer_name: given.buyer?.name ?? null,
    customer_phone: given.buyer?.phone ?? null,
    customer_shipping: shippingOf(given.buyer),
    effective_at: null,
    hosted_invoice_url: null,
    invoice_pdf: null,
    lines: { object: 'list', data: given.lines, has_more: false, url: `/v1/invoices/${making.id}/lines` },
    livemode: making.livemode,
    metadata: { ...given.metadata },
    next_payment_attempt: null,
    number: null,
    parent:
      given.subscription === null
        ? null
        : {
            quote_details: null,
            subscription_details: { metadata: {}, subscription: given.subscription },
            type: 'subscription_details',
          },
    period_end: making.created,
    period_start: making.created - (given.subscription === null ? 0 : 30 * 86_400),
    status: 'draft',
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
    // Stripe names it in `parent` since 2025-03-31.
    subscription: null,
    subtotal: total,
    subtotal_excluding_tax: total,
    total,
    total_excluding_tax: total,
  }
}

export function makeInvoiceLine(
  making: Making,
  given: {
    readonly invoice: string
    readonly item: Item
    readonly price: Resource
    readonly currency: string
    readonly subscription: string | null
  },
): Resource {
  const amount = given.item.unitAmount * given.item.quantity
  const itemDetails = { invoice_item: `ii_${making.id.slice(3)}`, proration: false, proration_details: null }
  return {
    id: making.id,
    object: 'line_item',
    amount,
    currency: given.currency,
    description: given.item.title ?? given.item.sku,
    discount_amounts: [],
    discountable: true,
    discounts: [],
    invoice: given.invoice,
    livemode: making.livemode,
    metadata: {},
    parent:
      given.subscription === null
        ? { invoice_item_details: itemDetails, subscription_item_details: null, type: 'invoice_item_details' }
        : {
            invoice_item_details: null,
            subscription_item_details: {
              ...itemDetails,
              subscription: given.subscription,
              subscription_item: `si_${making.id.slice(3)}`,
            },
            type: 'subscription_item_details',
          },
    period: { end: making.created, start: making.created },
    pretax_credit_amounts: [],
    pricing: {
      price_details: { price: given.price.id, product: given.price.product },
      type: 'price_details',
      unit_amount_decimal: String(given.item.unitAmount),
    },
    quantity: given.item.quantity,
    quantity_decimal: String(given.item.quantity),
    subscription: given.subscription,
    subtotal: amount,
    taxes: [],
  }
}

export function makeInvoicePayment(
  making: Making,
  given: { readonly invoice: Invoice; readonly intent: string },
): Resource {
  return {
    id: making.id,
    object: 'invoice_payment',
    amount_paid: null,
    amount_requested: given.invoice.amount_remaining,
    created: making.created,
    currency: given.invoice.currency,
    invoice: given.invoice.id,
    is_default: true,
    livemode: making.livemode,
    payment: { payment_intent: given.intent, type: 'payment_intent' },
    status: 'open',
    status_transitions: { canceled_at: null, paid_at: null },
  }
}
