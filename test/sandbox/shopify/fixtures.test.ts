import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type ShopifyTwin, startShopifyTwin } from '../../../src/sandbox/shopify/index.ts'
import { ask, openTwin, purchase } from './support.ts'

/** What others saw the shop send and answer, in case the twin only agrees with our own reading. */
const folder = join(import.meta.dirname, '../../../../shared/fixtures/shopify')
const skip = existsSync(folder) ? false : `${folder} is not here`
const given = (file: string) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as unknown

const stories: { readonly [topic: string]: (twin: ShopifyTwin, orderId: string) => unknown } = {
  'orders/create': () => {},
  'orders/updated': ({ steps }, id) => steps.tag(id, 'seen'),
  'orders/paid': ({ steps }, id) => steps.pay(id),
  'orders/cancelled': ({ steps }, id) => steps.cancel(id),
  'orders/edited': ({ steps }, id) =>
    steps.edit(id, [
      { sku: 'TEE-M', delta: 1 },
      { sku: 'MUG', delta: -1 },
    ]),
  'orders/delete': ({ steps }, id) => steps.delete(id),
  'order_transactions/create': ({ steps }, id) => steps.pay(id),
  'refunds/create': ({ steps, after }, id) => {
    steps.pay(id)
    after.refund(id, { lines: [{ sku: 'MUG', quantity: 1, restock: 'return' }] })
  },
  'orders/fulfilled': ({ goods }, id) => goods.ship(id, { carrier: 'UPS', number: '1Z001' }),
  'fulfillments/create': ({ goods }, id) => goods.ship(id, { carrier: 'UPS', number: '1Z001' }),
  'fulfillments/update': ({ goods }, id) =>
    goods.change(goods.ship(id).id, { carrier: 'UPS', number: '1Z001' }),
  'disputes/create': ({ steps, after }, id) => {
    steps.pay(id)
    after.dispute(id, { amountMinor: 100n })
  },
  'inventory_levels/update': ({ goods }) => goods.stock('MUG', 7),
  'products/update': ({ goods }) => goods.stock('MUG', 7),
  'app/uninstalled': ({ goods }) => goods.uninstall(),
  'customers/data_request': ({ goods }, id) => goods.privacy('customers/data_request', id),
  'customers/redact': ({ goods }, id) => goods.privacy('customers/redact', id),
  'shop/redact': ({ goods }) => goods.redactShop(),
}

for (const [topic, story] of Object.entries(stories)) {
  test(`the body of ${topic} has the fields that others saw, and no others`, { skip }, async (t) => {
    const twin = await startShopifyTwin({ seed: topic })
    t.after(() => twin.stop())
    story(twin, twin.steps.place(purchase).id)
    const { body } = twin.world.events.findLast((event) => event.topic === topic)!
    assert.deepEqual(differences(JSON.parse(body), given(`webhooks/${topic.replace('/', '-')}.json`)), [])
  })
}

test('a page of orders has the form that others saw', { skip }, async (t) => {
  const { twin } = await openTwin(t)
  for (const number of ['1', '2']) twin.steps.pay(twin.steps.place({ ...purchase, number }).id)
  const page = given('graphql-orders-page.json') as { data: { orders: { nodes: object[] } } }
  const query = `query Page { orders(first: 1, sortKey: UPDATED_AT) { pageInfo { hasNextPage endCursor } nodes ${selectionOf(page.data.orders.nodes[0]!)} } }`
  const { body } = await ask(twin, query)
  assert.deepEqual(differences(body, page), [])
  const { amount } = body.data.orders.nodes[0].totalPriceSet.shopMoney
  assert.equal(amount, '40.8', 'decimals as they print them, without the last zeros')
})

test('a query that the points do not suffice for, and an address that is taken, are refused in their words', {
  skip,
}, async (t) => {
  const { twin } = await openTwin(t)
  twin.faults.add({ kind: 'throttled' })
  const { body } = await ask(twin, 'query Any { order(id: "gid://shopify/Order/1") { id } }')
  assert.deepEqual(differences(body, given('graphql-throttled.json')), [])
  const create =
    'mutation Sub { webhookSubscriptionCreate(topic: ORDERS_CREATE, webhookSubscription: { uri: "https://a.example/" }) { webhookSubscription { id } userErrors { field message } } }'
  await ask(twin, create)
  const { extensions: _cost, ...second } = (await ask(twin, create)).body
  assert.deepEqual(second, given('graphql-webhook-create-duplicate.json'))
})

/** The query that such an object would be the answer to. */
function selectionOf(value: object): string {
  const fields = Object.entries(value).map(([name, held]) => {
    const inner = Array.isArray(held) ? held[0] : held
    return typeof inner === 'object' && inner !== null ? `${name} ${selectionOf(inner)}` : name
  })
  return `{ ${fields.join(' ')} }`
}

/** Fields of one that the other has not, or has in another form. What is null or empty on one side has no form. */
function differences(made: unknown, seen: unknown, path = ''): string[] {
  if (isEmpty(made) || isEmpty(seen)) return []
  if (formOf(made) !== formOf(seen)) return [`${path} is ${formOf(made)}, not ${formOf(seen)}`]
  if (Array.isArray(made)) return differences(made[0], (seen as unknown[])[0], `${path}[0]`)
  if (typeof made !== 'object') return []
  const [ours, theirs] = [made as { [key: string]: unknown }, seen as { [key: string]: unknown }]
  return [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].flatMap((key) => {
    const at = `${path}.${key}`
    if (!(key in theirs)) return [`${at} is ours alone`]
    if (!(key in ours)) return [`${at} is missing`]
    return differences(ours[key], theirs[key], at)
  })
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0)
}

function formOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)) return 'text of a number'
  if (typeof value === 'string' && !Number.isNaN(Date.parse(value)) && /^\d{4}-/.test(value)) return 'a time'
  return typeof value
}
