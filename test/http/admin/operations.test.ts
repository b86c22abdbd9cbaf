import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rateOf } from '../../../src/pipeline/rate.ts'
import { processEvents } from '../../../src/pipeline/process.ts'
import * as dueEffects from '../../../src/store/due-effects.ts'
import * as rereads from '../../../src/store/rereads.ts'
import { stripeEvent } from '../../support/stripe-events.ts'
import { connectionOf, paidSale, startAdmin } from './support.ts'

test('status is idle when nothing can be worked on now, and names the newest link', async (t) => {
  let at = new Date()
  const admin = await startAdmin(t, { now: () => at })
  const status = async () => (await admin.get('/status')).body
  assert.equal((await status()).idle, true)
  const [event] = paidSale({ n: 1 })
  const id = await admin.store(event!)
  at = new Date(at.getTime() + 1000)
  const waiting = await status()
  assert.deepEqual([waiting.idle, waiting.events.pending], [false, 1])
  await processEvents(admin.system, [id])
  const due = await status()
  assert.equal(due.events.pending, 0)
  assert.ok(BigInt(due.head.seq) > BigInt(waiting.head.seq))
  // The receipt waits ten minutes for an address: nothing can be worked on until then.
  assert.deepEqual([due.idle, due.effects.due], [true, 1])
  at = new Date(at.getTime() + 11 * 60_000)
  assert.equal((await status()).idle, false)
  await admin.system.db.web.query("update effects set state = 'failed'")
  const failed = await status()
  assert.deepEqual([failed.idle, failed.dead_letters.effects], [true, 1])
  // An event that waits for something other than time does not count.
  await admin.system.db.web.query("update events set status = 'pending', next_at = null")
  assert.equal((await status()).idle, true)
})

test('a re-read under way is work; one that waits for its next attempt, or for its provider, is none', async (t) => {
  const readable = connectionOf('stripe-test', { apiKey: 'sk_test_x' })
  const admin = await startAdmin(t, { connections: [readable] })
  const { db } = admin.system
  const isIdle = async () => (await admin.get('/status')).body.idle
  await dueEffects.want(db.web, ['stripe-test'], ['stripe-test'], ['charge'], ['ch_1'], ['fee'], [null])
  assert.equal(await isIdle(), false)
  const now = new Date().toISOString()
  const lease = new Date(Date.now() + 60_000).toISOString()
  const [taken] = await rereads.claim(db.web, now, lease, ['stripe-test'], 1)
  assert.equal(await isIdle(), false, 'in hand')
  await rereads.postpone(db.web, 'stripe-test', 'charge', 'ch_1', taken!.reason, 1, lease, 'not there yet')
  assert.equal(await isIdle(), true, 'waits for its next attempt')
  await rereads.postpone(db.web, 'stripe-test', 'charge', 'ch_1', taken!.reason, 1, now, null)
  assert.equal(await isIdle(), false)
  rateOf(admin.system, 'stripe-test').blocked(undefined)
  assert.equal(await isIdle(), true, 'its provider is away')
})

test('a connection is shown with its documentation and how it does, never with a secret', async (t) => {
  const secret = {
    webhookSecrets: ['whsec_canary_one', 'whsec_canary_two'],
    apiKey: 'sk_canary',
    extra: { clientSecret: 'canary_three' },
  }
  const admin = await startAdmin(t, {
    connections: [connectionOf('stripe-test', secret), connectionOf('other')],
  })
  await admin.learn(...paidSale({ n: 1 }))
  const { bytes, body } = await admin.get('/connections/stripe-test')
  assert.ok(!bytes.includes('canary'))
  assert.deepEqual(
    [body.owner, body.purpose, body.failure_plan],
    ['payments@shop.example', 'Takes the money', 'Call somebody'],
  )
  assert.deepEqual(
    [body.has_api_key, body.webhook_secrets, body.webhook_path],
    [true, 2, '/webhooks/stripe/stripe-test'],
  )
  assert.equal(body.success_rate, 1)
  assert.ok(body.last_event_id)
  assert.equal(body.last_poll_at, null)
  assert.equal(body.subscription.status, 'unknown')
  assert.ok(typeof body.latency_ms.p50 === 'number')
  await admin.system.db.web.query(
    `insert into findings (id, run_id, connection, dry_run, kind, resource_kind, resource_id, detail, ours, theirs, repair)
     values ('fnd_1', 'run_1', 'stripe-test', false, 'subscription', 'webhook', 'we_1', '{"reason":"disabled"}', '{}', '{}', 'register it')`,
  )
  const { body: faulty } = await admin.get('/connections/stripe-test')
  assert.deepEqual(faulty.subscription, { status: 'faulty', detail: { reason: 'disabled' } })
  const list = (await admin.get('/connections?limit=1')).body
  assert.deepEqual(
    [list.data[0].id, (await admin.get(`/connections?cursor=${list.next_cursor}`)).body.data[0].id],
    ['stripe-test', 'other'],
  )
})

test('a payout stands where its furthest state is, with its lines and their difference', async (t) => {
  const admin = await startAdmin(t)
  const payout = (status: string) => ({
    id: 'po_1',
    object: 'payout',
    amount: 3932,
    arrival_date: 1_767_400_000,
    automatic: true,
    created: 1_767_300_000,
    currency: 'usd',
    status,
    livemode: false,
    balance_transaction: 'txn_po_1',
  })
  await admin.learn(
    stripeEvent('evt_po_2', 'payout.paid', payout('paid')),
    stripeEvent('evt_po_1', 'payout.created', payout('pending')),
  )
  const { data } = (await admin.get('/payouts')).body
  assert.equal(data.length, 1)
  assert.deepEqual([data[0].id, data[0].status, data[0].lines_basis], ['po_1', 'paid', 'provider'])
  assert.deepEqual(data[0].amount, { amount: '39.32', currency: 'USD' })
  assert.equal(data[0].difference, null, 'no line names it yet')
  assert.deepEqual((await admin.get('/payouts/po_1')).body, data[0])
  assert.equal((await admin.get('/payouts/po_2')).status, 404)
  assert.deepEqual((await admin.get('/payouts?mode=live')).body.data, [])
})

test('the audit log holds every write with who, what, from where and how it ended, newest first', async (t) => {
  const admin = await startAdmin(t)
  const viewer = await admin.as('viewer')
  await viewer('PUT', '/inventory/TEE', { body: { on_hand: 1 } })
  await admin.ask('PUT', '/inventory/TEE', { body: { on_hand: 'x' } })
  await admin.ask('PUT', '/inventory/TEE', { body: { on_hand: 1 } })
  const rows = (await admin.get('/audit')).body.data
  assert.deepEqual(
    rows.map(
      (row: { action: string; target: string; result: string }) =>
        `${row.action} ${row.target} ${row.result}`,
    ),
    ['PUT /inventory/{sku} TEE 200', 'PUT /inventory/{sku} TEE 400', 'PUT /inventory/{sku} TEE 403'],
  )
  assert.equal(rows[0].actor, 'key_bootstrap')
  assert.match(rows[0].address, /127\.0\.0\.1/)
  assert.deepEqual(
    (await admin.get(`/audit?limit=1&cursor=${(await admin.get('/audit?limit=1')).body.next_cursor}`)).body
      .data[0],
    rows[1],
  )
})
