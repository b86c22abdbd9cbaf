import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sinksOf } from '../../../src/pipeline/perform.ts'
import * as effects from '../../../src/store/effects.ts'
import { endpoint, type Reply, scriptedMailServer } from '../../sinks/support.ts'
import { until } from '../../support/wait.ts'
import { buy, perform, refund, rows, secret, settled, systemWith } from './support.ts'

type Sent = { type: string; data: { order_id: string; line_items: unknown[] } }

function sent(received: { body: Buffer }[]): Sent[] {
  return received.map(({ body }) => JSON.parse(body.toString('utf8')))
}

test('what was undone before it left never leaves', async (t) => {
  const warehouse = await endpoint(t, () => ({ status: 200 }))
  const system = await systemWith(t, { fulfillment: { url: warehouse.url, secret, atMostOnce: false } })
  await buy(system, { number: '1' })
  await refund(system, '1')
  perform(system, sinksOf(system))
  assert.ok((await settled(system)).every(({ state }) => state === 'cancelled'))
  assert.equal(warehouse.received.length, 0)
})

test('what left is followed by one cancellation that says the same', async (t) => {
  const warehouse = await endpoint(t, () => ({ status: 200 }))
  const system = await systemWith(t, { fulfillment: { url: warehouse.url, secret, atMostOnce: false } })
  perform(system, sinksOf(system))
  await buy(system, { number: '1' })
  await settled(system)
  await refund(system, '1')
  const all = await until('the cancellation is done', async () => {
    const found = await rows(system)
    return found.length === 2 && found.every(({ state }) => state === 'done') && found
  })
  const [request, cancellation] = sent(warehouse.received) as [Sent, Sent]
  assert.deepEqual([request.type, cancellation.type], ['fulfillment.requested', 'fulfillment.cancelled'])
  assert.deepEqual(cancellation.data, request.data)
  assert.notEqual(all[0]!.id, all[1]!.id)
})

test('a request that may have arrived is not repeated after it was undone: its cancellation goes instead', async (t) => {
  let reply: Reply = 'cut'
  const warehouse = await endpoint(t, () => reply)
  const system = await systemWith(t, { fulfillment: { url: warehouse.url, secret, atMostOnce: false } })
  const sinks = sinksOf(system).map((sink) => ({ ...sink, concurrency: 1 }))
  const performing = perform(system, sinks)
  await buy(system, { number: '1' })
  await until('its answer was lost', () => warehouse.received.length >= 1)
  await performing.stop()
  await refund(system, '1')
  reply = { status: 200 }
  const before = warehouse.received.length
  perform(system, sinks)
  const all = await settled(system)
  assert.deepEqual(
    all.map(({ kind, state }) => [kind, state]),
    [
      ['request', 'cancelled'],
      ['cancellation', 'done'],
    ],
  )
  assert.deepEqual(
    sent(warehouse.received)
      .slice(before)
      .map(({ type }) => type),
    ['fulfillment.cancelled'],
  )
})

test('a cancellation does not overtake its request', async (t) => {
  const gate = Promise.withResolvers<void>()
  const warehouse = await endpoint(t, () => ({ status: 200 }))
  const system = await systemWith(t, { fulfillment: { url: warehouse.url, secret, atMostOnce: false } })
  const [sink] = sinksOf(system)
  const held = {
    ...sink!,
    call: async (attempt: Parameters<NonNullable<typeof sink>['call']>[0]) => {
      if (attempt.key.startsWith('fulfil:') && attempt.key.includes(':pi_1:')) await gate.promise
      return sink!.call(attempt)
    },
  }
  perform(system, [held])
  await buy(system, { number: '1' })
  await until('the request is under way', async () => (await rows(system))[0]?.state === 'performing')
  await refund(system, '1')
  await buy(system, { number: '2' })
  const all = await until('what became due later is done', async () => {
    const found = await rows(system)
    return found.some(({ key, state }) => key.includes(':pi_2:') && state === 'done') && found
  })
  assert.deepEqual(
    all.map(({ kind, state }) => [kind, state]),
    [
      ['request', 'performing'],
      ['cancellation', 'due'],
      ['request', 'done'],
    ],
  )
  gate.resolve()
  await settled(system)
  assert.deepEqual(
    sent(warehouse.received).map(({ type }) => type),
    ['fulfillment.requested', 'fulfillment.requested', 'fulfillment.cancelled'],
  )
})

test('an operator has a failed or doubtful effect done again as often as asked, or settles it by word', async (t) => {
  const server = await scriptedMailServer(t, { rcpt: '550 no' })
  const system = await systemWith(t, {
    receipt: { smtpUrl: server.url, from: 'shop@shop.example', waitForMs: 0 },
  })
  perform(system, sinksOf(system))
  await buy(system, { number: '1' })
  const [failed] = await settled(system)
  const again = async () => {
    assert.equal((await effects.retry(system.db.web, failed!.id, new Date().toISOString())).length, 1)
    return (await settled(system))[0]!
  }
  assert.deepEqual([(await again()).state, (await again()).attempts], ['failed', 3])
  server.script.rcpt = '250 ok'
  assert.equal((await again()).state, 'done')
  assert.equal((await again()).attempts, 5)
  assert.equal(server.messages.length, 2) // the second by an explicit wish
  const now = new Date().toISOString()
  assert.deepEqual(await effects.resolve(system.db.web, failed!.id, 'cancelled', 'not wanted', now), [])
})

test('a receipt in doubt puts its order before an operator until it went out for certain', async (t) => {
  const server = await scriptedMailServer(t, { message: 'cut' })
  const system = await systemWith(t, {
    receipt: { smtpUrl: server.url, from: 'shop@shop.example', waitForMs: 0 },
  })
  perform(system, sinksOf(system))
  const orderId = await buy(system, { number: '1' })
  const [doubtful] = await settled(system)
  assert.equal(doubtful!.state, 'unknown')
  const reviewsOf = async () => {
    const found = await system.db.web.query('select state, needs_review from orders where id = $1', [orderId])
    const codes = JSON.parse(found.rows[0].state).reviews.map(({ code }: { code: string }) => code)
    return { codes, isListed: found.rows[0].needs_review }
  }
  assert.deepEqual(await reviewsOf(), { codes: ['effect_unknown'], isListed: true })
  server.script.message = '250 taken'
  await effects.retry(system.db.web, doubtful!.id, new Date().toISOString())
  assert.equal((await settled(system))[0]!.state, 'done')
  assert.deepEqual(await reviewsOf(), { codes: [], isListed: false })
})

test('an effect that is being performed cannot be asked for again', async (t) => {
  const system = await systemWith(t, {
    receipt: { smtpUrl: 'smtp://127.0.0.1:1', from: 'shop@shop.example', waitForMs: 0 },
  })
  await buy(system, { number: '1' })
  await system.db.web.query(
    `update effects set state = 'performing', token = 'x', lease_until = now() + interval '1 minute'`,
  )
  const [row] = await rows(system)
  assert.deepEqual(await effects.retry(system.db.web, row!.id, new Date().toISOString()), [])
})
