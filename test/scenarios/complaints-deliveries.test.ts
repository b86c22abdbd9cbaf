import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { startSweeper } from '../../src/pipeline/sweep.ts'
import type { WebhookEndpoint } from '../../src/sandbox/stripe/types.ts'
import { home, ordersync } from '../runtime/service.ts'
import { testTwin } from '../sandbox/support.ts'
import { lifo } from '../support/lifo.ts'
import { type Line, lineSecret, openLine } from '../support/line.ts'
import { freePort } from '../support/port.ts'
import {
  chargeOf,
  intentOf,
  refundOf,
  signatureOf,
  type StripeEvent,
  stripeEvent,
} from '../support/stripe-events.ts'
import { until } from '../support/wait.ts'

const items = [{ sku: 'TEE-M', quantity: 2, unit_price: '20.40' }]
const charge = (n: string) => stripeEvent(`evt_${n}_c`, 'charge.succeeded', chargeOf({ n, items }))
const intent = (n: string) => stripeEvent(`evt_${n}_i`, 'payment_intent.succeeded', intentOf({ n, items }))
const rowsOf = async (line: Line, text: string, values: unknown[] = []): Promise<any[]> =>
  (await line.running.system.db.web.query(text, values)).rows

/** All that a repeat must leave as it is. */
async function worldOf(line: Line, reference: string) {
  const { id, version, updated_at } = await line.order(reference)
  const { mails, requests } = line.recorders
  return {
    version,
    updated_at,
    effects: (await line.effects(reference)).map(({ key, state }) => `${key} ${state}`).sort(),
    entries: (await line.get(`/orders/${id}/ledger?limit=200`)).data.length,
    stock: await line.get('/inventory/TEE-M'),
    sent: [[...mails.values()], [...requests.values()].map(({ size }) => size)],
  }
}

/** Makes the database one that only reads, or one that writes again; sessions that were open have to come back. */
async function setReadOnly(line: Line, value: 'on' | 'off'): Promise<void> {
  const client = await line.running.system.db.web.connect()
  try {
    await client.query('set default_transaction_read_only = off')
    const { rows } = await client.query('select current_database() as name')
    await client.query(`alter database ${rows[0].name} set default_transaction_read_only = ${value}`)
    await client.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    )
  } finally {
    client.release(true)
  }
}

test('C05 while the database takes no writes a delivery is 503, and its retry is accepted once', async (t) => {
  const line = await openLine(t)
  await line.call('PUT', '/inventory/TEE-M', { on_hand: 100 })
  await setReadOnly(line, 'on')
  const event = charge('5')
  const refused = await fetch(`${line.running.url}/webhooks/stripe/stripe-test`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'stripe-signature': signatureOf(event.body, lineSecret),
    },
    body: new Uint8Array(event.body),
  })
  assert.equal(refused.status, 503)
  assert.match(refused.headers.get('retry-after') ?? '', /^[1-9]\d*$/)
  assert.equal(((await refused.json()) as { code: string }).code, 'cannot_store_now')
  await setReadOnly(line, 'off')
  const retried = await until('the retry is taken', async () => {
    const answer = await line.send(event)
    return answer.status === 200 && answer
  })
  assert.equal(retried.body.status, 'accepted', 'what was answered 503 was not kept')
  assert.deepEqual((await line.send(event)).body, { id: retried.body.id, status: 'duplicate' })
  await line.quiet()
  assert.equal((await line.order('T-5')).totals.captured.amount, '40.80')
  assert.equal((await line.get('/events')).data.length, 1)
})

test('C06 what is answered 2xx is an event, and what is refused is none: no third combination', async (t) => {
  const connection = { provider: 'stripe', mode: 'test', speaksFor: ['order', 'payment'] }
  const line = await openLine(t, {
    connections: [
      { ...connection, id: 'stripe-test', webhookSecrets: [lineSecret] },
      { ...connection, id: 'wrong-secret', webhookSecrets: ['whsec_of_another_endpoint'] },
    ],
  })
  const tampered = (event: StripeEvent) => Buffer.from(event.body.toString().replace('4080', '4081'))
  const deliver = async (to: string, event: StripeEvent, body = event.body) => {
    const response = await fetch(`${line.running.url}/webhooks/stripe/${to}`, {
      method: 'POST',
      headers: { 'stripe-signature': signatureOf(event.body, lineSecret) },
      body: new Uint8Array(body),
    })
    const { id } = (await response.json()) as { id?: string }
    const { data } = await line.get(`/events?connection=${to}&provider_event_id=${event.id}`)
    return {
      status: response.status,
      isTold: id !== undefined,
      events: data.length,
      isIts: data[0]?.id === id,
    }
  }
  const no = { status: 401, isTold: false, events: 0, isIts: true }
  const yes = { status: 200, isTold: true, events: 1, isIts: true }
  for (const n of ['61', '62', '63']) {
    const event = charge(n)
    assert.deepEqual(await deliver('wrong-secret', event), no)
    assert.deepEqual(await deliver('stripe-test', event, tampered(event)), no)
    assert.deepEqual(await deliver('stripe-test', event), yes)
    assert.deepEqual(await deliver('stripe-test', event), yes)
    assert.deepEqual(await deliver('wrong-secret', event), no)
  }
  await line.quiet()
  assert.equal((await line.get('/orders')).data.length, 3)
})

