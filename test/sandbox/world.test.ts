import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BalanceTransaction } from '../../src/sandbox/stripe/types.ts'
import { testWorld, typesOf } from './support.ts'

const cart = {
  amount: 4080,
  currency: 'usd',
  orderNumber: '1001',
  items: [{ sku: 'TEE-M', quantity: 2, unitAmount: 2000 }],
  shipping: 80,
}

const line = (world: ReturnType<typeof testWorld>, id: string | null) =>
  world.get<BalanceTransaction>(id ?? '')!

test('the same seed, clock and steps give the same bytes', () => {
  const bytes = () => {
    const world = testWorld()
    world.refund(world.pay(cart).charge, { amount: 1000 })
    world.payoutArrives(world.payout())
    return JSON.stringify(world.events())
  }
  assert.equal(bytes(), bytes())
})

test('another seed gives other ids', () => {
  assert.notEqual(testWorld({ seed: 1 }).pay(cart).charge.id, testWorld({ seed: 2 }).pay(cart).charge.id)
})

test('a purchase tells of itself as Stripe does, and of its fee afterwards', () => {
  const world = testWorld()
  const types = typesOf(world, () => world.pay(cart))
  assert.deepEqual(types, [
    'payment_intent.created',
    'charge.succeeded',
    'payment_intent.succeeded',
    'checkout.session.completed',
    'charge.updated',
  ])
})

test('an event keeps the object as it was when it happened', () => {
  const world = testWorld()
  const { charge } = world.pay(cart)
  const [, succeeded, , , updated] = world.events()
  assert.equal(succeeded!.data.object.balance_transaction, null)
  assert.equal(updated!.data.object.balance_transaction, charge.balance_transaction)
  assert.deepEqual(updated!.data.previous_attributes, { balance_transaction: null })
})

test('a card costs 2.9 % and 30 cents', () => {
  const world = testWorld()
  const booked = line(world, world.pay(cart).charge.balance_transaction)
  assert.deepEqual([booked.amount, booked.fee, booked.net], [4080, 148, 3932])
})

test('a fee can be left for later', () => {
  const world = testWorld()
  const { charge } = world.pay({ ...cart, fee: 'later' })
  assert.equal(charge.balance_transaction, null)
  assert.deepEqual(
    typesOf(world, () => world.settle(charge)),
    ['charge.updated'],
  )
})

test('a cart that does not come to the amount is refused', () => {
  assert.throws(() => testWorld().pay({ ...cart, amount: 1 }), /comes to 4080, not to 1/)
})

test('declined attempts come before the one that pays', () => {
  const world = testWorld()
  const types = typesOf(world, () => world.pay({ amount: 500, currency: 'usd', declines: 2 }))
  assert.deepEqual(types, [
    'payment_intent.created',
    'charge.failed',
    'payment_intent.payment_failed',
    'charge.failed',
    'payment_intent.payment_failed',
    'charge.succeeded',
    'payment_intent.succeeded',
    'charge.updated',
  ])
})

test('a partial capture releases the rest, which then shows as refunded', () => {
  const world = testWorld()
  const { intent, charge } = world.authorize(cart)
  assert.deepEqual(
    [intent.status, intent.amount_capturable, charge.captured],
    ['requires_capture', 4080, false],
  )
  const types = typesOf(world, () => world.capture(intent, { amount: 3000 }))
  assert.deepEqual(types, ['charge.captured', 'payment_intent.succeeded', 'charge.updated'])
  assert.deepEqual([charge.amount_captured, charge.amount_refunded, charge.refunded], [3000, 1080, false])
  assert.deepEqual([intent.status, intent.amount_received, intent.amount_capturable], ['succeeded', 3000, 0])
})

test('several captures grow one charge, each with a line of its own', () => {
  const world = testWorld()
  const { intent, charge } = world.authorize(cart)
  world.capture(intent, { amount: 1000, isFinal: false })
  assert.deepEqual(
    [intent.status, intent.amount_capturable, charge.amount_captured],
    ['requires_capture', 3080, 1000],
  )
  world.capture(intent, { amount: 3080 })
  assert.deepEqual([intent.status, charge.amount_captured, charge.amount_refunded], ['succeeded', 4080, 0])
  const lines = world
    .all<BalanceTransaction>('balance_transaction')
    .filter(({ source }) => source === charge.id)
  assert.deepEqual(
    lines.map(({ amount }) => amount),
    [1000, 3080],
  )
})

test('an authorization can be raised before it is captured', () => {
  const world = testWorld()
  const { intent, charge } = world.authorize(cart)
  const types = typesOf(world, () => world.increment(intent, 5000))
  assert.deepEqual(types, ['charge.updated', 'payment_intent.amount_capturable_updated'])
  world.capture(intent)
  assert.deepEqual([charge.amount, charge.amount_captured, charge.amount_refunded], [5000, 5000, 0])
})

