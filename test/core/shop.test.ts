import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { effectsDue, stockTarget } from '../../src/core/due.ts'
import type { KnownFact } from '../../src/core/fact.ts'
import { fold, type FoldContext } from '../../src/core/fold.ts'
import { defaultBooks } from '../../src/core/journal.ts'
import { movements } from '../../src/core/movements.ts'
import { recognitionTarget } from '../../src/core/recognition.ts'
import { at, charge, fact, policy, say } from './factory.ts'
import {
  codes,
  pay,
  placed,
  shop,
  snapshot,
  tees,
  told,
  twoWitnesses,
  withWarehouse,
} from './shop-factory.ts'

const stock = (...facts: KnownFact[]) => Object.fromEntries(stockTarget(told(...facts), policy))
const keys = (facts: KnownFact[], existing: { key: string; state: string }[] = [], context?: FoldContext) =>
  effectsDue(fold([...placed, ...facts], context ?? twoWitnesses), policy, existing, 'shop')
    .filter(({ sink }) => sink === 'fulfillment')
    .map(({ key }) => key)
const target = (...facts: KnownFact[]) => Object.fromEntries(recognitionTarget(told(...facts), defaultBooks))

describe('an order is what its shop has at the highest version', () => {
  test('total, lines, gateways, tags and cancellation are those of the newest version', () => {
    const older = snapshot(1, { totalMinor: 9999n, lines: [tees(1)], tags: ['old'] })
    const order = told(snapshot(2, { tags: ['vip'] }), older)
    assert.equal(order.totals.orderedMinor, 4580n)
    assert.deepEqual(
      order.lineItems.map((line) => line.quantity),
      [2],
    )
    assert.deepEqual([order.tags, order.gateways], [['vip'], ['stripe']])
    assert.equal(order.isAttached, true)
    const ended = told(snapshot(2), snapshot(3, { cancelledAt: at(3), cancelReason: 'customer' }))
    assert.deepEqual([ended.status, ended.paymentStatus], ['cancelled', 'voided'])
    assert.equal(told(snapshot(2), shop.deleted({ at: 4 })).status, 'cancelled')
  })

  test('of one version a reading stands before a delivery, and the later reading before the earlier', () => {
    const delivered = snapshot(1, { totalMinor: 1n })
    const read = (readNo: string, totalMinor: bigint) =>
      snapshot(1, { totalMinor, readNo }, { rank: 1, source: 'reread' })
    assert.equal(told(delivered, read('9', 2n)).totals.orderedMinor, 2n)
    assert.equal(told(read('9', 2n), delivered, read('10', 3n)).totals.orderedMinor, 3n)
    assert.deepEqual(told(delivered, read('9', 2n)).wants, [])
  })

  test('two states of one version are read; where reading does not decide, a person does', () => {
    const tied = [snapshot(1), snapshot(1, { tags: ['vip'] })]
    const version = { resource: { kind: 'order', id: '5001' }, reason: 'version' }
    assert.deepEqual(told(...tied).wants, [version])
    assert.deepEqual(codes(...tied), [])
    const blind = fold([...placed, ...tied], { ...twoWitnesses, canRead: () => false })
    assert.deepEqual(
      blind.reviews.map((review) => [review.code, review.holds]),
      [['version_conflict', true]],
    )
    const readings = ['a', 'b'].map((tag) => snapshot(1, { tags: [tag], readNo: '7' }, { rank: 1 }))
    assert.deepEqual(codes(...readings), ['version_conflict'])
    assert.deepEqual(codes(...tied, snapshot(2)), [])
    assert.deepEqual(told(...tied, snapshot(2)).wants, [])
  })

  test('the shop’s total stands before what a payment connection says of it', () => {
    const said = say.total({ amountMinor: 100n }, 'declared', { connection: 'pay' })
    assert.equal(told(snapshot(1), said).totals.orderedMinor, 4580n)
  })

  test('a payment alone makes no order', () => {
    assert.equal(fold([pay(4580n)], twoWitnesses).isAttached, false)
  })
})

