import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { assertPublished } from '../sinks/outgoing/schema.ts'
import { endpoint, type Received, type Reply } from '../sinks/support.ts'
import { lifo } from '../support/lifo.ts'
import { type Line, openLine } from '../support/line.ts'
import { chargeOf, refundOf, stripeEvent } from '../support/stripe-events.ts'
import { until } from '../support/wait.ts'

const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`
const items = [{ sku: 'TEE-M', quantity: 2, unit_price: '20.40', title: 'T-shirt' }]

/** A line and one app for each handler, every event of orders and payments wanted. */
async function lineWith(context: TestContext, ...handlers: ((received: Received) => Reply)[]) {
  const t = lifo(context)
  const apps = await Promise.all(handlers.map((handler) => endpoint(t as TestContext, handler)))
  const outgoing = apps.map(({ url }) => ({
    url,
    secret,
    events: ['order.*', 'payment.*', 'payout.*', 'checkout.*'],
  }))
  const line = await openLine(t as TestContext, { sinks: { outgoing } })
  return { line, apps }
}

const ok = () => ({ status: 200 })
const sale = { n: 'one', orderNumber: '1001', items }
const paid = stripeEvent('evt_paid', 'charge.succeeded', chargeOf(sale))
const refunded = stripeEvent('evt_refund', 'refund.created', refundOf(sale, 1000))

function bodyOf(received: Received): any {
  return JSON.parse(received.body.toString('utf8'))
}

async function outgoingOf(line: Line): Promise<any[]> {
  return (await line.get('/effects?sink=outgoing')).data
}

test('an app is told once of what happens to an order, signed, as the API shows it', async (t) => {
  const { line, apps } = await lineWith(t, ok)
  await line.take(paid, stripeEvent('evt_again', 'charge.succeeded', chargeOf(sale)))
  await line.take(refunded)
  const received = apps[0]!.received
  assert.deepEqual(received.map((one) => bodyOf(one).type).sort(), [
    'order.paid',
    'order.placed',
    'order.refunded',
  ])
  for (const one of received) {
    new Webhook(secret).verify(one.body, one.headers as Record<string, string>)
    assertPublished(bodyOf(one))
  }
  assert.equal(new Set(received.map(({ headers }) => headers['webhook-id'])).size, 3)
  const refund = bodyOf(received.find((one) => bodyOf(one).type === 'order.refunded')!)
  const order = await line.order('1001')
  assert.equal(refund.data.order_id, order.id)
  assert.equal(refund.data.number, '1001')
  assert.deepEqual(refund.data.refund, {
    id: 're_one',
    status: 'succeeded',
    amount: { amount: '10.00', currency: 'USD' },
  })
  assert.deepEqual({ ...refund.data.order, updated_at: '' }, { ...order, updated_at: '' })
  assert.deepEqual(refund.data.order.customer, { email: 'buyer-one@shop.example', name: 'Ada Buyer' })
})

test('C50, C51: an event that could not be delivered is sent again, the same bytes, as it was when it happened', async (t) => {
  let isUp = false
  const { line, apps } = await lineWith(t, () => (isUp ? { status: 204 } : { status: 500 }))
  assert.equal((await line.send(paid)).status, 200)
  await until('two attempts failed', () => apps[0]!.received.length >= 2)
  await line.send(refunded)
  await until('the refund was tried', () =>
    apps[0]!.received.some((one) => bodyOf(one).type === 'order.refunded'),
  )
  isUp = true
  for (const effect of await outgoingOf(line)) await line.call('POST', `/effects/${effect.id}/retry`)
  await until('all is told', async () => (await outgoingOf(line)).every((effect) => effect.state === 'done'))
  const bodies = new Map<string, Set<string>>()
  for (const one of apps[0]!.received) {
    const id = String(one.headers['webhook-id'])
    bodies.set(id, (bodies.get(id) ?? new Set()).add(one.body.toString('utf8')))
  }
  assert.ok(
    [...bodies.values()].every((texts) => texts.size === 1),
    'a repeat had other bytes',
  )
  const told = [...bodies.values()].map((texts) => JSON.parse([...texts][0]!))
  const first = told.find(({ type }) => type === 'order.paid').data.order
  const last = told.find(({ type }) => type === 'order.refunded').data.order
  assert.equal(first.payment_status, 'paid')
  assert.equal(first.totals.refunded.amount, '0.00')
  assert.equal(last.payment_status, 'partially_refunded')
  assert.ok(first.version < last.version)
})

test('a dead app delays no other, and one that says 410 is not called again', async (t) => {
  const { line, apps } = await lineWith(
    t,
    () => 'silent',
    ok,
    () => ({ status: 410 }),
  )
  await line.send(paid)
  await until('the second app is told', () => apps[1]!.received.length === 2)
  await until('the third app is disabled', async () =>
    (await outgoingOf(line)).some((effect) => effect.last_error?.includes('410')),
  )
  const calls = apps[2]!.received.length
  await line.send(refunded)
  await until('the second app is told of the refund', () => apps[1]!.received.length === 3)
  const failed = await until('the third app is left alone', async () =>
    (await outgoingOf(line)).find((effect) => effect.kind === 'order.refunded' && effect.state === 'failed'),
  )
  assert.match(failed.last_error, /^disabled: the receiver said 410/)
  assert.equal(apps[2]!.received.length, calls)
})

test('replay by an operator sends the original bytes under the original id', async (t) => {
  const { line, apps } = await lineWith(t, ok)
  await line.take(paid)
  const [effect] = (await outgoingOf(line)).filter(({ kind }) => kind === 'order.paid')
  assert.equal((await line.call('POST', `/effects/${effect.id}/retry`)).status, 200)
  await until(
    'it came again',
    () => apps[0]!.received.filter((one) => bodyOf(one).type === 'order.paid').length === 2,
  )
  await line.quiet()
  const { data: attempts } = await line.get(`/effects/${effect.id}/attempts`)
  assert.deepEqual(
    attempts.map((one: { attempt: number; outcome: string }) => [one.attempt, one.outcome]),
    [
      [2, 'done'],
      [1, 'done'],
    ],
    'each delivery is in the log',
  )
  const [first, second] = apps[0]!.received.filter((one) => bodyOf(one).type === 'order.paid')
  assert.equal(first!.headers['webhook-id'], second!.headers['webhook-id'])
  assert.equal(first!.headers['webhook-id'], effect.id)
  assert.deepEqual(first!.body, second!.body)
})

test('a cart that nobody paid is told of once, and an order whose other checkout expired is none', async (t) => {
  const { line, apps } = await lineWith(t, ok)
  const session = (id: string, n: string) => ({
    id,
    object: 'checkout.session',
    created: 1_767_268_800,
    currency: 'usd',
    livemode: false,
    metadata: {},
    mode: 'payment',
    payment_intent: `pi_${n}`,
    payment_status: 'unpaid',
    status: 'expired',
  })
  await line.take(paid)
  await line.take(
    stripeEvent('evt_gone', 'checkout.session.expired', session('cs_gone', 'nobody')),
    stripeEvent('evt_gone_again', 'checkout.session.expired', session('cs_gone', 'nobody')),
    stripeEvent('evt_other', 'checkout.session.expired', session('cs_other', 'one')),
  )
  const told = apps[0]!.received.map(bodyOf).filter(({ type }) => type === 'checkout.abandoned')
  assert.deepEqual(
    told.map(({ data }) => data.checkout),
    [{ id: 'cs_gone' }],
  )
  for (const one of told) assertPublished(one)
})
