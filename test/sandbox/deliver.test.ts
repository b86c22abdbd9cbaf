import assert from 'node:assert/strict'
import { test } from 'node:test'
import Stripe from 'stripe'
import { createDeliver } from '../../src/sandbox/deliver.ts'
import { stripeSignature } from '../../src/sandbox/sign.ts'
import { client, manualClock, type Received, testReceiver, testTwin, testWorld } from './support.ts'

const secret = 'whsec_test'
const typeOf = ({ body }: Received) => (JSON.parse(body.toString()) as Stripe.Event).type
const idOf = ({ body }: Received) => (JSON.parse(body.toString()) as Stripe.Event).id
const small = { amount: 1000, currency: 'usd', fee: 'later' } as const

test('deliveries carry a signature that the official package accepts', async (t) => {
  const { url, received } = await testReceiver(t)
  const twin = await testTwin(t, { webhookUrl: url, secret })
  twin.world.pay(small)
  await twin.deliver.settled()
  assert.deepEqual(received.map(typeOf).sort(), [
    'charge.succeeded',
    'payment_intent.created',
    'payment_intent.succeeded',
  ])
  for (const { body, signature } of received) {
    const event = Stripe.webhooks.constructEvent(body, signature!, secret)
    assert.equal(event.object, 'event')
  }
  assert.deepEqual(new Set(received.map(idOf)), twin.deliver.acknowledged)
})

test('two secrets give two signatures', () => {
  const body = Buffer.from('{}')
  const header = stripeSignature(body, ['whsec_a', 'whsec_b'], new Date())
  for (const each of ['whsec_a', 'whsec_b']) Stripe.webhooks.signature!.verifyHeader('{}', header, each)
})

test('what is not acknowledged is repeated, three times in test mode', async (t) => {
  const { url, received } = await testReceiver(t, () => 500)
  const twin = await testTwin(t, { webhookUrl: url, secret })
  twin.world.pay(small)
  await twin.deliver.settled()
  assert.equal(received.length, 3 * 4)
  assert.equal(twin.deliver.acknowledged.size, 0)
  assert.deepEqual(
    twin.deliver.attempts
      .filter(({ type }) => type === 'charge.succeeded')
      .map(({ attempt, status }) => [attempt, status]),
    [
      [1, 500],
      [2, 500],
      [3, 500],
      [4, 500],
    ],
  )
})

test('a redirect is no acknowledgement, and a repetition that works ends it', async (t) => {
  const { url, received } = await testReceiver(t, (count) => (count === 1 ? 302 : 204))
  const twin = await testTwin(t, { webhookUrl: url, secret })
  twin.world.customer({})
  await twin.deliver.settled()
  assert.equal(received.length, 2)
  assert.equal(twin.deliver.acknowledged.size, 1)
})

test('nobody listening is an attempt without a status', async (t) => {
  const twin = await testTwin(t, { webhookUrl: 'http://127.0.0.1:9/', secret, retriesMs: [] })
  twin.world.customer({})
  await twin.deliver.settled()
  const [attempt] = twin.deliver.attempts
  assert.equal(attempt!.status, undefined)
  assert.ok(attempt!.error)
})

test('undelivered events can be listed, and delivered ones not', async (t) => {
  const { url } = await testReceiver(t)
  const twin = await testTwin(t, { webhookUrl: url, secret })
  twin.deliver.fate = (event) => (event.type === 'charge.succeeded' ? { lose: true } : undefined)
  twin.world.pay(small)
  await twin.deliver.settled()
  const missed = await client(twin).events.list({ delivery_success: false })
  assert.deepEqual(
    missed.data.map(({ type }) => type),
    ['charge.succeeded'],
  )
  assert.deepEqual(
    [...twin.deliver.lost],
    missed.data.map(({ id }) => id),
  )
})

test('a lost event can be sent again from the dashboard', async (t) => {
  const { url, received } = await testReceiver(t)
  const twin = await testTwin(t, { webhookUrl: url, secret, mischief: { lose: 1 } })
  twin.world.customer({})
  await twin.deliver.settled()
  assert.equal(received.length, 0)
  twin.deliver.resend(twin.world.events()[0]!.id)
  await twin.deliver.settled()
  assert.equal(received.length, 1)
})

