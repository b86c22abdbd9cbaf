import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { KnownFact } from '../../src/core/fact.ts'
import { fold } from '../../src/core/fold.ts'
import { at, charge, dispute, intent, paidTees, refund, say, session, tees } from './factory.ts'

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
    const context = { speaksForOrder: (connection: string) => connection === 'shop' }
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

describe('what an order is made of', () => {
  test('the number is the best reference known so far, else the intent’s id', () => {
    assert.equal(fold([say.started(full)]).number, 'pi_1')
    assert.equal(fold([say.started(full)]).isStandInNumber, true)
    assert.equal(fold([say.numbered('B', 1), say.numbered('A', 1), say.numbered('Z', 2)]).number, 'A')
    assert.equal(fold([say.numbered('B', 1), say.numbered('C', 0)]).number, 'C')
  })

  test('lines are the session’s before the invoice’s, the metadata’s and the intent’s', () => {
    const by = (...list: ('session' | 'invoice' | 'metadata' | 'intent')[]) =>
      fold([...list.map((one) => say.lines([{ id: '1', sku: one, quantity: 1 }], one))]).lineItems[0]?.sku
    assert.equal(by('intent', 'metadata', 'invoice', 'session'), 'session')
    assert.equal(by('intent', 'metadata', 'invoice'), 'invoice')
    assert.equal(by('intent', 'metadata'), 'metadata')
  })

  test('components are used only where they sum to the total', () => {
    const wrong = fold([...tees(), say.total(usd(9999n), 'declared')])
    assert.deepEqual(wrong.parts, [{ kind: 'goods', amountMinor: 9999n, discountMinor: 0n }])
    assert.deepEqual(
      wrong.reviews.map((review) => review.code),
      ['totals_inconsistent'],
    )
    const right = fold(tees())
    assert.deepEqual(
      right.parts.map((part) => [part.kind, part.amountMinor]),
      [
        ['goods', 3500n],
        ['shipping', 400n],
        ['tax', 180n],
      ],
    )
  })

  test('line totals that contain tax, and totals after discount, are read as what sums up', () => {
    const line = { id: '1', sku: 'A', quantity: 2, unitPriceMinor: 2000n, totalMinor: 3680n, taxMinor: 180n }
    const order = fold([
      say.total(usd(4080n)),
      say.lines([line]),
      say.components({ discountMinor: 500n, shippingMinor: 400n, taxMinor: 180n }),
    ])
    assert.deepEqual(
      order.parts.map((part) => [part.kind, part.amountMinor, part.discountMinor]),
      [
        ['goods', 3500n, 500n],
        ['shipping', 400n, 0n],
        ['tax', 180n, 0n],
      ],
    )
  })

  test('lines without prices are no contradiction', () => {
    const order = fold([
      say.total(usd(4080n)),
      say.lines([{ id: '1', sku: 'A', quantity: 2 }], 'metadata'),
      say.captured(full),
    ])
    assert.deepEqual(order.reviews, [])
    assert.equal(order.isCovered, true)
  })

  test('goods are fulfilled line by line', () => {
    const part = fold([...paidTees(), say.shipped([{ lineId: 'li_1', quantity: 1 }])])
    assert.equal(part.fulfillmentStatus, 'partially_fulfilled')
    const whole = fold([
      ...paidTees(),
      say.shipped([{ lineId: 'li_1', quantity: 1 }]),
      say.shipped([{ lineId: 'li_1', quantity: 1 }], { id: 'ful_2' }),
    ])
    assert.equal(whole.fulfillmentStatus, 'fulfilled')
    assert.equal(whole.status, 'closed')
    assert.equal(whole.lineItems[0]?.fulfilledQuantity, 2)
  })

  test('what went out to the warehouse shows until it is taken back', () => {
    const request = say.performed('fulfil:shop:pi_1:1', 'request')
    assert.equal(fold([...paidTees(), request]).fulfillmentStatus, 'requested')
    const back = say.performed('cancel:shop:pi_1:1', 'cancellation')
    assert.equal(fold([...paidTees(), request, back]).fulfillmentStatus, 'cancelled')
    assert.equal(
      fold([...paidTees(), request, back, say.performed('fulfil:shop:pi_1:2', 'request')]).fulfillmentStatus,
      'requested',
    )
  })

  test('an order that needs no shipping is closed when paid; a renewal that ships nowhere as well', () => {
    const digital = fold([
      say.total(usd(500n)),
      say.captured(usd(500n)),
      say.lines([{ id: '1', quantity: 1, unitPriceMinor: 500n, requiresShipping: false }]),
    ])
    assert.equal(digital.status, 'closed')
    assert.equal(
      fold([say.placed({ saleKind: 'renewal' }), say.total(usd(500n)), say.captured(usd(500n))]).status,
      'closed',
    )
  })

  test('an order that was cancelled after payment is cancelled, and paid until it is refunded', () => {
    const order = fold([...paidTees(), say.cancelled({ at: 9 })])
    assert.equal(order.status, 'cancelled')
    assert.equal(order.paymentStatus, 'paid')
  })

  test('the version counts what providers and operators said, not what we did', () => {
    const facts = [...paidTees(), say.released(), say.performed('receipt:shop:ch_1:4080', 'receipt')]
    assert.equal(fold(facts).version, facts.length - 1)
    assert.equal(fold([...facts, ...facts]).version, facts.length - 1)
  })

  test('two witnesses of one fact count once, and the higher rank is believed', () => {
    const rough = say.captured(full, { at: 3, rank: 0 })
    const exact = say.captured(full, { at: 1, rank: 1 })
    for (const facts of [
      [rough, exact],
      [exact, rough],
    ]) {
      assert.equal(fold(facts).version, 1)
      assert.equal(fold(facts).payments[0]?.occurredAt, at(1))
    }
  })
})

describe('what should be read from the provider', () => {
  const wants = (...facts: KnownFact[]) =>
    fold(facts).wants.map((want) => `${want.reason} ${want.resource.id}`)

  test('the fee of a captured charge, and of a refund of converted money', () => {
    assert.deepEqual(wants(say.captured(full)), ['fee ch_1'])
    const line = say.line('t', 'charge', { amountMinor: 9n, currency: 'EUR' }, { of: charge() })
    assert.deepEqual(wants(say.captured(full), line, say.refundMoved('refund_moved', usd(1n))), ['fee re_1'])
    assert.deepEqual(
      wants(
        say.captured(full),
        line,
        say.refundMoved('refund_moved', usd(1n)),
        say.line('r', 'refund', usd(-1n), { of: refund() }),
      ),
      [],
    )
  })

  test('the lines of a completed checkout', () => {
    assert.deepEqual(wants(say.placed(), say.started(full), say.attempt('payment_pending', full)), [
      'lines cs_1',
    ])
  })

  test('the payment of a completed checkout that nobody else speaks of', () => {
    const lines = say.lines([{ id: '1', quantity: 1 }])
    assert.deepEqual(wants(say.placed(), lines), ['payment cs_1'])
    assert.deepEqual(wants(say.placed(), lines, say.started(full)), ['payment pi_1'])
    assert.deepEqual(wants(say.placed(), lines, say.total(usd(0n))), [])
  })

  test('refunds of which only the sum is known', () => {
    assert.deepEqual(wants(say.refundsTotal(usd(5n))), ['refunds ch_1'])
    assert.deepEqual(wants(say.refundsTotal(usd(5n)), say.refund('pending', usd(5n))), [])
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
