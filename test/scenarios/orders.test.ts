import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Line, openLine } from '../support/line.ts'
import { chargeOf, intentOf, refundOf, type Sale, stripeEvent } from '../support/stripe-events.ts'

const items = [{ sku: 'TEE-M', quantity: 2, unit_price: '20.40', title: 'Tee' }]
const sale = (n: string, more: Partial<Sale> = {}): Sale => ({ n, items, ...more })
const charge = (s: Sale, over: object = {}) =>
  stripeEvent(`evt_${s.n}_c`, 'charge.succeeded', chargeOf(s, over))
const intent = (s: Sale, over: object = {}) =>
  stripeEvent(`evt_${s.n}_i`, 'payment_intent.succeeded', intentOf(s, over))

async function stocked(t: Parameters<typeof openLine>[0], file = {}): Promise<Line> {
  const line = await openLine(t, file)
  const { status } = await line.call('PUT', '/inventory/TEE-M', { on_hand: 100 })
  assert.equal(status, 200)
  return line
}

test('a signed webhook becomes a paid order, stock, books, a mail and a request', async (t) => {
  const line = await stocked(t)
  const s = sale('1')
  await line.take(charge(s), intent(s))
  const order = await line.order('T-1')
  assert.equal(order.payment_status, 'paid')
  assert.equal(order.number, 'T-1')
  assert.equal(order.fulfillment_status, 'requested')
  assert.deepEqual(await line.get('/inventory/TEE-M'), {
    sku: 'TEE-M',
    on_hand: 100,
    committed: 2,
    available: 98,
  })
  const balances = await line.balances()
  assert.equal(balances['Assets:Clearing:stripe-test'], '40.80 USD')
  assert.equal(balances['Income:Sales'], '-40.80 USD')
  assert.equal(balances['Liabilities:Customers'] ?? '0.00 USD', '0.00 USD')
  assert.equal(line.recorders.mails.size, 1)
  assert.equal(line.recorders.requestsByOrder.get(order.id)?.size, 1)
})

test('C04 an intent alone, without a browser, is a paid order', async (t) => {
  const line = await stocked(t)
  await line.take(intent(sale('4')))
  assert.equal((await line.order('T-4')).payment_status, 'paid')
})

test('C08b one declined attempt is failed: no stock, no mail, no request', async (t) => {
  const line = await stocked(t)
  const s = sale('8')
  await line.take(
    stripeEvent(
      'evt_8',
      'charge.failed',
      chargeOf(s, {
        status: 'failed',
        captured: false,
        paid: false,
        amount_captured: 0,
        failure_code: 'card_declined',
      }),
    ),
  )
  assert.equal((await line.order('T-8')).payment_status, 'failed')
  assert.equal((await line.get('/inventory/TEE-M')).committed, 0)
  assert.equal(line.recorders.mails.size, 0)
  assert.equal(line.recorders.requests.size, 0)
})

test('C09 an intent that is created and processing is pending, and nothing goes out', async (t) => {
  const line = await stocked(t)
  const s = sale('9')
  const none = { latest_charge: null, amount_received: 0 }
  await line.take(
    stripeEvent(
      'evt_9a',
      'payment_intent.created',
      intentOf(s, { ...none, status: 'requires_payment_method' }),
    ),
    stripeEvent('evt_9b', 'payment_intent.processing', intentOf(s, { ...none, status: 'processing' })),
  )
  const order = await line.order('T-9')
  assert.equal(order.payment_status, 'pending')
  assert.equal(line.recorders.mails.size + line.recorders.requests.size, 0)
})

test('C12 refund, poll and replay of an old order send no second receipt; the refund has a mail of its own', async (t) => {
  const line = await stocked(t)
  const s = sale('12')
  await line.take(charge(s), intent(s))
  await line.take(stripeEvent('evt_12_r', 'refund.created', refundOf(s, 1000)))
  const { data } = await line.get('/events')
  for (const event of data)
    assert.equal((await line.call('POST', `/events/${event.id}/replay`, { dry_run: false })).status, 200)
  await line.quiet()
  const effects = await line.effects('T-12')
  assert.deepEqual(
    effects
      .filter((e) => e.sink === 'receipt')
      .map((e) => e.kind)
      .sort(),
    ['receipt', 'refund_notice'],
  )
  assert.equal(line.recorders.mails.size, 2)
  assert.equal(Math.max(...line.recorders.mails.values()), 1)
})

test('C19 a late capture webhook after a full refund leaves the order refunded', async (t) => {
  const line = await stocked(t)
  const s = sale('19')
  await line.take(stripeEvent('evt_19_r', 'refund.created', refundOf(s, 4080)))
  await line.take(intent(s))
  assert.equal((await line.order('T-19')).payment_status, 'refunded')
  await line.take(charge(s))
  const order = await line.order('T-19')
  assert.equal(order.payment_status, 'refunded')
  assert.equal((await line.get('/inventory/TEE-M')).committed, 0)
  assert.equal(line.recorders.requests.size, 0, 'nothing is shipped')
})

test('C20 an abandoned attempt that fails late does not touch an order that another attempt paid', async (t) => {
  const line = await stocked(t)
  const s = sale('20')
  await line.take(charge(s))
  await line.take(
    stripeEvent(
      'evt_20_f',
      'charge.failed',
      chargeOf(s, {
        id: 'ch_20_old',
        payment_intent: 'pi_20_old',
        status: 'failed',
        captured: false,
        paid: false,
        amount_captured: 0,
      }),
    ),
    stripeEvent(
      'evt_20_x',
      'payment_intent.canceled',
      intentOf(s, { id: 'pi_20_old', latest_charge: 'ch_20_old', status: 'canceled', amount_received: 0 }),
    ),
  )
  const order = await line.order('T-20')
  assert.equal(order.payment_status, 'paid')
  const failed = (await line.history('T-20')).filter((row) => row.type === 'payment_failed')
  assert.equal(failed.length, 1, 'the failed attempt is in the history')
})

