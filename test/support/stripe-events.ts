import { createHmac } from 'node:crypto'

/**
 * Hand-made Stripe events for scenarios, small and explicit: what a test says is what is sent. The richer world, with
 * fees, disputes and payouts, is the twin in src/sandbox/.
 */
export type StripeEvent = { id: string; type: string; body: Buffer }

export type Sale = {
  n: number | string
  amount?: number
  currency?: string
  orderNumber?: string
  items?: { sku: string; quantity: number; unit_price?: string; title?: string }[]
  email?: string
  created?: number
  metadata?: Record<string, string>
}

export const epoch = 1_767_268_800

export function stripeEvent(
  id: string,
  type: string,
  object: object,
  created = epoch,
  extra: object = {},
): StripeEvent {
  const event = {
    id,
    object: 'event',
    api_version: '2026-03-25.dahlia',
    created,
    data: { object },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
    ...extra,
  }
  return { id, type, body: Buffer.from(JSON.stringify(event, null, 2)) }
}

export function metadataOf(sale: Sale): Record<string, string> {
  return {
    order_id: sale.orderNumber ?? `T-${sale.n}`,
    ...(sale.items === undefined ? {} : { items: JSON.stringify(sale.items) }),
    ...sale.metadata,
  }
}

export function chargeOf(sale: Sale, over: object = {}): object {
  const amount = sale.amount ?? 4080
  return {
    id: `ch_${sale.n}`,
    object: 'charge',
    amount,
    amount_captured: amount,
    amount_refunded: 0,
    balance_transaction: null,
    billing_details: {
      email: sale.email ?? `buyer-${sale.n}@shop.example`,
      name: 'Ada Buyer',
      address: null,
      phone: null,
    },
    captured: true,
    created: (sale.created ?? epoch) + 5,
    currency: sale.currency ?? 'usd',
    failure_balance_transaction: null,
    failure_code: null,
    livemode: false,
    metadata: metadataOf(sale),
    paid: true,
    payment_intent: `pi_${sale.n}`,
    refunded: false,
    shipping: {
      name: 'Ada Buyer',
      address: {
        line1: '1 Main St',
        line2: null,
        city: 'Springfield',
        state: 'IL',
        postal_code: '62701',
        country: 'US',
      },
    },
    status: 'succeeded',
    ...over,
  }
}

export function intentOf(sale: Sale, over: object = {}): object {
  const amount = sale.amount ?? 4080
  return {
    id: `pi_${sale.n}`,
    object: 'payment_intent',
    amount,
    amount_capturable: 0,
    amount_received: amount,
    capture_method: 'automatic',
    created: sale.created ?? epoch,
    currency: sale.currency ?? 'usd',
    last_payment_error: null,
    latest_charge: `ch_${sale.n}`,
    livemode: false,
    metadata: metadataOf(sale),
    receipt_email: null,
    shipping: null,
    status: 'succeeded',
    ...over,
  }
}

export function refundOf(sale: Sale, amount: number, over: object = {}): object {
  return {
    id: `re_${sale.n}`,
    object: 'refund',
    amount,
    balance_transaction: `txn_re_${sale.n}`,
    charge: `ch_${sale.n}`,
    created: (sale.created ?? epoch) + 3600,
    currency: sale.currency ?? 'usd',
    failure_balance_transaction: null,
    metadata: {},
    payment_intent: `pi_${sale.n}`,
    reason: 'requested_by_customer',
    status: 'succeeded',
    ...over,
  }
}

/** `Stripe-Signature` over these bytes, as Stripe makes it. */
export function signatureOf(
  body: Uint8Array,
  secret: string,
  atSeconds = Math.floor(Date.now() / 1000),
): string {
  const mac = createHmac('sha256', secret).update(`${atSeconds}.`).update(body).digest('hex')
  return `t=${atSeconds},v1=${mac}`
}

/** Posts one signed delivery; a connection that closes without an answer is `undefined`. */
export async function post(
  url: string,
  event: StripeEvent,
  secret: string,
): Promise<{ status: number; body: unknown } | undefined> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'stripe-signature': signatureOf(event.body, secret) },
      body: new Uint8Array(event.body),
    })
    return { status: response.status, body: await response.json() }
  } catch {
    return undefined
  }
}
