import assert from 'node:assert/strict'
import { test } from 'node:test'
import type Stripe from 'stripe'
import { client, failure, manualClock, testTwin } from './support.ts'

const cart = {
  amount: 4080,
  currency: 'usd',
  orderNumber: '1001',
  items: [{ sku: 'TEE-M', quantity: 2, unitAmount: 2000 }],
  shipping: 80,
}

test('the official package reads every kind of object', async (t) => {
  const twin = await testTwin(t)
  const stripe = client(twin)
  const { world } = twin
  const paid = world.pay(cart)
  const refund = world.refund(paid.charge, { amount: 1000 })
  const dispute = world.dispute(world.pay({ amount: 500, currency: 'usd' }).charge)
  const payout = world.payout()
  const customer = world.customer({ email: 'a@example.com' })
  const invoice = world.bill({ customer: customer.id, currency: 'usd', items: cart.items })
  const read = await Promise.all([
    stripe.events.retrieve(world.events()[0]!.id),
    stripe.paymentIntents.retrieve(paid.intent.id),
    stripe.charges.retrieve(paid.charge.id),
    stripe.refunds.retrieve(refund.id),
    stripe.disputes.retrieve(dispute.id),
    stripe.payouts.retrieve(payout.id),
    stripe.balanceTransactions.retrieve(paid.charge.balance_transaction!),
    stripe.checkout.sessions.retrieve(paid.session!.id),
    stripe.customers.retrieve(customer.id),
    stripe.invoices.retrieve(invoice.id),
  ])
  for (const object of read) assert.equal(object.object, world.get(object.id)!.object)
})

test('line items come with their products when expanded', async (t) => {
  const twin = await testTwin(t)
  const { session } = twin.world.pay(cart)
  const lines = await client(twin).checkout.sessions.listLineItems(session!.id, {
    expand: ['data.price.product'],
  })
  const [line] = lines.data
  assert.deepEqual([line!.quantity, line!.amount_total], [2, 4000])
  assert.deepEqual((line!.price!.product as Stripe.Product).metadata, { sku: 'TEE-M' })
  const expanded = await client(twin).checkout.sessions.retrieve(session!.id, { expand: ['line_items'] })
  assert.equal(expanded.line_items!.data[0]!.id, line!.id)
})

test('ids are expanded along a path, and only where they are asked for', async (t) => {
  const twin = await testTwin(t)
  const stripe = client(twin)
  const { intent } = twin.world.pay(cart)
  const expanded = await stripe.paymentIntents.retrieve(intent.id, {
    expand: ['latest_charge.balance_transaction'],
  })
  const charge = expanded.latest_charge as Stripe.Charge
  assert.equal((charge.balance_transaction as Stripe.BalanceTransaction).fee, 148)
  assert.equal(typeof (await stripe.paymentIntents.retrieve(intent.id)).latest_charge, 'string')
  const error = await failure(stripe.paymentIntents.retrieve(intent.id, { expand: ['nothing'] }))
  assert.deepEqual([error.statusCode, error.param], [400, 'expand'])
})

test('a refund may be asked for the line of a failure that has not happened', async (t) => {
  const twin = await testTwin(t)
  const refund = twin.world.refund(twin.world.pay(cart).charge)
  const expand = ['balance_transaction', 'failure_balance_transaction']
  const read = () => client(twin).refunds.retrieve(refund.id, { expand })
  assert.equal(((await read()).balance_transaction as Stripe.BalanceTransaction).amount, -4080)
  twin.world.refundFails(refund)
  assert.equal(((await read()).failure_balance_transaction as Stripe.BalanceTransaction).amount, 4080)
})

test('lists are newest first and page to their end', async (t) => {
  const clock = manualClock()
  const twin = await testTwin(t, { now: clock.now })
  for (let n = 0; n < 25; n++) {
    twin.world.pay({ amount: 1000 + n, currency: 'usd' })
    // Most of them within one second: the order must hold there, too.
    if (n % 10 === 0) clock.advance(60)
  }
  const stripe = client(twin)
  const amounts: number[] = []
  for await (const charge of stripe.charges.list({ limit: 4 })) amounts.push(charge.amount)
  assert.deepEqual(
    amounts,
    Array.from({ length: 25 }, (_, index) => 1024 - index),
  )
  const first = await stripe.charges.list({})
  assert.deepEqual([first.data.length, first.has_more, first.url], [10, true, '/v1/charges'])
})

