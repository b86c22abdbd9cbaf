import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BalanceTransaction } from '../../src/sandbox/stripe/types.ts'
import { manualClock, testWorld, typesOf } from './support.ts'

const cart = {
  amount: 4080,
  currency: 'usd',
  orderNumber: '1001',
  items: [{ sku: 'TEE-M', quantity: 2, unitAmount: 2000 }],
  shipping: 80,
}

const line = (world: ReturnType<typeof testWorld>, id: string | null) =>
  world.get<BalanceTransaction>(id ?? '')!

test('a payout is the sum of its lines, and a failed one comes back', () => {
  const world = testWorld()
  world.refund(world.pay(cart).charge, { amount: 1000 })
  const payout = world.payout()
  assert.deepEqual([payout.amount, world.balance()], [2932, 0])
  const lines = world
    .all<BalanceTransaction>('balance_transaction')
    .filter(({ id }) => world.payoutLines.get(id) === payout.id)
  assert.equal(
    lines.reduce((sum, { net }) => sum + net, 0),
    0,
  )
  assert.deepEqual(
    typesOf(world, () => world.payoutArrives(payout)),
    ['payout.updated', 'payout.paid', 'payout.reconciliation_completed'],
  )
  world.payoutFails(payout)
  assert.equal(world.balance(), 2932)
  assert.equal(world.payout().amount, 2932)
})

test('a balance below zero is drawn from the bank', () => {
  const world = testWorld()
  const { charge } = world.pay(cart)
  world.payout()
  world.refund(charge)
  assert.equal(world.payout().amount, -4080)
})

test('other currencies settle at a rate that stands on the line', () => {
  const world = testWorld()
  const settled = (currency: string, amount: number) =>
    line(world, world.pay({ amount, currency }).charge.balance_transaction)
  const figures = (booked: BalanceTransaction) => [booked.amount, booked.currency, booked.exchange_rate]
  assert.deepEqual(figures(settled('eur', 10000)), [10842, 'usd', 1.0842])
  assert.deepEqual(figures(settled('jpy', 61200)), [41016, 'usd', 0.006702])
  assert.deepEqual(figures(settled('kwd', 10000)), [3252, 'usd', 3.252])
  assert.deepEqual(figures(settled('isk', 500000)), [3605, 'usd', 0.00721])
})

test('an account that settles in yen has fees in yen', () => {
  const world = testWorld({ settlementCurrency: 'jpy' })
  const booked = line(world, world.pay({ amount: 61200, currency: 'jpy' }).charge.balance_transaction)
  assert.deepEqual([booked.amount, booked.fee, booked.exchange_rate], [61200, 1815, null])
})

test('a renewal names its payment only by the invoice payment', () => {
  const world = testWorld()
  const customer = world.customer({ email: 'a@example.com' }).id
  const invoice = world.bill({
    customer,
    currency: 'usd',
    items: cart.items,
    subscription: world.subscription(),
  })
  const types = typesOf(world, () => world.payInvoice(invoice, { outcome: 'failed' }))
  assert.equal(types.at(-1), 'invoice.payment_failed')
  const { intent, charge, payment } = world.payInvoice(invoice)
  assert.deepEqual([invoice.status, invoice.amount_remaining, invoice.attempt_count], ['paid', 0, 2])
  assert.deepEqual(payment.payment, { payment_intent: intent.id, type: 'payment_intent' })
  assert.doesNotMatch(JSON.stringify([intent, charge]), new RegExp(invoice.id))
})

test('an invoice of zero is paid by being finalized', () => {
  const world = testWorld()
  const customer = world.customer({}).id
  const invoice = world.bill({
    customer,
    currency: 'usd',
    items: [{ sku: 'TRIAL', quantity: 1, unitAmount: 0 }],
  })
  assert.deepEqual([invoice.status, world.all('charge').length], ['paid', 0])
})

test('a cart with nothing to pay is placed without a payment', () => {
  const world = testWorld()
  const free = { currency: 'usd', orderNumber: '7', items: [{ sku: 'GIFT', quantity: 1, unitAmount: 0 }] }
  const { session, intent } = world.complete(world.openCheckout(free), free)
  assert.deepEqual([session.payment_status, intent], ['no_payment_required', undefined])
})

test('an abandoned cart expires', () => {
  const world = testWorld()
  const session = world.openCheckout(cart)
  assert.deepEqual(
    typesOf(world, () => world.abandon(session)),
    ['checkout.session.expired'],
  )
})

test('the clock is the one given', () => {
  const clock = manualClock('2026-03-01T00:00:00Z')
  const world = testWorld({ now: clock.now })
  const first = world.pay(cart).charge.created
  clock.advance(3600)
  assert.equal(world.pay(cart).charge.created - first, 3600)
})
