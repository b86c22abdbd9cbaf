import type { Random } from '../../src/sandbox/stripe/random.ts'
import type { Charge, Dispute, Refund } from '../../src/sandbox/stripe/types.ts'
import type { Paid, World } from '../../src/sandbox/stripe/world.ts'

const currencies = ['usd', 'usd', 'eur', 'jpy', 'kwd', 'isk'] as const

/** What must be true of an order, in minor units as Stripe counts them. */
export type Truth = {
  readonly number: string
  readonly currency: string
  captured: number
  refunded: number
  disputed: number
  returned: number
}

/** A purchase and whatever becomes of it, drawn from `random`; the same draws give the same life. */
export function live(world: World, random: Random, number: string): Truth {
  const currency = random.pick(currencies)
  // Three-decimal amounts are multiples of ten at Stripe, ISK ones of a hundred; also when half of it is captured.
  const unitAmount = (random.below(90) + 10) * 200
  const items = [{ sku: random.pick(['TEE-M', 'MUG']), quantity: 1 + random.below(3), unitAmount }]
  const amount = items[0]!.quantity * unitAmount
  const buyer = {
    email: `buyer-${number}@example.com`,
    name: 'A Buyer',
    address: { line1: '1 Road', country: 'US' },
  }
  const purchase = {
    amount,
    currency,
    orderNumber: number,
    items,
    buyer,
    via: random.pick(['checkout', 'intent'] as const),
  }
  const truth: Truth = { number, currency, captured: amount, refunded: 0, disputed: 0, returned: 0 }
  const begin = random.below(10)
  if (begin === 0) {
    world.fail({ ...purchase, via: 'intent' })
    return { ...truth, captured: 0 }
  }
  if (begin === 1) {
    const { intent } = world.authorize(purchase)
    if (random.below(2) === 0) {
      world.cancel(intent)
      return { ...truth, captured: 0 }
    }
    const part = amount - unitAmount / 2
    world.capture(intent, { amount: part })
    return { ...truth, captured: part }
  }
  if (begin === 2) {
    const { intent, charge } = world.startDebit(purchase)
    world.clear(intent)
    if (random.below(2) === 0) return truth
    world.failLate(charge)
    return { ...truth, returned: amount }
  }
  return afterwards(world, random, world.pay(purchase), truth)
}

function afterwards(world: World, random: Random, { charge }: Paid, truth: Truth): Truth {
  const then = random.below(8)
  if (then === 0) refundsOf(world, random, charge, truth)
  if (then === 1) disputeOf(world, random, charge, truth)
  return truth
}

function refundsOf(world: World, random: Random, charge: Charge, truth: Truth): void {
  const first: Refund = world.refund(charge, { amount: Math.floor(charge.amount / 200) * 100 })
  truth.refunded += first.amount
  const then = random.below(3)
  if (then === 0) {
    world.refundFails(first)
    truth.refunded -= first.amount
  }
  if (then === 1) {
    truth.refunded += world.refund(charge).amount
  }
}

function disputeOf(world: World, random: Random, charge: Charge, truth: Truth): void {
  const dispute: Dispute = world.dispute(charge, { inquiry: random.below(4) === 0 })
  if (dispute.status.startsWith('warning_')) {
    world.closeDispute(dispute, 'warning_closed')
    return
  }
  const end = random.below(3)
  if (end === 0) world.closeDispute(dispute, 'won')
  else truth.disputed = charge.amount
  if (end === 1) world.closeDispute(dispute, 'lost')
}
