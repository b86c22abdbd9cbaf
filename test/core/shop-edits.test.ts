import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { effectsDue } from '../../src/core/due.ts'
import type { KnownFact } from '../../src/core/fact.ts'
import { fold, type FoldContext } from '../../src/core/fold.ts'
import { defaultBooks } from '../../src/core/journal.ts'
import { recognitionTarget } from '../../src/core/recognition.ts'
import { at, charge, fact, policy, say } from './factory.ts'
import { codes, pay, placed, shop, snapshot, tees, told, twoWitnesses } from './shop-factory.ts'

const keys = (facts: KnownFact[], existing: { key: string; state: string }[] = [], context?: FoldContext) =>
  effectsDue(fold([...placed, ...facts], context ?? twoWitnesses), policy, existing, 'shop')
    .filter(({ sink }) => sink === 'fulfillment')
    .map(({ key }) => key)
const target = (...facts: KnownFact[]) => Object.fromEntries(recognitionTarget(told(...facts), defaultBooks))

describe('edits and ends', () => {
  const paid = [snapshot(1), pay(4580n)]
  const up = snapshot(2, {
    totalMinor: 6580n,
    lines: [tees(3)],
    components: { shippingMinor: 400n, taxMinor: 180n },
  })
  const down = snapshot(2, {
    totalMinor: 2580n,
    lines: [tees(1)],
    components: { shippingMinor: 400n, taxMinor: 180n },
  })

  test('edited up after payment: the balance is due', () => {
    const order = told(...paid, up)
    assert.deepEqual(
      order.reviews.map(({ code, figures, holds }) => [code, figures, holds]),
      [['balance_due', '4580/6580', true]],
    )
    assert.equal(order.paymentStatus, 'partially_paid')
    assert.deepEqual(codes(...paid, up, pay(2000n, { on: charge('ch_2') })), [])
  })

  test('edited down after payment: the difference is to be refunded', () => {
    assert.deepEqual(codes(...paid, down), ['refund_due'])
    const refunded = say.refund('succeeded', { amountMinor: 2000n }, { connection: 'pay' })
    assert.deepEqual(codes(...paid, down, refunded), [])
  })

  test('an edit within the second of the state before it is an edit: the reading that settled them comes last', () => {
    const upAtOnce = snapshot(1, { totalMinor: 6580n, lines: [tees(3)] }, { rank: 1 })
    const downAtOnce = snapshot(1, { totalMinor: 2580n, lines: [tees(1)] }, { rank: 1 })
    assert.deepEqual(codes(...paid, upAtOnce), ['balance_due'])
    assert.deepEqual(codes(...paid, downAtOnce), ['refund_due'])
  })

  test('C32: edited up and back down, nothing is due either way', () => {
    assert.deepEqual(codes(...paid, up, snapshot(3)), [])
    assert.equal(told(...paid, up, snapshot(3)).paymentStatus, 'paid')
  })

  test('cancelled after payment: refund is due once its promise has passed', () => {
    const ended = snapshot(3, { cancelledAt: at(3) })
    assert.deepEqual(codes(...paid, ended), [])
    assert.deepEqual(told(...paid, ended).paymentStatus, 'paid')
    assert.deepEqual(codes(...paid, ended, shop.lag('refund_due', '4580/0')), ['refund_due'])
    assert.deepEqual(codes(ended, pay(4580n, { at: 4 })), ['paid_after_cancel'])
  })

  test('a change after the request: one cancellation, then the next request once it is answered', () => {
    const request = { key: 'fulfil:shop:5001:1', state: 'done' }
    const cancel = (state: string) => ({ key: 'cancel:shop:5001:1', state })
    const changed = [...paid, shop.requested(1, 2), snapshot(2, { lines: [tees(1), tees(1, 'li_2', 'MUG')] })]
    assert.deepEqual(codes(...changed), ['changed_after_request'])
    assert.deepEqual(keys(changed, [request]), ['cancel:shop:5001:1'])
    assert.deepEqual(keys(changed, [request, cancel('due')]), [])
    const answered = [...changed, say.performed('cancel:shop:5001:1', 'cancellation')]
    assert.deepEqual(codes(...answered), [])
    assert.deepEqual(keys(answered, [request, cancel('done')]), ['fulfil:shop:5001:2'])
    const shipped = [...changed, shop.shipped(1)]
    assert.deepEqual(keys(shipped, [request]), [])
    assert.deepEqual(codes(...shipped), ['changed_after_request'])
    assert.deepEqual(codes(...paid, shop.requested(1, 2), shop.shipped(1)), [])
  })

  test('an invoice that is given up leaves its balance due; one paid by hand is read', () => {
    const invoice = { kind: 'invoice', id: 'in_1' } as const
    const lost = { amountMinor: 4580n, currency: 'USD', reason: 'uncollectible' }
    assert.deepEqual(codes(snapshot(1), fact('payment_failed', invoice, lost)), ['balance_due'])
    const started = fact('payment_started', invoice, { amountMinor: 4580n, currency: 'USD' })
    assert.deepEqual(told(snapshot(1), started).wants, [{ resource: invoice, reason: 'payment' }])
    assert.deepEqual(
      told(snapshot(1), started, pay(4580n)).wants.filter(({ reason }) => reason === 'payment'),
      [],
    )
  })
})

describe('what a refund takes back', () => {
  const paid = [snapshot(1), pay(4580n)]
  const back = (amountMinor: bigint) => say.refund('succeeded', { amountMinor }, { connection: 'pay' })
  const line = {
    lineId: 'li_1',
    quantity: 1,
    restock: 'return' as const,
    subtotalMinor: 2000n,
    taxMinor: 90n,
  }

  test('by the shop’s lines and tax where it says them, pro rata where it says nothing', () => {
    const balances = target(...paid, back(2090n), shop.refundLines([line]))
    assert.equal(balances['Income:Returns USD'], 2000n)
    assert.equal(balances['Liabilities:Tax:US-CA USD'], -90n)
    const blind = target(...paid, back(2090n))
    assert.notEqual(blind['Income:Returns USD'], 2000n)
    assert.equal(blind['Liabilities:Customers USD'], 2490n)
  })

  test('shipping, then what the shop states beyond or below its lines', () => {
    const more = target(
      ...paid,
      back(2590n),
      shop.refundLines([line], { shippingMinor: 400n, adjustmentMinor: 100n }),
    )
    assert.equal(more['Income:Returns USD'], 2500n)
    assert.equal(more['Liabilities:Tax:US-CA USD'], -90n)
    const less = target(...paid, back(1590n), shop.refundLines([line], { adjustmentMinor: -500n }))
    assert.equal(less['Income:Returns USD'], 1500n)
    assert.equal(less['Liabilities:Tax:US-CA USD'], -90n)
    assert.equal(less['Liabilities:Customers USD'], 2990n)
  })

  test('the sum is the money that moved: lines whose money has not moved take nothing', () => {
    assert.deepEqual(target(...paid, shop.refundLines([line])), target(...paid))
  })
})
