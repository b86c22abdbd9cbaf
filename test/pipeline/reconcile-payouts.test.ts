import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Fact, KnownFact } from '../../src/core/fact.ts'
import { record } from '../../src/pipeline/record.ts'
import { charge, say } from '../core/factory.ts'
import { openShop, type Shop } from './running.ts'

async function learn(shop: Shop, ...facts: readonly KnownFact[]): Promise<void> {
  const statements = facts.map((known) => {
    const { digest: _digest, connection: _connection, scope: _scope, source: _source, ...fact } = known
    return { fact: fact as Fact, joins: [], level: 'account' as const }
  })
  await record(shop.system, { items: [{ connection: 'stripe-test', source: 'poll', statements }] })
}

async function found(shop: Shop): Promise<{ detail: string; ours: string; theirs: string }[]> {
  assert.equal((await shop.reconcile()).status, 'completed')
  return shop.rows("select detail, ours, theirs from findings where kind = 'unmatched' and closed_at is null")
}

test('a payout that is not what its lines come to is a finding until they are known', async (t) => {
  const shop = await openShop(t)
  const sale = { amountMinor: 4080n, feeMinor: 148n }
  await learn(
    shop,
    say.payout('paid', { amountMinor: 2932n }),
    say.line('txn_1', 'charge', sale, { of: charge(), payout: 'po_1' }),
  )
  const [finding, ...others] = await found(shop)
  assert.equal(others.length, 0)
  const { reason, text } = JSON.parse(finding!.detail)
  assert.equal(reason, 'payout_difference')
  assert.match(text, /29\.32 USD was paid, and its lines come to 39\.32 USD/)
  assert.equal(JSON.parse(finding!.theirs).amount.amount, '29.32')
  assert.equal((await found(shop)).length, 1, 'one finding while it is so')
  await learn(shop, say.line('txn_2', 'other_adjustment', { amountMinor: -1000n }, { payout: 'po_1' }))
  assert.deepEqual(await found(shop), [])
})

test('a payout with a line of a type that nobody has mapped is a finding, though it comes out even', async (t) => {
  const shop = await openShop(t)
  await learn(
    shop,
    say.payout('paid', { amountMinor: 100n }),
    say.line('txn_1', 'moon_tax', { amountMinor: 100n }, { payout: 'po_1' }),
  )
  const [finding] = await found(shop)
  assert.match(JSON.parse(finding!.detail).text, /nobody has mapped lines of type moon_tax/)
})

test('the finding stays when the payout was recorded longer ago than a run looks back', async (t) => {
  const shop = await openShop(t)
  await learn(
    shop,
    say.payout('paid', { amountMinor: 2932n }),
    say.line('txn_1', 'charge', { amountMinor: 4080n }, { of: charge(), payout: 'po_1' }),
  )
  assert.equal((await found(shop)).length, 1)
  Object.assign(shop.system.config.reconcile, { lookbackMs: 0 })
  assert.equal((await found(shop)).length, 1, 'growing old mends nothing')
})

test('what arrived a moment ago may still get its lines', async (t) => {
  const shop = await openShop(t)
  const { occurredAt: _old, ...payout } = say.payout('paid', { amountMinor: 2932n })
  await learn(
    shop,
    { ...payout, occurredAt: new Date().toISOString() } as KnownFact,
    say.line('txn_1', 'charge', { amountMinor: 4080n }, { of: charge(), payout: 'po_1' }),
  )
  assert.deepEqual(await found(shop), [])
})
