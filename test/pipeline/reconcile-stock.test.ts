import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { type Fact, type FactData, factId } from '../../src/core/fact.ts'
import { setOnHand } from '../../src/pipeline/operate.ts'
import { record } from '../../src/pipeline/record.ts'
import { openShop, type Shop } from './running.ts'

const hours = (n: number) => new Date(Date.now() - n * 3_600_000).toISOString()

/** A shop that is kept in step; its counts come as its provider would state them. */
async function shopInStep(t: TestContext): Promise<Shop> {
  const shop = await openShop(t)
  Object.assign(shop.system.config.sinks, { inventory: { kind: 'internal', connection: 'stripe-test' } })
  return shop
}

async function observe(shop: Shop, data: Omit<FactData['stock_observed'], 'itemId'>): Promise<void> {
  const subject = { kind: 'product', id: 'item_1' } as const
  const fact: Fact<'stock_observed'> = {
    id: factId('stock_observed', subject, `${data.locationId}:${data.version}`),
    kind: 'stock_observed',
    subject,
    occurredAt: data.version,
    rank: 0,
    data: { itemId: 'item_1', ...data },
  }
  const statements = [{ fact, joins: [], level: 'account' as const }]
  await record(shop.system, { items: [{ connection: 'stripe-test', source: 'poll', statements }] })
}

/** As if the count had been made so many hours ago. */
async function countAt(shop: Shop, onHand: bigint, hoursAgo: number): Promise<void> {
  await setOnHand(shop.system, 'TEE', onHand)
  await shop.rows('update stock set updated_at = $1', [hours(hoursAgo)])
}

async function found(shop: Shop): Promise<{ detail: string; ours: string; theirs: string }[]> {
  const run = await shop.reconcile()
  assert.equal(run.status, 'completed')
  return shop.rows("select detail, ours, theirs from findings where kind = 'drift' and closed_at is null")
}

test('a shop that shows another number is a finding, and our count stays until somebody says better', async (t) => {
  const shop = await shopInStep(t)
  await countAt(shop, 5n, 4)
  await observe(shop, { version: hours(2), locationId: 'a', sku: 'TEE', available: 2 })
  await observe(shop, { version: hours(1), locationId: 'b', available: 1 })
  const [finding, ...others] = await found(shop)
  assert.equal(others.length, 0)
  assert.match(finding!.detail, /the shop shows 3 of TEE, by our count 5 can be sold/)
  const [row] = await shop.rows<{ on_hand: bigint }>("select on_hand from stock where sku = 'TEE'")
  assert.equal(Number(row!.on_hand), 5, 'compared, not obeyed')
  assert.deepEqual(await found(shop), [finding], 'one finding while it is so')
  await countAt(shop, 3n, 4)
  assert.deepEqual(await found(shop), [], 'gone when both agree')
})

test('what the shop shows from before our last move, since a moment ago, or does not count is no difference', async (t) => {
  const shop = await shopInStep(t)
  await countAt(shop, 5n, 1)
  await observe(shop, { version: hours(2), locationId: 'a', sku: 'TEE', available: 2 })
  assert.deepEqual(await found(shop), [])
  await observe(shop, { version: hours(0.05), locationId: 'a', sku: 'TEE', available: 2 })
  assert.deepEqual(await found(shop), [])
  await countAt(shop, 5n, 9)
  await observe(shop, { version: hours(0.01), locationId: 'a', sku: 'TEE', available: null })
  assert.deepEqual(await found(shop), [])
})
