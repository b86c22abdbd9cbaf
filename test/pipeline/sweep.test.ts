import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startSweeper, sweep } from '../../src/pipeline/sweep.ts'
import { until } from '../support/wait.ts'
import { openShop, purchase } from './running.ts'

const pendingSql = "select count(*)::int as n from events where status = 'pending' and next_at is not null"

test('events whose wake-up was lost are woken again once they are overdue, and processed', async (t) => {
  const shop = await openShop(t, { roles: [] })
  shop.twin.world.pay(purchase('1001'))
  await shop.twin.deliver.settled()
  await shop.rows("delete from pgboss.job where name = 'wake-ups'")
  assert.equal(await sweep(shop.system), 0, 'not overdue yet')
  await shop.rows("update events set next_at = next_at - interval '1 minute'")
  const [pending] = await shop.rows<{ n: number }>(pendingSql)
  assert.equal(await sweep(shop.system), pending!.n)
  assert.equal(await sweep(shop.system), 0, 'one wake-up each')
  await shop.another(['worker'])
  await until('they are processed', async () => (await shop.rows<{ n: number }>(pendingSql))[0]!.n === 0)
  assert.deepEqual(
    await shop.rows('select payment_status from orders where is_attached and alias_of is null'),
    [{ payment_status: 'paid' }],
  )
})

test('an event that waits for something other than time is left alone', async (t) => {
  const shop = await openShop(t, { roles: [] })
  shop.twin.world.pay(purchase('1001'))
  await shop.twin.deliver.settled()
  await shop.rows("update events set next_at = null, reason = 'waiting for charge ch_1'")
  assert.equal(await sweep(shop.system), 0)
})

test('a sweeper makes partitions and forgets idempotency keys after 30 days', async (t) => {
  const shop = await openShop(t, { roles: [], hasWebhooks: false })
  const insert =
    "insert into idempotency (key, actor, request_sha256, created_at) values ($1, 'key_1', '\\x00', now() - $2::interval)"
  await shop.rows(insert, ['old', '31 days'])
  await shop.rows(insert, ['new', '29 days'])
  const sweeper = startSweeper(shop.system)
  await until(
    'the old key is forgotten',
    async () => (await shop.rows('select key from idempotency')).length === 1,
  )
  await sweeper.stop()
  assert.deepEqual(await shop.rows('select key from idempotency'), [{ key: 'new' }])
  const [row] = await shop.rows<{ n: number }>(
    "select count(*)::int as n from pg_class where relname ~ '^payloads_\\d{4}_\\d\\d$'",
  )
  assert.ok(row!.n >= 2)
})

test('months that retention has passed are dropped; the payload of what is still open is kept', async (t) => {
  const shop = await openShop(t, { roles: [], hasWebhooks: false })
  const old = new Date(Date.now() - 500 * 86_400_000)
  const recent = new Date(Date.now() - 60 * 86_400_000)
  for (const at of [old, recent]) await shop.rows('select ensure_partitions($1)', [at])
  const insertEvent = `insert into events (id, connection, scope, provider, provider_event_id, type, mode, source, status, received_at, body_sha256, body_bytes)
    values ($1, 'c', 'c', 'p', $1, 't', 'test', 'poll', $2, $3, '\\x00', 1)`
  const insertPayload =
    "insert into payloads (event_id, received_at, body, headers, path) values ($1, $2, 'x', '[]', '/')"
  for (const [id, status, at] of [
    ['evt_done', 'processed', old],
    ['evt_open', 'needs_review', old],
    ['evt_new', 'processed', recent],
  ] as const) {
    await shop.rows(insertEvent, [id, status, at])
    await shop.rows(insertPayload, [id, at])
  }
  const sweeper = startSweeper(shop.system)
  const kept = () => shop.rows<{ event_id: string }>('select event_id from payloads order by event_id')
  await until('the old month is dropped', async () => (await kept()).length === 2)
  await sweeper.stop()
  assert.deepEqual(await kept(), [{ event_id: 'evt_new' }, { event_id: 'evt_open' }])
  const months = await shop.rows<{ name: string }>(
    "select relname as name from pg_class where relname ~ '^(payloads|deliveries)_\\d{4}_\\d\\d$' order by 1",
  )
  const [month, later] = [old, recent].map((at) => at.toISOString().slice(0, 7).replace('-', '_'))
  const has = (name: string) => months.some((row) => row.name === name)
  assert.ok(!has(`payloads_${month}`) && !has(`deliveries_${month}`), 'older than both')
  assert.ok(has(`payloads_${later}`) && has(`deliveries_${later}`), 'within both')
})
