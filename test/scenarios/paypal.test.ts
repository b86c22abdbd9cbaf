import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import { type PaypalTwin, signedHeaders, startPaypalTwin } from '../../src/sandbox/paypal/index.ts'
import { caFile } from '../providers/paypal/subject.ts'
import { type Line, lineSecret, openLine, type Run } from '../support/line.ts'
import { chargeOf, stripeEvent } from '../support/stripe-events.ts'
import { until } from '../support/wait.ts'

type Shop = {
  readonly line: Line
  readonly twin: PaypalTwin
  readonly webhookId: string
  readonly url: string
  quiet(): Promise<void>
}

const items = [{ sku: 'TEE-M', quantity: 2, unitMinor: 1540n }]
const purchase = (number: string) => ({ amountMinor: 4080n, number, items })

/** The service with a PayPal connection to a twin of its own; `others` are further connections. */
async function openShop(t: TestContext, more: object = {}, others: object[] = []): Promise<Shop> {
  const twin = await startPaypalTwin({ seed: t.name })
  t.after(() => twin.stop())
  const webhookId = '1JE4291016473214C'
  const connection = {
    id: 'paypal-main',
    provider: 'paypal',
    mode: 'test',
    speaksFor: ['order', 'payment'],
    webhookId,
    clientId: twin.clientId,
    clientSecret: twin.clientSecret,
    apiBaseUrl: twin.url,
    caFile,
    ...more,
  }
  const line = await openLine(t, { connections: [connection, ...others] })
  const url = `${line.running.url}/webhooks/paypal/paypal-main`
  twin.addWebhook(url, webhookId)
  assert.equal((await line.call('PUT', '/inventory/TEE-M', { on_hand: 100 })).status, 200)
  const quiet = async () => {
    await twin.deliver.settled()
    await until('nothing waits for a reading', async () => {
      await line.quiet()
      const { data } = await line.get('/events?status=pending')
      return data.every(
        (event: { status_reason: string | null }) => !event.status_reason?.startsWith('re-reading'),
      )
    })
    await line.quiet()
  }
  return { line, twin, webhookId, url, quiet }
}

async function post(
  url: string,
  webhookId: string,
  body: Uint8Array,
  transmissionId = randomUUID() as string,
) {
  const headers = signedHeaders(body, webhookId, { transmissionId })
  const response = await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) })
  return { status: response.status, body: (await response.json()) as { id: string; status: string } }
}

async function reconcile({ line, quiet }: Shop): Promise<Run> {
  const run = await line.reconcile('paypal-main')
  await quiet()
  return run
}

test('an approved order that is captured is read from the API and becomes paid, with its fee', async (t) => {
  const shop = await openShop(t)
  shop.twin.steps.pay(purchase('P-1'))
  await shop.quiet()
  const order = await shop.line.order('P-1')
  assert.equal(order.payment_status, 'paid')
  assert.equal(order.totals.ordered.amount, '40.80')
  assert.equal(order.totals.fees.amount, '1.91')
  assert.equal(order.fulfillment_status, 'requested')
  assert.equal(shop.line.recorders.mails.size, 1)
  assert.equal((await shop.line.get('/inventory/TEE-M')).committed, 2)
  const balances = await shop.line.balances()
  assert.equal(balances['Assets:Clearing:paypal-main'], '38.89 USD')
  assert.equal(
    shop.twin.deliver.attempts.every(({ status }) => status === 200),
    true,
  )
})

/** Four bytes after the body that give it the CRC32 of another: what anybody can do to what is signed. */
function forged(body: Buffer, wanted: number): Buffer {
  const table = Array.from({ length: 256 }, (_, n) => {
    let c = n
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1
    return c >>> 0
  })
  let state = (wanted ^ 0xffffffff) >>> 0
  const indexes: number[] = []
  for (let at = 0; at < 4; at++) {
    const index = table.findIndex((entry) => entry >>> 24 === state >>> 24)
    indexes.unshift(index)
    state = ((state ^ table[index]!) << 8) >>> 0
  }
  let running = (crc32(body) ^ 0xffffffff) >>> 0
  const tail = indexes.map((index) => {
    const byte = (running ^ index) & 0xff
    running = ((running >>> 8) ^ table[index]!) >>> 0
    return byte
  })
  return Buffer.concat([body, Buffer.from(tail)])
}

