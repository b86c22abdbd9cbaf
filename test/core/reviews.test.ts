import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { KnownFact } from '../../src/core/fact.ts'
import { fold } from '../../src/core/fold.ts'
import type { Review } from '../../src/core/order.ts'
import { at, charge, dispute, fact, paidTees, say, tees } from './factory.ts'

const usd = (amountMinor: bigint) => ({ amountMinor })
const full = usd(4080n)
const codes = (...facts: KnownFact[]) => fold(facts).reviews.map((review) => review.code)

function only(...facts: KnownFact[]): Review {
  const { reviews } = fold(facts)
  assert.equal(reviews.length, 1, `expected one review, got ${reviews.map((review) => review.code)}`)
  return reviews[0]!
}

/** What the keeper of stock tells an order. */
function short(turn: number, count: number, { holds = true } = {}): KnownFact {
  const data = { sku: 'TEE-M', short: count, turn, holds }
  return fact('stock_short', charge(), data, { apart: `TEE-M:${turn}`, at: turn, source: 'effect' })
}

describe('derived reviews come and go with their cause', () => {
  test('oversold: goods are missing, as the newest look has it, until they came, left or are wanted no more', () => {
    const review = only(...paidTees(), short(1, 2))
    assert.deepEqual([review.code, review.holds, review.since], ['oversold', true, at(1)])
    assert.equal(review.detail, '2 of TEE-M were sold and are not there.')
    assert.equal(only(...paidTees(), short(2, 1, { holds: false }), short(1, 2)).holds, false)
    assert.deepEqual(codes(...paidTees(), short(1, 2), short(2, 0)), [])
    assert.deepEqual(codes(...paidTees(), short(1, 2), say.shipped([{ lineId: 'li_1', quantity: 2 }])), [])
    assert.ok(!codes(...paidTees(), short(1, 2), say.cancelled({ at: 9 })).includes('oversold'))
    assert.equal(fold([...paidTees(), short(1, 2)]).version, fold(paidTees()).version, 'nobody asserted it')
  })

  test('amount_mismatch: less was captured than ordered and nothing is open', () => {
    const short = [...tees(), say.captured(usd(4000n), { at: 2 })]
    const review = only(...short)
    assert.equal(review.code, 'amount_mismatch')
    assert.equal(review.detail, '40.00 USD was captured of 40.80 USD ordered.')
    assert.equal(review.holds, true)
    assert.equal(review.since, at(2))
    assert.deepEqual(review.refs, [charge()])
    assert.deepEqual(codes(...short, say.authorized(usd(80n), { on: charge('ch_2') })), [])
    assert.deepEqual(codes(...short, say.attempt('payment_pending', usd(80n), { on: charge('ch_2') })), [])
    assert.deepEqual(codes(...short, say.captured(usd(80n), { on: charge('ch_2') })), [])
    assert.deepEqual(codes(...short, say.refund('succeeded', usd(4000n))), [])
  })

  test('amounts are told in their currency’s own decimals', () => {
    const short = (currency: string) =>
      only(say.total({ amountMinor: 4080n, currency }), say.captured({ amountMinor: 4000n, currency })).detail
    assert.equal(short('JPY'), '4000 JPY was captured of 4080 JPY ordered.')
    assert.equal(short('KWD'), '4.000 KWD was captured of 4.080 KWD ordered.')
  })

  test('currency_mismatch: money in a third currency is shown and not counted', () => {
    const facts = [...tees(), say.captured({ amountMinor: 4080n, currency: 'EUR' })]
    const review = only(...facts)
    assert.equal(review.code, 'currency_mismatch')
    assert.equal(review.detail, '40.80 EUR was captured for an order of 40.80 USD.')
    assert.equal(fold(facts).totals.capturedMinor, 0n)
  })

  test('overpaid: names every payment, and goes when the surplus is given back', () => {
    const twice = [...paidTees(), say.captured(full, { on: charge('ch_2') })]
    const review = only(...twice)
    assert.equal(review.code, 'overpaid')
    assert.equal(review.holds, false)
    assert.deepEqual(review.refs, [charge(), charge('ch_2')])
    assert.deepEqual(codes(...twice, say.refund('succeeded', full, { paymentId: 'ch_2' })), [])
  })

  test('over_refunded: a refund after a lost dispute, or the other way round', () => {
    const line = say.line('d', 'dispute', { amountMinor: -4080n }, { of: dispute() })
    const facts = [...paidTees(), line, say.dispute('lost', full), say.refund('succeeded', full)]
    assert.equal(only(...facts).detail, '81.60 USD went back of 40.80 USD captured.')
    assert.deepEqual(codes(...facts, say.refund('failed', full)), ['refund_failed'])
  })

  test('paid_after_cancel: only where the money came after, and is still here', () => {
    const late = [...tees(), say.cancelled({ at: 1 }), say.captured(full, { at: 2 })]
    assert.deepEqual(codes(...late), ['paid_after_cancel'])
    assert.deepEqual(codes(...late, say.refund('succeeded', full)), [])
    assert.deepEqual(codes(...tees(), say.cancelled({ at: 3 }), say.captured(full, { at: 2 })), [])
  })

  test('dispute_open: amount, reason and deadline; an inquiry too', () => {
    const review = only(...paidTees(), say.dispute('open', full, { dueBy: at(240), at: 5 }))
    assert.equal(review.code, 'dispute_open')
    assert.equal(review.dueAt, at(240))
    assert.match(review.detail, /40\.80 USD is disputed \(fraudulent\)/)
    assert.deepEqual(codes(...paidTees(), say.dispute('inquiry', full)), ['dispute_open'])
    assert.deepEqual(codes(...paidTees(), say.dispute('open', full), say.dispute('won', full)), [])
    assert.deepEqual(codes(...paidTees(), say.dispute('inquiry', full), say.dispute('withdrawn', full)), [])
  })

  test('shipped_unpaid: goods left and nothing covers them', () => {
    const shipped = [...tees(), say.shipped([{ lineId: 'li_1', quantity: 1 }])]
    assert.deepEqual(codes(...shipped), ['shipped_unpaid'])
    assert.deepEqual(codes(...shipped, say.captured(full)), [])
  })

  test('totals_inconsistent: lines that do not come to the total, and a line whose net is not its amount less its fee', () => {
    const wrong = only(...tees(), say.total(usd(5000n), 'declared'))
    assert.equal(
      wrong.detail,
      "Lines, tax, shipping and discounts come to 40.80 USD, the order's total is 50.00 USD.",
    )
    assert.equal(wrong.holds, false)
    const line = say.line('txn_1', 'charge', { amountMinor: 4080n, feeMinor: 148n }, { of: charge() })
    const crooked = { ...line, data: { ...line.data, netMinor: 3931n } } as KnownFact
    assert.equal(only(...paidTees(), crooked).detail, 'txn_1 is 39.32 USD after its fee and says 39.31 USD.')
  })

  test('references that nobody has named show no review', () => {
    assert.deepEqual(codes(say.refund('failed', full), say.dispute('open', full)), [])
  })
})

