import assert from 'node:assert/strict'
import { test } from 'node:test'
import { storeEvents } from '../../src/pipeline/receive.ts'
import { until } from '../support/wait.ts'
import { openShop, purchase, type Shop, stripeConnection } from './running.ts'

type Finding = {
  kind: string
  resource_kind: string
  resource_id: string
  repaired: boolean
  reason: string
  is_open: boolean
  order_id: string | null
}

async function findings(shop: Shop, runId: string): Promise<Finding[]> {
  const rows = await shop.rows<Omit<Finding, 'reason'> & { detail: string }>(
    'select kind, resource_kind, resource_id, repaired, detail, closed_at is null as is_open, order_id from findings where run_id = $1 order by seq',
    [runId],
  )
  return rows.map(({ detail, ...row }) => ({
    ...row,
    reason: (JSON.parse(detail) as { reason: string }).reason,
  }))
}

const shown = (rows: Finding[]) => rows.map((row) => `${row.kind} ${row.reason} ${row.resource_kind}`)

/** The webhook of a charge that the provider's API denies: forged with a leaked secret, or of an account we cannot see. */
async function foreignCharge(shop: Shop, id: string): Promise<void> {
  const created = Math.floor(Date.now() / 1_000) - 5
  const charge = {
    id,
    object: 'charge',
    amount: 500,
    amount_captured: 500,
    amount_refunded: 0,
    captured: true,
    created,
    currency: 'usd',
    livemode: false,
    metadata: {},
    paid: true,
    refunded: false,
    status: 'succeeded',
  }
  const event = {
    id: `evt_${id}`,
    object: 'event',
    type: 'charge.succeeded',
    api_version: '2026-10-28.endive',
    created,
    livemode: false,
    data: { object: charge },
  }
  await storeEvents(shop.system, [
    {
      connection: 'stripe-test',
      provider: 'stripe',
      providerEventId: event.id,
      type: event.type,
      mode: 'test',
      source: 'webhook',
      body: Buffer.from(JSON.stringify(event)),
      occurredAt: new Date(created * 1_000).toISOString(),
      receivedAt: new Date().toISOString(),
      isIdSigned: true,
    },
  ])
  await until(
    'it is processed',
    async () =>
      (
        await shop.rows("select 1 from events where status <> 'pending' and provider_event_id = $1", [
          event.id,
        ])
      ).length > 0,
  )
}

test('what we hold and the provider does not know is an orphan, once, until it is known there', async (t) => {
  const shop = await openShop(t, { notifyOn: ['drift'] })
  await foreignCharge(shop, 'ch_foreign')
  const run = await shop.reconcile()
  assert.deepEqual(shown(await findings(shop, run.id)), ['orphan payment charge'])
  assert.equal((await findings(shop, run.id))[0]!.is_open, true)
  assert.deepEqual((await shop.reconcile()).findings, {})
  const notices = await shop.rows<{ key: string; sink: string }>(
    "select key, sink from effects where key like 'notify:drift:%'",
  )
  assert.equal(notices.length, 1, 'told once')
})

test('what a list leaves out though a read shows it is no orphan', async (t) => {
  const shop = await openShop(t)
  const { charge, intent } = shop.twin.world.pay(purchase('1001'))
  await shop.idle()
  shop.twin.faults.omitted.add(charge.id).add(intent.id)
  assert.equal((await shop.reconcile()).found, 0)
})

test('one object that cannot be read does not keep the rest from being mended, and is one finding', async (t) => {
  const shop = await openShop(t)
  shop.twin.deliver.fate = () => ({ lose: true })
  for (let n = 0; n < 8; n += 1) shop.twin.world.pay(purchase(`100${n}`))
  const bad = shop.twin.world.pay(purchase('1009'))
  const spoil = { ...bad.charge, currency: 'zzz' }
  shop.twin.world.ground.save(spoil as typeof bad.charge)
  for (const event of shop.twin.world.events()) {
    if ((event.data.object as { id: string }).id === bad.charge.id) event.data.object = spoil as never
  }
  const run = await shop.reconcile()
  assert.equal(run.status, 'completed')
  const rows = await findings(shop, run.id)
  assert.equal(rows.filter((row) => row.repaired).length >= 8, true)
  const open = rows.filter((row) => row.is_open)
  assert.deepEqual([...new Set(open.map((row) => row.resource_id))], [bad.charge.id])
  assert.equal((await shop.reconcile()).found, 0)
})

test('a run for one order mends that order alone, known by number or by any of its ids', async (t) => {
  const shop = await openShop(t)
  shop.twin.deliver.fate = () => ({ lose: true })
  const first = shop.twin.world.pay(purchase('1001'))
  const second = shop.twin.world.pay(purchase('1002'))
  shop.twin.world.pay(purchase('1003'))
  const dry = await shop.reconcile({ order: '1001', dryRun: true })
  assert.deepEqual(
    (await findings(shop, dry.id)).map((row) => row.resource_id),
    [first.charge.id],
  )
  const run = await shop.reconcile({ order: '1001' })
  assert.deepEqual(
    (await findings(shop, run.id)).map((row) => [row.resource_id, row.repaired]),
    [[first.charge.id, true]],
  )
  assert.deepEqual(
    await shop.rows('select number, payment_status from orders where is_attached and alias_of is null'),
    [{ number: '1001', payment_status: 'paid' }],
  )
  const byId = await shop.reconcile({ order: second.intent.id })
  assert.deepEqual(
    (await findings(shop, byId.id)).map((row) => row.resource_id),
    [second.charge.id],
  )
  const refund = shop.twin.world.refund(first.charge, { amount: 500 })
  const later = await shop.reconcile({ order: '1001' })
  assert.deepEqual(
    (await findings(shop, later.id)).map((row) => [row.kind, row.resource_id]),
    [['missing', refund.id]],
  )
  assert.equal((await shop.reconcile({ order: '1001' })).found, 0)
})