test('C28 a refund that succeeds and then fails stops counting, in either order of arrival', async (t) => {
  const line = await stocked(t)
  for (const [n, isReversed] of [
    ['28a', false],
    ['28b', true],
  ] as const) {
    const s = sale(n)
    const succeeded = stripeEvent(`evt_${n}_s`, 'refund.created', refundOf(s, 1000))
    const failed = stripeEvent(
      `evt_${n}_f`,
      'refund.failed',
      refundOf(s, 1000, {
        status: 'failed',
        failure_reason: 'unknown',
        failure_balance_transaction: `txn_f_${n}`,
      }),
    )
    await line.take(charge(s), ...(isReversed ? [failed, succeeded] : [succeeded, failed]))
    const order = await line.order(`T-${n}`)
    assert.equal(order.payment_status, 'paid')
    assert.equal(order.totals.refunded.amount, '0.00')
    assert.ok(order.needs_review.some((review: { code: string }) => review.code === 'refund_failed'))
  }
  const balances = await line.balances()
  assert.equal(balances['Assets:Clearing:stripe-test'], '81.60 USD')
  assert.equal(balances['Income:Returns'] ?? '0.00 USD', '0.00 USD')
})

test('C31 amounts in currencies with no and three decimals are exact', async (t) => {
  const line = await openLine(t)
  const one = (n: string, currency: string, amount: number) => charge({ n, currency, amount })
  await line.take(one('jpy', 'jpy', 500), one('kwd', 'kwd', 1230), one('isk', 'isk', 500000))
  assert.deepEqual((await line.order('T-jpy')).totals.captured, { amount: '500', currency: 'JPY' })
  assert.deepEqual((await line.order('T-kwd')).totals.captured, { amount: '1.230', currency: 'KWD' })
  assert.deepEqual((await line.order('T-isk')).totals.captured, { amount: '5000', currency: 'ISK' })
})

test('C34 a partial refund is partially_refunded and the order stays open', async (t) => {
  const line = await stocked(t)
  const s = sale('34')
  await line.take(charge(s), stripeEvent('evt_34_r', 'refund.created', refundOf(s, 1000)))
  const order = await line.order('T-34')
  assert.equal(order.payment_status, 'partially_refunded')
  assert.equal(order.status, 'open')
})

test('C38 an event of the other mode is 403 and nothing is stored', async (t) => {
  const line = await openLine(t)
  const live = stripeEvent(
    'evt_38',
    'charge.succeeded',
    chargeOf(sale('38'), { livemode: true }),
    undefined,
    { livemode: true },
  )
  assert.equal((await line.send(live)).status, 403)
  assert.equal((await line.get('/events')).data.length, 0)
})

test('C40 a capture of one cent on an order of 40.80 is partly paid, under review, and nothing ships', async (t) => {
  const line = await stocked(t)
  const s = sale('40', { metadata: { order_total: '40.80' }, amount: 1 })
  await line.take(charge(s))
  const order = await line.order('T-40')
  assert.equal(order.payment_status, 'partially_paid')
  assert.ok(
    order.needs_review.some(
      (review: { code: string; holds: boolean }) => review.code === 'amount_mismatch' && review.holds,
    ),
  )
  assert.equal(line.recorders.requests.size, 0)
})

test('C41 odd bytes come back as they were sent', async (t) => {
  const line = await openLine(t)
  const body = Buffer.from(
    '{ "id":"evt_41",\r\n "object":"event","type":"x.unknown" , "n":9007199254740993, "e":1e2, "u":"\\u0000\\/\\u0026", "livemode":false,"created":1767268800, "id2":1, "id2":2, "data":{"object":{}} }\n\n',
  )
  const answer = await line.send({ id: 'evt_41', type: 'x.unknown', body })
  assert.equal(answer.status, 200)
  const response = await fetch(`${line.running.url}/api/v1/events/${answer.body.id}/raw`, {
    headers: { authorization: 'Bearer line-test-admin-key-0123456789abcdef01234' },
  })
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), body)
})

test('C42 a signed type never seen before is 200 and ignored', async (t) => {
  const line = await openLine(t)
  const answer = await line.send(stripeEvent('evt_42', 'some.future.type', { id: 'obj_1', object: 'thing' }))
  assert.equal(answer.status, 200)
  await line.quiet()
  const event = await line.get(`/events/${answer.body.id}`)
  assert.equal(event.status, 'ignored')
  assert.ok(event.status_reason)
})

test('a checkout that expires makes no order and waits for nothing', async (t) => {
  const line = await openLine(t)
  const session = {
    id: 'cs_1',
    object: 'checkout.session',
    amount_total: 4080,
    amount_subtotal: 4080,
    client_reference_id: 'T-cart',
    created: 1_767_268_800,
    currency: 'usd',
    customer_details: null,
    livemode: false,
    metadata: {},
    mode: 'payment',
    payment_intent: null,
    payment_status: 'unpaid',
    status: 'expired',
  }
  const event = stripeEvent('evt_cart', 'checkout.session.expired', session)
  await line.take(event)
  const { data } = await line.get('/events')
  assert.equal(data[0].status, 'processed')
  assert.equal((await line.get('/orders')).data.length, 0)
})
