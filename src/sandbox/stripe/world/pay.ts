import { printMajor } from '../currency.ts'
import { makeCharge, makePaymentIntent, type PaymentMethodType } from '../objects/payment.ts'
import type { Buyer, Charge, Fields, Item, Metadata, PaymentIntent } from '../types.ts'
import { settle } from './balance.ts'
import { change, type Ground } from './ground.ts'

export type PaymentRequest = {
  /** In Stripe's minor units of `currency`. */
  readonly amount: number
  readonly currency: string
  /** Written to `metadata.order_id`. */
  readonly orderNumber?: string
  /** Written to `metadata.items`, unless a Checkout Session carries them. */
  readonly items?: readonly Item[]
  readonly metadata?: Metadata
  readonly buyer?: Buyer
  readonly customer?: string
  readonly method?: PaymentMethodType
  readonly description?: string
  readonly capture?: 'automatic' | 'manual'
  readonly amountDetails?: Fields
}

/** An intent as the shop makes it, waiting for a payment method. */
export function createIntent(ground: Ground, request: PaymentRequest): PaymentIntent {
  const intent = makePaymentIntent(ground.making('pi'), {
    amount: request.amount,
    currency: request.currency,
    captureMethod: request.capture ?? 'automatic',
    metadata: metadataOf(request),
    customer: request.customer ?? null,
    buyer: request.buyer,
    methods: [request.method ?? 'card'],
    description: request.description ?? null,
    amountDetails: request.amountDetails,
  })
  ground.save(intent)
  ground.emit('payment_intent.created', intent)
  return intent
}

function metadataOf(request: PaymentRequest): Metadata {
  const items = request.items?.map((item) => ({
    sku: item.sku,
    quantity: item.quantity,
    unit_price: printMajor(item.unitAmount, request.currency),
    ...(item.title === undefined ? {} : { title: item.title }),
  }))
  return {
    ...(request.orderNumber === undefined ? {} : { order_id: request.orderNumber }),
    ...(items === undefined ? {} : { items: JSON.stringify(items) }),
    ...request.metadata,
  }
}

export type Attempt = { readonly buyer?: Buyer | undefined; readonly method?: PaymentMethodType | undefined }

function newCharge(ground: Ground, intent: PaymentIntent, attempt: Attempt): Charge {
  const method = attempt.method ?? (intent.payment_method_types[0] as PaymentMethodType)
  return makeCharge(ground.making(method === 'card' ? 'ch' : 'py'), { intent, buyer: attempt.buyer, method })
}

/** The attempt succeeds and is captured at once. The fee comes later: see `settle`. */
export function succeed(ground: Ground, intent: PaymentIntent, attempt: Attempt = {}): Charge {
  const charge = newCharge(ground, intent, attempt)
  Object.assign(charge, { status: 'succeeded', paid: true, captured: true, amount_captured: intent.amount })
  ground.save(charge)
  change(ground, intent, {
    status: 'succeeded',
    amount_received: intent.amount,
    latest_charge: charge.id,
    last_payment_error: null,
    processing: null,
    next_action: null,
  })
  ground.emit('charge.succeeded', charge)
  ground.emit('payment_intent.succeeded', intent)
  return charge
}

/** The attempt is authorized and waits for its capture. */
export function authorize(ground: Ground, intent: PaymentIntent, attempt: Attempt = {}): Charge {
  const charge = newCharge(ground, intent, attempt)
  Object.assign(charge, { status: 'succeeded', paid: true, captured: false })
  ground.save(charge)
  change(ground, intent, {
    status: 'requires_capture',
    amount_capturable: intent.amount,
    latest_charge: charge.id,
    last_payment_error: null,
  })
  ground.emit('charge.succeeded', charge)
  ground.emit('payment_intent.amount_capturable_updated', intent)
  return charge
}

/**
 * Captures an authorized payment, by default all that is left. What is not captured is released, and shows as
 * refunded, unless `isFinal` is false (multicapture): then it stays capturable.
 */
export function capture(
  ground: Ground,
  intent: PaymentIntent,
  { amount = intent.amount_capturable, isFinal = true }: { amount?: number; isFinal?: boolean } = {},
): Charge {
  const charge = ground.need<Charge>(intent.latest_charge ?? '')
  const left = intent.amount_capturable - amount
  const captured = charge.amount_captured + amount
  const released = isFinal || left === 0 ? charge.amount - captured : 0
  const chargeBefore = change(ground, charge, {
    captured: true,
    amount_captured: captured,
    amount_refunded: charge.amount_refunded + released,
  })
  const isLast = isFinal || left === 0
  change(ground, intent, {
    amount_received: intent.amount_received + amount,
    amount_capturable: isLast ? 0 : left,
    ...(isLast ? { status: 'succeeded' as const } : {}),
  })
  ground.emit('charge.captured', charge, chargeBefore)
  ground.emit(isLast ? 'payment_intent.succeeded' : 'payment_intent.amount_capturable_updated', intent)
  return charge
}