test('ending_before gives the page just before a cursor, newest first', async (t) => {
  const twin = await testTwin(t)
  for (let n = 0; n < 6; n++) twin.world.pay({ amount: 1000 + n, currency: 'usd' })
  const stripe = client(twin)
  const [, , , , fifth] = (await stripe.charges.list({ limit: 6 })).data
  const page = await stripe.charges.list({ limit: 2, ending_before: fifth!.id })
  assert.deepEqual(
    page.data.map(({ amount }) => amount),
    [1003, 1002],
  )
  assert.equal(page.has_more, true)
})

test('lists know their filters', async (t) => {
  const clock = manualClock()
  const twin = await testTwin(t, { now: clock.now })
  const { world } = twin
  const stripe = client(twin)
  const first = world.pay({ amount: 1000, currency: 'usd' })
  const from = first.charge.created
  clock.advance(10)
  const second = world.pay({ amount: 2000, currency: 'usd' })
  const refund = world.refund(second.charge)
  const payout = world.payout()
  const ids = async (list: Promise<{ data: { id: string }[] }>) => (await list).data.map(({ id }) => id)

  assert.deepEqual(await ids(stripe.charges.list({ created: { gt: from } })), [second.charge.id])
  assert.deepEqual(await ids(stripe.charges.list({ created: { gte: from, lt: from + 10 } })), [
    first.charge.id,
  ])
  assert.deepEqual(await ids(stripe.charges.list({ created: { lte: from } })), [first.charge.id])
  assert.deepEqual(await ids(stripe.charges.list({ created: from })), [first.charge.id])
  assert.deepEqual(await ids(stripe.charges.list({ payment_intent: second.intent.id })), [second.charge.id])
  assert.deepEqual(await ids(stripe.refunds.list({ charge: second.charge.id })), [refund.id])
  assert.deepEqual(await ids(stripe.refunds.list({ charge: first.charge.id })), [])
  assert.equal((await stripe.balanceTransactions.list({ payout: payout.id, limit: 100 })).data.length, 4)
  const types = (await stripe.events.list({ type: 'charge.*', limit: 100 })).data.map(({ type }) => type)
  assert.deepEqual(new Set(types), new Set(['charge.succeeded', 'charge.updated', 'charge.refunded']))
  const some = await stripe.events.list({ types: ['payout.created', 'refund.created'] })
  assert.deepEqual(
    some.data.map(({ type }) => type),
    ['payout.created', 'refund.created'],
  )
})

test('an invoice payment is found by its intent', async (t) => {
  const twin = await testTwin(t)
  const customer = twin.world.customer({}).id
  const { intent, payment } = twin.world.payInvoice(
    twin.world.bill({ customer, currency: 'usd', items: cart.items }),
  )
  const stripe = client(twin)
  const found = await stripe.invoicePayments.list({
    payment: { type: 'payment_intent', payment_intent: intent.id },
  })
  assert.deepEqual(
    found.data.map(({ id }) => id),
    [payment.id],
  )
})

test('what is wrong is said in Stripe’s words', async (t) => {
  const twin = await testTwin(t, { apiKey: 'sk_test_right' })
  const stripe = client(twin, 'sk_test_right')
  const said = async (work: Promise<unknown>) => {
    const { statusCode, code, param } = await failure(work)
    return [statusCode, code, param]
  }
  assert.deepEqual(await said(client(twin, 'sk_test_wrong').charges.list()), [401, undefined, undefined])
  assert.deepEqual(await said(stripe.charges.retrieve('ch_none')), [404, 'resource_missing', 'id'])
  assert.deepEqual(await said(stripe.paymentIntents.retrieve('pi_none')), [404, 'resource_missing', 'intent'])
  assert.deepEqual(await said(stripe.charges.list({ limit: 101 })), [
    400,
    'parameter_invalid_integer',
    'limit',
  ])
  assert.deepEqual(await said(stripe.charges.list({ limit: 0 })), [400, 'parameter_invalid_integer', 'limit'])
  const cursor = stripe.charges.list({ starting_after: 'ch_none' })
  assert.deepEqual(await said(cursor), [400, 'resource_missing', 'starting_after'])
  const unknown = stripe.charges.list({ colour: 'red' } as Stripe.ChargeListParams)
  assert.deepEqual(await said(unknown), [400, 'parameter_unknown', 'colour'])
  assert.deepEqual(await said(stripe.topups.list()), [404, undefined, undefined])
  assert.deepEqual(await said(stripe.refunds.create({ charge: 'ch_none' })), [
    400,
    'resource_missing',
    'charge',
  ])
})

