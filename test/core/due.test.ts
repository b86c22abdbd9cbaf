import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { effectsDue } from '../../src/core/due.ts'
import type { Effect, Policy } from '../../src/core/effect.ts'
import type { KnownFact, LineItem } from '../../src/core/fact.ts'
import { fold, type FoldContext } from '../../src/core/fold.ts'
import { at, intent, paidTees, policy, say, tees } from './factory.ts'

const usd = (amountMinor: bigint) => ({ amountMinor })
const full = usd(4080n)

type Existing = readonly { key: string; state: string }[]

function due(
  facts: readonly KnownFact[],
  existing: Existing = [],
  over: Partial<Policy> = {},
  context: FoldContext = {},
): Effect[] {
  return effectsDue(fold(facts, context), { ...policy, ...over }, existing, 'shop')
}

function keys(facts: readonly KnownFact[], existing: Existing = [], over: Partial<Policy> = {}): string[] {
  return due(facts, existing, over).map((effect) => effect.key)
}

const request = 'fulfil:shop:pi_1:1'
const done = (key: string) => ({ key, state: 'done' })
const goods = (facts: readonly KnownFact[], existing: Existing = [], over: Partial<Policy> = {}) =>
  keys(facts, existing, over).filter((key) => /^(fulfil|cancel):/.test(key))

describe('receipts', () => {
  test('one per capture, at once where address and number are known', () => {
    const [receipt] = due(paidTees()).filter((effect) => effect.kind === 'receipt')
    assert.equal(receipt?.key, 'receipt:shop:ch_1:4080')
    assert.equal(receipt?.waitForMs, undefined)
    assert.equal(receipt?.body.amount_minor, '4080')
  })

  test('waits for an address and a number that may still come', () => {
    const bare = due([say.total(full), say.captured(full)]).filter((effect) => effect.kind === 'receipt')
    assert.equal(bare[0]?.waitForMs, 600_000)
    const standIn = due([say.customer(), say.numbered('pi_1', 100), say.total(full), say.captured(full)])
    assert.equal(standIn.find((effect) => effect.kind === 'receipt')?.waitForMs, 600_000)
  })

  test('one per rise of a charge that grows', () => {
    const grown = [...tees(), say.captured(usd(1000n)), say.captured(full)]
    const receipts = due(grown).filter((effect) => effect.kind === 'receipt')
    assert.deepEqual(
      receipts.map((effect) => [effect.key, effect.body.amount_minor]),
      [
        ['receipt:shop:ch_1:1000', '1000'],
        ['receipt:shop:ch_1:4080', '3080'],
      ],
    )
  })

  test('none for money that the bank took back before the receipt went out', () => {
    assert.deepEqual(
      keys([...paidTees(), say.attempt('payment_returned', full)]).filter((key) => key.startsWith('receipt')),
      [],
    )
  })

  test('one for a capture that the intent told first and its charge then', () => {
    const intentOnly = [...tees(), say.captured(full, { on: intent() })]
    const both = [...intentOnly, say.captured(full, { intentId: 'pi_1' })]
    const receiptOf = (facts: readonly KnownFact[], existing: Existing = []) =>
      keys(facts, existing).filter((key) => key.startsWith('receipt'))
    assert.deepEqual(receiptOf(intentOnly), ['receipt:shop:pi_1:4080'])
    assert.deepEqual(receiptOf(both, [done('receipt:shop:pi_1:4080')]), [])
    assert.deepEqual(receiptOf(both), ['receipt:shop:ch_1:4080'])
  })

  test('recorded and not sent where the provider mails its own', () => {
    const facts = [...paidTees(), say.refund('succeeded', usd(5n))]
    const mails = (over: Partial<Policy>) =>
      due(facts, [], over)
        .filter((effect) => effect.sink === 'receipt')
        .map((effect) => [effect.kind, effect.cancelled])
    assert.deepEqual(mails({ mailedByProvider: ['shop'] }), [
      ['receipt', 'provider_mails'],
      ['refund_notice', 'provider_mails'],
    ])
    assert.deepEqual(mails({ mailedByProvider: ['another'] }), [
      ['receipt', undefined],
      ['refund_notice', undefined],
    ])
  })

  test('none that exists already, and none without a sink', () => {
    assert.deepEqual(keys(paidTees(), [done('receipt:shop:ch_1:4080'), done(request)]), [])
    assert.deepEqual(keys(paidTees(), [], { sinks: {} }), [])
  })
})

