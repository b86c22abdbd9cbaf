import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shopify } from '../../../src/providers/shopify/index.ts'
import * as queries from '../../../src/providers/shopify/queries.ts'
import { ask, listed, openTwin, purchase } from './support.ts'

test('it is open to its own token alone, at the address of a version', async (t) => {
  const { twin } = await openTwin(t)
  const query = 'query Any { order(id: "gid://shopify/Order/1") { id } }'
  assert.equal((await ask(twin, query, {}, { token: 'shpat_other' })).status, 401)
  assert.equal((await ask(twin, query, {}, { version: 'latest' })).status, 404)
  assert.equal((await ask(twin, query)).body.data.order, null)
})

test('what the Admin API has not is refused, and what it requires is missed', async (t) => {
  const { twin } = await openTwin(t)
  const refused: readonly (readonly [query: string, words: RegExp, variables?: object])[] = [
    ['query A { order(id: "x") { total } }', /Field 'total' doesn't exist on type 'Order'/],
    ['query A { refund(id: "x") { id } }', /Field 'refund' doesn't exist on type 'QueryRoot'/],
    ['query A { order { id } }', /missing required arguments: id/],
    ['query A { order(id: "x", at: "y") { id } }', /doesn't accept argument 'at'/],
    ['query A { order(id: "x") }', /must have selections/],
    ['query A { order(id: "x") { id { id } } }', /must have selections/],
    ['query A { order(id: $id) { id } }', /\$id is used but not declared/],
    ['query A($id: ID!) { order(id: $id) { id } }', /\$id .*Expected value to not be null/],
    ['query A { orders { nodes { id } } }', /provide one of first or last/],
    ['query A { orders(first: 251) { nodes { id } } }', /first cannot exceed/],
    ['query A { orders(first: 1, after: "x") { nodes { id } } }', /Invalid cursor/],
    ['query A { orders(first: 1', /syntax error/],
    ['subscription A { orders { id } }', /syntax error, unexpected .*subscription/],
    ['query A { order(id: "x") { id } } query B { order(id: "x") { id } }', /syntax error/],
    [
      'mutation A($i: InventoryAdjustQuantitiesInput!) { inventoryAdjustQuantities(input: $i) { userErrors { message } } }',
      /Field is not defined on InventoryAdjustQuantitiesInput: why/,
      { i: { changes: [], name: 'available', reason: 'correction', why: '' } },
    ],
    [
      'mutation A($i: InventoryAdjustQuantitiesInput!) { inventoryAdjustQuantities(input: $i) { userErrors { message } } }',
      /@idempotent directive is required/,
      { i: { changes: [], name: 'available', reason: 'correction' } },
    ],
  ]
  for (const [query, words, variables] of refused) {
    const { body } = await ask(twin, query, variables)
    assert.match(JSON.stringify(body.errors), words, query)
    assert.equal(body.data, undefined, query)
  }
})

test('every query of ours is well formed against the fields that it serves', async (t) => {
  const { twin } = await openTwin(t)
  const order = twin.steps.place(purchase)
  const variables = {
    id: `gid://shopify/Order/${order.id}`,
    first: 5,
    after: null,
    query: '',
    topic: 'ORDERS_CREATE',
    uri: 'https://a.example/',
    fulfillment: { lineItemsByFulfillmentOrder: [] },
    input: { changes: [], name: 'available', reason: 'correction' },
    key: 'a',
  }
  for (const [name, query] of Object.entries(queries)) {
    const { body } = await ask(twin, query, variables)
    assert.equal(body.errors, undefined, `${name}: ${JSON.stringify(body.errors)}`)
    assert.ok(body.data, name)
  }
})

test('pages go on after their cursor, whatever comes or changes meanwhile', async (t) => {
  let time = Date.parse('2026-11-01T12:00:00Z')
  const { twin, api } = await openTwin(t, { now: () => new Date(time) })
  const ids = Array.from({ length: 45 }, (_, n) => {
    if (n > 30) time += 1000 // thirty in one second
    return twin.steps.place({ ...purchase, number: String(n) }).id
  })
  const window = { list: 'orders', since: '2026-11-01T00:00:00.000Z', until: '2026-11-02T00:00:00.000Z' }
  const seen: string[] = []
  for await (const { items } of shopify.list(window, undefined, api)) {
    seen.push(...items.map(({ resource }) => resource.id))
    time += 1000
    if (seen.length === 20) ids.push(twin.steps.place({ ...purchase, number: 'late' }).id)
  }
  assert.deepEqual([...new Set(seen)].sort(), ids.sort())
  assert.equal(seen.length, ids.length)
})

test('an order of more lines than a page asks for is read whole', async (t) => {
  const { twin, api } = await openTwin(t)
  const lines = Array.from({ length: 40 }, (_, n) => ({ sku: `S-${n}`, quantity: 1, unitMinor: 100n }))
  twin.steps.place({ number: '1', lines })
  const [item] = await listed('orders', api)
  assert.equal(JSON.parse(Buffer.from(item!.body).toString()).line_items.nodes.length, 40)
})

test('the index lags, and leaves out what it is told to', async (t) => {
  const { twin, api } = await openTwin(t)
  const { id } = twin.steps.place(purchase)
  twin.faults.lagMs = 60_000
  assert.equal((await listed('orders', api)).length, 0)
  assert.ok(await shopify.read({ kind: 'order', id }, api), 'by its id it is there')
  twin.faults.lagMs = 0
  twin.faults.omitted.add(id)
  assert.equal((await listed('orders', api)).length, 0)
})

test('points run out, are named, and come back', async (t) => {
  const { twin, api } = await openTwin(t)
  const { id } = twin.steps.place(purchase)
  twin.bucket.leave(-20)
  const began = performance.now()
  await shopify.read({ kind: 'order', id }, api)
  assert.ok(performance.now() - began >= 190, 'waited for the points that were missing')
  assert.equal(twin.calls.length, 2)
})

test('it fails as it is told to, each time as the shop would', async (t) => {
  const { twin, api } = await openTwin(t)
  const { id } = twin.steps.place(purchase)
  const read = () => shopify.read({ kind: 'order', id }, { ...api, timeoutMs: 300 })
  const kinds = [
    ['rate_limit', 'rate_limited'],
    ['server_error', 'unavailable'],
    ['bad_gateway', 'unavailable'],
    ['html', 'unavailable'],
    ['hang', 'unavailable'],
    ['reset', 'unavailable'],
    ['unauthorized', 'unauthorized'],
    ['forbidden', 'unauthorized'],
  ] as const
  for (const [kind, seen] of kinds) {
    twin.faults.add({ kind, path: '/OrderById', retryAfter: '2' })
    await assert.rejects(read, (error: { kind?: string }) => error.kind === seen, kind)
  }
  assert.ok(await read())
})

test('C16 a write whose answer was lost is made once, with its key or after a look', async (t) => {
  const { twin, api } = await openTwin(t)
  twin.goods.stock('MUG', 10)
  const order = twin.steps.place(purchase)
  const change = { key: 'stock:1', sku: 'MUG', delta: -3, reason: 'sold elsewhere' }
  twin.faults.add({ kind: 'reset', path: '/InventoryAdjust', isAfter: true })
  await assert.rejects(shopify.write!.stock!(change, api))
  const first = await shopify.write!.stock!(change, api)
  assert.deepEqual(await shopify.write!.stock!(change, api), first)
  assert.equal([...twin.world.items.values()].find(({ sku }) => sku === 'MUG')!.available, 7)

  const shipment = {
    key: 'tracking:1',
    order: { kind: 'order', id: order.id },
    lines: [{ lineId: order.lines[0]!.id, quantity: 2 }],
    carrier: 'DHL',
    number: '00340',
  } as const
  twin.faults.add({ kind: 'reset', path: '/FulfillmentCreate', isAfter: true })
  await assert.rejects(shopify.write!.tracking!(shipment, api))
  const made = await shopify.write!.tracking!(shipment, api)
  assert.deepEqual(
    order.fulfillments.map(({ id, number }) => [id, number]),
    [[made.reference, '00340']],
  )
})

test('a subscription is made once for each topic; those about privacy cannot be made', async (t) => {
  const { twin, api } = await openTwin(t)
  const url = 'https://hooks.shop.example/webhooks/shopify/shop'
  assert.equal((await shopify.subscription.inspect(api, url)).status, 'absent')
  assert.equal((await shopify.subscription.ensure(api, url)).status, 'healthy')
  assert.equal((await shopify.subscription.inspect(api, url)).status, 'healthy')
  const made = twin.world.subscriptions.size
  await shopify.subscription.ensure(api, url)
  assert.equal(twin.world.subscriptions.size, made)
  const { body } = await ask(twin, queries.createSubscription, { topic: 'SHOP_REDACT', uri: url })
  assert.equal(body.errors[0].extensions.code, 'INVALID_VARIABLE')
})
