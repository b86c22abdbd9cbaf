import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startShopifyTwin } from '../../src/sandbox/shopify/index.ts'
import { goods, openShop, purchase, seen, stripeBeside } from '../support/shop.ts'
import { chargeOf, stripeEvent } from '../support/stripe-events.ts'

const closed = { status: 'closed', payment_status: 'paid', fulfillment_status: 'fulfilled', reviews: [] }

test('C24 children before their order: one order in the end, one receipt, one request to the warehouse', async (t) => {
  const shop = await openShop(t)
  const { line, twin } = shop
  twin.deliver.hold()
  twin.steps.pay(twin.steps.place(purchase('1001')).id)
  twin.deliver.release('reversed')
  await shop.quiet()
  const { data } = await line.get('/orders')
  assert.equal(data.length, 1)
  assert.equal(data[0].number, '1001')
  assert.equal(data[0].payment_status, 'paid')
  assert.equal(line.recorders.mails.size, 1)
  assert.equal(line.recorders.requests.size, 1)
})

test('C14 beside a payment provider the shop’s transactions are evidence, never money twice', async (t) => {
  const shop = await openShop(t, {
    connection: { speaksFor: ['order', 'fulfillment'] },
    others: [stripeBeside],
  })
  const { line, twin } = shop
  twin.steps.pay(twin.steps.place(purchase('1001')).id)
  await shop.quiet()
  const unpaid = await line.order('1001')
  assert.equal(unpaid.payment_status, 'pending', 'the shop’s word alone moves no money')
  assert.equal(line.recorders.requests.size, 0)
  await line.take(stripeEvent('evt_1', 'charge.succeeded', chargeOf({ n: '1', orderNumber: '1001' })))
  await shop.quiet()
  const order = await line.order('1001')
  assert.equal(order.payment_status, 'paid')
  assert.equal(order.totals.captured.amount, '40.80')
  assert.deepEqual(order.needs_review, [])
  assert.equal((await line.balances())['Assets:Clearing:stripe-test'], '40.80 USD')
  assert.equal(line.recorders.requests.size, 1)
})

test('a gift card is money whoever speaks for payment: 10.80 of it and 30.00 by card are paid', async (t) => {
  const shop = await openShop(t, {
    connection: { speaksFor: ['order', 'fulfillment'] },
    others: [stripeBeside],
  })
  const { line, twin } = shop
  const { id } = twin.steps.place(purchase('1001'))
  twin.steps.pay(id, { gateway: 'gift_card', amountMinor: 1080n })
  twin.steps.pay(id)
  await shop.quiet()
  assert.equal((await line.order('1001')).payment_status, 'partially_paid')
  await line.take(
    stripeEvent('evt_1', 'charge.succeeded', chargeOf({ n: '1', orderNumber: '1001', amount: 3000 })),
  )
  await shop.quiet()
  const order = await line.order('1001')
  assert.equal(order.payment_status, 'paid')
  assert.deepEqual(order.needs_review, [])
  const tenders = order.tenders.map(
    (one: { tender: string; amount: { amount: string } }) => `${one.tender} ${one.amount.amount}`,
  )
  assert.deepEqual(tenders.sort(), ['gift_card 10.80', 'provider 30.00'])
})

test('`gateways` says whose a payment is: a card terminal that no connection sees is the shop’s', async (t) => {
  const gateways = { 'Counter terminal': 'shop', shopify_payments: 'stripe-test' }
  const shop = await openShop(t, { connection: { gateways }, others: [stripeBeside] })
  const { line, twin } = shop
  const counter = twin.steps.place(purchase('1001'))
  twin.steps.pay(counter.id, { gateway: 'Counter terminal' })
  twin.steps.pay(twin.steps.place(purchase('1002')).id)
  await shop.quiet()
  assert.equal((await line.order('1001')).payment_status, 'paid')
  assert.equal((await line.order('1002')).payment_status, 'pending')
})

test('a payment that fails and then a good one: paid by the good one, the other in the history', async (t) => {
  for (const turn of ['kept', 'reversed'] as const) {
    await t.test(`deliveries ${turn}`, async (inner) => {
      const shop = await openShop(inner)
      const { line, twin } = shop
      twin.deliver.hold()
      const { id } = twin.steps.place(purchase('1001'))
      twin.steps.pay(id, { status: 'failure' })
      twin.steps.pay(id)
      twin.deliver.release(turn)
      await shop.quiet()
      const order = await line.order('1001')
      assert.deepEqual([order.payment_status, order.totals.captured.amount], ['paid', '40.80'])
      const types = (await line.history('1001')).map(({ type }) => type)
      assert.ok(types.includes('payment_failed') && types.includes('payment_captured'))
    })
  }
})

