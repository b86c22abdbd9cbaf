import { createHmac } from 'node:crypto'

/**
 * Events of made-up order lives, 1.5–3 KB each, no two alike: every order is created, charged, captured and learns its
 * balance transaction; every fourth is partly refunded. In the order in which they happen, the lives of neighbours
 * interleaved as they are in a shop.
 */
export function eventsOf(run: string, count: number): Buffer[] {
  const events: Buffer[] = []
  const open: { order: number; step: number }[] = []
  for (let next = 0; events.length < count; ) {
    while (open.length < interleaved) open.push({ order: next++, step: 0 })
    const life = open.shift()!
    const steps = life.order % 4 === 0 ? refundedLife : plainLife
    events.push(event(`${run}${life.order}`, life.order, life.step, steps[life.step]!))
    life.step += 1
    if (life.step < steps.length) open.push(life)
  }
  return events
}

const interleaved = 40
const plainLife = [
  'payment_intent.created',
  'charge.succeeded',
  'payment_intent.succeeded',
  'charge.updated',
] as const
const refundedLife = [...plainLife, 'refund.created', 'charge.refunded'] as const
type Type = (typeof refundedLife)[number]

const start = 1_790_000_000

function event(key: string, order: number, step: number, type: Type): Buffer {
  const created = start + order * 7 + step
  return Buffer.from(
    JSON.stringify(
      {
        id: `evt_${key}_${step}`,
        object: 'event',
        api_version: '2026-10-28.endive',
        created,
        data: { object: objectOf(key, order, created, type) },
        livemode: false,
        pending_webhooks: 1,
        request: { id: `req_${key}${step}`, idempotency_key: `${key}-9f1c-4d6e-${step}` },
        type,
      },
      null,
      2,
    ),
  )
}

function objectOf(key: string, order: number, created: number, type: Type): object {
  const amount = 1_900 + (order % 97) * 10
  if (type === 'refund.created') return refund(key, created, 500)
  if (type.startsWith('payment_intent.'))
    return intent(key, order, created, amount, type === 'payment_intent.succeeded')
  return charge(key, order, created, amount, type)
}

function metadata(key: string, order: number): object {
  const items = [
    { sku: `TEE-${order % 50}`, quantity: 1 + (order % 3), title: 'T-shirt, organic cotton' },
    { sku: `MUG-${order % 20}`, quantity: 1, title: 'Mug, 300 ml' },
  ]
  return { order_id: key, items: JSON.stringify(items), channel: 'web', campaign: 'autumn' }
}

function address(order: number): object {
  return {
    city: 'Springfield',
    country: 'US',
    line1: `${order} Main Street`,
    line2: null,
    postal_code: '62701',
    state: 'IL',
  }
}

function intent(key: string, order: number, created: number, amount: number, hasSucceeded: boolean): object {
  return {
    id: `pi_${key}`,
    object: 'payment_intent',
    amount,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: hasSucceeded ? amount : 0,
    application: null,
    automatic_payment_methods: { allow_redirects: 'always', enabled: true },
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic_async',
    client_secret: `pi_${key}_secret_not_one`,
    confirmation_method: 'automatic',
    created: start + order * 7,
    currency: 'usd',
    customer: null,
    description: null,
    last_payment_error: null,
    latest_charge: hasSucceeded ? `ch_${key}` : null,
    livemode: false,
    metadata: metadata(key, order),
    next_action: null,
    on_behalf_of: null,
    payment_method: hasSucceeded ? `pm_${key}` : null,
    payment_method_options: {
      card: { installments: null, mandate_options: null, network: null, request_three_d_secure: 'automatic' },
    },
    payment_method_types: ['card', 'link'],
    receipt_email: `buyer-${order}@shop.example`,
    setup_future_usage: null,
    shipping: {
      address: address(order),
      carrier: null,
      name: `Buyer ${order}`,
      phone: null,
      tracking_number: null,
    },
    statement_descriptor: null,
    status: hasSucceeded ? 'succeeded' : 'requires_payment_method',
    transfer_data: null,
    transfer_group: null,
    updated: created,
  }
}

function charge(key: string, order: number, created: number, amount: number, type: Type): object {
  const isRefunded = type === 'charge.refunded'
  return {
    id: `ch_${key}`,
    object: 'charge',
    amount,
    amount_captured: amount,
    amount_refunded: isRefunded ? 500 : 0,
    application: null,
    application_fee: null,
    balance_transaction: type === 'charge.succeeded' ? null : `txn_${key}`,
    billing_details: {
      address: address(order),
      email: `buyer-${order}@shop.example`,
      name: `Buyer ${order}`,
      phone: null,
      tax_id: null,
    },
    calculated_statement_descriptor: 'SHOP.EXAMPLE',
    captured: true,
    created: start + order * 7 + 1,
    currency: 'usd',
    customer: null,
    description: null,
    destination: null,
    dispute: null,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    fraud_details: {},
    livemode: false,
    metadata: metadata(key, order),
    on_behalf_of: null,
    outcome: outcome(order),
    paid: true,
    payment_intent: `pi_${key}`,
    payment_method: `pm_${key}`,
    payment_method_details: card(key),
    receipt_email: null,
    receipt_number: null,
    refunded: false,
    review: null,
    shipping: {
      address: address(order),
      carrier: null,
      name: `Buyer ${order}`,
      phone: null,
      tracking_number: null,
    },
    status: 'succeeded',
    transfer_data: null,
    updated: created,
  }
}

function card(key: string): object {
  const details = {
    brand: 'visa',
    country: 'US',
    exp_month: 8,
    exp_year: 2030,
    funding: 'credit',
    last4: '4242',
  }
  return { card: { ...details, fingerprint: `f${key}`, network: 'visa' }, type: 'card' }
}

function outcome(order: number): object {
  return {
    network_status: 'approved_by_network',
    reason: null,
    risk_level: 'normal',
    risk_score: 20 + (order % 30),
    seller_message: 'Payment complete.',
    type: 'authorized',
  }
}

function refund(key: string, created: number, amount: number): object {
  return {
    id: `re_${key}`,
    object: 'refund',
    amount,
    balance_transaction: `txr_${key}`,
    charge: `ch_${key}`,
    created,
    currency: 'usd',
    destination_details: {
      card: {
        reference: '5417926',
        reference_status: 'available',
        reference_type: 'acquirer_reference_number',
        type: 'refund',
      },
      type: 'card',
    },
    metadata: {
      reason_in_words:
        'One of the two mugs arrived with a chipped handle; the buyer keeps it and is given a part back. '.repeat(
          10,
        ),
    },
    payment_intent: `pi_${key}`,
    reason: 'requested_by_customer',
    receipt_number: null,
    source_transfer_reversal: null,
    status: 'succeeded',
    transfer_reversal: null,
  }
}

/** The request that delivers one event now: head and body as they go over the wire. */
export function requestOf(
  body: Buffer,
  { path, secret, atSeconds }: { path: string; secret: string; atSeconds: number },
): Buffer {
  const signature = createHmac('sha256', secret).update(`${atSeconds}.`).update(body).digest('hex')
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    `Content-Length: ${body.length}`,
    'Content-Type: application/json; charset=utf-8',
    'Cache-Control: no-cache',
    'User-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)',
    'Accept: */*; q=0.5, application/xml',
    `Stripe-Signature: t=${atSeconds},v1=${signature}`,
    '',
    '',
  ].join('\r\n')
  return Buffer.concat([Buffer.from(head), body])
}
