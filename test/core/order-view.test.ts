import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fold } from '../../src/core/fold.ts'
import { type OrderFrame, orderView } from '../../src/core/order-view.ts'
import { fact } from './factory.ts'
import { shop, snapshot, twoWitnesses } from './shop-factory.ts'

const frame: OrderFrame = {
  id: 'ord_1',
  connection: 'shop',
  mode: 'test',
  updatedAt: '2026-11-25T10:00:00Z',
  persons: new Map(),
  references: [],
  isMasked: false,
}

test('an order shows the money that its buyer saw, its returns and the labels of its shop', () => {
  const shown = snapshot(1, {
    presentment: { currency: 'JPY', totalMinor: 6870n },
    tags: ['gift', 'vip'],
  })
  const paid = fact(
    'payment_captured',
    { kind: 'charge', id: 'ch_1' },
    { amountMinor: 6870n, currency: 'JPY', tender: 'provider' },
    { connection: 'pay', apart: 6870n },
  )
  const order = fold([shop.placed(), shown, paid, shop.returned('asked', 2)], twoWitnesses)
  const view = orderView(order, frame)
  assert.equal(view.currency, 'USD')
  assert.deepEqual(view.totals.captured, { amount: '45.80', currency: 'USD' })
  assert.deepEqual(view.presentment, {
    currency: 'JPY',
    ordered: { amount: '6870', currency: 'JPY' },
    captured: { amount: '6870', currency: 'JPY' },
    refunded: { amount: '0', currency: 'JPY' },
  })
  assert.deepEqual(view.returns, [{ id: 'return_1', status: 'asked' }])
  assert.deepEqual(view.tags, ['gift', 'vip'])
})

test('where nothing else was seen nothing else is shown', () => {
  const view = orderView(fold([shop.placed(), snapshot(1)], twoWitnesses), frame)
  assert.deepEqual([view.presentment, view.returns, view.tags], [null, [], []])
  assert.deepEqual(view.references, [])
})
