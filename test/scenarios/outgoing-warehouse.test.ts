import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { endpoint } from '../sinks/support.ts'
import { lifo } from '../support/lifo.ts'
import { type Line, lineSecret, openLine } from '../support/line.ts'
import { chargeOf, stripeEvent } from '../support/stripe-events.ts'
import { until } from '../support/wait.ts'

const ours = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const theirs = `whsec_${Buffer.alloc(32, 8).toString('base64')}`
const items = [
  { sku: 'TEE-M', quantity: 2, unit_price: '15.00', title: 'T-shirt' },
  { sku: 'MUG', quantity: 1, unit_price: '10.80', title: 'Mug' },
]
const paid = stripeEvent('evt_paid', 'charge.succeeded', chargeOf({ n: 'one', orderNumber: '1001', items }))

/** A shop whose warehouse is a scripted endpoint; it answers by signed callback to a connection of its own. */
async function shopWith(context: TestContext, onRequest: (line: Line, body: any) => void = () => {}) {
  const t = lifo(context)
  let line: Line | undefined
  const warehouse = await endpoint(t as TestContext, ({ body }) => {
    onRequest(line!, JSON.parse(body.toString('utf8')))
    return { status: 200 }
  })
  line = await openLine(t as TestContext, {
    connections: [
      {
        id: 'stripe-test',
        provider: 'stripe',
        mode: 'test',
        speaksFor: ['order', 'payment'],
        webhookSecrets: [lineSecret],
      },
      {
        id: 'wms',
        provider: 'standard-webhooks',
        mode: 'test',
        speaksFor: ['fulfillment'],
        webhookSecrets: [theirs],
      },
    ],
    sinks: { inventory: { kind: 'internal' }, fulfillment: { url: warehouse.url, secret: ours } },
  })
  for (const sku of ['TEE-M', 'MUG']) await line.call('PUT', `/inventory/${sku}`, { on_hand: 10 })
  return { line, warehouse }
}

async function callBack(line: Line, id: string, type: string, data: object, timestamp = new Date()) {
  const body = JSON.stringify({ type, timestamp: timestamp.toISOString(), data })
  const response = await fetch(`${line.running.url}/webhooks/standard-webhooks/wms`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
      'webhook-signature': new Webhook(theirs).sign(id, new Date(), body),
    },
    body,
  })
  return { status: response.status, body: (await response.json()) as any }
}

function stockOf(line: Line, sku: string) {
  return line.get(`/inventory/${sku}`)
}

test("the warehouse's callbacks ship the order in parts, move stock once, and carry the tracking", async (t) => {
  const { line, warehouse } = await shopWith(t)
  await line.take(paid)
  const request = JSON.parse(warehouse.received[0]!.body.toString('utf8'))
  const { order_id } = request.data
  assert.equal(order_id, (await line.order('1001')).id)
  assert.equal((await line.order('1001')).fulfillment_status, 'requested')

  const tees = {
    order_id,
    shipment_id: 'ship_1',
    carrier: 'DHL',
    number: 'JD1',
    line_items: [{ sku: 'TEE-M', quantity: 2 }],
  }
  assert.equal((await callBack(line, 'msg_1', 'fulfillment.shipped', tees)).body.status, 'accepted')
  assert.equal((await callBack(line, 'msg_1', 'fulfillment.shipped', tees)).body.status, 'duplicate')
  await line.quiet()
  const part = await line.order('1001')
  assert.equal(part.fulfillment_status, 'partially_fulfilled')
  assert.deepEqual(
    part.line_items.map((one: any) => one.fulfilled_quantity),
    [2, 0],
  )
  assert.deepEqual(await stockOf(line, 'TEE-M'), { sku: 'TEE-M', on_hand: 8, committed: 0, available: 8 })

  const mug = request.data.line_items.find((one: any) => one.sku === 'MUG')
  await callBack(line, 'msg_2', 'fulfillment.shipped', {
    order_id,
    shipment_id: 'ship_2',
    line_items: [{ id: mug.id, quantity: 1 }],
  })
  await callBack(line, 'msg_3', 'fulfillment.delivered', tees, new Date(Date.now() + 1000))
  await line.quiet()
  const whole = await line.order('1001')
  assert.equal(whole.fulfillment_status, 'fulfilled')
  assert.equal(whole.status, 'closed')
  assert.deepEqual(whole.shipments.map((one: any) => [one.status, one.carrier, one.number]).sort(), [
    ['delivered', 'DHL', 'JD1'],
    ['shipped', null, null],
  ])
  assert.deepEqual(await stockOf(line, 'MUG'), { sku: 'MUG', on_hand: 9, committed: 0, available: 9 })
  assert.equal(warehouse.received.length, 1)
})

test('a callback that overtakes the answer to its request waits for it, and is not lost', async (t) => {
  const early: Promise<unknown>[] = []
  const { line } = await shopWith(t, (shop, { type, data }) => {
    if (type === 'fulfillment.requested')
      early.push(
        callBack(shop, 'msg_1', 'fulfillment.shipped', { order_id: data.order_id, shipment_id: 'ship_1' }),
      )
  })
  await line.take(paid)
  await Promise.all(early)
  await until('all has left', async () => (await line.order('1001')).fulfillment_status === 'fulfilled')
})

test('a callback that is forged is refused, and one that is about no shipment is kept and ignored', async (t) => {
  const { line } = await shopWith(t)
  const forged = await fetch(`${line.running.url}/webhooks/standard-webhooks/wms`, {
    method: 'POST',
    headers: {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
      'webhook-signature': 'v1,AAAA',
    },
    body: '{"type":"fulfillment.shipped"}',
  })
  assert.equal(forged.status, 401)
  const kept = await callBack(line, 'msg_2', 'lead.created', { name: 'somebody' })
  assert.equal(kept.status, 200)
  await line.quiet()
  assert.equal((await line.get(`/events/${kept.body.id}`)).status, 'ignored')
})

test('what comes by a connection goes on to the app that asked for it, as it came', async (context) => {
  const t = lifo(context)
  const app = await endpoint(t as TestContext, () => ({ status: 200 }))
  const connections = [
    {
      id: 'stripe-test',
      provider: 'stripe',
      mode: 'test',
      speaksFor: ['order', 'payment'],
      webhookSecrets: [lineSecret],
    },
    {
      id: 'wms',
      provider: 'standard-webhooks',
      mode: 'test',
      speaksFor: ['fulfillment'],
      webhookSecrets: [theirs],
    },
  ]
  const line = await openLine(t as TestContext, {
    connections,
    sinks: { outgoing: [{ id: 'crm', url: app.url, secret: ours, forward: ['wms'] }] },
  })
  const { body } = await callBack(line, 'msg_1', 'lead.created', { name: 'Łódź' })
  await callBack(line, 'msg_1', 'lead.created', { name: 'Łódź' })
  await line.quiet()
  assert.equal((await line.call('POST', `/events/${body.id}/replay`, { dry_run: false })).status, 200)
  await line.quiet()
  assert.equal(app.received.length, 1)
  assert.equal(JSON.parse(app.received[0]!.body.toString('utf8')).data.name, 'Łódź')
  new Webhook(ours).verify(app.received[0]!.body, app.received[0]!.headers as Record<string, string>)
  const { data } = await line.get('/effects?sink=outgoing')
  assert.deepEqual(
    data.map((effect: any) => [effect.key, effect.kind, effect.state]),
    [[`outgoing:crm:forward:${body.id}`, 'lead.created', 'done']],
  )
})
