import assert from 'node:assert/strict'
import { test } from 'node:test'
import { intentOf, stripeEvent } from '../../support/stripe-events.ts'
import { paidSale, refundedSale, startAdmin } from './support.ts'

const items = [{ sku: 'TEE-M', quantity: 2, unit_price: '20.40', title: 'Tee' }]

test('an order is shown with money in decimals, its goods, its customer and its references', async (t) => {
  const admin = await startAdmin(t)
  await admin.learn(...paidSale({ n: 1, items }), refundedSale({ n: 1 }, 1000))
  const id = (await admin.get('/orders')).body.data[0].id
  const { body: order } = await admin.get(`/orders/${id}`)
  assert.deepEqual(order, (await admin.get('/orders')).body.data[0], 'the list shows the same')
  assert.equal(order.number, 'T-1')
  assert.equal(order.payment_status, 'partially_refunded')
  assert.deepEqual(order.totals.captured, { amount: '40.80', currency: 'USD' })
  assert.deepEqual(order.totals.refunded, { amount: '10.00', currency: 'USD' })
  assert.deepEqual(order.line_items[0].unit_price, { amount: '20.40', currency: 'USD' })
  assert.equal(order.customer.email, 'buyer-1@shop.example')
  assert.deepEqual(
    order.references.map(({ kind, id: reference }: { kind: string; id: string }) => `${kind} ${reference}`),
    ['charge ch_1', 'payment_intent pi_1', 'refund re_1'],
  )
  assert.equal((await admin.get('/orders/ord_nothing')).status, 404)
})

test('currencies with no and with three decimals are printed with exactly theirs', async (t) => {
  const admin = await startAdmin(t)
  await admin.learn(
    ...paidSale({ n: 1, amount: 5000, currency: 'jpy' }),
    ...paidSale({ n: 2, amount: 12340, currency: 'kwd' }),
  )
  const [kwd, jpy] = (await admin.get('/orders')).body.data
  assert.deepEqual(jpy.totals.captured, { amount: '5000', currency: 'JPY' })
  assert.deepEqual(kwd.totals.captured, { amount: '12.340', currency: 'KWD' })
})

test('viewers see that there is a customer, not who', async (t) => {
  const admin = await startAdmin(t)
  const [event] = await admin.learn(
    ...paidSale({ n: 1, email: 'canary@shop.example', items }),
    refundedSale({ n: 1 }, 1000),
  )
  const viewer = await admin.as('viewer')
  const id = (await viewer('GET', '/orders')).body.data[0].id
  assert.deepEqual((await viewer('GET', `/orders/${id}`)).body.customer, { email: '***', name: '***' })
  for (const path of [
    '/orders',
    `/orders/${id}`,
    `/orders/${id}/history`,
    `/orders/${id}/effects`,
    `/orders/${id}/ledger`,
    '/events',
    `/events/${event}`,
    '/effects',
    '/ledger/entries',
    '/ledger/export?format=hledger',
    '/deliveries',
    '/audit',
    '/status',
    '/connections',
  ]) {
    const { bytes, status } = await viewer('GET', path)
    assert.equal(status, 200, path)
    assert.ok(!/canary|Ada|Buyer|Main St/.test(bytes.toString()), `${path} names the customer`)
  }
  assert.equal((await viewer('GET', `/events/${event}/raw`)).status, 403)
  const operator = await admin.as('operator')
  assert.equal((await operator('GET', `/orders/${id}`)).body.customer.email, 'canary@shop.example')
})

test('as of a time an order is as we knew it then, for ever', async (t) => {
  const admin = await startAdmin(t)
  await admin.learn(
    stripeEvent(
      'evt_0',
      'payment_intent.created',
      intentOf({ n: 1 }, { amount_received: 0, latest_charge: null, status: 'requires_payment_method' }),
    ),
  )
  const id = (await admin.get('/orders')).body.data[0].id
  const asked: { [at: string]: string } = {}
  const note = async (at: string) => {
    const answer = await admin.get(`/orders/${id}?as_of=${at}`)
    assert.equal(answer.status, 200)
    asked[at] = answer.bytes.toString()
    return answer.body
  }
  const first = await note((await admin.get('/status')).body.head.recorded_at)
  assert.equal(first.payment_status, 'pending')
  const early = await note('2099-01-01T00:00:00Z')
  assert.match(early.as_of, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
  assert.equal(early.as_of, first.as_of, 'a time later than the newest record is answered as of that record')
  delete asked['2099-01-01T00:00:00Z']
  await note(early.as_of)
  await admin.learn(...paidSale({ n: 1, items }))
  const paid = await note((await admin.get('/status')).body.head.recorded_at)
  assert.equal(paid.payment_status, 'paid')
  await admin.learn(refundedSale({ n: 1 }, 4080), ...paidSale({ n: 2 }))
  await admin.ask('PUT', '/inventory/TEE-M', { body: { on_hand: 9 } })
  for (const [at, text] of Object.entries(asked))
    assert.equal((await admin.get(`/orders/${id}?as_of=${at}`)).bytes.toString(), text, at)
  const { as_of: asOf, ...now } = (await admin.get(`/orders/${id}?as_of=2099-01-01T00:00:00Z`)).body
  assert.ok(asOf > paid.as_of)
  assert.deepEqual(now, (await admin.get(`/orders/${id}`)).body)
  const before = new Date(Date.parse(first.as_of) - 1).toISOString()
  assert.equal((await admin.get(`/orders/${id}?as_of=${before}`)).status, 404, 'before we knew it')
  assert.equal((await admin.get(`/orders/${id}?as_of=2020-01-01T00:00:00Z`)).status, 404)
  assert.equal((await admin.get(`/orders/${id}?as_of=then`)).status, 400)
})

test('while a slow commit is under way, as_of is answered as of the newest link, and that stays', async (t) => {
  const admin = await startAdmin(t)
  await admin.learn(...paidSale({ n: 1 }))
  const id = (await admin.get('/orders')).body.data[0].id
  const slow = await admin.system.db.worker.connect()
  await slow.query('begin')
  await slow.query('select seq from chain_head for update')
  const refund = admin.learn(refundedSale({ n: 1 }, 1000))
  const during = await admin.get(`/orders/${id}?as_of=2099-01-01T00:00:00Z`)
  await slow.query('commit')
  slow.release()
  await refund
  const after = await admin.get(`/orders/${id}?as_of=${during.body.as_of}`)
  assert.deepEqual(after.body, during.body)
  assert.equal((await admin.get(`/orders/${id}`)).body.payment_status, 'partially_refunded')
})

test('an order that is only a reference so far is not shown', async (t) => {
  const admin = await startAdmin(t)
  await admin.learn(refundedSale({ n: 1 }, 1000))
  assert.deepEqual((await admin.get('/orders')).body.data, [])
  const { rows } = await admin.system.db.web.query<{ id: string }>('select id from orders')
  assert.equal(rows.length, 1)
  assert.equal((await admin.get(`/orders/${rows[0]!.id}`)).status, 404)
  const unknown = (await admin.get('/status')).body.head.recorded_at
  await admin.learn(...paidSale({ n: 1 }))
  assert.equal((await admin.get(`/orders/${rows[0]!.id}`)).body.payment_status, 'partially_refunded')
  assert.equal((await admin.get(`/orders/${rows[0]!.id}?as_of=${unknown}`)).status, 404)
})