test('without a key nothing is answered', async (t) => {
  const twin = await testTwin(t)
  const response = await fetch(`${twin.url}/v1/charges`)
  assert.equal(response.status, 401)
  assert.match(await response.text(), /You did not provide an API key/)
})

test('refunds are made by charge or intent, and not beyond what is left', async (t) => {
  const twin = await testTwin(t)
  const stripe = client(twin)
  const { intent, charge } = twin.world.pay(cart)
  const made = await stripe.refunds.create({
    payment_intent: intent.id,
    amount: 1000,
    metadata: { ordersync_id: 'r1' },
  })
  assert.deepEqual([made.amount, made.status, made.metadata], [1000, 'succeeded', { ordersync_id: 'r1' }])
  const tooMuch = await failure(stripe.refunds.create({ charge: charge.id, amount: 4000 }))
  assert.deepEqual([tooMuch.statusCode, tooMuch.param], [400, 'amount'])
  await stripe.refunds.create({ charge: charge.id })
  assert.equal((await failure(stripe.refunds.create({ charge: charge.id }))).code, 'charge_already_refunded')
  const disputed = twin.world.pay(cart).charge
  twin.world.dispute(disputed)
  assert.equal((await failure(stripe.refunds.create({ charge: disputed.id }))).code, 'charge_disputed')
})

test('a key makes a POST once, whatever is repeated', async (t) => {
  const twin = await testTwin(t)
  const stripe = client(twin)
  const { charge } = twin.world.pay(cart)
  const once = () => stripe.refunds.create({ charge: charge.id, amount: 100 }, { idempotencyKey: 'refund-1' })
  const [first, second] = [await once(), await once()]
  assert.equal(first.id, second.id)
  assert.equal(second.lastResponse.headers['idempotent-replayed'], 'true')
  assert.equal(charge.amount_refunded, 100)
  const other = await failure(
    stripe.refunds.create({ charge: charge.id, amount: 200 }, { idempotencyKey: 'refund-1' }),
  )
  assert.deepEqual([other.statusCode, other.type], [400, 'StripeIdempotencyError'])
  const event = twin.world.events().find(({ type }) => type === 'refund.created')
  assert.equal(event!.request.idempotency_key, 'refund-1')
})

test('intents are confirmed, captured and canceled', async (t) => {
  const twin = await testTwin(t)
  const stripe = client(twin)
  const made = await stripe.paymentIntents.create({ amount: 2000, currency: 'usd', capture_method: 'manual' })
  assert.equal(made.status, 'requires_payment_method')
  assert.equal((await stripe.paymentIntents.confirm(made.id)).status, 'requires_capture')
  const captured = await stripe.paymentIntents.capture(made.id, { amount_to_capture: 1500 })
  assert.deepEqual([captured.status, captured.amount_received], ['succeeded', 1500])
  const again = await failure(stripe.paymentIntents.cancel(made.id))
  assert.equal(again.code, 'payment_intent_unexpected_state')
  const other = await stripe.paymentIntents.create({ amount: 2000, currency: 'usd' })
  assert.equal((await stripe.paymentIntents.cancel(other.id)).status, 'canceled')
})

test('an endpoint shows its secret once, and is changed and deleted', async (t) => {
  const twin = await testTwin(t)
  const stripe = client(twin)
  const made = await stripe.webhookEndpoints.create({
    url: 'https://shop.example/hook',
    enabled_events: ['charge.succeeded'],
  })
  assert.match(made.secret!, /^whsec_/)
  assert.equal((await stripe.webhookEndpoints.retrieve(made.id)).secret, undefined)
  const changed = await stripe.webhookEndpoints.update(made.id, { disabled: true, enabled_events: ['*'] })
  assert.deepEqual([changed.status, changed.enabled_events], ['disabled', ['*']])
  assert.equal((await stripe.webhookEndpoints.del(made.id)).deleted, true)
  assert.deepEqual((await stripe.webhookEndpoints.list()).data, [])
})
