import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { KnownFact } from '../../src/core/fact.ts'
import { fold } from '../../src/core/fold.ts'
import { charge, dispute, intent, paidTees, say, session, tees } from './factory.ts'

const usd = (amountMinor: bigint) => ({ amountMinor })
const full = usd(4080n)
const status = (...facts: KnownFact[]) => fold(facts).paymentStatus
const totals = (...facts: KnownFact[]) => fold(facts).totals

describe('what each event makes of an order', () => {
  test('a checkout that was completed and not paid is placed and pending', () => {
    const order = fold(tees())
    assert.equal(order.isAttached, true)
    assert.equal(order.paymentStatus, 'pending')
    assert.equal(order.status, 'open')
    assert.equal(order.number, '1001')
  })

  test('an intent that was made or is processing is placed and pending', () => {
    assert.equal(status(say.started(full)), 'pending')
    const processing = fold([
      say.started(full),
      say.attempt('payment_pending', full, { reason: 'processing' }),
    ])
    assert.equal(processing.paymentStatus, 'pending')
    assert.equal(processing.pendingReason, 'processing')
  })

  test('money that is held is authorized, and what may still be taken shows', () => {
    const order = fold([...tees(), say.authorized(full)])
    assert.equal(order.paymentStatus, 'authorized')
    assert.equal(order.totals.authorizedMinor, 4080n)
    assert.equal(order.isCovered, false)
  })

  test('a capture pays, whichever event said so, and releases what was held', () => {
    const order = fold([...tees(), say.authorized(full), say.captured(full)])
    assert.equal(order.paymentStatus, 'paid')
    assert.equal(order.totals.authorizedMinor, 0n)
    assert.equal(order.isCovered, true)
  })

  test('a capture below the total pays in part', () => {
    assert.equal(status(...tees(), say.captured(usd(3000n))), 'partially_paid')
  })

  test('a failed attempt fails the order, unless another attempt captured, whichever came first', () => {
    const failed = say.attempt('payment_failed', full, { at: 5 })
    assert.equal(status(say.started(full), failed), 'failed')
    assert.equal(status(failed, say.captured(full, { on: charge('ch_2'), at: 1 })), 'paid')
    assert.equal(status(say.captured(full, { on: charge('ch_2'), at: 9 }), failed), 'paid')
  })

  test('another attempt that is processing makes a failed order pending again', () => {
    const failed = say.attempt('payment_failed', full, { at: 5 })
    assert.equal(
      status(failed, say.attempt('payment_pending', full, { on: charge('ch_2'), at: 6 })),
      'pending',
    )
  })

  test('a bank debit that failed is failed, though its intent was processing after the charge was made', () => {
    const processing = say.attempt('payment_pending', full, { on: intent(), reason: 'processing', at: 5 })
    const failed = say.attempt('payment_failed', full, { intentId: 'pi_1', at: 4 })
    assert.equal(status(say.started(full), processing, failed), 'failed')
    const next = say.attempt('payment_pending', full, { on: charge('ch_2'), intentId: 'pi_1', at: 6 })
    assert.equal(status(say.started(full), processing, failed, next), 'pending')
    const asks = say.attempt('payment_pending', full, { on: intent(), reason: 'requires_action', at: 5 })
    assert.equal(status(say.started(full), asks, failed), 'pending')
  })

  test('one charge goes from pending to failed to captured to returned, and never back', () => {
    const steps = [
      say.attempt('payment_pending', full, { at: 9 }),
      say.attempt('payment_failed', full, { at: 8 }),
      say.captured(full, { at: 7 }),
      say.attempt('payment_returned', full, { at: 6 }),
    ]
    const states = steps.map((_, index) => fold(steps.slice(0, index + 1)).payments[0]?.state)
    assert.deepEqual(states, ['pending', 'failed', 'captured', 'returned'])
  })

  test('an intent that was cancelled, or an authorization that expired, is voided, and the order cancelled', () => {
    const voided = fold([say.started(full), say.voided({ on: intent() })])
    assert.equal(voided.paymentStatus, 'voided')
    assert.equal(voided.status, 'cancelled')
    assert.equal(voided.fulfillmentStatus, 'cancelled')
    const expired = fold([
      say.started(full),
      say.authorized(full, { intentId: 'pi_1' }),
      say.voided({ intentId: 'pi_1' }),
    ])
    assert.equal(expired.paymentStatus, 'voided')
    assert.equal(expired.totals.authorizedMinor, 0n)
  })

  test('a cancelled intent takes its failed attempts with it; another intent that may still pay keeps the order open', () => {
    const dead = [
      say.started(full),
      say.attempt('payment_failed', full, { intentId: 'pi_1' }),
      say.voided({ on: intent() }),
    ]
    assert.equal(status(...dead), 'voided')
    assert.equal(status(...dead, say.started(full, { id: 'pi_2' })), 'pending')
    assert.equal(status(...dead, say.captured(full, { on: charge('ch_2'), intentId: 'pi_2' })), 'paid')
  })

  test('refunds count while they are pending or succeeded, each by its own id', () => {
    const pending = fold([...paidTees(), say.refund('pending', usd(1000n))])
    assert.equal(pending.paymentStatus, 'partially_refunded')
    assert.equal(pending.totals.refundedMinor, 1000n)
    const both = fold([
      ...paidTees(),
      say.refund('succeeded', usd(1000n)),
      say.refund('succeeded', usd(3080n), { id: 're_2' }),
    ])
    assert.equal(both.paymentStatus, 'refunded')
    assert.equal(both.status, 'closed')
  })

  test('a refund that failed or was cancelled stops counting, whatever else was said of it', () => {
    for (const ended of ['failed', 'canceled'] as const) {
      const facts = [
        say.refund(ended, full, { at: 2 }),
        say.refund('succeeded', full, { at: 9 }),
        say.refund('pending', full, { at: 1 }),
      ]
      const order = fold([...paidTees(), ...facts])
      assert.equal(order.totals.refundedMinor, 0n)
      assert.equal(order.paymentStatus, 'paid')
    }
  })

  test('a dispute is open, then won or lost, whatever arrives last; money is what balance lines moved', () => {
    const open = say.dispute('open', full)
    assert.equal(fold([...paidTees(), open]).disputeStatus, 'open')
    assert.equal(totals(...paidTees(), open).disputedMinor, 0n)
    const line = say.line('t', 'dispute', { amountMinor: -4080n, feeMinor: 1500n }, { of: dispute() })
    const lost = fold([...paidTees(), say.dispute('lost', full), open, line])
    assert.equal(lost.disputeStatus, 'lost')
    assert.equal(lost.totals.disputedMinor, 4080n)
    assert.equal(lost.totals.feesMinor, 1500n)
    assert.equal(lost.totals.netMinor, -1500n)
    const back = say.line('t2', 'dispute_reversal', usd(4080n), { of: dispute() })
    const won = fold([...paidTees(), say.dispute('won', full), say.dispute('lost', full), open, line, back])
    assert.equal(won.disputeStatus, 'won')
    assert.equal(won.totals.disputedMinor, 0n)
  })

  test('money that came back before we saw it leave is not less than nothing', () => {
    assert.equal(
      totals(...paidTees(), say.line('t2', 'dispute_reversal', usd(4080n), { of: dispute() })).disputedMinor,
      0n,
    )
  })

  test('the fee is the balance line’s, and net is what remains', () => {
    const sums = totals(
      ...paidTees(),
      say.line('t', 'charge', { amountMinor: 4080n, feeMinor: 148n }, { of: charge() }),
    )
    assert.equal(sums.feesMinor, 148n)
    assert.equal(sums.netMinor, 3932n)
  })

  test('a checkout that expired voids an order that another fact had made, unless another attempt paid', () => {
    assert.equal(fold([say.expired()]).isAttached, false)
    const started = [say.started(full, { at: 1 }), say.expired({ at: 24 })]
    assert.equal(status(...started), 'voided')
    assert.equal(status(...started, say.captured(full)), 'paid')
    assert.equal(status(...started, say.placed({ on: session('cs_2'), at: 30 })), 'pending')
  })

  test('a total of zero is paid when placed', () => {
    const order = fold([
      say.placed(),
      say.total(usd(0n)),
      say.lines([{ id: '1', sku: 'A', quantity: 1, unitPriceMinor: 0n }]),
    ])
    assert.equal(order.paymentStatus, 'paid')
    assert.equal(order.isCovered, true)
  })

  test('a total that nobody has stated covers nothing', () => {
    const order = fold([say.placed(), say.lines([{ id: '1', sku: 'A', quantity: 1 }])])
    assert.equal(order.paymentStatus, 'pending')
    assert.equal(order.isCovered, false)
  })
})