describe('money of several witnesses', () => {
  test('the shop’s evidence moves no money, and a payment connection’s does once', () => {
    const facts = [snapshot(1, { financialStatus: 'paid' }), shop.evidence(4580n), pay(4580n)]
    const order = told(...facts)
    assert.deepEqual([order.paymentStatus, order.totals.capturedMinor], ['paid', 4580n])
    assert.equal(movements([...placed, ...facts], defaultBooks).length, 1)
    assert.equal(
      told(snapshot(1, { financialStatus: 'paid' }), shop.evidence(4580n)).paymentStatus,
      'pending',
    )
  })

  test('thirty by gift card and the rest by card is paid, and both tenders are listed', () => {
    const order = told(snapshot(1), shop.paidBy('gift_card', 1580n), pay(3000n))
    assert.equal(order.paymentStatus, 'paid')
    assert.deepEqual(order.tenders, [
      { tender: 'gift_card', currency: 'USD', capturedMinor: 1580n },
      { tender: 'provider', currency: 'USD', capturedMinor: 3000n },
    ])
    assert.equal(told(snapshot(1), shop.paidBy('gift_card', 1580n)).paymentStatus, 'partially_paid')
  })

  test('a failed attempt and a good one are paid', () => {
    const failed = say.attempt(
      'payment_failed',
      { amountMinor: 4580n },
      { on: charge('ch_0'), connection: 'pay' },
    )
    assert.equal(told(snapshot(1), failed).paymentStatus, 'failed')
    assert.equal(told(snapshot(1), failed, pay(4580n)).paymentStatus, 'paid')
  })

  test('what the buyer saw counts at the order’s own ratio, and the last part takes the rest', () => {
    const yen = { presentment: { currency: 'JPY', totalMinor: 61_200n }, totalMinor: 40_801n }
    const part = (id: string, amountMinor: bigint) => pay(amountMinor, { on: charge(id), currency: 'JPY' })
    const thirds = [part('a', 20_400n), part('b', 20_400n), part('c', 20_400n)]
    const order = told(snapshot(1, yen), ...thirds)
    assert.deepEqual([order.paymentStatus, order.totals.capturedMinor], ['paid', 40_801n])
    assert.deepEqual(
      order.reviews.map((review) => review.code).filter((code) => code.includes('mismatch')),
      [],
    )
    assert.deepEqual(
      codes(snapshot(1, yen), part('a', 61_200n), pay(5n, { currency: 'EUR', on: charge('x') })),
      ['currency_mismatch', 'totals_inconsistent'],
    )
  })

  test('a sale in the buyer’s currency leaves nothing open between us and the buyer', () => {
    const yen = snapshot(1, { presentment: { currency: 'JPY', totalMinor: 6_870n } })
    const facts = [yen, pay(6_870n, { currency: 'JPY' })]
    const balances = target(...facts)
    assert.equal(balances['Liabilities:Customers JPY'], 6_870n)
    assert.equal(balances['Liabilities:Customers USD'], undefined)
    assert.equal(balances['Equity:Conversion USD'], 4_580n)
  })

  test('an order of total zero is paid when placed, and ships', () => {
    const free = snapshot(1, { totalMinor: 0n, components: {}, lines: [{ ...tees(1), totalMinor: 0n }] })
    assert.equal(told(free).paymentStatus, 'paid')
    assert.deepEqual(keys([free]), ['fulfil:shop:5001:1'])
  })

  test('cash on delivery ships when placed and is no case of unpaid goods', () => {
    const cod = snapshot(1, { gateways: ['Cash on Delivery (COD)'] })
    const byGateway = { ...policy, releaseByGateway: { cash_on_delivery: 'placed' as const } }
    const order = told(cod)
    assert.deepEqual(
      effectsDue(order, byGateway, [], 'shop').map(({ key }) => key),
      ['fulfil:shop:5001:1'],
    )
    assert.deepEqual(Object.fromEntries(stockTarget(order, byGateway)), {
      'TEE-M': { onHand: 0, committed: 2 },
    })
    assert.deepEqual(codes(cod, shop.shipped(2)), [])
    assert.deepEqual(keys([snapshot(1)]), [])
  })

  test('a shop that calls an order paid is believed by nobody, and asked about once the lag has passed', () => {
    const called = snapshot(1, { financialStatus: 'paid' })
    assert.deepEqual(told(called).claim, { claimedMinor: 4580n, knownMinor: 0n })
    assert.deepEqual(codes(called), [])
    const lag = shop.lag('unmatched_order', '0/4580')
    assert.deepEqual(codes(called, lag), ['unmatched_order'])
    assert.deepEqual(codes(called, lag, pay(4580n)), [])
  })
})

