import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { sinksOf } from '../../../src/pipeline/perform.ts'
import { endpoint, type Reply, scriptedMailServer } from '../../sinks/support.ts'
import { until } from '../../support/wait.ts'
import {
  buy,
  learnAddress,
  mailServer,
  perform,
  performedFacts,
  refund,
  rows,
  secret,
  settled,
  systemWith,
} from './support.ts'

test('a paid order has its receipt in a mailbox and its request at the warehouse, once each', async (t) => {
  const mail = await mailServer(t)
  const warehouse = await endpoint(t, () => ({ status: 200 }))
  const system = await systemWith(t, {
    receipt: { ...mail, waitForMs: 600_000 },
    fulfillment: { url: warehouse.url, secret, atMostOnce: false },
  })
  perform(system, sinksOf(system))
  const orderId = await buy(system, { number: '1001' })
  const done = await settled(system)
  assert.deepEqual(
    done.map(({ sink, kind, state, attempts }) => ({ sink, kind, state, attempts })),
    [
      { sink: 'fulfillment', kind: 'request', state: 'done', attempts: 1 },
      { sink: 'receipt', kind: 'receipt', state: 'done', attempts: 1 },
    ],
  )
  assert.equal(mail.messages.length, 1)
  assert.match(mail.messages[0]!, /^Subject: Your receipt for order 1001\r$/m)
  assert.ok(mail.messages[0]!.includes(done[1]!.reference!))
  const [{ headers, body }] = warehouse.received as [(typeof warehouse.received)[number]]
  const request = new Webhook(secret).verify(body, headers as Record<string, string>) as {
    type: string
    data: Record<string, unknown>
  }
  assert.equal(request.type, 'fulfillment.requested')
  assert.equal(request.data.order_id, orderId)
  assert.deepEqual(request.data.line_items, [{ id: '1', sku: 'TEE', title: 'T-shirt', quantity: 1 }])
  assert.deepEqual((await performedFacts(system)).map(({ sink, state }) => `${sink} ${state}`).sort(), [
    'fulfillment done',
    'receipt done',
  ])
  await buy(system, { number: '1001' }) // all of it learned again
  assert.equal((await rows(system)).length, 2)
})

test('what needs no call does not hold up what is due behind it', async (t) => {
  const mail = await mailServer(t)
  const system = await systemWith(t, { receipt: { ...mail, waitForMs: 0 } })
  for (let i = 0; i < 20; i += 1) await buy(system, { number: `nobody-${i}`, withAddress: false })
  await buy(system, { number: '1001' })
  perform(system, sinksOf(system), { pollMs: 600_000 }) // nothing but the first look may find them
  const done = await settled(system)
  assert.deepEqual(Map.groupBy(done, ({ state }) => state).get('cancelled')?.length, 20)
  assert.equal(mail.messages.length, 1)
})

test('a receiver that fails and loses answers gets the very same bytes under the same id until it takes them', async (t) => {
  const replies: Reply[] = [
    { status: 500 },
    'cut',
    { status: 404 },
    { status: 302, headers: { location: 'http://127.0.0.1:1/' } },
  ]
  const warehouse = await endpoint(t, () => replies.shift() ?? { status: 204 })
  const system = await systemWith(t, { fulfillment: { url: warehouse.url, secret, atMostOnce: false } })
  perform(system, sinksOf(system))
  await buy(system, { number: '1002' })
  const [request] = await settled(system)
  assert.equal(request!.state, 'done')
  assert.equal(request!.attempts, 5)
  assert.equal(warehouse.received.length, 5)
  for (const { headers, body } of warehouse.received) {
    assert.equal(headers['webhook-id'], request!.id)
    assert.ok(body.equals(request!.request!))
  }
})

test('attempts come to an end: then the effect has failed, with the last answer as its reason', async (t) => {
  const warehouse = await endpoint(t, () => ({ status: 400 }))
  const system = await systemWith(t, { fulfillment: { url: warehouse.url, secret, atMostOnce: false } })
  perform(
    system,
    sinksOf(system).map((sink) => ({ ...sink, attemptsMax: 3 })),
  )
  await buy(system, { number: '1003' })
  const [request] = await settled(system)
  assert.equal(request!.state, 'failed')
  assert.equal(request!.last_error, 'given up after 3 attempts: the receiver answered 400')
  assert.equal(warehouse.received.length, 3)
  assert.deepEqual(
    (await performedFacts(system)).map(({ state }) => state),
    ['failed'],
  )
})