test('an event can come twice, with one id', async (t) => {
  const { url, received } = await testReceiver(t)
  const twin = await testTwin(t, { webhookUrl: url, secret, mischief: { duplicate: 1 } })
  twin.world.customer({})
  await twin.deliver.settled()
  assert.equal(received.length, 2)
  assert.equal(new Set(received.map(idOf)).size, 1)
})

test('held events are let go in the order asked for', async (t) => {
  const { url, received } = await testReceiver(t)
  const twin = await testTwin(t, { webhookUrl: url, secret, concurrency: 1 })
  twin.deliver.hold()
  twin.world.pay(small)
  await twin.deliver.settled()
  assert.equal(received.length, 0)
  twin.deliver.release('reversed')
  await twin.deliver.settled()
  assert.deepEqual(received.map(typeOf), [
    'payment_intent.succeeded',
    'charge.succeeded',
    'payment_intent.created',
  ])
})

for (const corrupt of ['body', 'signature', 'unsigned', 'stale'] as const) {
  test(`a delivery damaged in its ${corrupt} is refused by the official package, its repetition is not`, async (t) => {
    const { url, received } = await testReceiver(t, (count) => (count === 1 ? 401 : 200))
    const twin = await testTwin(t, { webhookUrl: url, secret })
    twin.deliver.fate = () => ({ corrupt })
    twin.world.customer({})
    await twin.deliver.settled()
    const [damaged, repeated] = received
    assert.throws(() => Stripe.webhooks.constructEvent(damaged!.body, damaged!.signature ?? '', secret))
    Stripe.webhooks.constructEvent(repeated!.body, repeated!.signature!, secret)
  })
}

test('the same seed brings the same misfortune', async (t) => {
  const fates = async () => {
    const { url } = await testReceiver(t)
    const twin = await testTwin(t, {
      webhookUrl: url,
      secret,
      mischief: { lose: 0.3, duplicate: 0.3 },
      concurrency: 1,
    })
    for (let n = 0; n < 10; n++) twin.world.pay(small)
    await twin.deliver.settled()
    return [[...twin.deliver.lost], twin.deliver.attempts.map(({ eventId }) => eventId)]
  }
  assert.deepEqual(await fates(), await fates())
})

test('an endpoint gets the types that it asked for, in the version that it asked for', async (t) => {
  const { url, received } = await testReceiver(t)
  const twin = await testTwin(t)
  await client(twin).webhookEndpoints.create({
    url,
    enabled_events: ['charge.succeeded'],
    api_version: '2026-03-25.dahlia' as Stripe.WebhookEndpointCreateParams.ApiVersion,
  })
  twin.world.pay(small)
  await twin.deliver.settled()
  assert.deepEqual(received.map(typeOf), ['charge.succeeded'])
  assert.equal((JSON.parse(received[0]!.body.toString()) as Stripe.Event).api_version, '2026-03-25.dahlia')
})

test('a disabled endpoint gets nothing', async (t) => {
  const { url, received } = await testReceiver(t)
  const twin = await testTwin(t, { webhookUrl: url, secret })
  const [endpoint] = twin.world.all('webhook_endpoint')
  await client(twin).webhookEndpoints.update(endpoint!.id, { disabled: true })
  twin.world.customer({})
  await twin.deliver.settled()
  assert.equal(received.length, 0)
})

test('what has already been sent is signed anew at each attempt', async (t) => {
  const { url, received } = await testReceiver(t, (count) => (count === 1 ? 500 : 200))
  const clock = manualClock()
  const later = () => {
    clock.advance(60)
    return clock.now()
  }
  const world = testWorld()
  world.ground.addEndpoint(url, { secret })
  const deliver = createDeliver(world.ground, {
    seed: 1,
    timeScale: 1e6,
    now: later,
  })
  world.customer({})
  await deliver.settled()
  const [first, second] = received.map(({ signature }) => /t=(\d+)/.exec(signature!)![1])
  assert.equal(Number(second) - Number(first), 60)
})
