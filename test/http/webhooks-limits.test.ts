import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rowsOf, sign, testConnection } from '../pipeline/support.ts'
import { deliver, type Endpoint, endpoint, event } from './webhook-client.ts'

type Row = {
  connection: string
  event_id: string | null
  response_status: number
  headers: string
  path: string
  method: string
  remote_address: string
  body_bytes: number
  duplicate: boolean
  refused_count: number
}
const logOf = (to: Endpoint) => rowsOf<Row>(to.system, 'select * from deliveries order by seq')
const forged = { 'x-signature': sign('something else') }

test('a refused attempt is in the delivery log once it is answered, its secrets masked', async (t) => {
  const to = await endpoint(t)
  await deliver(to, event('e'), { headers: { ...forged, authorization: 'Bearer secret', 'x-other': 'kept' } })
  const [row] = await logOf(to)
  assert.ok(row)
  assert.deepEqual(
    [row.connection, row.event_id, row.response_status, row.method, row.path, row.duplicate],
    ['acme-main', null, 401, 'POST', '/webhooks/acme/acme-main', false],
  )
  assert.equal(row.remote_address, '127.0.0.1')
  assert.equal(row.body_bytes, event('e').length)
  const headers = new Map(JSON.parse(row.headers) as [string, string][])
  assert.deepEqual(
    [headers.get('x-signature'), headers.get('authorization'), headers.get('x-other')],
    ['***', '***', 'kept'],
  )
  assert.ok(!row.headers.includes(forged['x-signature']))
})

test('a repeat is in the delivery log with its event, the first delivery with the event itself', async (t) => {
  const to = await endpoint(t)
  const { json } = await deliver(to, event('e'))
  await deliver(to, event('e'))
  const rows = await logOf(to)
  assert.deepEqual(
    rows.map((row) => [row.event_id, row.response_status, row.duplicate]),
    [[json.id, 200, true]],
  )
  const [first] = await rowsOf<{ headers: string; remote_address: string; path: string }>(
    to.system,
    'select p.headers, p.path, e.remote_address from payloads p join events e on e.id = p.event_id',
  )
  assert.equal(first?.remote_address, '127.0.0.1')
  assert.equal(first?.path, '/webhooks/acme/acme-main')
  assert.ok(first?.headers.includes('["x-signature","***"]'))
})

test('of refusals twenty a minute are rows, the rest a number', async (t) => {
  const to = await endpoint(t)
  for (let i = 0; i < 30; i += 1) await deliver(to, event('e'), { headers: forged })
  assert.equal((await logOf(to)).length, 20)
  const written = async () => (await logOf(to)).reduce((sum, row) => sum + row.refused_count, 0)
  while ((await written()) < 30) await new Promise((resolve) => setImmediate(resolve))
  assert.equal(await written(), 30)
  assert.equal((await logOf(to)).length, 20)
})

test('forgeries are limited, and a genuine delivery from the same address never is', async (t) => {
  const to = await endpoint(t, { limits: { failedVerificationsPerMinute: 5 } })
  const statuses: number[] = []
  for (let i = 0; i < 8; i += 1) {
    const answer = await deliver(to, event('e'), { headers: forged })
    statuses.push(answer.status)
    if (answer.status === 429) {
      const wait = Number(answer.headers.get('retry-after'))
      assert.ok(wait >= 1 && wait <= 60)
      assert.equal(answer.json.code, 'too_many_failures')
    }
    assert.equal((await deliver(to, event(`ev_${i}`))).status, 200)
  }
  assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429, 429, 429])
})

test('an address is refused before anything is read or checked', async (t) => {
  const to = await endpoint(t, {
    connections: [testConnection({ allowIps: ['10.1.0.0/16', '2001:db8::/32'] })],
    trustProxy: 1,
  })
  const from = async (forwarded: string) =>
    (await deliver(to, event(`e ${forwarded}`), { headers: { 'x-forwarded-for': forwarded } })).status
  assert.equal(await from('10.1.2.3'), 200)
  assert.equal(await from('::ffff:10.1.2.3'), 200)
  assert.equal(await from('2001:db8::1'), 200)
  assert.equal(await from('10.2.0.0'), 403)
  assert.equal(await from('10.1.2.3, 9.9.9.9'), 403, 'the one before our proxy counts, not what it was told')
  assert.equal(await from('nonsense'), 403)
  const rows = await rowsOf<{ remote_address: string }>(
    to.system,
    'select remote_address from events order by seq',
  )
  assert.deepEqual(
    rows.map(({ remote_address }) => remote_address),
    ['10.1.2.3', '10.1.2.3', '2001:db8::1'],
  )
})

test('an intake that has no room answers 503 and when to come back', async (t) => {
  const to = await endpoint(t, { limits: { waitMs: 200 } })
  const blocker = await to.system.db.web.connect()
  await blocker.query('begin')
  await blocker.query('lock table events in access exclusive mode')
  const answer = await deliver(to, event('e'))
  assert.deepEqual([answer.status, answer.json.code], [503, 'cannot_store_now'])
  assert.equal(answer.headers.get('retry-after'), '2')
  await blocker.query('commit')
  blocker.release()
  assert.equal((await deliver(to, event('e'))).status, 200)
})
