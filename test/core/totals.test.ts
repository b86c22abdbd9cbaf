import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { KnownFact } from '../../src/core/fact.ts'
import { fold } from '../../src/core/fold.ts'
import { at, charge, dispute, intent, paidTees, refund, say, tees } from './factory.ts'

const usd = (amountMinor: bigint) => ({ amountMinor })
const full = usd(4080n)
const status = (...facts: KnownFact[]) => fold(facts).paymentStatus
const totals = (...facts: KnownFact[]) => fold(facts).totals

describe('totals', () => {
  test('ordered is declared, else the session’s, the invoice’s, the largest intent’s, the largest charge’s', () => {
    const intents = [
      say.total(usd(3000n), 'intent', { on: intent('a') }),
      say.total(usd(5000n), 'intent', { on: intent('b') }),
    ]
    assert.equal(totals(...intents).orderedMinor, 5000n)
    assert.equal(totals(...intents, say.total(usd(9000n), 'charge', { on: charge() })).orderedMinor, 5000n)
    assert.equal(totals(...intents, say.total(usd(4080n))).orderedMinor, 4080n)
    assert.equal(
      totals(...intents, say.total(usd(4080n)), say.total(usd(7000n), 'declared')).orderedMinor,
      7000n,
    )
    assert.equal(totals(say.started(usd(100n)), say.started(usd(300n), { id: 'b' })).orderedMinor, 300n)
    assert.equal(totals(say.captured(usd(700n))).orderedMinor, 700n)
  })

  test('a connection that does not speak for orders is heard only where no other is', () => {
    const mine = say.total(usd(100n), 'declared', { connection: 'pay' })
    const shops = say.total(usd(200n), 'session', { connection: 'shop' })
    const context = { speaksFor: (connection: string) => connection === 'shop' }
    assert.equal(fold([mine, shops], context).totals.orderedMinor, 200n)
    assert.equal(fold([mine], context).totals.orderedMinor, 100n)
    assert.equal(fold([mine, say.captured(usd(100n), { connection: 'pay' })], context).isAttached, false)
  })

  test('a charge that grew counts once, by its maximum, with a receipt’s rise for each step', () => {
    const [payment] = fold([
      say.captured(usd(4080n), { at: 2 }),
      say.captured(usd(1000n), { at: 1 }),
    ]).payments
    assert.equal(payment?.capturedMinor, 4080n)
    assert.deepEqual(payment?.captures, [
      { amountMinor: 1000n, riseMinor: 1000n, occurredAt: at(1) },
      { amountMinor: 4080n, riseMinor: 3080n, occurredAt: at(2) },
    ])
  })

  test('an authorization that was raised is the latest amount; one that was replaced is not summed', () => {
    const raised = [say.authorized(usd(5000n), { at: 1 }), say.authorized(usd(6000n), { at: 2 })]
    assert.equal(totals(...raised).authorizedMinor, 6000n)
    const replaced = [...raised, say.voided(), say.authorized(usd(6000n), { on: charge('ch_2'), at: 3 })]
    assert.equal(totals(...replaced).authorizedMinor, 6000n)
  })

  test('a capture of which only the intent was known is the charge’s own', () => {
    const facts = [say.captured(full, { on: intent() }), say.captured(full, { intentId: 'pi_1' })]
    assert.equal(totals(...facts).capturedMinor, 4080n)
  })

  test('a cumulative refund is evidence, never added to the refunds it sums up', () => {
    const total = say.refundsTotal(usd(1000n))
    assert.equal(totals(...paidTees(), total).refundedMinor, 1000n)
    assert.equal(totals(...paidTees(), total, say.refund('succeeded', usd(1000n))).refundedMinor, 1000n)
    assert.equal(totals(...paidTees(), total, say.refund('failed', usd(1000n))).refundedMinor, 0n)
    assert.equal(
      totals(...paidTees(), say.refundsTotal(usd(1500n)), say.refund('succeeded', usd(1000n))).refundedMinor,
      1500n,
    )
  })

  test('a refund that names the intent is one of the intent’s charge', () => {
    const facts = [
      ...paidTees(),
      say.refundsTotal(usd(1000n)),
      say.refund('succeeded', usd(1000n), { paymentId: 'pi_1' }),
    ]
    assert.equal(totals(...facts).refundedMinor, 1000n)
  })

  test('a refund learned before its capture changes nothing about the rest', () => {
    const early = say.refund('succeeded', usd(1000n))
    assert.equal(fold([early]).isAttached, false)
    assert.equal(fold([early, ...paidTees()]).isCovered, true)
  })

  test('what the bank took back is judged on its own: all of it failed, part of it part paid', () => {
    const all = fold([...paidTees(), say.attempt('payment_returned', full)])
    assert.equal(all.paymentStatus, 'failed')
    assert.equal(all.totals.returnedMinor, 4080n)
    assert.equal(all.totals.capturedMinor, 4080n)
    assert.equal(all.totals.netMinor, 0n)
    assert.equal(all.isCovered, false)
    const two = [
      ...tees(),
      say.captured(usd(2000n)),
      say.captured(usd(2080n), { on: charge('ch_2') }),
      say.attempt('payment_returned', usd(2080n), { on: charge('ch_2') }),
    ]
    assert.equal(status(...two), 'partially_paid')
  })

  test('fees and disputes settled in another currency are converted at the charge’s own ratio, half to even', () => {
    const facts = [
      say.total({ amountMinor: 10000n, currency: 'EUR' }),
      say.captured({ amountMinor: 10000n, currency: 'EUR' }),
      say.line('t', 'charge', { amountMinor: 10753n, feeMinor: 342n }, { of: charge() }),
      say.dispute('open', { amountMinor: 10000n, currency: 'EUR' }),
      say.line('d', 'dispute', { amountMinor: -10753n, feeMinor: 1500n }, { of: dispute() }),
    ]
    const order = fold(facts)
    assert.equal(order.totals.feesMinor, 318n + 1395n) // 342 ÷ 1.0753 = 318.05, 1500 ÷ 1.0753 = 1394.96
    assert.equal(order.totals.disputedMinor, 10000n)
    assert.deepEqual(order.settlement, [
      { currency: 'USD', amountMinor: 0n, feeMinor: 1842n, netMinor: -1842n },
    ])
  })

  test('a fee whose charge is not known yet is not guessed at', () => {
    const facts = [
      say.total({ amountMinor: 100n, currency: 'EUR' }),
      say.line('t', 'charge', { amountMinor: 110n, feeMinor: 5n }, { of: charge() }),
    ]
    assert.equal(fold(facts).totals.feesMinor, 0n)
    assert.equal(fold(facts).settlement[0]?.feeMinor, 5n)
  })

  test('disputes of one order: open before inquiry before lost before won; what ended as if never been shows none', () => {
    const states = (...list: Parameters<typeof say.dispute>[0][]) =>
      fold([...paidTees(), ...list.map((state, index) => say.dispute(state, full, { id: `dp_${index}` }))])
        .disputeStatus
    assert.equal(states('won', 'lost', 'inquiry', 'open'), 'open')
    assert.equal(states('won', 'lost', 'inquiry'), 'inquiry')
    assert.equal(states('won', 'lost'), 'lost')
    assert.equal(states('withdrawn'), 'none')
  })
})

test('a late failure whose line names a source of its own is settled at that line', () => {
  const facts = [
    say.total({ amountMinor: 10000n, currency: 'EUR' }),
    say.captured({ amountMinor: 10000n, currency: 'EUR' }),
    say.line('t', 'charge', usd(11000n), { of: charge() }),
    say.attempt('payment_returned', { amountMinor: 10000n, currency: 'EUR' }),
    say.line('f', 'charge_failure', usd(-11100n), { of: refund('pyr_1') }),
  ]
  assert.deepEqual(fold(facts).exchange, [{ currency: 'USD', lossMinor: 100n }])
})
