/**
 * The shapes that the world model works with, in Stripe's own words. Only the fields that a step reads or changes are
 * named; the rest is whatever the maker in `objects/` put there, so that bodies stay as wide as Stripe's.
 */
export type Fields = { [field: string]: unknown }
export type Metadata = { [key: string]: string }

export type Resource = Fields & { id: string; object: string; created?: number }

export type PaymentIntent = Resource & {
  object: 'payment_intent'
  amount: number
  amount_capturable: number
  amount_received: number
  canceled_at: number | null
  cancellation_reason: string | null
  capture_method: 'automatic' | 'manual'
  created: number
  currency: string
  customer: string | null
  last_payment_error: Fields | null
  latest_charge: string | null
  metadata: Metadata
  next_action: Fields | null
  processing: Fields | null
  payment_method_types: string[]
  shipping: Fields | null
  status:
    | 'requires_payment_method'
    | 'requires_confirmation'
    | 'requires_action'
    | 'processing'
    | 'requires_capture'
    | 'canceled'
    | 'succeeded'
}

export type Charge = Resource & {
  object: 'charge'
  amount: number
  amount_captured: number
  amount_refunded: number
  balance_transaction: string | null
  billing_details: Fields
  captured: boolean
  created: number
  currency: string
  customer: string | null
  disputed: boolean
  failure_balance_transaction: string | null
  failure_code: string | null
  failure_message: string | null
  metadata: Metadata
  outcome: Fields | null
  paid: boolean
  payment_intent: string | null
  payment_method_details: Fields & { type: string }
  refunded: boolean
  shipping: Fields | null
  status: 'succeeded' | 'pending' | 'failed'
}

export type RefundStatus = 'pending' | 'requires_action' | 'succeeded' | 'failed' | 'canceled'
export type Refund = Resource & {
  object: 'refund'
  amount: number
  balance_transaction: string | null
  charge: string
  created: number
  currency: string
  failure_balance_transaction?: string | null
  failure_reason?: string
  metadata: Metadata
  payment_intent: string | null
  reason: string | null
  status: RefundStatus
}

export type Dispute = Resource & {
  object: 'dispute'
  amount: number
  balance_transactions: BalanceTransaction[]
  charge: string
  created: number
  currency: string
  is_charge_refundable: boolean
  payment_intent: string | null
  reason: string
  status: string
}

export type FeeDetail = {
  amount: number
  application: string | null
  currency: string
  description: string
  type: string
}
export type BalanceTransaction = Resource & {
  object: 'balance_transaction'
  amount: number
  available_on: number
  created: number
  currency: string
  exchange_rate: number | null
  fee: number
  fee_details: FeeDetail[]
  net: number
  reporting_category: string
  source: string
  status: 'available' | 'pending'
  type: string
}

export type Payout = Resource & {
  object: 'payout'
  amount: number
  arrival_date: number
  automatic: boolean
  balance_transaction: string | null
  created: number
  currency: string
  failure_balance_transaction: string | null
  failure_code: string | null
  failure_message: string | null
  reconciliation_status: string
  status: 'pending' | 'in_transit' | 'paid' | 'failed' | 'canceled'
}

export type Session = Resource & {
  object: 'checkout.session'
  amount_subtotal: number
  amount_total: number
  client_reference_id: string | null
  created: number
  currency: string
  customer: string | null
  metadata: Metadata
  payment_intent: string | null
  payment_status: 'paid' | 'unpaid' | 'no_payment_required'
  status: 'open' | 'complete' | 'expired'
  url: string | null
}

export type Invoice = Resource & {
  object: 'invoice'
  amount_due: number
  amount_paid: number
  amount_remaining: number
  attempt_count: number
  attempted: boolean
  created: number
  currency: string
  customer: string
  metadata: Metadata
  next_payment_attempt: number | null
  number: string | null
  status: 'draft' | 'open' | 'paid' | 'void' | 'uncollectible'
  status_transitions: {
    finalized_at: number | null
    marked_uncollectible_at: number | null
    paid_at: number | null
    voided_at: number | null
  }
  total: number
}

export type WebhookEndpoint = Resource & {
  object: 'webhook_endpoint'
  api_version: string | null
  created: number
  enabled_events: string[]
  metadata: Metadata
  status: 'enabled' | 'disabled'
  url: string
}

export type Event = Resource & {
  object: 'event'
  api_version: string
  created: number
  data: { object: Resource; previous_attributes?: Fields }
  pending_webhooks: number
  request: { id: string | null; idempotency_key: string | null }
  type: string
}

/** A buyer of the made-up world. Every part may be absent, as at Stripe. */
export type Buyer = {
  readonly email?: string
  readonly name?: string
  readonly phone?: string
  readonly address?: {
    readonly line1?: string
    readonly line2?: string
    readonly city?: string
    readonly state?: string
    readonly postal_code?: string
    readonly country?: string
  }
}

/** One line of an order: `unitAmount` in Stripe's minor units of the payment's currency. */
export type Item = {
  readonly sku: string
  readonly quantity: number
  readonly unitAmount: number
  readonly title?: string
}
