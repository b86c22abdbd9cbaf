import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Statement } from '../../../src/core/fact.ts'
import { encodeData } from '../../../src/core/fact.ts'
import type { ConnectionSettings } from '../../../src/providers/provider.ts'
import { shopify } from '../../../src/providers/shopify/index.ts'
import { shopifyHeaders, type ShopifyTwin } from '../../../src/sandbox/shopify/index.ts'
import { listed, openTwin, purchase } from './support.ts'

/** One of everything that an order can go through. */
function live({ steps, after, goods, world }: ShopifyTwin): string {
  const order = steps.place(purchase)
  const held = steps.pay(order.id, { kind: 'authorization' })
  steps.capture(order.id, held.id)
  const shipped = goods.ship(order.id, { carrier: 'DHL', number: '00340', url: 'https://dhl.example/00340' })
  goods.change(shipped.id, { shipmentStatus: 'delivered' })
  after.refund(order.id, { lines: [{ sku: 'MUG', quantity: 1, restock: 'return' }] })
  after.refund(order.id, { amountMinor: 50n, status: 'pending' })
  after.closeDispute(after.dispute(order.id, { amountMinor: 500n }).id, 'won')
  goods.stock('TEE-M', 12)
  after.payout()
  assert.equal(world.orders.size, 1)
  return order.id
}

function statedBy(
  type: string,
  body: Uint8Array,
  connection: ConnectionSettings,
  isReading: boolean,
): readonly Statement[] {
  const event = {
    id: 'evt_1',
    type,
    source: isReading ? ('reread' as const) : ('webhook' as const),
    body,
    receivedAt: '2026-11-25T12:00:00.000Z',
    ...(isReading && { readNo: 1n }),
  }
  const outcome = shopify.normalize(event, connection)
  assert.ok(outcome.kind === 'processed' || outcome.kind === 'reread', `${type}: ${outcome.kind}`)
  return outcome.kind === 'processed' ? outcome.statements : []
}

test('every event of a life is signed as genuine, and its facts are those that a reading states', async (t) => {
  const { twin, api, connection } = await openTwin(t)
  const orderId = live(twin)
  const told = new Map<string, Statement>()
  for (const event of twin.world.events) {
    const headers = Object.entries(
      shopifyHeaders(event, { secret: twin.secret, version: '2026-10', shop: twin.world.shop }),
    )
    const body = Buffer.from(event.body)
    const verdict = await shopify.verify({ method: 'POST', path: '/', headers, body }, connection, new Date())
    assert.equal(verdict.kind, 'verified', event.topic)
    for (const statement of statedBy(event.topic, body, connection, false))
      told.set(statement.fact.id, statement)
  }
  const reading = await shopify.read({ kind: 'order', id: orderId }, api)
  const disputes = await listed('disputes', api)
  const read = [
    ...statedBy(reading.type, reading.body, connection, true),
    ...disputes.flatMap(({ type, body }) => statedBy(type, body, connection, true)),
  ]
  const content = ({ fact }: Statement) => {
    const { readNo: _ours, ...data } = JSON.parse(encodeData(fact.data)) as { readNo?: string }
    return { kind: fact.kind, at: fact.occurredAt, data }
  }
  assert.ok(read.length > 12)
  for (const statement of read) {
    const other = told.get(statement.fact.id)
    assert.ok(other, `no webhook stated ${statement.fact.id}`)
    assert.deepEqual(content(statement), content(other), statement.fact.id)
  }
})

test('what no webhook tells is in the lists: the balance with its fees, and what went to the bank', async (t) => {
  const { twin, api, connection } = await openTwin(t)
  live(twin)
  const lines = (await listed('balance_transactions', api)).flatMap(({ type, body }) =>
    statedBy(type, body, connection, true),
  )
  const payouts = (await listed('payouts', api)).flatMap(({ type, body }) =>
    statedBy(type, body, connection, true),
  )
  const nets = lines.map(({ fact }) => (fact.kind === 'balance_line' ? fact.data.netMinor : 0n))
  assert.equal(lines.length, 5)
  assert.equal(
    nets.reduce((sum, net) => sum + net, 0n),
    0n,
    'a payout takes all that is there',
  )
  assert.equal(payouts.length, 1)
})
