import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestReplay, replayEvent } from '../../src/pipeline/replay.ts'
import { storeEvent } from '../../src/pipeline/receive.ts'
import { resolutionReason, resolveEvent } from '../../src/store/event-review.ts'
import { until } from '../support/wait.ts'
import { aDay, openShop, purchase, type Shop } from './running.ts'

const everything = `select (select string_agg(id || state || version, ',' order by id) from orders) as orders,
                           (select count(*) from facts)::int as facts, (select string_agg(key || state, ',' order by key) from effects) as effects,
                           (select count(*) from journal_entries)::int as entries, (select count(*) from stock_moves)::int as moves,
                           (select count(*) from links)::int as links, (select string_agg(id || status, ',' order by id) from events) as events`

async function idOf(shop: Shop, type: string): Promise<string> {
  const [row] = await shop.rows<{ id: string }>('select id from events where type = $1', [type])
  return row!.id
}

test('replaying every event of a day backwards makes nothing new', async (t) => {
  const shop = await openShop(t)
  aDay(shop.twin)
  await shop.idle()
  const before = await shop.rows(everything)
  const events = await shop.rows<{ id: string }>('select id from events order by seq desc')
  assert.ok(events.length > 60)
  for (const { id } of events) {
    const replayed = await replayEvent(shop.system, id, { dryRun: false })
    assert.deepEqual(replayed, { facts: [], orders: [], effects: [] })
  }
  assert.deepEqual(await shop.rows(everything), before)
})

test('a run replays what its filter matches, in batches, and makes nothing new', async (t) => {
  const shop = await openShop(t)
  aDay(shop.twin)
  await shop.idle()
  const before = await shop.rows(everything)
  const { id } = await requestReplay(shop.system, { filter: { connection: 'stripe-test' }, dryRun: false })
  const run = await shop.ended(id)
  const [events] = await shop.rows<{ n: number }>('select count(*)::int as n from events')
  assert.deepEqual([run.status, run.scanned, run.found, run.repaired], ['completed', events!.n, 0, 0])
  const narrow = await shop.ended(
    (
      await requestReplay(shop.system, {
        filter: { type: 'payment_intent.succeeded', source: 'webhook' },
        dryRun: true,
      })
    ).id,
  )
  const [some] = await shop.rows<{ n: number }>(
    "select count(*)::int as n from events where type = 'payment_intent.succeeded' and source = 'webhook'",
  )
  assert.deepEqual([narrow.scanned, narrow.found], [some!.n, 0])
  assert.deepEqual(await shop.rows(everything), before)
})

test('a dry run says what the replay then does, and changes nothing', async (t) => {
  const shop = await openShop(t, { roles: ['reconciler'] }) // no worker: the event stays as it came
  shop.twin.world.pay(purchase('1001'))
  await shop.twin.deliver.settled()
  const id = await idOf(shop, 'payment_intent.succeeded')
  const before = await shop.rows(everything)
  const dry = await replayEvent(shop.system, id, { dryRun: true })
  assert.deepEqual(await shop.rows(everything), before)
  assert.ok(dry!.facts.some((fact) => fact.startsWith('payment_captured:')))
  const real = await replayEvent(shop.system, id, { dryRun: false })
  assert.deepEqual(real!.facts, dry!.facts)
  assert.deepEqual(
    real!.orders.map((order) => order.after),
    dry!.orders.map((order) => order.after),
  )
  assert.deepEqual(
    real!.effects.map((effect) => effect.key),
    dry!.effects.map((effect) => effect.key),
  )
  assert.equal(real!.orders[0]!.before, undefined)
  assert.equal(real!.orders[0]!.after.paymentStatus, 'paid')
})

test('a dead letter is settled by a replay run once its cause is gone', async (t) => {
  const shop = await openShop(t, { roles: ['reconciler'] })
  shop.twin.world.pay(purchase('1001'))
  await shop.twin.deliver.settled()
  const id = await idOf(shop, 'payment_intent.succeeded')
  await shop.rows("update events set status = 'failed', next_at = null, attempts = 12 where id = $1", [id])
  const run = await shop.ended(
    (await requestReplay(shop.system, { filter: { status: 'failed' }, dryRun: false })).id,
  )
  assert.deepEqual([run.scanned, run.repaired], [1, 1])
  assert.deepEqual(await shop.rows('select status from events where id = $1', [id]), [
    { status: 'processed' },
  ])
})

async function keep(shop: Shop, body: object): Promise<string> {
  const { id } = await storeEvent(shop.system, {
    connection: 'stripe-test',
    provider: 'stripe',
    providerEventId: 'evt_odd',
    type: (body as { type: string }).type,
    mode: 'test',
    source: 'webhook',
    body: Buffer.from(JSON.stringify(body)),
    receivedAt: new Date().toISOString(),
    isIdSigned: true,
  })
  return id
}

const stateOf = async (shop: Shop, id: string) =>
  (
    await shop.rows<{ status: string; reason: string | null; order_ids: string[] }>(
      'select status, reason, order_ids from events where id = $1',
      [id],
    )
  )[0]!

test('a review that a person closed stays closed, however often the event is entered again', async (t) => {
  const shop = await openShop(t, { hasWebhooks: false, notifyOn: ['needs_review'] })
  const unreadable = { object: 'charge' }
  const id = await keep(shop, { id: 'evt_odd', type: 'charge.succeeded', data: { object: unreadable } })
  await until('it is under review', async () => (await stateOf(shop, id)).status === 'needs_review')
  const reason = resolutionReason('not one of ours')
  await resolveEvent(shop.system.db.web, id, 'ignored', reason, new Date())
  const { id: run } = await requestReplay(shop.system, { filter: {}, dryRun: false })
  assert.equal((await shop.ended(run)).status, 'completed')
  await replayEvent(shop.system, id, { dryRun: false })
  assert.deepEqual(await stateOf(shop, id), { status: 'ignored', reason, order_ids: [] })
})

test('an event that only names what it is about is served by the stored answer', async (t) => {
  const shop = await openShop(t, { hasWebhooks: false })
  const { charge } = shop.twin.world.pay(purchase('1001'))
  const id = await keep(shop, {
    id: 'evt_odd',
    object: 'v2.core.event',
    type: 'v1.charge.succeeded',
    created: new Date().toISOString(),
    livemode: false,
    related_object: { id: charge.id, type: 'charge', url: `/v1/charges/${charge.id}` },
  })
  await until('it is answered', async () => (await stateOf(shop, id)).status === 'processed')
  await shop.idle()
  const before = await stateOf(shop, id)
  assert.equal(before.order_ids.length, 1)
  const readings = () => shop.rows("select id from events where source = 'reread' order by id")
  const known = await readings()
  const replayed = await replayEvent(shop.system, id, { dryRun: false })
  assert.deepEqual(replayed, { facts: [], orders: [], effects: [] })
  assert.deepEqual(await stateOf(shop, id), before)
  await shop.idle()
  assert.deepEqual(await readings(), known)
})

test('an event that is not stored cannot be replayed', async (t) => {
  const shop = await openShop(t, { roles: [], hasWebhooks: false })
  assert.equal(await replayEvent(shop.system, 'evt_none', { dryRun: false }), undefined)
})