describe('refund notices', () => {
  test('one per refund that has gone or is going back', () => {
    const facts = [
      ...paidTees(),
      say.refund('pending', usd(5n)),
      say.refund('succeeded', usd(6n), { id: 're_2' }),
      say.refund('failed', usd(7n), { id: 're_3' }),
    ]
    assert.deepEqual(
      keys(facts).filter((key) => key.startsWith('refund_notice')),
      ['refund_notice:shop:re_1', 'refund_notice:shop:re_2'],
    )
  })

  test('waits like a receipt for whom to write to', () => {
    const notice = (facts: readonly KnownFact[]) =>
      due(facts).find((effect) => effect.kind === 'refund_notice')
    const refunded = [say.total(full), say.captured(full), say.refund('succeeded', usd(5n))]
    assert.equal(notice(refunded)?.waitForMs, 600_000)
    assert.equal(notice([...paidTees(), say.refund('succeeded', usd(5n))])?.waitForMs, undefined)
  })
})

describe('fulfillment', () => {
  test('requested once when covered, with the lines that ship', () => {
    const [effect] = due(paidTees()).filter((one) => one.sink === 'fulfillment')
    assert.equal(effect?.key, request)
    assert.deepEqual(effect?.body.lines, [{ sku: 'TEE-M', quantity: 2 }])
    assert.deepEqual(goods(paidTees(), [done(request)]), [])
  })

  test('not before it is paid in full, nor while its lines are unknown', () => {
    assert.deepEqual(goods([...tees(), say.captured(usd(4000n))]), [])
    assert.deepEqual(goods([say.total(full), say.captured(full)]), [])
  })

  test('released earlier where the policy says so', () => {
    const held = [...tees(), say.authorized(full, { intentId: 'pi_1' })]
    assert.deepEqual(goods(held, [], { releaseOn: 'authorized' }), [request])
    assert.deepEqual(goods(held), [])
    assert.deepEqual(goods([...tees(), say.started(full)], [], { releaseOn: 'placed' }), [request])
  })

  test('a part that was refunded ships all the same; nothing ships of an order refunded in full', () => {
    assert.deepEqual(goods([...paidTees(), say.refund('succeeded', usd(1000n))]), [request])
    assert.deepEqual(goods([...paidTees(), say.refund('pending', full)]), [])
  })

  test('a full refund that fails after the cancellation makes the next request due', () => {
    const refunded = [...paidTees(), say.refund('succeeded', full)]
    assert.deepEqual(goods(refunded, [done(request)]), ['cancel:shop:pi_1:1'])
    const both = [done(request), { key: 'cancel:shop:pi_1:1', state: 'done' }]
    assert.deepEqual(goods(refunded, both), [])
    assert.deepEqual(goods([...refunded, say.refund('failed', full)], both), ['fulfil:shop:pi_1:2'])
  })

  test('cancelled, voided or disputed, one cancellation follows a request that may have left', () => {
    for (const end of [say.cancelled({ at: 9 }), say.dispute('open', full)]) {
      for (const state of ['due', 'performing', 'done', 'unknown']) {
        assert.deepEqual(goods([...paidTees(), end], [{ key: request, state }]), ['cancel:shop:pi_1:1'])
      }
      assert.deepEqual(goods([...paidTees(), end], [{ key: request, state: 'cancelled' }]), [])
      assert.deepEqual(goods([...paidTees(), end]), [])
    }
  })

  test('a dispute that is won lets the goods go again', () => {
    const won = [...paidTees(), say.dispute('open', full), say.dispute('won', full)]
    assert.deepEqual(goods(won, [done(request), done('cancel:shop:pi_1:1')]), ['fulfil:shop:pi_1:2'])
  })

  test('a request that was taken back before it left is made anew when the reason is gone', () => {
    const won = [...paidTees(), say.dispute('open', full), say.dispute('won', full)]
    assert.deepEqual(goods(won, [{ key: request, state: 'overtaken' }]), ['fulfil:shop:pi_1:2'])
    assert.deepEqual(
      goods(won, [{ key: request, state: 'cancelled' }]),
      [],
      'recorded only: it is of before our time',
    )
    assert.deepEqual(
      goods([...paidTees(), say.dispute('open', full)], [{ key: request, state: 'overtaken' }]),
      [],
    )
  })

  test('what has shipped is not recalled', () => {
    const facts = [
      ...paidTees(),
      say.shipped([{ lineId: 'li_1', quantity: 2 }]),
      say.refund('succeeded', full),
    ]
    assert.deepEqual(goods(facts, [done(request)]), [])
  })

  test('money that its bank took back recalls what it had released', () => {
    const facts = [...paidTees(), say.attempt('payment_returned', full)]
    assert.deepEqual(goods(facts, [done(request)]), ['cancel:shop:pi_1:1'])
  })

  test('a review that holds stops a request and recalls none; an operator’s release lets it go', () => {
    const warned = [...paidTees(), say.warned(true, { at: 3 })]
    assert.deepEqual(goods(warned), [])
    assert.deepEqual(goods(warned, [done(request)]), [])
    assert.deepEqual(goods([...warned, say.released({ at: 4 })]), [request])
    assert.deepEqual(goods([...warned, say.released({ at: 2 })]), [])
    assert.deepEqual(goods([...paidTees(), say.dispute('inquiry', full)]), [])
  })

  test('a short capture that an operator accepted as full payment ships', () => {
    const short = [...tees(), say.captured(usd(4000n), { intentId: 'pi_1' })]
    assert.deepEqual(goods(short), [])
    assert.deepEqual(goods([...short, say.resolved('amount_mismatch', '4000/4080')]), [request])
  })

  test('no request for what needs no shipping, was shipped already, or renews without an address', () => {
    const digital: LineItem = { id: '1', quantity: 1, unitPriceMinor: 500n, requiresShipping: false }
    assert.deepEqual(goods([say.total(usd(500n)), say.captured(usd(500n)), say.lines([digital])]), [])
    assert.deepEqual(goods([...paidTees(), say.shipped([{ lineId: 'li_1', quantity: 2 }])]), [])
    const renewal = [
      say.placed({ saleKind: 'renewal' }),
      say.total(usd(500n)),
      say.captured(usd(500n)),
      say.lines([{ id: '1', sku: 'BOX', quantity: 1 }]),
    ]
    assert.deepEqual(goods(renewal), [])
    assert.equal(goods([...renewal, say.shipping()]).length, 1)
  })

  test('an order of total zero with lines ships as any other', () => {
    const free = [
      say.placed(),
      say.total(usd(0n)),
      say.lines([{ id: '1', sku: 'GIFT', quantity: 1, unitPriceMinor: 0n }]),
    ]
    assert.deepEqual(goods(free), ['fulfil:shop:cs_1:1'])
  })

  test('two requests of orders that proved to be one are each taken back', () => {
    const existing = [done('fulfil:shop:pi_1:1'), done('fulfil:shop:cs_1:1')]
    assert.deepEqual(goods(paidTees(), existing), [])
    assert.deepEqual(goods([...paidTees(), say.cancelled()], existing), [
      'cancel:shop:cs_1:1',
      'cancel:shop:pi_1:1',
    ])
  })

  test('the key does not depend on what was known first', () => {
    const facts = [...paidTees(), say.started(full), say.placed({ on: intent() })]
    assert.equal(fold(facts).resource?.id, fold([...facts].reverse()).resource?.id)
    assert.equal(fold(facts).resource?.id, 'pi_1')
  })
})

