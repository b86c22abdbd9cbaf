import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refundOf, stripeEvent } from '../support/stripe-events.ts'
import { charged, openWitnesses, purchase, tendersOf, today } from './witnesses.ts'

test('C14 the shop and the provider both report one capture: it counts once, the second is a reference', async (t) => {
  const { line, shop, card, quiet } = await openWitnesses(t)
  const { id } = shop.steps.place(purchase)
  shop.steps.pay(id, { gateway: 'stripe' })
  await quiet()
  const claimed = await line.order('1001')
  assert.deepEqual([claimed.payment_status, claimed.totals.captured.amount], ['pending', '0.00'])
  assert.equal(claimed.fulfillment_status, 'unfulfilled')
  await card(charged('1'))
  const order = await line.order('1001')
  assert.equal(order.payment_status, 'paid')
  assert.equal(order.totals.captured.amount, '40.80')
  assert.equal(order.fulfillment_status, 'requested')
  const kinds = new Set(order.references.map((one: any) => `${one.connection} ${one.kind}`))
  for (const kind of ['shop-eu order', 'shop-eu transaction', 'card charge', 'card payment_intent'])
    assert.ok(kinds.has(kind), kind)
  const balances = await line.balances()
  assert.equal(balances['Assets:Clearing:card'], '40.80 USD')
  assert.equal(balances['Assets:Clearing:shop-eu'], undefined)
  assert.equal(line.recorders.mails.size, 1)
})

test('a gift card that only the shop sees and a card make one paid order', async (t) => {
  const { line, shop, card, quiet } = await openWitnesses(t)
  const { id } = shop.steps.place(purchase)
  shop.steps.pay(id, { gateway: 'gift_card', amountMinor: 1080n })
  await quiet()
  assert.equal((await line.order('1001')).payment_status, 'partially_paid')
  assert.equal((await line.order('1001')).fulfillment_status, 'unfulfilled')
  shop.steps.pay(id, { gateway: 'stripe', amountMinor: 3000n })
  await card(charged('1', { amount: 3000 }))
  const order = await line.order('1001')
  assert.equal(order.payment_status, 'paid')
  assert.deepEqual(tendersOf(order), ['gift_card 10.80', 'provider 30.00'])
  assert.equal(order.fulfillment_status, 'requested')
  assert.deepEqual(order.needs_review, [])
  const balances = await line.balances()
  assert.equal(balances['Liabilities:GiftCards'], '10.80 USD')
  assert.equal(balances['Assets:Clearing:card'], '30.00 USD')
  assert.equal(balances['Liabilities:Customers'], '0.00 USD')
})

test('a split tender over two payment providers is paid when both parts are in', async (t) => {
  const { line, shop, paypal, card, quiet, codes } = await openWitnesses(t)
  shop.steps.place(purchase)
  await card(charged('1', { amount: 2000 }))
  assert.deepEqual(await codes('1001'), ['amount_mismatch'])
  paypal.steps.pay({ amountMinor: 2080n, number: '1001' })
  await quiet()
  const order = await line.order('1001')
  assert.equal(order.payment_status, 'paid')
  assert.deepEqual(order.needs_review, [])
  assert.deepEqual(tendersOf(order), ['provider 20.00', 'provider 20.80'])
  assert.equal(line.recorders.requestsByOrder.get(order.id)?.size, 1)
})

test('a failed attempt and then a good one is paid, and the failure is history', async (t) => {
  const { line, shop, card, quiet } = await openWitnesses(t)
  const { id } = shop.steps.place(purchase)
  shop.steps.pay(id, { gateway: 'stripe', status: 'failure' })
  await quiet()
  const over = {
    id: 'ch_bad',
    status: 'failed',
    captured: false,
    amount_captured: 0,
    paid: false,
    failure_code: 'card_declined',
  }
  await card(charged('1', {}, over, 'charge.failed'))
  assert.equal((await line.order('1001')).payment_status, 'failed')
  await card(charged('1'))
  const order = await line.order('1001')
  assert.equal(order.payment_status, 'paid')
  assert.deepEqual(order.needs_review, [])
  const types = (await line.history('1001')).map(({ type }) => type)
  assert.ok(types.includes('payment_failed') && types.includes('payment_captured'))
})

