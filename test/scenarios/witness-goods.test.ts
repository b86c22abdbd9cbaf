import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shopifyHeaders } from '../../src/sandbox/shopify/index.ts'
import { chargeOf, refundOf, stripeEvent } from '../support/stripe-events.ts'
import { charged, openWitnesses, purchase, today, type Witnesses } from './witnesses.ts'

const sku = { 'TEE-M': 100, MUG: 50 }
const withMug = { ...purchase, lines: [...purchase.lines, { sku: 'MUG', quantity: 1, unitMinor: 1000n }] }

async function paid(
  witnesses: Witnesses,
  what: Parameters<Witnesses['shop']['steps']['place']>[0],
  amount: number,
) {
  const placed = witnesses.shop.steps.place(what)
  witnesses.shop.steps.pay(placed.id, { gateway: 'stripe' })
  await witnesses.quiet()
  await witnesses.card(charged('1', { amount }))
  return placed.id
}

const stockOf = async ({ line }: Witnesses, name: string) => {
  const { on_hand, committed } = await line.get(`/inventory/${name}`)
  return [on_hand, committed]
}

test('parcels that go out one by one move stock as they go, and the last one closes the order', async (t) => {
  const all = await openWitnesses(t, { sku })
  const id = await paid(all, withMug, 5080)
  const { line, shop, quiet } = all
  assert.deepEqual(
    [await stockOf(all, 'TEE-M'), await stockOf(all, 'MUG')],
    [
      [100, 2],
      [50, 1],
    ],
  )
  const [tee, mug] = shop.world.orders.get(id)!.lines
  shop.goods.ship(id, { lines: [{ lineId: tee!.id, quantity: 1 }], number: 'Z1', carrier: 'DHL' })
  await quiet()
  const part = await line.order('1001')
  assert.deepEqual([part.fulfillment_status, part.status], ['partially_fulfilled', 'open'])
  assert.deepEqual(await stockOf(all, 'TEE-M'), [99, 1])
  shop.goods.ship(id, {
    lines: [
      { lineId: tee!.id, quantity: 1 },
      { lineId: mug!.id, quantity: 1 },
    ],
    number: 'Z2',
  })
  await quiet()
  const whole = await line.order('1001')
  assert.deepEqual([whole.fulfillment_status, whole.status], ['fulfilled', 'closed'])
  assert.deepEqual(whole.shipments.map(({ number }: any) => number).sort(), ['Z1', 'Z2'])
  assert.deepEqual(
    [await stockOf(all, 'TEE-M'), await stockOf(all, 'MUG')],
    [
      [98, 0],
      [49, 0],
    ],
  )
})

test('a shipment that is called off brings its goods back to what is to be shipped', async (t) => {
  const all = await openWitnesses(t, { sku })
  const id = await paid(all, purchase, 4080)
  const parcel = all.shop.goods.ship(id, { number: 'Z1' })
  await all.quiet()
  assert.deepEqual(await stockOf(all, 'TEE-M'), [98, 0])
  all.shop.goods.change(parcel.id, { status: 'cancelled' })
  await all.quiet()
  assert.equal((await all.line.order('1001')).fulfillment_status, 'requested')
  assert.deepEqual(await stockOf(all, 'TEE-M'), [100, 2])
})

test('C32 edited up after payment and down again: what is due shows in between, and nothing is refunded', async (t) => {
  const all = await openWitnesses(t, { sku })
  const id = await paid(all, purchase, 4080)
  const { line, shop, quiet, codes } = all
  shop.steps.edit(id, [{ sku: 'MUG', delta: 1, unitMinor: 1000n }])
  await quiet()
  const up = await line.order('1001')
  assert.equal(up.totals.ordered.amount, '50.80')
  assert.equal(up.payment_status, 'partially_paid')
  assert.ok((await codes('1001')).includes('balance_due'))
  shop.steps.edit(id, [{ sku: 'MUG', delta: -1 }])
  await quiet()
  const down = await line.order('1001')
  assert.deepEqual([down.totals.ordered.amount, down.payment_status], ['40.80', 'paid'])
  assert.deepEqual(
    (await codes('1001')).filter((code) => code !== 'changed_after_request'),
    [],
  )
  assert.equal(down.totals.refunded.amount, '0.00')
  assert.deepEqual(
    (await line.effects('1001')).filter(({ kind }) => kind === 'refund_notice'),
    [],
  )
})

test('edited up and the rest paid: one cancellation of the first request, then one for all of it', async (t) => {
  const all = await openWitnesses(t, { sku })
  const id = await paid(all, purchase, 4080)
  const { line, shop, quiet, codes, card } = all
  shop.steps.edit(id, [{ sku: 'MUG', delta: 1, unitMinor: 1000n }])
  await quiet()
  await card(charged('2', { amount: 1000 }))
  const order = await line.order('1001')
  assert.equal(order.payment_status, 'paid')
  assert.deepEqual(await codes('1001'), [])
  const sent = (await line.effects('1001')).filter(({ sink }) => sink === 'fulfillment')
  assert.deepEqual(sent.map(({ kind, state }) => `${kind} ${state}`).sort(), [
    'cancellation done',
    'request done',
    'request done',
  ])
  assert.deepEqual(
    [await stockOf(all, 'TEE-M'), await stockOf(all, 'MUG')],
    [
      [100, 2],
      [50, 1],
    ],
  )
})