/** The attempt is refused. The intent is ready for another. */
export function decline(
  ground: Ground,
  intent: PaymentIntent,
  {
    code = 'card_declined',
    declineCode = 'insufficient_funds',
    ...attempt
  }: Attempt & { code?: string; declineCode?: string } = {},
): Charge {
  const message = 'Your card has insufficient funds.'
  const charge = newCharge(ground, intent, attempt)
  Object.assign(charge, { status: 'failed', failure_code: code, failure_message: message })
  charge.outcome = {
    ...charge.outcome,
    network_status: 'declined_by_network',
    reason: declineCode,
    seller_message: 'The bank declined the payment.',
    type: 'issuer_declined',
  }
  ground.save(charge)
  fallBack(ground, intent, charge, { code, declineCode, message })
  ground.emit('charge.failed', charge)
  ground.emit('payment_intent.payment_failed', intent)
  return charge
}

function fallBack(
  ground: Ground,
  intent: PaymentIntent,
  charge: Charge,
  reason: { code: string; declineCode: string | null; message: string },
): void {
  change(ground, intent, {
    status: 'requires_payment_method',
    latest_charge: charge.id,
    processing: null,
    last_payment_error: {
      charge: charge.id,
      code: reason.code,
      ...(reason.declineCode === null ? {} : { decline_code: reason.declineCode }),
      doc_url: `https://stripe.com/docs/error-codes/${reason.code.replaceAll('_', '-')}`,
      message: reason.message,
      type: 'card_error',
    },
  })
}

/** A bank debit under way: days pass until `clear` or `bounce`. */
export function process(ground: Ground, intent: PaymentIntent, attempt: Attempt = {}): Charge {
  const charge = newCharge(ground, intent, { method: 'us_bank_account', ...attempt })
  ground.save(charge)
  change(ground, intent, {
    status: 'processing',
    latest_charge: charge.id,
    processing: { type: charge.payment_method_details.type },
  })
  ground.emit('charge.pending', charge)
  ground.emit('payment_intent.processing', intent)
  return charge
}

/** The debit of `process` arrives. */
export function clear(ground: Ground, intent: PaymentIntent): Charge {
  const charge = ground.need<Charge>(intent.latest_charge ?? '')
  change(ground, charge, { status: 'succeeded', paid: true, captured: true, amount_captured: charge.amount })
  change(ground, intent, { status: 'succeeded', amount_received: intent.amount, processing: null })
  ground.emit('charge.succeeded', charge)
  ground.emit('payment_intent.succeeded', intent)
  settle(ground, charge, charge.amount)
  return charge
}

/** The debit of `process` does not arrive: the attempt has failed before it ever succeeded. */
export function bounce(ground: Ground, intent: PaymentIntent): Charge {
  const charge = ground.need<Charge>(intent.latest_charge ?? '')
  const message = "The customer's account has insufficient funds to cover this payment."
  change(ground, charge, { status: 'failed', failure_code: 'insufficient_funds', failure_message: message })
  fallBack(ground, intent, charge, {
    code: 'payment_method_bank_account_insufficient_funds',
    declineCode: null,
    message,
  })
  ground.emit('charge.failed', charge)
  ground.emit('payment_intent.payment_failed', intent)
  return charge
}

/** The buyer's bank wants to see them (3-D Secure): nothing moves until they have answered. */
export function requireAction(ground: Ground, intent: PaymentIntent): PaymentIntent {
  change(ground, intent, {
    status: 'requires_action',
    next_action: { type: 'use_stripe_sdk', use_stripe_sdk: { type: 'three_d_secure_redirect' } },
  })
  ground.emit('payment_intent.requires_action', intent)
  return intent
}

/** Raises an authorization that was made already, as hotels and rentals do. */
export function increment(ground: Ground, intent: PaymentIntent, amount: number): PaymentIntent {
  const charge = ground.need<Charge>(intent.latest_charge ?? '')
  change(ground, charge, { amount })
  change(ground, intent, { amount, amount_capturable: amount - intent.amount_received })
  ground.emit('charge.updated', charge)
  ground.emit('payment_intent.amount_capturable_updated', intent)
  return intent
}