test('an authorization is held, and captured or let go', async (t) => {
  const shop = await openShop(t)
  const { line, twin } = shop
  const one = twin.steps.place(purchase('1001'))
  const held = twin.steps.pay(one.id, { kind: 'authorization' })
  const two = twin.steps.place(purchase('1002'))
  const other = twin.steps.pay(two.id, { kind: 'authorization' })
  await shop.quiet()
  assert.equal((await line.order('1001')).payment_status, 'authorized')
  twin.steps.capture(one.id, held.id)
  twin.steps.release(two.id, other.id)
  twin.steps.cancel(two.id)
  await shop.quiet()
  const paid = await line.order('1001')
  assert.deepEqual([paid.payment_status, paid.totals.authorized.amount], ['paid', '0.00'])
  const voided = await line.order('1002')
  assert.deepEqual([voided.status, voided.payment_status], ['cancelled', 'voided'])
})

test('cash on delivery is pending until it is brought, and then closed', async (t) => {
  const shop = await openShop(t)
  const { line, twin } = shop
  const { id } = twin.steps.place(purchase('1001'))
  const promised = twin.steps.pay(id, { gateway: 'cash_on_delivery', status: 'pending' })
  await shop.quiet()
  const order = await line.order('1001')
  assert.deepEqual([order.payment_status, order.pending_reason], ['pending', 'cash_on_delivery'])
  twin.goods.ship(id)
  twin.steps.clear(id, promised.id)
  await shop.quiet()
  assert.deepEqual(seen(await line.order('1001')), closed)
})

test('a part ships, then the rest', async (t) => {
  const shop = await openShop(t)
  const { line, twin } = shop
  const { id, lines } = twin.steps.place(purchase('1001'))
  twin.steps.pay(id)
  twin.goods.ship(id, { lines: [{ lineId: lines[0]!.id, quantity: 1 }], carrier: 'DHL', number: 'A' })
  await shop.quiet()
  assert.equal((await line.order('1001')).fulfillment_status, 'partially_fulfilled')
  const rest = twin.goods.ship(id, { carrier: 'DHL', number: 'B' })
  twin.goods.change(rest.id, { shipmentStatus: 'delivered' })
  await shop.quiet()
  const order = await line.order('1001')
  assert.deepEqual(seen(order), closed)
  const shipments = order.shipments.map(
    (one: { number: string; status: string }) => `${one.number} ${one.status}`,
  )
  assert.deepEqual(shipments.sort(), ['A shipped', 'B delivered'])
  assert.equal((await line.get('/inventory/TEE-M')).on_hand, 98)
})

test('C32 an order edited up and down again is paid as it was, and no money goes back', async (t) => {
  const shop = await openShop(t)
  const { line, twin } = shop
  const { id } = twin.steps.place(purchase('1001'))
  twin.steps.pay(id)
  twin.steps.edit(id, [{ sku: 'MUG', delta: 1 }])
  await shop.quiet()
  const up = await line.order('1001')
  assert.deepEqual([up.totals.ordered.amount, up.payment_status], ['50.80', 'partially_paid'])
  twin.steps.edit(id, [{ sku: 'MUG', delta: -1 }])
  await shop.quiet()
  const order = await line.order('1001')
  assert.deepEqual(
    [order.totals.ordered.amount, order.totals.refunded.amount, order.payment_status],
    ['40.80', '0.00', 'paid'],
  )
  const quantities = order.line_items.map(
    (item: { sku: string; quantity: number }) => `${item.sku} ${item.quantity}`,
  )
  assert.deepEqual(quantities.sort(), ['MUG 1', 'TEE-M 2'])
  assert.equal(line.recorders.mails.size, 1)
})

test('C18 goods come back once, though the cancellation and the refund both give them back, each told twice', async (t) => {
  for (const turn of ['kept', 'reversed'] as const) {
    await t.test(`deliveries ${turn}`, async (inner) => {
      const shop = await openShop(inner)
      const { line, twin } = shop
      const { id } = twin.steps.place({ number: '1001', lines: [goods[0]] })
      twin.steps.pay(id)
      await shop.quiet()
      const before = (await line.get('/inventory/TEE-M')).available
      assert.equal(before, 98)
      twin.deliver.fate = () => ({ copies: 2 })
      twin.deliver.hold()
      twin.after.refund(id, { lines: [{ sku: 'TEE-M', quantity: 2, restock: 'cancel' }] })
      twin.steps.cancel(id)
      twin.deliver.release(turn)
      await shop.quiet()
      assert.equal((await line.get('/inventory/TEE-M')).available, 100)
      const order = await line.order('1001')
      assert.deepEqual([order.status, order.payment_status], ['cancelled', 'refunded'])
    })
  }
})

