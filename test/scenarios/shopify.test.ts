import assert from 'node:assert/strict'
import { createHmac, randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { trigger, triggerTypes } from '../../src/sandbox/trigger.ts'
import { openShop, purchase, seen } from '../support/shop.ts'
import { until } from '../support/wait.ts'

test('an order that is placed, paid and shipped is one order, closed, with ids past 2^53 intact', async (t) => {
  const shop = await openShop(t, { file: { sinks: {} } })
  const { line, twin } = shop
  const { id } = twin.steps.place(purchase('1001'))
  const payment = twin.steps.pay(id)
  const shipment = twin.goods.ship(id, { carrier: 'DHL', number: '00340' })
  await shop.quiet()
  const order = await line.order('1001')
  assert.deepEqual(seen(order), {
    status: 'closed',
    payment_status: 'paid',
    fulfillment_status: 'fulfilled',
    reviews: [],
  })
  assert.ok(BigInt(id) > 2n ** 53n)
  const kept = order.references.map((ref: { kind: string; id: string }) => `${ref.kind} ${ref.id}`)
  for (const ref of [`order ${id}`, `transaction ${payment.id}`, `fulfillment ${shipment.id}`])
    assert.ok(kept.includes(ref), kept.join(', '))
  assert.equal((await line.order(payment.id)).id, order.id, 'found by any external id')
  assert.deepEqual(
    order.shipments.map((one: { number: string }) => one.number),
    ['00340'],
  )
  const [delivery] = (await line.get('/deliveries?limit=1')).data
  assert.ok(delivery.duration_ms < 1_000, `answered after ${delivery.duration_ms} ms; the shop waits 5 s`)
})

test('a body under another topic states nothing, of another shop is 403, and whatever is not signed is 401', async (t) => {
  const shop = await openShop(t)
  const { line, twin, deliver } = shop
  twin.deliver.fate = () => ({ lose: true })
  const { id } = twin.steps.place(purchase('1001'))
  twin.steps.pay(id)
  const event = shop.last('order_transactions/create')
  const status = async (otherwise: Parameters<typeof deliver>[1]) => (await deliver(event, otherwise)).status
  assert.equal(await status({ body: 'payment=ok' }), 400)
  const elsewhere = shop.last('orders/create')
  const body = elsewhere.body.replaceAll('example.myshopify.com', 'other.myshopify.com')
  assert.equal((await deliver(elsewhere, { body })).status, 403)
  assert.equal(await status({ headers: { 'x-shopify-hmac-sha256': 'AAAA' } }), 401)
  const forged = createHmac('sha256', 'shpss_other').update(event.body).digest('base64')
  assert.equal(await status({ headers: { 'x-shopify-hmac-sha256': forged } }), 401)
  assert.deepEqual((await line.get('/events')).data, [])
  assert.equal(
    await status({ headers: { 'x-shopify-shop-domain': 'other.myshopify.com' } }),
    200,
    'an unsigned header proves nothing',
  )
  for (const topic of ['orders/paid', 'customers/redact'])
    assert.equal(await status({ headers: { 'x-shopify-topic': topic } }), 200)
  await shop.quiet()
  const swapped = (await line.get('/events?status=needs_review')).data
  assert.deepEqual(
    swapped.map(({ type, review_code }: { type: string; review_code: string }) => [type, review_code]),
    [
      ['customers/redact', 'payload_unreadable'],
      ['orders/paid', 'payload_unreadable'],
    ],
  )
})

test('C17 the event shows its own id and each delivery’s; two subscriptions to one topic are one event', async (t) => {
  const shop = await openShop(t)
  const { line, twin } = shop
  twin.subscribe(shop.url, ['orders/create'])
  twin.steps.place(purchase('1001'))
  await shop.quiet()
  const { data } = await line.get('/events?type=orders/create')
  assert.deepEqual([data.length, data[0].deliveries], [1, 2])
  assert.equal(data[0].provider_event_id, `orders/create:${shop.last('orders/create').id}`)
  const deliveries = (await line.get(`/events/${data[0].id}/deliveries`)).data
  const ids = new Set(
    deliveries.map((one: { headers: [string, string][] }) => headerOf(one.headers, 'x-shopify-webhook-id')),
  )
  assert.equal(ids.size, 2)
})

test('C11 of fifty copies in flight at once one is accepted', async (t) => {
  const shop = await openShop(t)
  const { line, twin } = shop
  twin.deliver.fate = ({ topic }) => (topic === 'order_transactions/create' ? { lose: true } : {})
  twin.steps.pay(twin.steps.place(purchase('1001')).id)
  const event = shop.last('order_transactions/create')
  const answers = await Promise.all(Array.from({ length: 50 }, () => shop.deliver(event)))
  const bodies = answers.map(({ answer }) => JSON.parse(answer!) as { id: string; status: string })
  assert.equal(bodies.filter(({ status }) => status === 'accepted').length, 1)
  assert.equal(bodies.filter(({ status }) => status === 'duplicate').length, 49)
  assert.equal(new Set(bodies.map(({ id }) => id)).size, 1)
  await shop.quiet()
  assert.equal((await line.order('1001')).totals.captured.amount, '40.80')
  assert.equal(line.recorders.mails.size, 1)
})

test('one event id with another body is no duplicate: it waits for a person, and the first stays', async (t) => {
  const shop = await openShop(t)
  const { line, twin } = shop
  twin.deliver.fate = () => ({ lose: true })
  const { id } = twin.steps.place(purchase('1001'))
  const event = shop.last('orders/create')
  const headers = { 'x-shopify-event-id': event.id }
  assert.equal(JSON.parse((await shop.deliver(event)).answer!).status, 'accepted')
  assert.equal(JSON.parse((await shop.deliver(event)).answer!).status, 'duplicate')
  twin.steps.cancel(id)
  const other = { ...shop.last('orders/updated'), topic: 'orders/create' }
  for (const expected of ['accepted', 'duplicate'])
    assert.equal(JSON.parse((await shop.deliver(other, { headers })).answer!).status, expected)
  await shop.quiet()
  const { data } = await line.get('/events?status=needs_review')
  assert.deepEqual(
    data.map((one: { status_reason: string }) => one.status_reason),
    ['identity_conflict'],
  )
  assert.equal((await line.order('1001')).status, 'open')
})

test('where the shop gives no event id, the delivery’s id is the identity', async (t) => {
  const shop = await openShop(t)
  shop.twin.deliver.fate = () => ({ lose: true })
  shop.twin.steps.place(purchase('1001'))
  const event = shop.last('orders/create')
  const headers = { 'x-shopify-event-id': undefined, 'x-shopify-webhook-id': randomUUID() }
  for (const expected of ['accepted', 'duplicate'])
    assert.equal(JSON.parse((await shop.deliver(event, { headers })).answer!).status, expected)
})

test('C41 a body is verified and kept as it came, in whatever way it is written', async (t) => {
  const shop = await openShop(t)
  const { line, twin } = shop
  twin.deliver.fate = () => ({ lose: true })
  twin.steps.place(purchase('1001'))
  const event = shop.last('orders/create')
  const note = '"note": "1\\/2 \\u0026 caf\\u00e9 👕", "ratio": 1.0, "big": 9007199254740993, "power": 1e2,'
  const body = `${event.body.replace('{', `{ ${note}\n`)}\n`
  const { status, answer } = await shop.deliver(event, { body })
  assert.equal(status, 200)
  const response = await fetch(`${line.running.url}/api/v1/events/${JSON.parse(answer!).id}/raw`, {
    headers: { authorization: `Bearer ${line.key}` },
  })
  assert.equal(Buffer.from(await response.arrayBuffer()).toString(), body)
})

test('C22 two states of one second are settled by asking the shop, whichever came last', async (t) => {
  for (const turn of ['kept', 'reversed'] as const) {
    await t.test(`deliveries ${turn}`, async (inner) => {
      const standing = new Date()
      const shop = await openShop(inner, { twin: { now: () => standing } })
      const { line, twin } = shop
      twin.deliver.hold()
      const { id } = twin.steps.place(purchase('1001'))
      twin.steps.edit(id, [{ sku: 'MUG', delta: 2 }])
      twin.goods.change(twin.goods.ship(id).id, { shipmentStatus: 'delivered' })
      twin.deliver.release(turn)
      await shop.quiet()
      const order = await line.order('1001')
      assert.equal(order.totals.ordered.amount, '60.80')
      assert.deepEqual(
        order.shipments.map(({ status }: { status: string }) => status),
        ['delivered'],
      )
      assert.ok(twin.calls.some(({ operation }) => operation === 'OrderById'))
    })
  }
})

test('points that do not suffice are waited for, and the reading comes', async (t) => {
  const shop = await openShop(t)
  const { line, twin } = shop
  const { id } = twin.steps.place(purchase('1001'))
  await shop.quiet()
  twin.faults.add({ kind: 'throttled', path: '/OrderById', times: 2 })
  twin.deliver.fate = ({ topic }) => (topic === 'orders/updated' ? { lose: true } : {})
  twin.steps.edit(id, [{ sku: 'MUG', delta: 1 }])
  await shop.quiet()
  await until('the edit is known', async () => (await line.order('1001')).totals.ordered.amount === '50.80')
  assert.ok(twin.calls.filter(({ operation }) => operation === 'OrderById').length >= 3)
})

test('C43 what a customer asks of their data is refused unsigned, and otherwise done and audited', async (t) => {
  const shop = await openShop(t)
  const { line, twin } = shop
  const { id } = twin.steps.place({ ...purchase('1001'), email: 'canary@erase.example' })
  await shop.quiet()
  assert.equal((await line.order('1001')).customer.email, 'canary@erase.example')
  twin.deliver.fate = ({ topic }) => ({ lose: topic.startsWith('customers/') })
  twin.goods.privacy('customers/redact', id)
  const unsigned = { headers: { 'x-shopify-hmac-sha256': `${'A'.repeat(43)}=` } }
  assert.equal((await shop.deliver(shop.last('customers/redact'), unsigned)).status, 401)
  twin.deliver.fate = undefined
  twin.goods.privacy('customers/data_request', id)
  await until('the question is answered', () => isAudited(line, 'export'))
  assert.equal((await line.order('1001')).customer.email, 'canary@erase.example', 'a question erases nothing')
  twin.goods.privacy('customers/redact', id)
  await until('the person is erased', () => isAudited(line, 'erase_customer'))
  const order = await line.order('1001')
  assert.equal(order.customer?.email ?? null, null)
  assert.equal(order.totals.ordered.amount, '40.80', 'the order stays')
})

test('C43 when the shop is gone its app is switched off, and then all its people are erased', async (t) => {
  const shop = await openShop(t)
  const { line, twin } = shop
  const unsigned = { headers: { 'x-shopify-hmac-sha256': `${'A'.repeat(43)}=` } }
  for (const number of ['1001', '1002']) twin.steps.pay(twin.steps.place(purchase(number)).id)
  await shop.quiet()
  twin.goods.uninstall()
  await until(
    'the connection is off',
    async () => (await line.get('/connections/shop')).disabled === true || isAudited(line, 'disable'),
  )
  twin.goods.redactShop()
  assert.equal((await shop.deliver(shop.last('shop/redact'), unsigned)).status, 401)
  await until('the shop is erased', () => isAudited(line, 'erase_shop'))
  for (const number of ['1001', '1002']) {
    const order = await line.order(number)
    assert.equal(order.customer?.email ?? null, null)
    assert.equal(order.payment_status, 'paid', 'books stay')
  }
})

test('a test order at a live shop is stored and moves nothing', async (t) => {
  const shop = await openShop(t, { connection: { mode: 'live' } })
  const { line, twin } = shop
  twin.steps.pay(twin.steps.place({ ...purchase('1001'), isTest: true }).id)
  await shop.quiet()
  const { data } = await line.get('/events')
  assert.ok(data.length >= 4)
  for (const one of data)
    assert.deepEqual([one.status, one.status_reason], ['ignored', 'other_mode'], one.type)
  assert.deepEqual((await line.get('/orders')).data, [])
  assert.deepEqual(await line.balances(), {})
})

test('every event that can be triggered is taken, and none is left to a person', async (t) => {
  const shop = await openShop(t)
  const { line } = shop
  const connection = line.running.system.config.connections.find(({ id }) => id === 'shop')!
  let at = Date.parse('2026-11-20T12:00:00Z')
  for (const type of triggerTypes.get('shopify')!) {
    at += 1_000
    const sent = await trigger(type, { url: shop.url, connection, now: new Date(at) })
    assert.equal(sent?.status, 200, `${type}: ${sent?.answer}`)
  }
  await until('each was looked at', async () => {
    const { data } = await line.get('/events?limit=200')
    return data.every((one: { attempts: number }) => one.attempts > 0)
  })
  assert.deepEqual((await line.get('/events?status=needs_review')).data, [])
})

async function isAudited(line: { get(path: string): Promise<any> }, action: string): Promise<boolean> {
  const { data } = await line.get('/audit')
  return data.some((one: { action: string }) => one.action.startsWith(action))
}

function headerOf(headers: unknown, name: string): string | undefined {
  const pairs = Array.isArray(headers)
    ? (headers as [string, string][])
    : Object.entries(headers as Record<string, string>)
  return pairs.find(([key]) => key === name)?.[1]
}