test('4xx before the final dot is tried again, and the mail goes once under one Message-ID', async (t) => {
  const server = await scriptedMailServer(t, { rcpt: '450 greylisted' })
  const system = await systemWith(t, {
    receipt: { smtpUrl: server.url, from: 'shop@shop.example', waitForMs: 0 },
  })
  perform(system, sinksOf(system))
  await buy(system, { number: '1004' })
  await until(
    'it was refused twice',
    () => server.commands.filter((line) => line.startsWith('RCPT')).length >= 2,
  )
  server.script.rcpt = '250 ok'
  const [receipt] = await settled(system)
  assert.equal(receipt!.state, 'done')
  assert.equal(server.messages.length, 1)
  assert.ok(server.messages[0]!.includes(`Message-ID: ${receipt!.reference}`))
})

test('550 is final', async (t) => {
  const server = await scriptedMailServer(t, { rcpt: '550 no such user' })
  const system = await systemWith(t, {
    receipt: { smtpUrl: server.url, from: 'shop@shop.example', waitForMs: 0 },
  })
  perform(system, sinksOf(system))
  await buy(system, { number: '1005' })
  const [receipt] = await settled(system)
  assert.deepEqual(
    [receipt!.state, receipt!.attempts, receipt!.last_error],
    ['failed', 1, 'the mail server answered 550'],
  )
})

test('a connection cut after the final dot leaves the receipt unknown, and nothing sends it again', async (t) => {
  const server = await scriptedMailServer(t, { message: 'cut' })
  const system = await systemWith(t, {
    receipt: { smtpUrl: server.url, from: 'shop@shop.example', waitForMs: 0 },
  })
  const first = perform(system, sinksOf(system))
  await buy(system, { number: '1006' })
  const [receipt] = await settled(system)
  assert.equal(receipt!.state, 'unknown')
  assert.deepEqual(
    (await performedFacts(system)).map(({ state, reference }) => ({ state, reference })),
    [{ state: 'unknown', reference: receipt!.reference }],
  )
  await first.stop()
  server.script.message = '250 taken'
  perform(system, sinksOf(system)) // as after a restart
  await refund(system, '1006', 500n)
  await until('the refund notice is done', async () =>
    (await rows(system)).some(({ kind, state }) => kind === 'refund_notice' && state === 'done'),
  )
  assert.equal(server.messages.filter((message) => message.includes(receipt!.reference!)).length, 1)
  assert.match(server.messages[1]!, /^X-Ordersync-Kind: refund\r$/m)
})

test('a mail server that never answers delays no request', async (t) => {
  const server = await scriptedMailServer(t, { greeting: 'silent' })
  const warehouse = await endpoint(t, () => ({ status: 200 }))
  const system = await systemWith(t, {
    receipt: { smtpUrl: server.url, from: 'shop@shop.example', waitForMs: 0 },
    fulfillment: { url: warehouse.url, secret, atMostOnce: false },
  })
  perform(system, sinksOf(system))
  for (let i = 0; i < 20; i += 1) await buy(system, { number: `20${i}` })
  const requests = await settled(system, 'fulfillment')
  assert.ok(requests.every(({ state }) => state === 'done'))
  assert.equal(warehouse.received.length, 20)
  assert.ok((await rows(system, 'receipt')).every(({ state }) => state === 'due' || state === 'performing'))
})

test('a receipt waits for an address, goes at once when it is known, and is cancelled when it never is', async (t) => {
  const mail = await mailServer(t)
  const system = await systemWith(t, { receipt: { ...mail, waitForMs: 600_000 } })
  perform(system, sinksOf(system))
  await buy(system, { number: '1007', withAddress: false })
  assert.deepEqual(
    (await rows(system)).map(({ state }) => state),
    ['due'],
  )
  await learnAddress(system, '1007')
  assert.deepEqual(
    (await settled(system)).map(({ state }) => state),
    ['done'],
  )
  await buy(system, { number: '1008', withAddress: false })
  await system.db.web.query(`update effects set due_at = now() where state = 'due'`) // the wait is over
  const [, second] = await settled(system)
  assert.deepEqual([second!.state, second!.last_error, second!.attempts], ['cancelled', 'no_address', 0])
  assert.equal(mail.messages.length, 1)
})

test('a review is told in the channel once', async (t) => {
  const slack = await endpoint(t, () => ({ status: 200, body: 'ok' }))
  const system = await systemWith(t, { notify: { slackWebhookUrl: slack.url, on: ['needs_review'] } })
  perform(system, sinksOf(system))
  await buy(system, { number: '1009', amountMinor: 2500n })
  await settled(system)
  await buy(system, { number: '1009', amountMinor: 2500n })
  assert.equal(slack.received.length, 1)
  assert.match(slack.received[0]!.body.toString('utf8'), /overpaid/)
})
