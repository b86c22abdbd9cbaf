import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { defaultBooks } from '../../src/core/journal.ts'
import type { KnownFact } from '../../src/core/fact.ts'
import { fold } from '../../src/core/fold.ts'
import { movements } from '../../src/core/movements.ts'
import { at } from './factory.ts'
import { shop, shopOrder, snapshot, twoWitnesses } from './shop-factory.ts'

const paid = (hour: number, totalMinor = 4580n) => snapshot(hour, { financialStatus: 'paid', totalMinor })

function money(...facts: KnownFact[]) {
  const { paymentStatus, totals } = fold([shop.placed(), ...facts])
  return [paymentStatus, totals.capturedMinor]
}

describe('a shop that speaks for payment', () => {
  test('is believed that an order is paid before its transaction is known, and is asked for it', () => {
    const order = fold([shop.placed(), snapshot(1), paid(2)])
    assert.deepEqual([order.paymentStatus, order.totals.capturedMinor], ['paid', 4580n])
    assert.ok(order.isCovered)
    assert.deepEqual(
      order.wants.filter(({ reason }) => reason === 'payment'),
      [{ resource: shopOrder, reason: 'payment' }],
    )
    assert.deepEqual(movements([shop.placed(), paid(2)], defaultBooks), [], 'its word moves no money')
    assert.deepEqual(
      order.payments.flatMap(({ captures }) => captures),
      [],
      'and has no receipt',
    )
  })

  test('says no more than its transaction once that is known, whichever came first', () => {
    const capture = shop.paidBy('provider', 4580n)
    for (const facts of [
      [paid(2), capture],
      [capture, paid(2)],
    ])
      assert.deepEqual(money(...facts), ['paid', 4580n])
    assert.deepEqual(money(paid(2), shop.paidBy('provider', 3000n)), ['partially_paid', 3000n])
    assert.deepEqual(fold([paid(2), capture]).wants, [])
  })

  test('tells of the rest beside a gift card', () => {
    const order = fold([shop.placed(), paid(2), shop.paidBy('gift_card', 1580n)])
    assert.deepEqual(
      order.tenders.map(({ tender, capturedMinor }) => [tender, capturedMinor]),
      [
        ['gift_card', 1580n],
        ['provider', 3000n],
      ],
    )
  })

  test('takes nothing back when an edit asks for more', () => {
    const more = snapshot(3, { financialStatus: 'partially_paid', totalMinor: 5000n })
    assert.deepEqual(money(paid(2), more), ['partially_paid', 4580n])
    assert.deepEqual(money(more, paid(2)), ['partially_paid', 4580n])
  })

  test('says that money is held, or was let go', () => {
    const authorized = fold([snapshot(1, { financialStatus: 'authorized' })])
    assert.deepEqual([authorized.paymentStatus, authorized.totals.authorizedMinor], ['authorized', 4580n])
    assert.deepEqual(money(snapshot(1, { financialStatus: 'voided' })), ['voided', 0n])
    assert.equal(fold([snapshot(1, { financialStatus: 'pending' })]).paymentStatus, 'pending')
    assert.equal(fold([paid(2)]).payments[0]!.occurredAt, at(2))
  })
})

test('a shop whose payments another connection speaks for is not believed', () => {
  const order = fold([shop.placed(), paid(2)], twoWitnesses)
  assert.deepEqual([order.paymentStatus, order.totals.capturedMinor], ['pending', 0n])
  const elsewhere = fold([shop.placed(), paid(2), shop.evidence(4580n)])
  assert.equal(elsewhere.totals.capturedMinor, 0n, 'its own transactions say who took the money')
})