test('C33 paid twice by two providers: both in the books, overpaid names both, one fulfillment', async (t) => {
  const { line, shop, paypal, card, quiet } = await openWitnesses(t)
  shop.steps.place(purchase)
  await quiet()
  await card(charged('1'))
  const { capture } = paypal.steps.pay({ amountMinor: 4080n, number: '1001' })
  await quiet()
  const order = await line.order('1001')
  const [review, ...more] = order.needs_review
  assert.deepEqual([review.code, review.holds, more], ['overpaid', false, []])
  assert.deepEqual(review.refs.map((ref: any) => ref.id).sort(), [capture.id, 'ch_1'].sort())
  assert.equal(order.totals.captured.amount, '81.60')
  const balances = await line.balances()
  assert.equal(balances['Assets:Clearing:card'], '40.80 USD')
  assert.equal(balances['Liabilities:Customers'], '-40.80 USD')
  assert.equal(line.recorders.requestsByOrder.get(order.id)?.size, 1)
})

test('C40 an amount that differs puts the order under review and holds its goods; the rest releases them', async (t) => {
  const { line, shop, card, quiet, codes } = await openWitnesses(t)
  shop.steps.place(purchase)
  await quiet()
  await card(charged('1', { amount: 1 }))
  const order = await line.order('1001')
  assert.equal(order.payment_status, 'partially_paid')
  assert.deepEqual(
    order.needs_review.map(({ code, holds }: any) => [code, holds]),
    [['amount_mismatch', true]],
  )
  assert.equal(order.fulfillment_status, 'unfulfilled')
  await card(charged('2', { amount: 4079 }))
  assert.deepEqual(await codes('1001'), [])
  assert.equal((await line.order('1001')).fulfillment_status, 'requested')
})

test('a currency that is neither the shop’s nor the buyer’s is under review, not counted, and holds the goods', async (t) => {
  const { line, shop, card, quiet } = await openWitnesses(t)
  shop.steps.place(purchase)
  await quiet()
  await card(charged('1', { currency: 'eur' }))
  const order = await line.order('1001')
  assert.deepEqual(
    order.needs_review.map(({ code, holds }: any) => [code, holds]),
    [['currency_mismatch', true]],
  )
  assert.equal(order.totals.captured.amount, '0.00')
  assert.equal(order.fulfillment_status, 'unfulfilled')
})

test('what the buyer saw in another currency pays the order at its own ratio', async (t) => {
  const { line, shop, card, quiet } = await openWitnesses(t)
  shop.steps.place({ ...purchase, presentment: { currency: 'JPY', totalMinor: 6120n } })
  await quiet()
  await card(charged('1', { amount: 2040, currency: 'jpy' }))
  assert.equal((await line.order('1001')).totals.captured.amount, '13.60')
  await card(charged('2', { amount: 4080, currency: 'jpy' }))
  const order = await line.order('1001')
  assert.equal(order.payment_status, 'paid')
  assert.equal(order.totals.captured.amount, '40.80')
  assert.deepEqual(order.presentment.captured, { amount: '6120', currency: 'JPY' })
  assert.deepEqual(order.needs_review, [])
})

test('an order of total zero is paid when it is placed, and ships', async (t) => {
  const { line, shop, quiet } = await openWitnesses(t)
  shop.steps.place({ ...purchase, lines: [{ sku: 'TEE-M', quantity: 1, unitMinor: 0n }], shippingMinor: 0n })
  await quiet()
  const order = await line.order('1001')
  assert.deepEqual([order.payment_status, order.totals.ordered.amount], ['paid', '0.00'])
  assert.equal(order.fulfillment_status, 'requested')
  assert.equal((await line.get('/inventory/TEE-M')).committed, 1)
})

test('cash on delivery ships before it is paid, which is no case, and is paid when the shop has the cash', async (t) => {
  const { line, shop, quiet } = await openWitnesses(t)
  const { id } = shop.steps.place(purchase)
  const asked = shop.steps.pay(id, { gateway: 'Cash on Delivery (COD)', status: 'pending' })
  await quiet()
  const placed = await line.order('1001')
  assert.deepEqual([placed.payment_status, placed.fulfillment_status], ['pending', 'requested'])
  shop.goods.ship(id, { number: 'Z1' })
  await quiet()
  const shipped = await line.order('1001')
  assert.deepEqual([shipped.fulfillment_status, shipped.needs_review], ['fulfilled', []])
  shop.steps.clear(id, asked.id)
  await quiet()
  const order = await line.order('1001')
  assert.deepEqual([order.payment_status, order.status], ['paid', 'closed'])
  assert.deepEqual(tendersOf(order), ['cash 40.80'])
  assert.equal((await line.balances())['Assets:Cash'], '40.80 USD')
})

