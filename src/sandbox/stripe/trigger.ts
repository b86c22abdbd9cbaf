import type { Examples } from '../letter.ts'
import { stripeLetter } from '../post.ts'
import type { Event } from './types.ts'
import { createWorld, type World } from './world.ts'

const purchase = {
  amount: 4080,
  currency: 'usd',
  items: [{ sku: 'TEE-M', quantity: 2, unitAmount: 2000, title: 'T-shirt, medium' }],
  shipping: 80,
  buyer: {
    email: 'jenny.rosen@example.com',
    name: 'Jenny Rosen',
    address: {
      line1: '510 Townsend St',
      city: 'San Francisco',
      state: 'CA',
      postal_code: '94103',
      country: 'US',
    },
  },
} as const

type Steps = (world: World, given: typeof purchase & { orderNumber: string }) => void

const paid: Steps = (world, given) => void world.pay(given)
const refunded: Steps = (world, given) => void world.refund(world.pay(given).charge, { amount: 1000 })
const refundFailed: Steps = (world, given) =>
  void world.refundFails(world.refund(world.pay(given).charge, { amount: 1000 }))
const disputed: Steps = (world, given) =>
  void world.closeDispute(world.dispute(world.pay(given).charge), 'won')
const paidOut: Steps = (world, given) => {
  world.pay(given)
  world.payoutArrives(world.payout())
}
const renewed: Steps = (world, given) => {
  const customer = world.customer(given.buyer).id
  const { currency, items, buyer } = given
  world.payInvoice(world.bill({ customer, currency, items, buyer, subscription: world.subscription() }))
}
const authorized: Steps = (world, given) => void world.authorize(given)

/** What must happen for an event of each type; the last one of that type is what is sent. */
const storyOf: ReadonlyMap<string, Steps> = new Map<string, Steps>([
  ['payment_intent.created', paid],
  ['charge.succeeded', paid],
  ['payment_intent.succeeded', paid],
  ['checkout.session.completed', paid],
  ['charge.updated', paid],
  ['checkout.session.expired', (world, given) => void world.abandon(world.openCheckout(given))],
  [
    'checkout.session.async_payment_succeeded',
    (world, given) => void world.clear(world.startDebit(given).intent),
  ],
  [
    'checkout.session.async_payment_failed',
    (world, given) => void world.bounce(world.startDebit(given).intent),
  ],
  ['payment_intent.requires_action', (world, given) => void world.requireAction(given)],
  ['payment_intent.processing', (world, given) => void world.startDebit(given)],
  ['payment_intent.payment_failed', (world, given) => void world.fail(given)],
  ['charge.failed', (world, given) => void world.fail(given)],
  ['payment_intent.amount_capturable_updated', authorized],
  ['charge.captured', (world, given) => void world.capture(world.authorize(given).intent)],
  ['charge.expired', (world, given) => void world.expire(world.authorize(given).intent)],
  ['payment_intent.canceled', (world, given) => void world.cancel(world.authorize(given).intent)],
  ['refund.created', refunded],
  ['charge.refunded', refunded],
  ['refund.updated', refundFailed],
  ['refund.failed', refundFailed],
  ['charge.refund.updated', refundFailed],
  ['charge.dispute.created', disputed],
  ['charge.dispute.funds_withdrawn', disputed],
  ['charge.dispute.closed', disputed],
  ['charge.dispute.funds_reinstated', disputed],
  ['payout.created', paidOut],
  ['payout.updated', paidOut],
  ['payout.paid', paidOut],
  ['payout.reconciliation_completed', paidOut],
  [
    'payout.failed',
    (world, given) => {
      world.pay(given)
      world.payoutFails(world.payoutArrives(world.payout()))
    },
  ],
  ['customer.created', renewed],
  ['invoice.created', renewed],
  ['invoice.finalized', renewed],
  ['invoice.paid', renewed],
  ['invoice.payment_succeeded', renewed],
  ['invoice_payment.paid', renewed],
  [
    'invoice.voided',
    (world, { currency, items, buyer }) => {
      const customer = world.customer(buyer).id
      world.closeInvoice(world.bill({ customer, currency, items, buyer }), 'void')
    },
  ],
  [
    'invoice.payment_failed',
    (world, { currency, items, buyer }) => {
      const customer = world.customer(buyer).id
      world.payInvoice(world.bill({ customer, currency, items, buyer }), { outcome: 'failed' })
    },
  ],
  ['radar.early_fraud_warning.created', (world, given) => void world.warnOfFraud(world.pay(given).charge)],
])

/** An example event of a type, with everything in it that Stripe would send; undefined for a type that is not known. */
export function exampleEvent(
  type: string,
  { seed, now }: { seed: string | number; now: Date },
): Event | undefined {
  const steps = storyOf.get(type)
  if (steps === undefined) return undefined
  const world = createWorld({ seed, now: () => now })
  // An endpoint, so that `pending_webhooks` says what it says at Stripe.
  world.ground.addEndpoint('http://127.0.0.1/webhooks/stripe', {})
  steps(world, { ...purchase, orderNumber: `T-${now.getTime().toString(36).toUpperCase()}` })
  return world.events().findLast((event) => event.type === type)
}

/** Signed examples of what Stripe sends. */
export const stripeExamples: Examples = {
  types: [...storyOf.keys()],
  letter(type, { connection, now }) {
    const event = exampleEvent(type, { seed: `trigger:${now.getTime()}`, now })
    const secret = connection.webhookSecrets[0] ?? ''
    return event && { id: event.id, ...stripeLetter(event, { secret, corrupt: undefined, now }) }
  },
}
