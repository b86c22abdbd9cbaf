import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chargeOf, stripeEvent } from '../support/stripe-events.ts'
import { until } from '../support/wait.ts'
import { lineSecret } from '../support/line.ts'
import { openWitnesses, purchase } from './witnesses.ts'

test("a warehouse's parcel is told once to the shop and to who took the money, and comes back as the same parcel", async (t) => {
  const { line, shop, paypal, warehouse, quiet } = await openWitnesses(t)
  const { id } = shop.steps.place(purchase)
  await quiet()
  paypal.steps.pay({ amountMinor: 4080n, number: '1001' })
  await quiet()
  const order = await line.order('1001')
  assert.equal(order.payment_status, 'paid')
  assert.equal(order.fulfillment_status, 'requested')
  const parcel = {
    order_id: order.id,
    shipment_id: 'ship_1',
    carrier: 'DHL',
    number: 'JD1',
    line_items: [{ sku: 'TEE-M', quantity: 1 }],
  }
  await warehouse('fulfillment.shipped', parcel)
  await warehouse('fulfillment.in_transit', parcel)
  const [told, ...more] = shop.world.orders.get(id)!.fulfillments
  assert.deepEqual(more, [])
  assert.deepEqual(
    [told!.carrier, told!.number, told!.lines.map(({ quantity }) => quantity)],
    ['DHL', 'JD1', [1]],
  )
  assert.deepEqual(
    paypal.world.trackers.map(({ tracking_number, status }) => [tracking_number, status]),
    [['JD1', 'SHIPPED']],
  )
  const now = await line.order('1001')
  assert.equal(now.fulfillment_status, 'partially_fulfilled')
  assert.deepEqual(
    now.line_items.map((one: any) => one.fulfilled_quantity),
    [1],
  )
  assert.equal(now.shipments.length, 1)
  assert.deepEqual(await line.get('/inventory/TEE-M'), {
    sku: 'TEE-M',
    on_hand: 99,
    committed: 1,
    available: 98,
  })
  const effects = (await line.effects('1001')).filter((effect) => effect.sink === 'provider')
  assert.deepEqual(
    effects.map(({ kind, state }) => [kind, state]),
    [
      ['tracking', 'done'],
      ['tracking', 'done'],
    ],
  )
})

test("the shop's own parcel is told to who took the money and to nobody else", async (t) => {
  const { line, shop, paypal, quiet } = await openWitnesses(t)
  const { id } = shop.steps.place(purchase)
  paypal.steps.pay({ amountMinor: 4080n, number: '1001' })
  await quiet()
  shop.goods.ship(id, { carrier: 'UPS', number: '1Z' })
  await quiet()
  assert.equal((await line.order('1001')).fulfillment_status, 'fulfilled')
  assert.equal(shop.world.orders.get(id)!.fulfillments.length, 1)
  assert.deepEqual(
    paypal.world.trackers.map(({ tracking_number }) => tracking_number),
    ['1Z'],
  )
})

test('C16 an answer that is lost is asked for again with the same key: one fulfillment at the shop', async (t) => {
  const { line, shop, card, warehouse, quiet } = await openWitnesses(t)
  const { id } = shop.steps.place(purchase)
  await quiet()
  await card(stripeEvent('evt_1', 'charge.succeeded', chargeOf({ n: 1, orderNumber: '1001' })))
  const order = await line.order('1001')
  shop.faults.add({ path: '/FulfillmentCreate', kind: 'cut', isAfter: true })
  await warehouse('fulfillment.shipped', { order_id: order.id, shipment_id: 'ship_1', number: 'JD1' })
  const written = async () => (await line.effects('1001')).find((effect) => effect.sink === 'provider')
  assert.equal((await written()).state, 'due')
  assert.equal((await line.call('POST', `/effects/${(await written()).id}/retry`)).status, 200)
  await until('it is done', async () => (await written()).state === 'done')
  await quiet()
  const [told, ...more] = shop.world.orders.get(id)!.fulfillments
  assert.deepEqual([more, (await written()).reference], [[], told!.id])
  assert.equal((await line.order('1001')).shipments.length, 1)
})

test('stock that is kept in a shop follows the orders of others, each move once, and not its own', async (t) => {
  const direct = {
    id: 'direct',
    provider: 'stripe',
    mode: 'test',
    speaksFor: ['order', 'payment'],
    webhookSecrets: [lineSecret],
  }
  const { line, shop, card, quiet } = await openWitnesses(t, {
    connections: [direct],
    sinks: { inventory: { kind: 'shopify' } },
  })
  const available = () => [...shop.world.items.values()].find(({ sku }) => sku === 'TEE-M')!.available
  shop.goods.stock('TEE-M', 100)
  shop.steps.place(purchase)
  await quiet()
  await card(stripeEvent('evt_1', 'charge.succeeded', chargeOf({ n: 1, orderNumber: '1001' })))
  assert.equal((await line.get('/inventory/TEE-M')).committed, 2)
  assert.equal(available(), 100)
  const items = [{ sku: 'TEE-M', quantity: 3, unit_price: '13.60' }]
  const other = stripeEvent('evt_2', 'charge.succeeded', chargeOf({ n: 2, orderNumber: 'D-1', items }))
  await line.send(other, 'direct')
  await line.send(other, 'direct')
  await quiet()
  assert.equal((await line.get('/inventory/TEE-M')).committed, 5)
  assert.equal(available(), 97)
  const refunded = chargeOf({ n: 2, orderNumber: 'D-1', items }, { amount_refunded: 4080, refunded: true })
  await line.send(stripeEvent('evt_3', 'charge.refunded', refunded), 'direct')
  await quiet()
  assert.equal(available(), 100)
})