describe('notices', () => {
  test('one per review that opens, a failed refund each by itself', () => {
    const facts = [
      ...paidTees(),
      say.refund('failed', usd(5n)),
      say.refund('failed', usd(6n), { id: 're_2' }),
    ]
    assert.deepEqual(
      keys(facts).filter((key) => key.startsWith('notify')),
      ['notify:refund_failed:shop:re_1', 'notify:refund_failed:shop:re_2'],
    )
  })

  test('a rule for disputes tells of them alone', () => {
    const facts = [...paidTees(), say.refund('failed', usd(5n)), say.dispute('open', full, { dueBy: at(99) })]
    const told = due(facts, [], { notifyOn: ['dispute'] }).filter((effect) => effect.sink === 'notify')
    assert.deepEqual(
      told.map((effect) => [effect.key, effect.kind, effect.body.due_at, effect.notBefore]),
      [
        ['notify:dispute_open:shop:dp_1', 'review', at(99), undefined],
        [`notify:dispute_open_deadline:shop:dp_1:${at(99)}`, 'deadline', at(99), at(51)],
      ],
    )
    assert.deepEqual(
      keys(facts, [], { notifyOn: [] }).filter((key) => key.startsWith('notify')),
      [],
    )
  })

  test('nothing is due of references that nobody has named', () => {
    assert.deepEqual(
      keys([say.refund('failed', usd(5n)), say.refund('succeeded', usd(5n), { id: 're_2' })]),
      [],
    )
  })
})
