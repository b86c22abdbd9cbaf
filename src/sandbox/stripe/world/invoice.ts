import { makeInvoice, makeInvoiceLine, makeInvoicePayment } from '../objects/invoice.ts'
import type { Buyer, Charge, Fields, Invoice, Item, Metadata, PaymentIntent, Resource } from '../types.ts'
import { settle } from './balance.ts'
import { priceOf } from './checkout.ts'
import { change, type Ground } from './ground.ts'
import { createIntent, decline, succeed } from './pay.ts'

export type Billing = {
  readonly customer: string
  readonly buyer?: Buyer
  readonly currency: string
  readonly items: readonly Item[]
  /** Of a renewal; without it the invoice was made by hand. */
  readonly subscription?: string
  readonly metadata?: Metadata
}

/** A draft that is finalized at once: it has a number and is open. A total of zero is paid by that. */
export function bill(ground: Ground, billing: Billing): Invoice {
  const making = ground.making('in')
  const subscription = billing.subscription ?? null
  const lines = billing.items.map((item) =>
    makeInvoiceLine(ground.making('il'), {
      invoice: making.id,
      item,
      price: priceOf(ground, item, billing.currency),
      currency: billing.currency,
      subscription,
    }),
  )
  const invoice = makeInvoice(making, {
    customer: billing.customer,
    buyer: billing.buyer,
    currency: billing.currency,
    total: billing.items.reduce((sum, item) => sum + item.unitAmount * item.quantity, 0),
    lines,
    subscription,
    billingReason: subscription === null ? 'manual' : 'subscription_cycle',
    metadata: billing.metadata ?? {},
  })
  ground.save(invoice)
  ground.emit('invoice.created', invoice)
  const count = ground.store
    .all<Invoice>('invoice')
    .filter((each) => each.customer === billing.customer).length
  change(ground, invoice, {
    status: 'open',
    number: `${billing.customer.slice(-7).toUpperCase()}-${String(count).padStart(4, '0')}`,
    effective_at: ground.seconds(),
    hosted_invoice_url: `https://invoice.stripe.com/i/${invoice.id}`,
    invoice_pdf: `https://pay.stripe.com/invoice/${invoice.id}/pdf`,
    status_transitions: { ...invoice.status_transitions, finalized_at: ground.seconds() },
  })
  ground.emit('invoice.finalized', invoice)
  if (invoice.total === 0) finish(ground, invoice)
  return invoice
}

/** Charges an open invoice. Neither intent nor charge names it: only the invoice payment does. */
export function payInvoice(
  ground: Ground,
  invoice: Invoice,
  { outcome = 'paid' }: { outcome?: 'paid' | 'failed' } = {},
): { readonly intent: PaymentIntent; readonly charge: Charge; readonly payment: Resource } {
  const intent = intentOf(ground, invoice)
  const payment = paymentOf(ground, invoice, intent)
  const buyer = buyerOf(invoice)
  change(ground, invoice, { attempted: true, attempt_count: invoice.attempt_count + 1 })
  if (outcome === 'failed') {
    const charge = decline(ground, intent, { buyer })
    change(ground, invoice, { next_payment_attempt: ground.seconds() + 3 * 86_400 })
    ground.emit('invoice.payment_failed', invoice)
    return { intent, charge, payment }
  }
  const charge = succeed(ground, intent, { buyer })
  change(ground, payment, {
    status: 'paid',
    amount_paid: invoice.amount_due,
    status_transitions: { canceled_at: null, paid_at: ground.seconds() },
  })
  ground.emit('invoice_payment.paid', payment)
  finish(ground, invoice)
  settle(ground, charge, charge.amount)
  return { intent, charge, payment }
}

/** Retries of one invoice use one intent. */
function intentOf(ground: Ground, invoice: Invoice): PaymentIntent {
  const held = ground.store.all('invoice_payment').find((each) => each.invoice === invoice.id)
  const id = (held?.payment as { payment_intent?: string } | undefined)?.payment_intent
  if (id !== undefined) return ground.need<PaymentIntent>(id)
  return createIntent(ground, {
    amount: invoice.amount_due,
    currency: invoice.currency,
    customer: invoice.customer,
    description: 'Subscription update',
  })
}

function paymentOf(ground: Ground, invoice: Invoice, intent: PaymentIntent): Resource {
  const held = ground.store.all('invoice_payment').find((each) => each.invoice === invoice.id)
  return held ?? ground.save(makeInvoicePayment(ground.making('inpay'), { invoice, intent: intent.id }))
}

function buyerOf(invoice: Invoice): Buyer {
  return {
    ...(typeof invoice.customer_email === 'string' ? { email: invoice.customer_email } : {}),
    ...(typeof invoice.customer_name === 'string' ? { name: invoice.customer_name } : {}),
  }
}

function finish(ground: Ground, invoice: Invoice, more: Fields = {}): void {
  change(ground, invoice, {
    ...more,
    status: 'paid',
    amount_paid: invoice.amount_due,
    amount_remaining: 0,
    attempted: true,
    next_payment_attempt: null,
    status_transitions: { ...invoice.status_transitions, paid_at: ground.seconds() },
  })
  ground.emit('invoice.paid', invoice)
  ground.emit('invoice.payment_succeeded', invoice)
}

/** Paid by cash or cheque: the invoice is paid and no charge exists. */
export function payOutOfBand(ground: Ground, invoice: Invoice): Invoice {
  finish(ground, invoice)
  return invoice
}

export function closeInvoice(ground: Ground, invoice: Invoice, as: 'void' | 'uncollectible'): Invoice {
  const field = as === 'void' ? 'voided_at' : 'marked_uncollectible_at'
  change(ground, invoice, {
    status: as,
    next_payment_attempt: null,
    status_transitions: { ...invoice.status_transitions, [field]: ground.seconds() },
  })
  ground.emit(as === 'void' ? 'invoice.voided' : 'invoice.marked_uncollectible', invoice)
  return invoice
}
