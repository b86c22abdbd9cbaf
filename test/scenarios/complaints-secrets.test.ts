import assert from 'node:assert/strict'
import { globSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import type { LookupAddress, lookup } from 'node:dns'
import { test } from 'node:test'
import { fulfillmentSink } from '../../src/sinks/fulfillment/index.ts'
import { buy, perform, rows, secret, systemWith } from '../pipeline/perform/support.ts'
import { home, start } from '../runtime/service.ts'
import { endpoint, scriptedMailServer } from '../sinks/support.ts'
import { testDatabase } from '../support/database.ts'
import { lifo } from '../support/lifo.ts'
import { freePort } from '../support/port.ts'
import { chargeOf, signatureOf, type StripeEvent, stripeEvent } from '../support/stripe-events.ts'
import { until } from '../support/wait.ts'

const webhookSecret = 'whsec_canary_signing_secret'
const adminKey = 'canary-admin-key-0123456789abcdef0123456789'
/** Whatever is confidential in this test has the word in it, also where only its base64 or hex could be seen. */
const canary = /canary|Y2FuYXJ5|63616e617279/i

/** A charge with a canary in whatever field a person or a shop may fill. */
function canaryEvent(n: string, over: object = {}): StripeEvent {
  const charge = chargeOf(
    {
      n,
      items: [{ sku: 'canary-sku', quantity: 2, unit_price: '20.40', title: 'Canary shirt' }],
      metadata: { note: 'canary-metadata', site: 'canary-site' },
    },
    {
      billing_details: {
        email: `canary-${n}@shop.example`,
        name: 'Canary Buyer',
        phone: '+1-canary',
        address: { line1: '1 Canary Road', country: 'US' },
      },
      description: 'canary-description',
      statement_descriptor: 'CANARY',
      invented_later: { deep: ['canary-unknown-field'] },
      ...over,
    },
  )
  return stripeEvent(`evt_${n}`, 'charge.succeeded', charge)
}

test('C55 whatever fails, no body, header, secret or person is in log, files, metrics or error bodies', async (context) => {
  const t = lifo(context) as unknown as typeof context
  const { url: databaseUrl, db } = await testDatabase(t)
  const cwd = home(t)
  const mail = await scriptedMailServer(t, { rcpt: '451 canary of the mail server, try later' })
  const target = await endpoint(t, () => ({ status: 500, body: 'canary of the receiver' }))
  const api = await endpoint(t, () => ({
    status: 401,
    body: '{"error":{"message":"canary key sk_test_canary"}}',
  }))
  const targetAt = (path: string) => `http://127.0.0.1:${target.port}/${path}?token=canary-token`
  const whsec = `whsec_${Buffer.from('canary-canary-canary-canary-0123').toString('base64')}`
  const file = {
    connections: [
      {
        id: 'stripe-test',
        provider: 'stripe',
        mode: 'test',
        speaksFor: ['order', 'payment'],
        webhookSecrets: [webhookSecret],
        apiKey: 'sk_test_canary',
        apiBaseUrl: `http://127.0.0.1:${api.port}`,
      },
    ],
    sinks: {
      accounting: { kind: 'internal', baseCurrency: 'USD' },
      receipt: { smtpUrl: `${mail.url}`, from: 'Shop <canary-from@shop.example>', waitFor: '1s' },
      fulfillment: { url: targetAt('hook/canary-path'), secret: whsec },
      notify: {
        slackWebhookUrl: targetAt('services/canary-slack'),
        on: ['needs_review', 'dead_letter', 'drift'],
      },
      outgoing: [{ url: targetAt('crm/canary-crm'), secret: whsec, events: ['order.paid'] }],
    },
    limits: { bodyBytes: 20_000 },
    reconcile: { onStart: true },
    security: { allowPrivateTargets: true },
  }
  writeFileSync(`${cwd}/ordersync.json`, JSON.stringify(file))
  const service = await start(t, await freePort(), {
    cwd,
    env: {
      ORDERSYNC_CONFIG: `${cwd}/ordersync.json`,
      ORDERSYNC_DATA_DIR: `${cwd}/data`,
      ORDERSYNC_ADMIN_KEY: adminKey,
      ORDERSYNC_ENCRYPTION_KEY: Buffer.from('canary-encryption-key-0123456789').toString('base64'),
      DATABASE_URL: databaseUrl,
      LOG_LEVEL: 'debug',
      LOG_FORMAT: 'json',
    },
  })
  const refused: string[] = []
  const ask = async (path: string, init: RequestInit = {}): Promise<number> => {
    const response = await fetch(service.url + path, init)
    const text = await response.text()
    if (response.status >= 400)
      refused.push(`${path} ${response.status} ${text} ${JSON.stringify([...response.headers])}`)
    return response.status
  }
  const deliver = (event: StripeEvent, headers: Record<string, string> = {}, to = 'stripe-test') =>
    ask(`/webhooks/stripe/${to}?token=canary-query`, {
      method: 'POST',
      headers: {
        'stripe-signature': signatureOf(event.body, webhookSecret),
        authorization: 'Bearer canary-authorization',
        cookie: 'session=canary-cookie',
        'user-agent': 'canary-agent',
        'x-anything': 'canary-header',
        ...headers,
      },
      body: new Uint8Array(event.body),
    })
  const of = (body: string): StripeEvent => ({ id: 'x', type: 'x', body: Buffer.from(body) })

  // Taken, and whatever comes of it goes wrong: mail, warehouse, app, channel and the provider's API.
  assert.equal(await deliver(canaryEvent('55-1', { balance_transaction: 'txn_55' })), 200)
  assert.equal(await deliver(canaryEvent('55-2', { currency: 'canary' })), 200)
  // Refused, one way after the other.
  const event = canaryEvent('55-3')
  assert.deepEqual(
    [
      await deliver(event, { 'stripe-signature': `t=1,v1=${'c'.repeat(64)},canary=canary` }),
      await deliver(event, { 'stripe-signature': signatureOf(event.body, 'whsec_canary_other') }),
      await deliver(of('{"email":"canary@shop.example"')),
      await deliver(of('{"email":"canary@shop.example"}')),
      await deliver(of(JSON.stringify({ id: 'evt', pad: 'canary'.repeat(5_000) }))),
      await deliver(event, { 'content-encoding': 'x-canary' }),
      await deliver(event, {}, 'canary-connection'),
      await deliver(
        stripeEvent('evt_live', 'charge.succeeded', chargeOf({ n: 'canary' }), 1, { livemode: true }),
      ),
    ],
    [401, 401, 400, 400, 413, 415, 404, 403],
  )
  const asked = (path: string, init: RequestInit = {}, key = adminKey) =>
    ask(`/api/v1${path}`, {
      ...init,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'x-a': 'canary' },
    })
  const body = JSON.stringify({ on_hand: 'canary', customer: 'canary@shop.example' })
  assert.deepEqual(
    [
      await asked('/orders?q=canary', {}, 'canary-wrong-key-0123456789abcdef0123456789'),
      await asked('/orders?q=canary&limit=0'),
      await asked('/orders?cursor=canary'),
      await asked('/orders/ord_canary'),
      await asked('/inventory/canary', { method: 'PUT', body }),
      await asked('/inventory/canary', { method: 'PUT', body: '{"canary' }),
    ].map((status) => status >= 400 && status < 500),
    Array(6).fill(true),
  )
  // The database refuses rows, and quotes them.
  await db.web.query(
    `create function refuse() returns trigger language plpgsql as $$
     begin raise exception 'canary: %', new using detail = 'canary: ' || new, hint = 'canary'; end $$`,
  )
  await db.web.query('create trigger refuse before insert on persons for each row execute function refuse()')
  assert.equal(await deliver(canaryEvent('55-4')), 200)
  const attempts = async () =>
    Number(
      (await db.web.query("select attempts from events where provider_event_id = 'evt_55-4'")).rows[0]
        .attempts,
    )
  await until('its processing failed', async () => (await attempts()) > 0)
  await db.web.query('create trigger refuse before insert on events for each row execute function refuse()')
  assert.equal(await deliver(canaryEvent('55-5')), 503)
  const tried = async (sink: string) =>
    (await db.web.query('select 1 from effects where sink = $1 and attempts > 0', [sink])).rows.length > 0
  for (const sink of ['receipt', 'fulfillment', 'notify', 'outgoing'])
    await until(`${sink} was tried`, () => tried(sink))
  await until('the provider was asked', () => api.received.length > 0)

  const metrics = await (await fetch(`${service.url}/metrics`)).text()
  assert.match(metrics, /^ordersync_deliveries_total\{connection="stripe-test",status="401"\} 2$/m)
  service.child.kill('SIGTERM')
  await service.ended
  const output = service.out() + service.err()
  assert.match(output, /"level":"debug".*"delivery_refused"/)
  assert.match(output, /"level":"error"/)
  const files = globSync(`${cwd}/data/**/*`).filter((path) => statSync(path).isFile())
  const everything = [
    ...output.split('\n'),
    ...refused,
    ...metrics.split('\n'),
    ...files.map((path) => readFileSync(path, 'latin1')),
  ]
  const leaks = everything.filter((text) => canary.test(text.replaceAll(/^\/\S+ \d+ /g, '')))
  assert.deepEqual(leaks, [])
})

test('C56 a name that leads inside when it is called is refused at the connection, for good and with a safe reason', async (t) => {
  for (const [name, address] of [
    ['wms.example', '127.0.0.1'],
    ['metadata.example', '169.254.169.254'],
    ['127.0.0.1.nip.io', '127.0.0.1'],
    ['v6.example', '::ffff:127.0.0.1'],
  ] as const) {
    const resolve = ((
      _name: string,
      _options: unknown,
      callback: (error: null, found: LookupAddress[]) => void,
    ) => callback(null, [{ address, family: address.includes(':') ? 6 : 4 }])) as unknown as typeof lookup
    const url = `https://${name}:8443/hook/secret-path`
    const system = await systemWith(t, { fulfillment: { url, secret, atMostOnce: false } })
    const target = { allowPrivate: false, timeoutMs: 5_000, resolve }
    await buy(system, { number: '1' })
    perform(system, [fulfillmentSink({ url, secret, atMostOnce: false, target, now: () => new Date() })])
    const ended = await until('it has ended', async () => {
      const [row] = await rows(system)
      return row?.state === 'failed' && row
    })
    assert.equal(ended.last_error, 'the name resolves to an address that is not a public one')
    assert.equal(ended.attempts, 1, 'and not tried again')
  }
})
