import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKey } from '../../src/store/keys.ts'
import { rowsOf, sign } from '../pipeline/support.ts'
import { deliver, type Endpoint, endpoint, event } from './webhook-client.ts'

const get = async ({ url }: Endpoint, path: string, headers: { [name: string]: string } = {}) => {
  const response = await fetch(url + path, { headers, redirect: 'manual' })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

test('a service that can take deliveries is alive and ready', async (t) => {
  const to = await endpoint(t)
  assert.deepEqual(JSON.parse((await get(to, '/healthz')).text), { status: 'ok' })
  const ready = await get(to, '/readyz')
  assert.deepEqual([ready.status, JSON.parse(ready.text)], [200, { status: 'ready' }])
})

test('what is missing makes it unready, with a word for it, and leaves it alive', async (t) => {
  const to = await endpoint(t)
  await rowsOf(to.system, 'delete from schema_migrations where version = 1')
  const answer = await get(to, '/readyz')
  assert.equal(answer.status, 503)
  const { code, detail } = JSON.parse(answer.text)
  assert.equal(code, 'not_ready')
  assert.match(detail, /migration 0001_\w+\.sql is not done/)
  assert.equal((await get(to, '/healthz')).status, 200)
})

test('a read-only database is said to be one', async (t) => {
  const to = await endpoint(t)
  const [{ name }] = (await rowsOf<{ name: string }>(to.system, 'select current_database() as name')) as [
    { name: string },
  ]
  await rowsOf(to.system, `alter database ${name} set default_transaction_read_only = on`)
  await rowsOf(
    to.system,
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and application_name = 'ordersync'",
  )
  await rowsOf(to.system, 'set default_transaction_read_only = on')
  assert.match((await get(to, '/readyz')).text, /read-only/)
})

test('metrics count what happened, each with a help text', async (t) => {
  const to = await endpoint(t)
  await deliver(to, event('a'))
  await deliver(to, event('a'))
  await deliver(to, event('a'), { headers: { 'x-signature': sign('other') } })
  await deliver(to, event('a'), { path: '/webhooks/nobody' })
  const { status, headers, text } = await get(to, '/metrics')
  assert.equal(status, 200)
  assert.match(headers.get('content-type') ?? '', /^text\/plain/)
  for (const line of [
    'ordersync_deliveries_total{connection="acme-main",status="200"} 2',
    'ordersync_deliveries_total{connection="acme-main",status="401"} 1',
    'ordersync_deliveries_total{connection="",status="404"} 1',
    'ordersync_events_open{status="pending"} 1',
    'ordersync_events_stored 1',
    'ordersync_database_up 1',
    'ordersync_delivery_seconds_count 4',
    'ordersync_flush_events_count 2',
    'ordersync_intake_waiting 0',
  ])
    assert.ok(text.split('\n').includes(line), line)
  const names = new Set(
    [...text.matchAll(/^(ordersync_\w+?)(_bucket|_sum|_count)?[{ ]/gm)].map((match) => match[1]),
  )
  for (const name of names) assert.match(text, new RegExp(`^# HELP ${name} \\S`, 'm'))
})

test('metrics are for loopback, or for whoever has a key', async (t) => {
  const far = { 'x-forwarded-for': '203.0.113.9' }
  const direct = await endpoint(t)
  assert.equal(
    (await get(direct, '/metrics', far)).status,
    401,
    'a proxy that we were not told of is not loopback',
  )
  const behind = await endpoint(t, { trustProxy: 1 })
  assert.equal((await get(behind, '/metrics', far)).status, 401)
  const { key } = await createKey(behind.system.db.web, {
    id: 'key_1',
    role: 'viewer',
    connections: null,
    expiresAt: null,
    now: new Date(),
  })
  assert.equal((await get(behind, '/metrics', { ...far, authorization: `Bearer ${key}` })).status, 200)
})

test('what is not a webhook has safe headers, and unknown paths are problems', async (t) => {
  const to = await endpoint(t)
  const root = await get(to, '/')
  assert.deepEqual([root.status, root.headers.get('location')], [302, '/admin'])
  const missing = await get(to, '/nothing/here')
  assert.deepEqual([missing.status, JSON.parse(missing.text).code], [404, 'not_found'])
  assert.match(
    missing.headers.get('content-security-policy') ?? '',
    /default-src 'none'.*frame-ancestors 'none'/,
  )
  assert.equal(missing.headers.get('x-content-type-options'), 'nosniff')
  assert.equal(missing.headers.get('referrer-policy'), 'no-referrer')
  assert.equal(missing.headers.get('x-powered-by'), null)
  assert.equal((await get(to, '/%ff')).status, 404)
})
