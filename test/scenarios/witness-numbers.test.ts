import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { startShopifyTwin } from '../../src/sandbox/shopify/index.ts'
import { lineSecret } from '../support/line.ts'
import { charged, openWitnesses, purchase } from './witnesses.ts'

/** A second shop beside the first, with an order of the same number in each. */
async function openTwoShops(t: TestContext, connections: object[] = []) {
  const other = await startShopifyTwin({ seed: `other ${t.name}`, shop: 'other.myshopify.com' })
  t.after(() => other.stop())
  const shopB = {
    id: 'shop-us',
    provider: 'shopify',
    mode: 'test',
    speaksFor: ['order', 'fulfillment'],
    shop: 'other.myshopify.com',
    webhookSecrets: [other.secret],
    accessToken: other.accessToken,
    apiBaseUrl: other.url,
  }
  const all = await openWitnesses(t, { connections: [shopB, ...connections] })
  other.subscribe(`${all.line.running.url}/webhooks/shopify/shop-us`, ['orders/create', 'orders/updated'])
  all.shop.steps.place(purchase)
  other.steps.place({ ...purchase, email: 'grace@example.com' })
  await other.deliver.settled()
  await all.quiet()
  const statuses = async () => {
    const { data } = await all.line.get('/orders?reference=1001')
    return Object.fromEntries(data.map((order: any) => [order.connection, order.payment_status]))
  }
  return { ...all, other, statuses }
}

test('two shops use one number: a payment that names neither is for a person, who links it to one', async (t) => {
  const { line, card, statuses, quiet } = await openTwoShops(t)
  assert.deepEqual(await statuses(), { 'shop-eu': 'pending', 'shop-us': 'pending' })
  await card(charged('1'))
  assert.deepEqual(await statuses(), { 'shop-eu': 'pending', 'shop-us': 'pending' })
  const [event] = (await line.get('/events?connection=card')).data
  assert.equal(event.status, 'needs_review')
  assert.match(event.status_reason, /several shops/)
  const { data } = await line.get('/orders?reference=1001')
  const ours = data.find((order: any) => order.connection === 'shop-us')
  const linked = await line.call('POST', `/orders/${ours.id}/link`, {
    reference: 'ch_1',
    note: 'asked the buyer',
  })
  assert.equal(linked.status, 200, JSON.stringify(linked.body))
  await quiet()
  assert.deepEqual(await statuses(), { 'shop-eu': 'pending', 'shop-us': 'paid' })
  assert.equal((await line.get(`/events/${event.id}`)).status, 'processed')
})

test("C39 two shops, equal numbers, one account: a payment of one shop's site pays that shop's order alone", async (t) => {
  const site = (name: string, shop: string) => ({
    id: `card-${name}`,
    provider: 'stripe',
    mode: 'test',
    speaksFor: ['payment'],
    account: 'acct_both',
    webhookSecrets: [lineSecret],
    accept: { 'metadata.site': name },
    ordersFrom: [shop],
  })
  const { line, statuses, quiet } = await openTwoShops(t, [site('a', 'shop-eu'), site('b', 'shop-us')])
  const paid = charged('1', { metadata: { site: 'a' } })
  for (const connection of ['card-b', 'card-a']) assert.equal((await line.send(paid, connection)).status, 200)
  await quiet()
  assert.deepEqual(await statuses(), { 'shop-eu': 'paid', 'shop-us': 'pending' })
  const [refused] = (await line.get('/events?connection=card-b')).data
  assert.deepEqual([refused.status, refused.status_reason], ['ignored', 'not_ours'])
  const nobody = charged('2')
  for (const connection of ['card-a', 'card-b']) await line.send(nobody, connection)
  await quiet()
  assert.deepEqual(await statuses(), { 'shop-eu': 'paid', 'shop-us': 'pending' })
})

test('C38 a test order at a live shop is kept and moves nothing', async (t) => {
  const { line, shop, quiet } = await openWitnesses(t, { shopConnection: { mode: 'live' } })
  shop.steps.place({ ...purchase, isTest: true })
  await quiet()
  const { data } = await line.get('/events?connection=shop-eu')
  assert.ok(data.length > 0 && data.every((event: any) => event.status === 'ignored'))
  assert.deepEqual(new Set(data.map((event: any) => event.status_reason)), new Set(['other_mode']))
  assert.deepEqual((await line.get('/orders')).data, [])
  assert.equal((await line.get('/inventory/TEE-M')).committed, 0)
})