test('a capture that was lost leaves the order behind; it is mended by the provider’s own event', async (t) => {
  const shop = await openShop(t)
  const { intent } = shop.twin.world.authorize(purchase('1001'))
  await shop.idle()
  shop.twin.deliver.fate = () => ({ lose: true })
  shop.twin.world.capture(intent)
  const run = await shop.reconcile()
  assert.deepEqual(shown(await findings(shop, run.id)), ['behind state charge'])
  const eventsSql =
    "select id, provider_event_id, deliveries from events where source = 'poll' and provider_event_id like 'evt_%'"
  type Row = { id: string; provider_event_id: string; deliveries: number }
  const [polled] = await shop.rows<Row>(eventsSql)
  shop.twin.deliver.fate = undefined
  shop.twin.deliver.resend(polled!.provider_event_id)
  await shop.twin.deliver.settled()
  const [again] = (await shop.rows<Row>(eventsSql)).filter((row) => row.id === polled!.id)
  assert.deepEqual(
    again,
    { ...polled, deliveries: polled!.deliveries + 1 },
    'the late webhook is a duplicate',
  )
})

test('a webhook that is not registered, disabled or registered elsewhere is a finding until it is put right', async (t) => {
  const shop = await openShop(t, { hasWebhooks: false, publicUrl: 'https://hooks.shop.example' })
  const absent = await shop.reconcile()
  assert.deepEqual(shown(await findings(shop, absent.id)), ['subscription absent webhook_endpoint'])
  assert.equal((await shop.reconcile()).found, 0)
  const provider = shop.system.providers.get('stripe')!
  const api = {
    connection: shop.config.connections[0]!,
    signal: new AbortController().signal,
    timeoutMs: 5_000,
  }
  await provider.subscription.ensure(api, 'https://hooks.shop.example/webhooks/stripe/stripe-test')
  const healthy = await shop.reconcile()
  assert.deepEqual([healthy.found, healthy.repaired], [0, 1])
  assert.deepEqual(
    (await findings(shop, absent.id)).map((row) => [row.is_open, row.repaired]),
    [[false, true]],
  )
})

test('deliveries that stopped while the provider had events are a gap, until one comes again', async (t) => {
  let agoMs = 0
  const shop = await openShop(t, {
    reconcile: { everyMs: 60_000 },
    twin: { now: () => new Date(Date.now() - agoMs) },
  })
  shop.twin.world.pay(purchase('1001'))
  await shop.idle()
  await shop.rows("update payloads set received_at = received_at - interval '3 hours'")
  await shop.rows("update events set received_at = received_at - interval '3 hours'")
  shop.twin.deliver.fate = () => ({ lose: true })
  shop.twin.world.pay(purchase('1002'))
  assert.deepEqual((await shop.reconcile()).findings, { missing: 1 }, 'not silent for long enough yet')
  agoMs = 600_000
  shop.twin.world.pay(purchase('1004'))
  const run = await shop.reconcile()
  assert.deepEqual(shown(await findings(shop, run.id)), ['missing payment charge', 'gap silence connection'])
  agoMs = 0
  shop.twin.deliver.fate = undefined
  shop.twin.world.pay(purchase('1003'))
  await shop.idle()
  await shop.reconcile()
  assert.deepEqual(
    (await findings(shop, run.id)).map((row) => row.is_open),
    [false, false],
  )
})

test('two connections are run side by side: one whose provider hangs holds the other not up', async (t) => {
  const shop = await openShop(t, {
    hasWebhooks: false,
    reconcile: { giveUpAfterMs: 60_000 },
    connections: (url) => [
      stripeConnection(url),
      stripeConnection('http://127.0.0.1:9', { id: 'stripe-down' }),
    ],
  })
  shop.twin.deliver.fate = () => ({ lose: true })
  shop.twin.world.pay(purchase('1001'))
  const { requestRun } = await import('../../src/pipeline/reconcile.ts')
  await requestRun(shop.system, { connection: 'stripe-down' })
  const run = await shop.reconcile()
  assert.deepEqual([run.status, run.found], ['completed', 1])
  assert.deepEqual(await shop.rows("select status from runs where connection = 'stripe-down'"), [
    { status: 'running' },
  ])
})

test('a connection without an API key cannot be reconciled, and the run says so', async (t) => {
  const shop = await openShop(t, { connection: { apiKey: undefined as never } })
  const run = await shop.reconcile()
  assert.equal(run.status, 'failed')
  assert.match(run.error!, /no apiKey/)
})

test('a payment that names no order anybody knows is unmatched past its lag, until the order is there', async (t) => {
  const shop = await openShop(t)
  shop.twin.world.pay(purchase('9001'))
  await shop.idle()
  await shop.rows('update orders set is_attached = false')
  assert.equal((await shop.reconcile()).found, 0, 'it may be on its way')
  await shop.rows('alter table facts disable trigger facts_append_only')
  await shop.rows("update facts set occurred_at = occurred_at - interval '20 minutes'")
  const run = await shop.reconcile()
  assert.deepEqual(shown(await findings(shop, run.id)), ['unmatched payment_without_order charge'])
  assert.equal((await shop.reconcile()).found, 0)
  await shop.rows('update orders set is_attached = true')
  await shop.reconcile()
  assert.deepEqual(
    (await findings(shop, run.id)).map((row) => row.is_open),
    [false],
  )
})