describe('sticky reviews stay', () => {
  test('refund_failed: a refund that came back, not one that was cancelled', () => {
    const facts = [
      ...paidTees(),
      say.refund('failed', usd(1000n)),
      say.refund('succeeded', usd(1000n), { id: 're_2' }),
    ]
    const review = only(...facts)
    assert.equal(review.code, 'refund_failed')
    assert.equal(review.detail, 'A refund of 10.00 USD came back (lost_card); 10.00 USD is refunded now.')
    assert.deepEqual(codes(...paidTees(), say.refund('canceled', usd(1000n))), [])
  })

  test('payment_reversed: also after the buyer paid again', () => {
    const facts = [
      ...paidTees(),
      say.attempt('payment_returned', full),
      say.captured(full, { on: charge('ch_2') }),
    ]
    const review = only(...facts)
    assert.equal(review.code, 'payment_reversed')
    assert.equal(review.holds, true)
    assert.equal(fold(facts).paymentStatus, 'paid')
  })

  test('fraud_warning: until the provider closes it', () => {
    assert.deepEqual(codes(...paidTees(), say.warned(true, { at: 1 })), ['fraud_warning'])
    assert.deepEqual(codes(...paidTees(), say.warned(true, { at: 1 }), say.warned(false, { at: 2 })), [])
  })

  test('shipped_after_cancel: by the provider’s times', () => {
    const shipped = say.shipped([{ lineId: 'li_1', quantity: 2 }], { at: 9 })
    assert.deepEqual(codes(...paidTees(), say.cancelled({ at: 8 }), shipped), ['shipped_after_cancel'])
    assert.deepEqual(codes(...paidTees(), say.cancelled({ at: 10 }), shipped), [])
    assert.deepEqual(codes(...paidTees(), say.refund('succeeded', full, { at: 8 }), shipped), [
      'shipped_after_cancel',
    ])
    assert.deepEqual(codes(...paidTees(), say.dispute('open', full, { at: 8 }), shipped), [
      'dispute_open',
      'shipped_after_cancel',
    ])
  })
})

describe('an operator’s resolution', () => {
  const failed = say.refund('failed', usd(1000n))
  const { figures } = only(...paidTees(), failed)

  test('closes a review while the figures that it accepted stand', () => {
    const resolved = say.resolved('refund_failed', figures)
    assert.deepEqual(codes(...paidTees(), failed, resolved), [])
    assert.deepEqual(codes(...paidTees(), failed, resolved, say.refund('failed', usd(5n), { id: 're_2' })), [
      'refund_failed',
    ])
  })

  test('closes no other review, and no other figures', () => {
    assert.deepEqual(codes(...paidTees(), failed, say.resolved('overpaid', figures)), ['refund_failed'])
    assert.deepEqual(codes(...paidTees(), failed, say.resolved('refund_failed', 're_1:999')), [
      'refund_failed',
    ])
  })

  test('of a derived review counts until its figures change', () => {
    const short = [...tees(), say.captured(usd(4000n))]
    const accepted = say.resolved('amount_mismatch', '4000/4080')
    assert.deepEqual(codes(...short, accepted), [])
    assert.equal(fold([...short, accepted]).isCovered, true)
    assert.deepEqual(codes(...short, accepted, say.captured(usd(4040n))), ['amount_mismatch'])
    assert.equal(
      fold([...short, say.resolved('amount_mismatch', '4000/4080', { as: 'ask_for_the_rest' })]).isCovered,
      false,
    )
  })
})
