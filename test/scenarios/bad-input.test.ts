import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { openLine } from '../support/line.ts'
import { chargeOf, refundOf, type StripeEvent, stripeEvent } from '../support/stripe-events.ts'
import { until } from '../support/wait.ts'

const items = [{ sku: 'TEE-M', quantity: 2, unit_price: '20.40', title: 'T-shirt' }]
const sale = { n: 'one', orderNumber: '1001', items }
const good = stripeEvent('evt_good', 'charge.succeeded', chargeOf({ n: 'two', orderNumber: '1002', items }))

async function shop(t: TestContext, receipt: object = {}) {
  const line = await openLine(t)
  const { sinks } = line.running.system.config
  Object.assign(sinks.receipt!, receipt)
  await line.call('PUT', '/inventory/TEE-M', { on_hand: 100 })
  return line
}

/** The event with one piece of its text replaced, signed as it is then. */
function spoilt(event: StripeEvent, from: string | RegExp, to: string): StripeEvent {
  const text = event.body.toString('utf8')
  const body = text.replace(from, to)
  assert.notEqual(body, text)
  return { ...event, body: Buffer.from(body) }
}

const stateOf = (effects: { kind: string; state: string; last_error: string | null }[], kind: string) =>
  effects.filter((effect) => effect.kind === kind).map(({ state, last_error }) => [state, last_error])

test('a SKU that nobody knows holds its order until it is known; money, mail and the known line go on', async (t) => {
  const line = await shop(t)
  const withUnknown = [...items, { sku: 'NOPE', quantity: 1, unit_price: '0.00', title: 'Sticker' }]
  await line.take(stripeEvent('evt_1', 'charge.succeeded', chargeOf({ ...sale, items: withUnknown })))
  const order = await line.order('1001')
  const [review] = order.needs_review
  assert.deepEqual([review.code, review.holds], ['unknown_sku', true])
  assert.match(review.detail, /NOPE/)
  const effects = await line.effects('1001')
  assert.deepEqual(stateOf(effects, 'receipt'), [['done', null]])
  assert.deepEqual(stateOf(effects, 'request'), [])
  assert.equal((await line.get('/inventory/TEE-M')).committed, 2)
  assert.equal((await line.get('/inventory/NOPE')).code, 'not_found')
  assert.equal((await line.balances())['Income:Sales'], '-40.80 USD')
  await line.call('PUT', '/inventory/NOPE', { on_hand: 5 })
  await line.quiet()
  assert.deepEqual(stateOf(await line.effects('1001'), 'request'), [['done', null]])
})

const charge = stripeEvent('evt_bad', 'charge.succeeded', chargeOf(sale))
for (const [what, from, to] of [
  ['a currency unknown to ISO 4217', '"currency": "usd"', '"currency": "zzz"'],
  ['a negative amount', /"amount": 4080/, '"amount": -4080'],
  ['an amount that is no whole number of cents', /"amount": 4080/, '"amount": 40.8'],
  ['an absurd amount', /"amount": 4080/, '"amount": 1e400'],
  ['an amount beyond all money', /"amount": 4080/, `"amount": ${'9'.repeat(40)}`],
] as const) {
  test(`${what} is a review of its event and nothing else; the next order goes on`, async (t) => {
    const line = await shop(t)
    const bad = spoilt(charge, from, to)
    await line.take(bad, good)
    const { data } = await line.get('/events?provider_event_id=evt_bad')
    assert.equal(data.length, 1, 'kept')
    assert.equal(data[0].status, 'needs_review')
    assert.ok(data[0].status_reason.length > 0)
    const raw = await fetch(`${line.running.url}/api/v1/events/${data[0].id}/raw`, {
      headers: { authorization: `Bearer ${line.key}` },
    })
    assert.deepEqual(Buffer.from(await raw.arrayBuffer()), bad.body, 'to the byte')
    assert.equal((await line.get('/orders?reference=1001')).data.length, 0)
    assert.equal((await line.order('1002')).payment_status, 'paid')
    assert.deepEqual(stateOf(await line.effects('1002'), 'receipt'), [['done', null]])
    assert.equal((await line.balances())['Income:Sales'], '-40.80 USD')
  })
}

test('an address without a mail: no receipt, said so, and the goods go out', async (t) => {
  const line = await shop(t, { waitForMs: 1 })
  const noMail = { billing_details: { email: null, name: 'Ada Buyer', address: null, phone: null } }
  await line.take(stripeEvent('evt_1', 'charge.succeeded', chargeOf(sale, noMail)))
  const effects = await until('the receipt was given up', async () => {
    const all = await line.effects('1001')
    return all.every(({ state }) => state !== 'due' && state !== 'performing') && all
  })
  assert.deepEqual(stateOf(effects, 'receipt'), [['cancelled', 'no_address']])
  assert.deepEqual(stateOf(effects, 'request'), [['done', null]])
})

test('an address that is none: the receipt fails with its reason, and the goods go out', async (t) => {
  const line = await shop(t)
  await line.take(stripeEvent('evt_1', 'charge.succeeded', chargeOf({ ...sale, email: 'ada at example' })))
  const effects = await line.effects('1001')
  assert.deepEqual(stateOf(effects, 'receipt'), [['failed', 'the address cannot be used']])
  assert.deepEqual(stateOf(effects, 'request'), [['done', null]])
})

test('more given back than was taken is a review, and the books balance', async (t) => {
  const line = await shop(t)
  await line.take(charge, stripeEvent('evt_2', 'refund.created', refundOf(sale, 1_000_000)))
  const order = await line.order('1001')
  assert.deepEqual(
    order.needs_review.map(({ code }: { code: string }) => code),
    ['over_refunded'],
  )
  const cents = Object.values(await line.balances()).map((text) => BigInt(text.replace(/[^\d-]/g, '')))
  assert.equal(
    cents.reduce((a, b) => a + b, 0n),
    0n,
  )
})