test('a refund that is started in the shop is its lines there and its money where it was paid', async (t) => {
  const all = await openWitnesses(t, { sku })
  const id = await paid(all, purchase, 4080)
  const { line, shop, quiet, card } = all
  shop.after.refund(id, { lines: [{ sku: 'TEE-M', quantity: 1, restock: 'cancel' }] })
  await quiet()
  const said = await line.order('1001')
  assert.equal(said.totals.refunded.amount, '0.00', 'the shop’s word moves no money')
  assert.equal(said.line_items[0].refunded_quantity, 1)
  assert.deepEqual(await stockOf(all, 'TEE-M'), [100, 1])
  const sale = { n: '1', orderNumber: '1001', created: today }
  await card(
    stripeEvent('evt_re', 'refund.created', refundOf(sale, 1590), today),
    stripeEvent('evt_chre', 'charge.refunded', chargeOf(sale, { amount_refunded: 1590 }), today),
  )
  const order = await line.order('1001')
  assert.deepEqual([order.payment_status, order.totals.refunded.amount], ['partially_refunded', '15.90'])
  assert.equal(order.status, 'open')
  assert.deepEqual(
    order.refunds.map(({ status }: any) => status),
    ['succeeded'],
  )
  assert.deepEqual(await stockOf(all, 'TEE-M'), [100, 1])
  const balances = await line.balances()
  assert.equal(balances['Assets:Clearing:card'], '24.90 USD')
  assert.equal(balances['Income:Returns'], '15.00 USD')
})

test('a return is goods when the shop has received them, and money when it is refunded', async (t) => {
  const all = await openWitnesses(t, { sku })
  const id = await paid(all, purchase, 4080)
  const { line, shop, quiet } = all
  shop.goods.ship(id, { number: 'Z1' })
  await quiet()
  const told = (status: string, minutes: number) => {
    const at = new Date(Date.now() + minutes * 60_000).toISOString()
    shop.world.emit('returns/update', {
      id: 945000954,
      order: { admin_graphql_api_id: `gid://shopify/Order/${id}`, id },
      status,
      updated_at: at,
    })
  }
  told('open', 1)
  await quiet()
  assert.deepEqual(
    (await line.order('1001')).returns.map(({ status }: any) => status),
    ['approved'],
  )
  shop.after.refund(id, { lines: [{ sku: 'TEE-M', quantity: 1, restock: 'return' }] })
  await quiet()
  assert.deepEqual(await stockOf(all, 'TEE-M'), [98, 0], 'not back before it is received')
  told('closed', 2)
  await quiet()
  assert.deepEqual(await stockOf(all, 'TEE-M'), [99, 0])
  assert.equal((await line.order('1001')).totals.refunded.amount, '0.00')
})

test('what was sold over the counter is paid, handed over and off the shelf at once, and nobody is asked to ship it', async (t) => {
  const all = await openWitnesses(t, { sku })
  const { line, shop, quiet } = all
  const { id } = shop.steps.place({ ...purchase, sourceName: 'pos' })
  shop.steps.pay(id, { gateway: 'cash' })
  shop.goods.ship(id)
  await quiet()
  const order = await line.order('1001')
  assert.deepEqual(
    [order.payment_status, order.fulfillment_status, order.status],
    ['paid', 'fulfilled', 'closed'],
  )
  assert.deepEqual(await stockOf(all, 'TEE-M'), [98, 0])
  assert.equal(line.recorders.requests.size, 0)
})

test('a draft is no order until the shop makes one of it', async (t) => {
  const { line, shop, quiet } = await openWitnesses(t, { sku })
  shop.world.emit('draft_orders/create', { id: 72885271, name: '#D2', status: 'open', line_items: [] })
  await quiet()
  assert.deepEqual((await line.get('/orders')).data, [])
  const [draft] = (await line.get('/events?type=draft_orders/create')).data
  assert.deepEqual([draft.status, draft.status_reason], ['ignored', 'draft'])
  shop.steps.place({ ...purchase, sourceName: 'shopify_draft_order' })
  await quiet()
  assert.equal((await line.order('1001')).status, 'open')
})

test('C25 what is told again of an order that is shipped and closed is taken, and changes nothing', async (t) => {
  const all = await openWitnesses(t, { sku })
  const id = await paid(all, purchase, 4080)
  const { line, shop, quiet, card } = all
  shop.goods.ship(id, { number: 'Z1' })
  await quiet()
  const [before, effects] = [await line.order('1001'), await line.effects('1001')]
  assert.equal(before.status, 'closed')
  for (const event of shop.world.events) {
    const { secret, world } = shop
    // Under an id of its own each: as news that says what is known.
    const headers = shopifyHeaders(
      { ...event, id: crypto.randomUUID() },
      { secret, version: '2026-10', shop: world.shop },
    )
    const url = `${line.running.url}/webhooks/shopify/shop-eu`
    assert.equal((await fetch(url, { method: 'POST', headers, body: event.body })).status, 200, event.topic)
  }
  await card(charged('1'))
  await quiet()
  assert.deepEqual(await line.order('1001'), before)
  assert.deepEqual(await line.effects('1001'), effects)
  assert.deepEqual(await stockOf(all, 'TEE-M'), [98, 0])
})