describe('goods', () => {
  const paid = [snapshot(1), pay(4580n)]
  const line = (quantity: number, restock: 'return' | 'cancel' | 'no_restock') => [
    { lineId: 'li_1', quantity, restock },
  ]

  test('stock by line and refund', () => {
    assert.deepEqual(stock(...paid), { 'TEE-M': { onHand: 0, committed: 2 } })
    const cases = [
      [[shop.refundLines(line(1, 'cancel'))], { onHand: 0, committed: 1 }],
      [[shop.refundLines(line(1, 'no_restock'))], { onHand: -1, committed: 1 }],
      [[shop.shipped(2), shop.refundLines(line(1, 'return'))], { onHand: -1, committed: 0 }],
      [[shop.shipped(2), shop.refundLines(line(1, 'no_restock'))], { onHand: -2, committed: 0 }],
      [[shop.shipped(1), shop.refundLines(line(1, 'return'))], { onHand: 0, committed: 1 }],
    ] as const
    for (const [facts, want] of cases) {
      const have = stock(...paid, ...facts)['TEE-M'] ?? { onHand: 0, committed: 0 }
      assert.deepEqual(have, want)
    }
  })

  test('goods sent back are on the shelf when they came, where the shop tracks returns', () => {
    const back = [...paid, shop.shipped(2), shop.refundLines(line(2, 'return'))]
    assert.deepEqual(stock(...back, shop.returned('asked', 2)), { 'TEE-M': { onHand: -2, committed: 0 } })
    assert.deepEqual(stock(...back, shop.returned('asked', 2), shop.returned('received', 3)), {})
  })

  test('C18: a cancellation and a refund of the same goods restock once', () => {
    const ended = snapshot(3, { cancelledAt: at(3) })
    assert.deepEqual(stock(...paid, ended, shop.refundLines(line(2, 'cancel'))), {})
    assert.deepEqual(stock(...paid, shop.shipped(2), ended, shop.refundLines(line(2, 'return'))), {})
  })

  test('lines refunded without money move stock only, and money never says which lines', () => {
    const order = told(...paid, shop.refundLines(line(1, 'cancel')))
    assert.deepEqual([order.paymentStatus, order.lineItems[0]!.refundedQuantity], ['paid', 1])
    const refunded = told(...paid, say.refund('succeeded', { amountMinor: 2000n }, { connection: 'pay' }))
    assert.deepEqual(
      [refunded.paymentStatus, refunded.lineItems[0]!.refundedQuantity],
      ['partially_refunded', 0],
    )
  })

  test('point of sale: gone from the shelf, never kept, never requested', () => {
    const sold = [snapshot(1, { isFulfilledElsewhere: true }), shop.paidBy('cash', 4580n)]
    assert.deepEqual(stock(...sold), { 'TEE-M': { onHand: -2, committed: 0 } })
    assert.deepEqual(keys(sold), [])
    assert.deepEqual([told(...sold).fulfillmentStatus, told(...sold).status], ['fulfilled', 'closed'])
  })

  test('an order was placed when its shop says so, though a payment is said to be older', () => {
    const early = pay(4580n, { at: -1 })
    assert.equal(told(early, snapshot(1)).placedAt, at(0))
    assert.equal(fold([early]).placedAt, at(-1))
  })

  test('an order goes by its shop’s id, whatever else is called an order', () => {
    const elsewhere = fact('order_placed', { kind: 'order', id: '1WALLET' }, {}, { connection: 'pay' })
    assert.deepEqual(told(elsewhere, snapshot(1)).resource, { kind: 'order', id: '5001' })
  })

  test('shipments fold by version; what is cancelled or failed ships nothing', () => {
    const order = told(...paid, shop.shipped(1, { at: 2, number: 'Z1' }))
    assert.equal(order.fulfillmentStatus, 'partially_fulfilled')
    assert.equal(order.shipments[0]!.number, 'Z1')
    const recalled = shop.shipped(1, { at: 2, version: 5, state: 'cancelled' })
    assert.equal(told(...paid, recalled, shop.shipped(1, { at: 2 })).fulfillmentStatus, 'unfulfilled')
    assert.equal(
      told(...paid, shop.shipped(1), shop.shipped(1, { id: 'ful_10' })).fulfillmentStatus,
      'fulfilled',
    )
    const other = { ...twoWitnesses, speaksFor: (_: string, part: string) => part !== 'fulfillment' }
    assert.equal(fold([...placed, ...paid, shop.shipped(2)], other).fulfillmentStatus, 'unfulfilled')
  })

  test('a shipment that we told the shop of comes back as the same one', () => {
    const ours = say.shipped([{ lineId: 'li_1', quantity: 1 }], { connection: 'wms' })
    const data = { key: 'tracking:shop:wms:ful_1', sink: 'provider', effectKind: 'tracking', state: 'done' }
    const told1 = fact('effect_performed', { kind: 'order', id: '5001' }, { ...data, reference: 'ful_9' })
    const heard = (...facts: KnownFact[]) => fold([...placed, ...facts], withWarehouse)
    const order = heard(...paid, ours, told1, shop.shipped(1))
    assert.equal(order.lineItems[0]!.fulfilledQuantity, 1)
    assert.equal(heard(...paid, ours, shop.shipped(1)).lineItems[0]!.fulfilledQuantity, 2)
  })

  test('shipped unpaid and shipped after the end', () => {
    assert.deepEqual(codes(snapshot(1), shop.shipped(2)), ['shipped_unpaid'])
    const ended = snapshot(3, { cancelledAt: at(3) })
    assert.deepEqual(codes(...paid, ended, shop.shipped(2, { at: 4 })), ['shipped_after_cancel'])
    assert.deepEqual(codes(...paid, ended, shop.shipped(2, { at: 2 })), [])
  })
})