test('a refund that the shop starts and the payment side carries out is one refund', async (t) => {
  const shop = await openShop(t, {
    connection: { speaksFor: ['order', 'fulfillment'] },
    others: [stripeBeside],
  })
  const { line, twin } = shop
  const { id } = twin.steps.place(purchase('1001'))
  twin.steps.pay(id)
  const charge = (over: object = {}) => chargeOf({ n: '1', orderNumber: '1001' }, over)
  await line.take(stripeEvent('evt_1', 'charge.succeeded', charge()))
  twin.after.refund(id, { lines: [{ sku: 'MUG', quantity: 1, restock: 'no_restock' }] })
  await line.take(stripeEvent('evt_2', 'charge.refunded', charge({ amount_refunded: 1000 })))
  await shop.quiet()
  const order = await line.order('1001')
  assert.deepEqual(
    [order.payment_status, order.status, order.totals.refunded.amount],
    ['partially_refunded', 'open', '10.00'],
  )
  assert.equal(order.totals.ordered.amount, '40.80', 'before returns')
  const mug = order.line_items.find(({ sku }: { sku: string }) => sku === 'MUG')
  assert.equal(mug.refunded_quantity, 1)
  assert.deepEqual(order.needs_review, [])
})

test('a refund that is pending counts, and stops counting when it fails', async (t) => {
  const shop = await openShop(t)
  const { line, twin } = shop
  const { id } = twin.steps.place(purchase('1001'))
  twin.steps.pay(id)
  const refund = twin.after.refund(id, { amountMinor: 1000n, status: 'pending' })
  await shop.quiet()
  assert.equal((await line.order('1001')).payment_status, 'partially_refunded')
  twin.after.settleRefund(id, refund.transactions[0]!.id, 'failure')
  await shop.quiet()
  const order = await line.order('1001')
  assert.deepEqual([order.payment_status, order.totals.refunded.amount], ['paid', '0.00'])
})

test('a buyer who pays in yen sees yen; the books are in the shop’s money', async (t) => {
  const shop = await openShop(t)
  const { line, twin } = shop
  const { id } = twin.steps.place({
    ...purchase('1001'),
    presentment: { currency: 'JPY', totalMinor: 6_120n },
  })
  twin.steps.pay(id)
  await shop.quiet()
  const order = await line.order('1001')
  assert.deepEqual(
    [order.currency, order.totals.captured.amount, order.payment_status],
    ['USD', '40.80', 'paid'],
  )
  assert.deepEqual(order.presentment.captured, { amount: '6120', currency: 'JPY' })
  assert.deepEqual(order.needs_review, [])
})

test('C39 two shops with the same order number: a payment is of the shop that it was declared for', async (t) => {
  const other = await startShopifyTwin({ seed: 'b', shop: 'other.myshopify.com', secret: 'shpss_b' })
  t.after(() => other.stop())
  const shopB = {
    id: 'shop-b',
    provider: 'shopify',
    mode: 'test',
    speaksFor: ['order'],
    shop: other.world.shop,
    accessToken: other.accessToken,
    webhookSecrets: [other.secret],
    apiBaseUrl: other.url,
  }
  const shop = await openShop(t, {
    connection: { speaksFor: ['order', 'fulfillment'] },
    others: [shopB, { ...stripeBeside, ordersFrom: ['shop-b'] }],
  })
  const { line, twin } = shop
  other.subscribe(`${line.running.url}/webhooks/shopify/shop-b`, ['orders/create'])
  for (const { steps } of [twin, other]) steps.place(purchase('1001'))
  await other.deliver.settled()
  await shop.quiet()
  await line.take(stripeEvent('evt_1', 'charge.succeeded', chargeOf({ n: '1', orderNumber: '1001' })))
  await shop.quiet()
  const { data } = await line.get('/orders?reference=1001')
  const statuses = data.map((order: any) => `${order.connection} ${order.payment_status}`)
  assert.deepEqual(statuses.sort(), ['shop pending', 'shop-b paid'])
})

test('an order of total zero is paid when it is placed, and ships', async (t) => {
  const shop = await openShop(t)
  const { line, twin } = shop
  twin.steps.place({ number: '1001', lines: [{ sku: 'MUG', quantity: 1, unitMinor: 0n }] })
  await shop.quiet()
  assert.equal((await line.order('1001')).payment_status, 'paid')
  assert.equal(line.recorders.requests.size, 1)
})

test('a dispute opens, holds and is won, with the money as the balance has it', async (t) => {
  const shop = await openShop(t)
  const { line, twin } = shop
  const { id } = twin.steps.place(purchase('1001'))
  twin.steps.pay(id)
  const dispute = twin.after.dispute(id, { amountMinor: 4080n })
  await shop.quiet()
  await shop.reconcile()
  const open = await line.order('1001')
  assert.deepEqual([open.dispute_status, open.totals.disputed.amount], ['open', '40.80'])
  twin.after.closeDispute(dispute.id, 'won')
  await shop.quiet()
  await shop.reconcile()
  const won = await line.order('1001')
  assert.deepEqual([won.dispute_status, won.totals.disputed.amount], ['won', '0.00'])
})