test('C13 an event that comes over two endpoints is one event with two deliveries, and a finding says doubled', async (context) => {
  const t = lifo(context) as unknown as typeof context
  const twin = await testTwin(t)
  const port = await freePort()
  const publicUrl = `http://127.0.0.1:${port}`
  const connection = {
    id: 'stripe-test',
    provider: 'stripe',
    mode: 'test',
    speaksFor: ['order', 'payment'],
    apiKey: 'sk_test_x',
    apiBaseUrl: twin.url,
    webhookSecrets: [lineSecret],
  }
  const cwd = home(t)
  writeFileSync(`${cwd}/ordersync.json`, JSON.stringify({ publicUrl, connections: [connection] }))
  const register = () =>
    ordersync(['connections', 'register', 'stripe-test', '--json'], {
      cwd,
      env: { ORDERSYNC_CONFIG: `${cwd}/ordersync.json`, ORDERSYNC_DATA_DIR: `${cwd}/data` },
    })
  const first = await register()
  assert.equal(first.status, 0, first.err)
  const { secret } = JSON.parse(first.out) as { secret: string }
  const second = await register()
  assert.deepEqual([second.status, JSON.parse(second.out).secret], [0, undefined])
  const endpoints = () => twin.world.all<WebhookEndpoint>('webhook_endpoint').map(({ url }) => url)
  assert.deepEqual(endpoints(), [`${publicUrl}/webhooks/stripe/stripe-test`], 'registering twice made one')

  const file = { publicUrl, connections: [{ ...connection, webhookSecrets: [lineSecret, secret] }] }
  const line = await openLine(t, file, { port })
  await line.call('PUT', '/inventory/TEE-M', { on_hand: 100 })
  const subscribed = twin.world.all<WebhookEndpoint>('webhook_endpoint')[0]!.enabled_events
  twin.world.ground.addEndpoint(endpoints()[0]!, { secret: lineSecret, enabledEvents: subscribed })
  const { charge } = twin.world.pay({
    amount: 4080,
    currency: 'usd',
    orderNumber: '1013',
    items: [{ sku: 'TEE-M', quantity: 2, unitAmount: 2040 }],
    buyer: { email: 'buyer@shop.example', name: 'Ada Buyer' },
  })
  await twin.deliver.settled()
  await line.quiet()
  const { data: events } = await line.get('/events?source=webhook&limit=200')
  assert.ok(events.length >= 3)
  for (const event of events) {
    assert.equal(event.deliveries, 2, event.type)
    assert.equal((await line.get(`/events/${event.id}/deliveries`)).data.length, 2)
  }
  const order = await line.order('1013')
  assert.deepEqual([order.payment_status, order.totals.captured.amount], ['paid', '40.80'])
  assert.equal((await line.get(`/orders?reference=${charge.id}`)).data.length, 1)
  assert.equal((await line.get('/inventory/TEE-M')).committed, 2)
  assert.deepEqual([...line.recorders.mails.values()], [1])
  assert.equal(line.recorders.requestsByOrder.get(order.id)?.size, 1)

  const run = await line.reconcile('stripe-test')
  assert.deepEqual(run.findings, { subscription: 1 })
  const { data } = await line.get(`/reconciliations/${run.id}/findings`)
  assert.equal(data[0].detail.reason, 'doubled')
  const { subscription } = await line.get('/connections/stripe-test')
  assert.deepEqual([subscription.status, subscription.detail.reason], ['faulty', 'doubled'])
  assert.equal((await line.reconcile('stripe-test')).found, 0, 'told once')
})

test('C53 a duplicate after a day, a month and more than 400 days is a duplicate, and changes nothing', async (t) => {
  const line = await openLine(t)
  await line.call('PUT', '/inventory/TEE-M', { on_hand: 100 })
  const ages = [1, 30, 440] // whole months go, so that of 400 days ago may still be there
  for (const days of ages) {
    await line.take(charge(`53-${days}`), intent(`53-${days}`))
    await line.take(stripeEvent(`evt_53-${days}_r`, 'refund.created', refundOf({ n: `53-${days}` }, 1000)))
    await makeOlder(line, days)
  }
  // Payloads are kept for 400 days; what has gone then is the bytes, not the identity.
  const sweeper = startSweeper(line.running.system)
  await until('retention has dropped the oldest month', async () => {
    const rows = await rowsOf(
      line,
      "select 1 from payloads where event_id in (select id from events where received_at < now() - interval '400 days')",
    )
    return rows.length === 0
  })
  await sweeper.stop()
  for (const days of ages) {
    const n = `53-${days}`
    const before = await worldOf(line, `T-${n}`)
    for (const event of [charge(n), intent(n)]) {
      const answer = await line.send(event)
      assert.deepEqual([answer.status, answer.body.status], [200, 'duplicate'], `after ${days} days`)
    }
    // The same payment under an id that is new to us: an event, and the fact that it states is known.
    const again = stripeEvent(`evt_${n}_again`, 'charge.succeeded', chargeOf({ n, items }))
    assert.equal((await line.send(again)).body.status, 'accepted')
    await line.quiet()
    assert.deepEqual(await worldOf(line, `T-${n}`), before, `quiet after ${days} days`)
  }
})

/** Moves what has happened so far into the past, as if we had been running for so long. */
async function makeOlder(line: Line, days: number): Promise<void> {
  const by = `${days} days`
  await rowsOf(line, 'select ensure_partitions(now() - $1::interval)', [by])
  await rowsOf(
    line,
    "update payloads set received_at = received_at - $1::interval where received_at > now() - interval '1 hour'",
    [by],
  )
  await rowsOf(
    line,
    "update deliveries set received_at = received_at - $1::interval where received_at > now() - interval '1 hour'",
    [by],
  )
  await rowsOf(
    line,
    `update events set received_at = received_at - $1::interval, processed_at = processed_at - $1::interval
      where received_at > now() - interval '1 hour'`,
    [by],
  )
  await rowsOf(line, "delete from pgboss.job where state = 'completed'")
}