test('an order that the shop calls paid and nobody else knows is unmatched past the lag', async (t) => {
  const hourAgo = () => new Date(Date.now() - 3_600_000)
  const { line, shop, card, quiet, reconcile, codes } = await openWitnesses(t, { shop: { now: hourAgo } })
  const { id } = shop.steps.place(purchase)
  shop.steps.pay(id, { gateway: 'stripe' })
  await quiet()
  assert.deepEqual(await codes('1001'), [])
  assert.ok((await reconcile('shop-eu')).includes('order_without_payment'))
  const order = await line.order('1001')
  assert.deepEqual(
    order.needs_review.map(({ code, holds }: any) => [code, holds]),
    [['unmatched_order', true]],
  )
  assert.equal(order.fulfillment_status, 'unfulfilled')
  await card(charged('1', { created: today - 3600 }))
  assert.deepEqual(await codes('1001'), [])
  assert.equal((await line.order('1001')).fulfillment_status, 'requested')
})

test('C03 a payment that names an order nobody knows is left to a person past its lag, until the order is known', async (t) => {
  const hourAgo = () => new Date(Date.now() - 3_600_000)
  const { line, shop, paypal, quiet, reconcile } = await openWitnesses(t, {
    shop: { now: hourAgo },
    wallet: { now: hourAgo },
  })
  paypal.steps.pay({ amountMinor: 4080n, number: '1001' })
  await quiet()
  const waiting = (await line.get('/events?connection=wallet&status=pending')).data
  assert.ok(
    waiting.length > 0 && waiting.every((event: any) => event.status_reason.startsWith('waiting for')),
  )
  assert.deepEqual((await line.get('/orders')).data, [])
  assert.ok((await reconcile('wallet')).includes('payment_without_order'))
  const left = (await line.get('/events?connection=wallet&status=needs_review')).data
  assert.ok(left.length > 0 && left.every((event: any) => event.status_reason.includes('names no order')))
  shop.steps.place(purchase)
  await quiet()
  assert.equal((await line.order('1001')).payment_status, 'paid')
  assert.deepEqual((await line.get('/events?connection=wallet&status=needs_review')).data, [])
  assert.deepEqual(await reconcile('wallet'), [])
})

test('C08a a payment that names no order at all waits, and is left to a person past its lag', async (t) => {
  const hourAgo = () => new Date(Date.now() - 3_600_000)
  const { line, paypal, quiet, reconcile } = await openWitnesses(t, { wallet: { now: hourAgo } })
  paypal.steps.pay({ amountMinor: 4080n })
  await quiet()
  assert.ok(paypal.deliver.attempts.every(({ status }) => status === 200))
  assert.deepEqual((await line.get('/events?connection=wallet&status=needs_review')).data, [])
  await reconcile('wallet')
  const left = (await line.get('/events?connection=wallet&status=needs_review')).data
  assert.ok(left.length > 0 && left.every((event: any) => event.status_reason.includes('names no order')))
  assert.equal((await line.balances())['Assets:Clearing:wallet'], '38.89 USD', 'the money is in the books')
})

test('money that was given back on one side alone is a finding past its lag, until both sides know', async (t) => {
  let at = Date.now() - 3 * 3_600_000
  const { line, shop, card, quiet, reconcile } = await openWitnesses(t, { shop: { now: () => new Date(at) } })
  const sale = { n: '1', orderNumber: '1001', created: today - 4 * 3600 }
  const { id } = shop.steps.place(purchase)
  shop.steps.pay(id, { gateway: 'stripe' })
  await quiet()
  await card(charged('1', { created: sale.created }))
  assert.deepEqual(await reconcile('shop-eu'), [])
  at += 60_000 // a version of its own
  shop.after.refund(id, { amountMinor: 1000n })
  await quiet()
  assert.deepEqual(await reconcile('shop-eu'), ['refund_not_at_provider'])
  await card(stripeEvent('evt_re', 'refund.created', refundOf(sale, 1000), today))
  assert.deepEqual(await reconcile('shop-eu'), [])
  assert.equal((await line.order('1001')).totals.refunded.amount, '10.00')
  const other = refundOf(sale, 500, { id: 're_2', balance_transaction: 'txn_re_2' })
  await card(stripeEvent('evt_re2', 'refund.created', other, today))
  assert.deepEqual(await reconcile('shop-eu'), ['refund_not_in_shop'])
})