test('a payment that needs the buyer waits for them', () => {
  const world = testWorld()
  const intent = world.requireAction({ amount: 500, currency: 'usd' })
  assert.deepEqual([intent.status, world.all('charge').length], ['requires_action', 0])
  world.retry(intent)
  assert.deepEqual([intent.status, intent.next_action], ['succeeded', null])
})

test('an authorization can be voided, or lapse', () => {
  const world = testWorld()
  const voided = typesOf(world, () => world.cancel(world.authorize(cart).intent)).slice(-2)
  assert.deepEqual(voided, ['charge.refunded', 'payment_intent.canceled'])
  const lapsed = typesOf(world, () => world.expire(world.authorize(cart).intent)).slice(-2)
  assert.deepEqual(lapsed, ['charge.expired', 'payment_intent.canceled'])
})

test('a bank debit is pending, clears, and may still be taken back', () => {
  const world = testWorld()
  const { session, intent, charge } = world.startDebit(cart)
  assert.deepEqual(
    [session!.payment_status, intent.status, charge.status],
    ['unpaid', 'processing', 'pending'],
  )
  const cleared = typesOf(world, () => world.clear(intent))
  assert.deepEqual(cleared, [
    'charge.succeeded',
    'payment_intent.succeeded',
    'charge.updated',
    'checkout.session.async_payment_succeeded',
  ])
  const held = world.balance()
  const returned = typesOf(world, () => world.failLate(charge))
  assert.deepEqual(returned, ['charge.failed', 'payment_intent.payment_failed'])
  assert.equal(line(world, charge.failure_balance_transaction).amount, -4080)
  assert.equal(world.balance(), held - 4080)
  assert.equal(charge.amount_captured, 4080)
})

test('a bank debit that bounces never captured anything', () => {
  const world = testWorld()
  const { intent, charge } = world.startDebit(cart)
  const types = typesOf(world, () => world.bounce(intent))
  assert.deepEqual(types, [
    'charge.failed',
    'payment_intent.payment_failed',
    'checkout.session.async_payment_failed',
  ])
  assert.deepEqual([charge.amount_captured, world.balance()], [0, 0])
})

test('a refund that fails after it had succeeded brings the money back', () => {
  const world = testWorld()
  const { charge } = world.pay(cart)
  const held = world.balance()
  const refund = world.refund(charge, { amount: 1000 })
  assert.deepEqual([charge.amount_refunded, world.balance()], [1000, held - 1000])
  const types = typesOf(world, () => world.refundFails(refund))
  assert.deepEqual(types, ['refund.failed', 'refund.updated', 'charge.refund.updated', 'charge.updated'])
  assert.deepEqual([charge.amount_refunded, world.balance()], [0, held])
  assert.equal(line(world, refund.failure_balance_transaction!).type, 'refund_failure')
})

test('a pending refund is booked when it succeeds, and never when it is canceled', () => {
  const world = testWorld()
  const { charge } = world.pay(cart)
  const pending = world.refund(charge, { amount: 1000, status: 'pending' })
  assert.deepEqual([pending.balance_transaction, charge.amount_refunded], [null, 1000])
  world.refundSucceeds(pending)
  assert.equal(line(world, pending.balance_transaction).amount, -1000)
  const canceled = world.refundCanceled(world.refund(charge, { amount: 500, status: 'requires_action' }))
  assert.deepEqual([canceled.balance_transaction, canceled.failure_balance_transaction], [null, undefined])
})

test('a dispute takes the amount and a fee, and being won brings back the amount', () => {
  const world = testWorld()
  const { charge } = world.pay(cart)
  const held = world.balance()
  const dispute = world.dispute(charge)
  assert.equal(world.balance(), held - 4080 - 1500)
  const types = typesOf(world, () => world.closeDispute(dispute, 'won'))
  assert.deepEqual(types, ['charge.dispute.closed', 'charge.dispute.funds_reinstated'])
  assert.equal(world.balance(), held - 1500)
  assert.deepEqual(
    dispute.balance_transactions.map(({ reporting_category }) => reporting_category),
    ['dispute', 'dispute_reversal'],
  )
})

test('a dispute can be lost, and won after that', () => {
  const world = testWorld()
  const dispute = world.dispute(world.pay(cart).charge)
  assert.deepEqual(
    typesOf(world, () => world.closeDispute(dispute, 'lost')),
    ['charge.dispute.closed'],
  )
  world.closeDispute(dispute, 'won')
  assert.equal(dispute.balance_transactions.length, 2)
})

test('an inquiry moves no money until it becomes a claim', () => {
  const world = testWorld()
  const { charge } = world.pay(cart)
  const held = world.balance()
  const inquiry = world.dispute(charge, { inquiry: true })
  assert.deepEqual(
    [inquiry.status, world.balance(), charge.disputed],
    ['warning_needs_response', held, false],
  )
  const types = typesOf(world, () => world.escalate(inquiry))
  assert.deepEqual(types, ['charge.dispute.updated', 'charge.dispute.funds_withdrawn'])
  assert.equal(charge.disputed, true)
})
