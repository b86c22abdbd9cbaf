import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { killStarted, type Service, startService } from '../crash/service.ts'
import { testDatabase } from '../support/database.ts'
import { lifo } from '../support/lifo.ts'
import { freePort } from '../support/port.ts'
import { chargeOf, intentOf, post, refundOf, stripeEvent } from '../support/stripe-events.ts'
import { until } from '../support/wait.ts'

const secret = 'whsec_race_test_secret_0123456789abcdef'
const key = 'race-test-admin-key-0123456789abcdef01234'

async function twoProcesses(context: TestContext) {
  const t = lifo(context)
  const { url, db } = await testDatabase(t)
  const folder = mkdtempSync(join(tmpdir(), 'ordersync-race-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const config = {
    connections: [
      {
        id: 'stripe-test',
        provider: 'stripe',
        mode: 'test',
        speaksFor: ['order', 'payment'],
        webhookSecrets: [secret],
      },
    ],
    sinks: { accounting: { kind: 'internal', baseCurrency: 'USD' } },
  }
  writeFileSync(join(folder, 'ordersync.json'), JSON.stringify(config))
  const env = {
    DATABASE_URL: url,
    ORDERSYNC_CONFIG: join(folder, 'ordersync.json'),
    ORDERSYNC_DATA_DIR: join(folder, 'data'),
    ORDERSYNC_ADMIN_KEY: key,
    LOG_LEVEL: 'warn',
  }
  t.after(killStarted)
  const services = [
    await startService(env, await freePort(), undefined),
    await startService(env, await freePort(), undefined),
  ]
  return { services: services as [Service, Service], db }
}

async function get(service: Service, path: string) {
  const response = await fetch(`${service.url}/api/v1${path}`, {
    headers: { authorization: `Bearer ${key}` },
  })
  return { status: response.status, body: await response.json() }
}

const quiet = (service: Service) =>
  until('all is quiet', async () => (await get(service, '/status')).body.idle === true)

test('one delivery at 50 connections and two processes is one event, one answer, one settlement', async (t) => {
  const { services } = await twoProcesses(t)
  const event = stripeEvent('evt_once', 'charge.succeeded', chargeOf({ n: 'once' }))
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) =>
      post(`${services[i % 2]!.url}/webhooks/stripe/stripe-test`, event, secret),
    ),
  )
  const bodies = answers.map((answer) => answer!.body as { id: string; status: string })
  assert.equal(bodies.filter((body) => body.status === 'accepted').length, 1)
  assert.equal(bodies.filter((body) => body.status === 'duplicate').length, 49)
  assert.equal(new Set(bodies.map((body) => body.id)).size, 1)
  await quiet(services[0])
  const { body } = await get(services[1], '/orders?reference=ch_once')
  assert.equal(body.data.length, 1)
  assert.equal(body.data[0].totals.captured.amount, '40.80')
  const deliveries = await get(services[0], `/events/${bodies[0]!.id}/deliveries`)
  assert.equal(deliveries.body.data.length, 50)
})

test('C10 three events of one payment at three connections in one moment are one captured fact', async (t) => {
  const { services } = await twoProcesses(t)
  for (let i = 0; i < 20; i += 1) {
    const sale = { n: `tri${i}` }
    const events = [
      stripeEvent(`evt_${i}_c`, 'charge.succeeded', chargeOf(sale)),
      stripeEvent(`evt_${i}_i`, 'payment_intent.succeeded', intentOf(sale)),
      stripeEvent(`evt_${i}_r`, 'refund.created', refundOf(sale, 1000)),
    ]
    await Promise.all(
      events.map((event, n) => post(`${services[n % 2]!.url}/webhooks/stripe/stripe-test`, event, secret)),
    )
  }
  await quiet(services[0])
  for (let i = 0; i < 20; i += 1) {
    const { body } = await get(services[0], `/orders?reference=ch_tri${i}`)
    assert.equal(body.data.length, 1)
    assert.equal(body.data[0].payment_status, 'partially_refunded')
    const history = await get(services[0], `/orders/${body.data[0].id}/history`)
    const captured = history.body.data.filter((row: { type: string }) => row.type === 'payment_captured')
    assert.equal(captured.length, 1)
  }
})

test('as_of asked while a slow commit is under way never changes its answer', async (t) => {
  const { services, db } = await twoProcesses(t)
  await post(
    `${services[0].url}/webhooks/stripe/stripe-test`,
    stripeEvent('evt_slow_c', 'charge.succeeded', chargeOf({ n: 'slow' })),
    secret,
  )
  await quiet(services[0])
  const order = (await get(services[0], '/orders?reference=ch_slow')).body.data[0]

  const slow = await db.web.connect()
  await slow.query('begin')
  await slow.query("select append_link(nextval('tx_seq'), 'held'::bytea)")
  await post(
    `${services[1].url}/webhooks/stripe/stripe-test`,
    stripeEvent('evt_slow_r', 'refund.created', refundOf({ n: 'slow' }, 1000)),
    secret,
  )
  const asked = new Date(Date.now() + 60_000).toISOString()
  const first = (await get(services[0], `/orders/${order.id}?as_of=${asked}`)).body
  await slow.query('commit')
  slow.release()
  await quiet(services[0])
  const now = (await get(services[0], `/orders/${order.id}`)).body
  assert.equal(now.payment_status, 'partially_refunded')
  const again = (await get(services[1], `/orders/${order.id}?as_of=${first.as_of}`)).body
  assert.deepEqual(again, first)
  assert.equal(first.payment_status, 'paid')
})