/** A forgery that is still JSON: filler in `summary` is changed until its CRC fits. */
function forgedJson(genuine: Buffer, change: (text: string) => string): Buffer {
  const text = change(genuine.toString())
  const wanted = crc32(genuine)
  const place = text.indexOf('"summary":"') + '"summary":"'.length
  const [head, rest] = [text.slice(0, place), text.slice(place)]
  // Linear over GF(2): 48 characters of A or Q give more than the 32 equations that a CRC is.
  const filler = (bits: bigint) =>
    Array.from({ length: 48 }, (_, n) => ((bits >> BigInt(n)) & 1n ? 'Q' : 'A')).join('')
  const crcOf = (bits: bigint) => crc32(Buffer.from(head + filler(bits) + rest))
  const base = crcOf(0n)
  const basis = new Map<number, { vector: number; bits: bigint }>()
  const reduce = (start: number, startBits: bigint) => {
    let [vector, bits] = [start, startBits]
    for (let bit = 31; bit >= 0 && vector !== 0; bit--) {
      if (((vector >>> bit) & 1) === 0) continue
      const held = basis.get(bit)
      if (held === undefined) return { vector, bits, bit }
      vector = (vector ^ held.vector) >>> 0
      bits ^= held.bits
    }
    return { vector, bits, bit: -1 }
  }
  for (let n = 0n; n < 48n; n++) {
    const found = reduce((crcOf(1n << n) ^ base) >>> 0, 1n << n)
    if (found.bit >= 0) basis.set(found.bit, found)
  }
  const { vector, bits } = reduce((wanted ^ base) >>> 0, 0n)
  assert.equal(vector, 0)
  return Buffer.from(head + filler(bits) + rest)
}

test('a forgery that verifies moves nothing: the API has the last word', async (t) => {
  const shop = await openShop(t)
  shop.twin.deliver.fate = () => ({ lose: true })
  const { capture } = shop.twin.steps.pay(purchase('P-2'))
  const event = shop.twin.world.events.find(({ event_type: type }) => type === 'PAYMENT.CAPTURE.COMPLETED')!
  const genuine = Buffer.from(JSON.stringify(event))
  const bodies = [
    forgedJson(genuine, (text) => text.replaceAll('40.80', '4080.00')),
    forgedJson(genuine, (text) => text.replaceAll(capture.id, '9ZZ00000ZZ000000Z')),
    forged(Buffer.from(genuine.toString().replaceAll('40.80', '9999.00')), crc32(genuine)),
  ]
  const headers = signedHeaders(genuine, shop.webhookId)
  const send = async (body: Buffer) =>
    fetch(shop.url, { method: 'POST', headers, body: new Uint8Array(body) })
  for (const body of bodies) assert.equal(crc32(body), crc32(genuine))

  assert.equal((await send(bodies[0]!)).status, 200, 'nobody can tell it from a genuine one')
  await shop.quiet()
  const order = await shop.line.order('P-2')
  assert.equal(order.totals.captured.amount, '40.80', 'what was really paid, as the API says')

  // The transmission is claimed: whatever else comes under it is no delivery of theirs, the genuine one among it.
  for (const body of [genuine, bodies[1]!]) {
    const answer = await send(body)
    assert.equal(answer.status, 200)
    assert.equal((await answer.json()).status, 'accepted')
  }
  assert.equal((await send(bodies[0]!)).status, 200)
  assert.equal((await send(bodies[2]!)).status, 400, 'signed, and no JSON')
  await shop.quiet()
  const { data } = await shop.line.get('/events?status=needs_review')
  assert.equal(data.length, 2)
  for (const one of data) assert.equal(one.review_code ?? one.code ?? one.reason, 'identity_conflict')
  assert.equal((await shop.line.balances())['Assets:Clearing:paypal-main'], '38.89 USD')
  assert.equal(shop.line.recorders.mails.size, 1)
})

