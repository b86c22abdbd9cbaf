import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { effectsDue, stockTarget } from '../../src/core/due.ts'
import type { Policy } from '../../src/core/effect.ts'
import type { KnownFact, LineItem } from '../../src/core/fact.ts'
import { fold, type FoldContext } from '../../src/core/fold.ts'
import { charge, intent, paidTees, policy, say, tees } from './factory.ts'

const usd = (amountMinor: bigint) => ({ amountMinor })
const full = usd(4080n)

describe('stock', () => {
  const stock = (facts: readonly KnownFact[], over: Partial<Policy> = {}, context: FoldContext = {}) =>
    Object.fromEntries(stockTarget(fold(facts, context), { ...policy, ...over }))
  const kept = { 'TEE-M': { onHand: 0, committed: 2 } }

  test('kept for the buyer when covered, or earlier by policy', () => {
    assert.deepEqual(stock(paidTees()), kept)
    assert.deepEqual(stock([...tees(), say.captured(usd(4000n))]), {})
    assert.deepEqual(stock([...tees(), say.authorized(full)], { commitOn: 'authorized' }), kept)
    assert.deepEqual(stock(tees(), { commitOn: 'placed' }), kept)
  })

  test('released when cancelled, voided or refunded in full before shipping', () => {
    assert.deepEqual(stock([...paidTees(), say.cancelled()]), {})
    assert.deepEqual(stock([...paidTees(), say.refund('succeeded', full)]), {})
    assert.deepEqual(
      stock([...tees(), say.started(full), say.voided({ on: intent() })], { commitOn: 'placed' }),
      {},
    )
  })

  test('an amount alone releases nothing, and a full refund that failed keeps it again', () => {
    assert.deepEqual(stock([...paidTees(), say.refund('succeeded', usd(4079n))]), kept)
    assert.deepEqual(stock([...paidTees(), say.refund('succeeded', full), say.refund('failed', full)]), kept)
  })

  test('leaves when it ships, and stays gone when it is refunded afterwards', () => {
    const part = [...paidTees(), say.shipped([{ lineId: 'li_1', quantity: 1 }])]
    assert.deepEqual(stock(part), { 'TEE-M': { onHand: -1, committed: 1 } })
    assert.deepEqual(stock([...part, say.refund('succeeded', full)]), {
      'TEE-M': { onHand: -1, committed: 0 },
    })
  })

  test('neither a dispute nor the payer’s bank moves any goods', () => {
    for (const state of ['open', 'lost', 'won', 'inquiry'] as const)
      assert.deepEqual(stock([...paidTees(), say.dispute(state, full)]), kept)
    assert.deepEqual(stock([...paidTees(), say.attempt('payment_returned', full)]), kept)
  })

  test('a SKU that nobody keeps stock under is not committed, and holds the order', () => {
    const facts = [
      say.total(usd(2n)),
      say.captured(usd(2n)),
      say.lines([
        { id: '1', sku: 'A', quantity: 1, unitPriceMinor: 1n },
        { id: '2', sku: 'B', quantity: 1, unitPriceMinor: 1n },
      ]),
    ]
    const context = { knownSkus: new Set(['A']) }
    assert.deepEqual(stock(facts, {}, context), { A: { onHand: 0, committed: 1 } })
    assert.deepEqual(
      effectsDue(fold(facts, context), policy, [], 'acct').filter((effect) => effect.sink === 'fulfillment'),
      [],
    )
    assert.deepEqual(
      fold(facts, context).reviews.map((review) => review.code),
      ['unknown_sku'],
    )
  })

  test('two lines of one SKU are one sum; what needs no shipping is no stock', () => {
    const lines: LineItem[] = [
      { id: '1', sku: 'A', quantity: 1 },
      { id: '2', sku: 'A', quantity: 2 },
      { id: '3', sku: 'EBOOK', quantity: 1, requiresShipping: false },
    ]
    assert.deepEqual(stock([say.total(full), say.captured(full, { on: charge() }), say.lines(lines)]), {
      A: { onHand: 0, committed: 3 },
    })
  })
})
