import type { Buyer, Charge, Metadata, PaymentIntent } from '../types.ts'

/** What every maker is told about the account: test or live, and the second it is now. */
export type Making = { readonly id: string; readonly created: number; readonly livemode: boolean }

/** Stripe answers absent address parts with null, never by leaving them out. */
export function addressOf(buyer: Buyer | undefined) {
  const {
    line1 = null,
    line2 = null,
    city = null,
    state = null,
    postal_code = null,
    country = null,
  } = buyer?.address ?? {}
  return { city, country, line1, line2, postal_code, state }
}

/** Null where nothing is to be shipped: Stripe has no empty shipping. */
export function shippingOf(buyer: Buyer | undefined) {
  if (buyer?.address === undefined) return null
  return {
    address: addressOf(buyer),
    carrier: null,
    name: buyer.name ?? null,
    phone: buyer.phone ?? null,
    tracking_number: null,
  }
}

export type PaymentMethodType = 'card' | 'us_bank_account' | 'sepa_debit' | 'klarna'

/** A new intent that waits for a payment method. */
export function makePaymentIntent(
  making: Making,
  given: {
    readonly amount: number
    readonly currency: string
    readonly captureMethod: 'automatic' | 'manual'
    readonly metadata: Metadata
    readonly customer: string | null
    readonly buyer: Buyer | undefined
    readonly methods: readonly PaymentMethodType[]
    readonly description: string | null
    readonly amountDetails?: { readonly [field: string]: unknown } | undefined
  },
): PaymentIntent {
  return {
    id: making.id,
    object: 'payment_intent',
    amount: given.amount,
    amount_capturable: 0,
    amount_details: { tip: {}, ...given.amountDetails },
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: { allow_redirects: 'always', enabled: true },
    canceled_at: null,
    cancellation_reason: null,
    capture_method: given.captureMethod,
    client_secret: `${making.id}_secret_${making.id.slice(-12)}`,
    confirmation_method: 'automatic',
    created: making.created,
    currency: given.currency,
    customer: given.customer,
    customer_account: null,
    description: given.description,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: making.livemode,
    managed_payments: { enabled: false },
    metadata: { ...given.metadata },
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: [...given.methods],
    processing: null,
    receipt_email: given.buyer?.email ?? null,
    review: null,
    setup_future_usage: null,
    shipping: shippingOf(given.buyer),
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'requires_payment_method',
    transfer_data: null,
    transfer_group: null,
  }
}

/** A charge of an intent, not yet decided: the caller sets `status`, `captured` and the amounts. */
export function makeCharge(
  making: Making,
  given: {
    readonly intent: PaymentIntent
    readonly buyer: Buyer | undefined
    readonly method: PaymentMethodType
  },
): Charge {
  const { intent, buyer } = given
  return {
    id: making.id,
    object: 'charge',
    amount: intent.amount,
    amount_captured: 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: {
      address: addressOf(buyer),
      email: buyer?.email ?? null,
      name: buyer?.name ?? null,
      phone: buyer?.phone ?? null,
      tax_id: null,
    },
    calculated_statement_descriptor: 'TWIN SHOP',
    captured: false,
    created: making.created,
    currency: intent.currency,
    customer: intent.customer,
    description: intent.description as string | null,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    fraud_details: {},
    livemode: making.livemode,
    metadata: { ...intent.metadata },
    on_behalf_of: null,
    outcome: {
      advice_code: null,
      network_advice_code: null,
      network_decline_code: null,
      network_status: 'approved_by_network',
      reason: null,
      risk_level: 'normal',
      risk_score: 12,
      seller_message: 'Payment complete.',
      type: 'authorized',
    },
    paid: false,
    payment_intent: intent.id,
    payment_method: `pm_${making.id.slice(3)}`,
    payment_method_details: methodDetails(given.method, intent.amount),
    receipt_email: buyer?.email ?? null,
    receipt_number: null,
    receipt_url: `https://pay.stripe.com/receipts/payment/${making.id}`,
    refunded: false,
    review: null,
    shipping: shippingOf(buyer),
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'pending',
    transfer_data: null,
    transfer_group: null,
  }
}

function methodDetails(method: PaymentMethodType, amount: number): Charge['payment_method_details'] {
  if (method === 'us_bank_account') {
    const bank = {
      account_type: 'checking',
      bank_name: 'TWIN BANK',
      last4: '6789',
      routing_number: '110000000',
    }
    return {
      type: method,
      us_bank_account: { ...bank, account_holder_type: 'individual', fingerprint: null },
    }
  }
  if (method === 'sepa_debit') {
    return {
      type: method,
      sepa_debit: { bank_code: '37040044', country: 'DE', last4: '3000', mandate: null },
    }
  }
  if (method === 'klarna') return { type: method, klarna: { payment_method_category: 'pay_later' } }
  return { type: 'card', card: cardDetails(amount) }
}

function cardDetails(amount: number) {
  return {
    amount_authorized: amount,
    authorization_code: null,
    brand: 'visa',
    checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
    country: 'US',
    exp_month: 8,
    exp_year: 2030,
    extended_authorization: { status: 'disabled' },
    fingerprint: 'AOB934RVNwzk6xtn',
    funding: 'credit',
    incremental_authorization: { status: 'unavailable' },
    installments: null,
    last4: '4242',
    mandate: null,
    multicapture: { status: 'available' },
    network: 'visa',
    network_token: { used: false },
    network_transaction_id: null,
    overcapture: { maximum_amount_capturable: amount, status: 'unavailable' },
    regulated_status: 'unregulated',
    three_d_secure: null,
    transaction_link_id: null,
    wallet: null,
  }
}