test('an event about what is not there moves nothing', async (t) => {
  const shop = await openShop(t)
  shop.twin.deliver.fate = () => ({ lose: true })
  shop.twin.steps.pay(purchase('P-3'))
  const event = structuredClone(
    shop.twin.world.events.find(({ event_type: type }) => type === 'PAYMENT.CAPTURE.COMPLETED')!,
  )
  event.resource.id = '9ZZ00000ZZ000000Z'
  assert.equal((await post(shop.url, shop.webhookId, Buffer.from(JSON.stringify(event)))).status, 200)
  await shop.line.quiet()
  assert.deepEqual((await shop.line.get('/orders')).data, [])
  assert.deepEqual(await shop.line.balances(), {})
})

test('C07 a capture whose completion no webhook told is paid after a poll', async (t) => {
  const shop = await openShop(t)
  const order = shop.twin.steps.order(purchase('P-7'))
  const capture = shop.twin.steps.capture(order.id, { pending: 'ECHECK' })
  await shop.quiet()
  const pending = await shop.line.order('P-7')
  assert.equal(pending.payment_status, 'pending')
  assert.equal(pending.pending_reason, 'ECHECK')
  assert.equal(shop.line.recorders.mails.size + shop.line.recorders.requests.size, 0)
  shop.twin.deliver.fate = () => ({ lose: true })
  shop.twin.steps.complete(capture.id)
  const run = await reconcile(shop)
  assert.equal(run.status, 'completed')
  assert.equal((await shop.line.order('P-7')).payment_status, 'paid')
  assert.equal(shop.line.recorders.mails.size, 1)
  const again = await reconcile(shop)
  assert.deepEqual(
    Object.values(again.findings).reduce((a, b) => a + b, 0),
    0,
    'a second run finds nothing',
  )
})

test('C16 the same write with the same PayPal-Request-Id is done once', async (t) => {
  const shop = await openShop(t)
  const { capture } = shop.twin.steps.pay(purchase('P-16'))
  await shop.quiet()
  const { paypal } = await import('../../src/providers/paypal/index.ts')
  const connection = shop.line.running.system.config.connections[0]!
  const api = { connection, signal: AbortSignal.timeout(5_000), timeoutMs: 2_000 }
  const shipment = {
    key: 'tracking:P-16',
    order: { kind: 'order', id: 'x' },
    payment: { kind: 'capture', id: capture.id },
    lines: [],
    carrier: 'DHL',
    number: '00340',
  } as const
  const first = await paypal.write!.tracking!(shipment, api)
  assert.deepEqual(await paypal.write!.tracking!(shipment, api), first)
  assert.equal(shop.twin.world.trackers.length, 1)
})

test('C27 a refund made at PayPal, in parts, is booked once by each', async (t) => {
  const shop = await openShop(t)
  shop.twin.deliver.fate = (event) => (event.event_type.startsWith('PAYMENT.') ? { copies: 2 } : {})
  const { capture } = shop.twin.steps.pay(purchase('P-27'))
  await shop.quiet()
  shop.twin.after.refund(capture.id, 1000n)
  await shop.quiet()
  assert.equal((await shop.line.order('P-27')).payment_status, 'partially_refunded')
  shop.twin.after.refund(capture.id, 3080n)
  await shop.quiet()
  const order = await shop.line.order('P-27')
  assert.equal(order.payment_status, 'refunded')
  assert.equal(order.totals.refunded.amount, '40.80')
  assert.equal((await shop.line.balances())['Assets:Clearing:paypal-main'], '-1.91 USD')
  assert.deepEqual((await reconcile(shop)).findings, {})
})

test('C28 a refund that fails after it was announced stops counting', async (t) => {
  const shop = await openShop(t)
  const { capture } = shop.twin.steps.pay(purchase('P-28'))
  const refund = shop.twin.after.refund(capture.id, 1000n, { pending: 'ECHECK' })
  await shop.quiet()
  assert.equal((await shop.line.order('P-28')).totals.refunded.amount, '10.00')
  shop.twin.after.refundFails(refund.id)
  await shop.quiet()
  const order = await shop.line.order('P-28')
  assert.equal(order.payment_status, 'paid')
  assert.equal(order.totals.refunded.amount, '0.00')
  assert.ok(order.needs_review.some(({ code }: { code: string }) => code === 'refund_failed'))
  assert.equal((await shop.line.balances())['Assets:Clearing:paypal-main'], '38.89 USD')
})

