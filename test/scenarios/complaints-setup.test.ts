import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { home, ordersync } from '../runtime/service.ts'
import { testTwin } from '../sandbox/support.ts'
import { endpoint } from '../sinks/support.ts'
import { testDatabase } from '../support/database.ts'
import { lifo } from '../support/lifo.ts'
import { lineSecret, openLine } from '../support/line.ts'
import { chargeOf, stripeEvent } from '../support/stripe-events.ts'
import { until } from '../support/wait.ts'

const connection = { provider: 'stripe', speaksFor: ['order', 'payment'] }

for (const [what, connections, at, words] of [
  [
    'the id of an endpoint where its secret belongs',
    [{ ...connection, id: 'a', mode: 'test', webhookSecrets: ['we_1SxYzEndpointId'] }],
    'connections[0].webhookSecrets[0]',
    /this is the id of an endpoint/,
  ],
  [
    'one secret for test and live',
    [
      { ...connection, id: 'a', mode: 'test', webhookSecrets: ['whsec_pasted_twice'] },
      { ...connection, id: 'b', mode: 'live', webhookSecrets: ['whsec_pasted_twice'] },
    ],
    'connections[1].webhookSecrets[0]',
    /the same secret as connection "a", which is of mode test/,
  ],
] as const) {
  test(`C44 ${what} is said in words by doctor and connections check, and nothing starts with it`, async (context) => {
    const t = lifo(context) as unknown as typeof context
    const { url } = await testDatabase(t)
    const cwd = home(t)
    writeFileSync(`${cwd}/ordersync.json`, JSON.stringify({ connections }))
    const env = {
      ORDERSYNC_CONFIG: `${cwd}/ordersync.json`,
      ORDERSYNC_DATA_DIR: `${cwd}/data`,
      DATABASE_URL: url,
      PORT: '0',
    }
    const [doctor, check, start] = await Promise.all(
      [['doctor', '--json'], ['connections', 'check'], ['start']].map((command) =>
        ordersync(command, { cwd, env }),
      ),
    )
    assert.deepEqual([doctor!.status, check!.status, start!.status], [1, 1, 1])
    const { findings } = JSON.parse(doctor!.out)
    const found = findings.find(({ check }: { check: string }) => check === 'configuration')
    assert.equal(found.status, 'failed')
    for (const text of [found.detail, check!.err, start!.err]) {
      assert.ok(text.includes(at), text)
      assert.match(text, words)
      assert.doesNotMatch(text, /EndpointId|pasted_twice/, 'a secret is not repeated')
    }
    assert.doesNotMatch(start!.out, /"ready"/)
  })
}

test('C44a a clock that is ten minutes slow is told of by doctor, connection and team, while polls bring the facts in', async (context) => {
  const t = lifo(context) as unknown as typeof context
  const channel = await endpoint(t, () => ({ status: 200 }))
  const twin = await testTwin(t, { now: () => new Date(Date.now() - 1_200_000) })
  let slowMs = 600_000
  const file = {
    connections: [
      {
        ...connection,
        id: 'stripe-test',
        mode: 'test',
        webhookSecrets: [lineSecret],
        apiKey: 'sk_test_x',
        apiBaseUrl: twin.url,
      },
    ],
    sinks: { notify: { slackWebhookUrl: channel.url, on: ['drift'] } },
  }
  const line = await openLine(t, file, { now: () => new Date(Date.now() - slowMs) })
  const shown = () => line.get('/connections/stripe-test')
  const event = (n: number) => stripeEvent(`evt_44a_${n}`, 'charge.succeeded', chargeOf({ n: `44a-${n}` }))
  assert.equal((await shown()).clock, null)
  for (let n = 0; n < 10; n += 1) assert.equal((await line.send(event(n))).status, 401)
  assert.deepEqual((await line.get('/events')).data, [])

  const words =
    /signatures of \d+ refused deliveries are right, but their times are (59\d|60\d) s ahead of our clock/
  const { clock } = await shown()
  assert.match(clock.text, words)
  assert.ok(clock.skew_seconds < -500 && clock.deliveries >= 3 && clock.deliveries <= 10)
  await until('the team is told', () => channel.received.length > 0)
  assert.match(channel.received[0]!.body.toString('utf8'), words)
  const { config } = line.running.system
  const doctor = await ordersync(['doctor', '--json'], {
    cwd: home(t),
    env: {
      ORDERSYNC_CONFIG: config.configPath,
      ORDERSYNC_DATA_DIR: config.dataDir,
      DATABASE_URL: config.databaseUrl!,
    },
  })
  const { findings } = JSON.parse(doctor.out)
  const found = findings.find(({ check }: { check: string }) => check === 'clock of stripe-test')
  assert.equal(found?.status, 'warning')
  assert.match(found.detail, words)

  twin.world.pay({ amount: 4080, currency: 'usd', orderNumber: '1044' })
  const run = await line.reconcile('stripe-test')
  assert.equal(run.status, 'completed')
  await until('the order is paid', async () => {
    const { data } = await line.get('/orders?reference=1044')
    return data[0]?.payment_status === 'paid'
  })
  assert.notEqual((await shown()).clock, null, 'what a poll brought says nothing of our clock')

  slowMs = 0
  assert.equal((await line.send(event(0))).body.status, 'accepted')
  assert.equal((await shown()).clock, null)
  await line.quiet()
  assert.equal(channel.received.length, 1, 'the team was told once')
})