describe('what an invoice adds', () => {
  const invoice = { kind: 'invoice', id: 'in_1' } as const

  test('two tenders of one invoice are two payments, and both are money', () => {
    const facts = [
      say.total(usd(100n), 'invoice', { on: invoice }),
      say.captured(usd(60n), { on: invoice, tender: 'manual', apart: 'manual:60' }),
      say.captured(usd(40n), { on: invoice, tender: 'store_credit', apart: 'store_credit:40' }),
    ]
    assert.equal(totals(...facts).capturedMinor, 100n)
    assert.equal(status(...facts), 'paid')
  })

  test('what it says of an attempt is overtaken by the charge; what was paid by hand is not', () => {
    const asked = say.attempt('payment_pending', full, { on: invoice, at: 1 })
    assert.equal(status(asked, say.attempt('payment_failed', full, { at: 2 })), 'failed')
    const byHand = say.captured(full, { on: invoice, tender: 'manual', at: 1 })
    assert.equal(status(byHand, say.attempt('payment_failed', full, { at: 2 })), 'paid')
  })

  test('its kind is the order’s, whatever the charge that paid it says', () => {
    const facts = [
      say.placed({ on: charge(), saleKind: 'sale' }),
      say.placed({ on: invoice, saleKind: 'renewal' }),
    ]
    assert.equal(fold(facts).saleKind, 'renewal')
  })

  test('an attempt that failed and is due again is failed while it waits', () => {
    const facts = [
      say.attempt('payment_failed', full, { on: invoice, at: 1 }),
      say.attempt('payment_pending', full, { on: invoice, at: 2, apart: 'requires_action' }),
    ]
    assert.equal(status(facts[0]!), 'failed')
    assert.equal(status(...facts), 'pending')
  })
})

describe('a checkout that says it is paid', () => {
  const told = [
    say.placed(),
    say.lines([{ id: '1', quantity: 1 }]),
    say.started(full),
    say.attempt('payment_pending', full, { on: intent(), reason: 'reported_paid', at: 3 }),
  ]

  test('is no money, and asks the provider for it', () => {
    assert.equal(status(...told), 'pending')
    assert.deepEqual(
      fold(told).wants.map((want) => `${want.reason} ${want.resource.id}`),
      ['payment pi_1'],
    )
  })

  test('asks no more once the charge has spoken, also where its time is earlier', () => {
    const order = fold([...told, say.captured(full, { intentId: 'pi_1', at: 2 })])
    assert.deepEqual(
      order.wants.map((want) => want.reason),
      ['fee'],
    )
    assert.equal(order.payments.length, 1)
  })
})