test('money taken back is disputed with a case, and returned without one', async (t) => {
  const shop = await openShop(t)
  const disputed = shop.twin.steps.pay(purchase('P-31'))
  const alone = shop.twin.steps.pay(purchase('P-32'))
  await shop.quiet()
  const dispute = shop.twin.after.dispute(disputed.capture.id, 'CHARGEBACK')
  shop.twin.after.reverse(disputed.capture.id)
  shop.twin.after.reverse(alone.capture.id)
  await shop.quiet()
  const one = await shop.line.order('P-31')
  assert.equal(one.dispute_status, 'open')
  assert.equal(one.totals.disputed.amount, '40.80')
  const two = await shop.line.order('P-32')
  assert.equal(two.totals.returned.amount, '40.80')
  assert.equal(two.payment_status, 'failed')
  shop.twin.after.resolve(dispute.dispute_id, 'RESOLVED_BUYER_FAVOUR')
  await shop.quiet()
  assert.equal((await shop.line.order('P-31')).dispute_status, 'lost')
  assert.equal((await shop.line.balances())['Assets:Clearing:paypal-main'], '-3.82 USD')
})

test('an authorization is held, taken in parts, and its rest let go with the last', async (t) => {
  const shop = await openShop(t)
  const order = shop.twin.steps.order({ ...purchase('P-41'), intent: 'AUTHORIZE' })
  const held = shop.twin.steps.authorize(order.id)
  await shop.quiet()
  assert.equal((await shop.line.order('P-41')).payment_status, 'authorized')
  shop.twin.steps.capture(order.id, { authorizationId: held.id, amountMinor: 2000n, isFinal: false })
  await shop.quiet()
  assert.equal((await shop.line.order('P-41')).payment_status, 'partially_paid')
  shop.twin.steps.capture(order.id, { authorizationId: held.id, amountMinor: 2080n })
  await shop.quiet()
  const paid = await shop.line.order('P-41')
  assert.equal(paid.payment_status, 'paid')
  assert.equal(paid.totals.authorized?.amount ?? '0.00', '0.00')
})

test('the postback decides where it is chosen: genuine, forged, and 503 while it cannot be asked', async (t) => {
  const shop = await openShop(t, { verify: 'postback', caFile: undefined })
  shop.twin.deliver.fate = () => ({ lose: true })
  shop.twin.steps.pay(purchase('P-51'))
  const event = shop.twin.world.events.at(-1)!
  const genuine = Buffer.from(JSON.stringify(event))
  const path = '/v1/notifications/verify-webhook-signature'
  shop.twin.faults.add({ kind: 'server_error', path })
  assert.equal((await post(shop.url, shop.webhookId, genuine)).status, 503)
  assert.equal(
    (await post(shop.url, shop.webhookId, Buffer.from(genuine.toString().replaceAll('40.80', '99.99'))))
      .status,
    401,
  )
  assert.equal((await post(shop.url, shop.webhookId, Buffer.from(`${genuine},"x":1`))).status, 401)
  assert.equal((await post(shop.url, shop.webhookId, genuine)).status, 200)
  const asked = shop.twin.requests.filter((request) => request.path === path).map(({ text }) => text)
  assert.equal(asked.length, 3, 'what is not one JSON value is never put into the question')
  assert.ok(asked.at(-1)!.endsWith(`"webhook_event":${genuine}}`))
})

test('C33 an order that is paid twice, by two providers, is overpaid and loses neither payment', async (t) => {
  const stripe = {
    id: 'stripe-test',
    provider: 'stripe',
    mode: 'test',
    speaksFor: ['payment'],
    webhookSecrets: [lineSecret],
  }
  const shop = await openShop(t, {}, [stripe])
  shop.twin.steps.pay(purchase('T-33'))
  await shop.quiet()
  await shop.line.take(stripeEvent('evt_33', 'charge.succeeded', chargeOf({ n: '33' })))
  await shop.quiet()
  const order = await shop.line.order('T-33')
  assert.equal(order.totals.captured.amount, '81.60')
  assert.ok(
    order.needs_review.some(({ code }: { code: string }) => code === 'overpaid'),
    JSON.stringify(order.needs_review),
  )
  const balances = await shop.line.balances()
  assert.equal(balances['Assets:Clearing:stripe-test'], '40.80 USD')
  assert.equal(balances['Assets:Clearing:paypal-main'], '38.89 USD')
  assert.equal(shop.line.recorders.requests.size, 1)
})
