import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { KnownFact } from '../../src/core/fact.ts'
import { fold } from '../../src/core/fold.ts'
import { at, charge, paidTees, refund, say, tees } from './factory.ts'

const usd = (amountMinor: bigint) => ({ amountMinor })
const full = usd(4080n)

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
