import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openapiDocument } from '../../../src/http/admin/openapi.ts'
import { createKey } from '../../../src/store/keys.ts'
import { adminKey, askWith, connectionOf, paidSale, startAdmin } from './support.ts'

type Operations = { [path: string]: { [method: string]: { 'x-role'?: string } } }

const rank = ['viewer', 'operator', 'admin'] as const

test('every operation names its role, answers 401 without a key and 403 below its role', async (t) => {
  const admin = await startAdmin(t)
  const asks = {
    viewer: await admin.as('viewer'),
    operator: await admin.as('operator'),
    admin: await admin.as('admin'),
  }
  const nobody = askWith(admin.url, undefined)
  const { paths } = openapiDocument() as { paths: Operations }
  let checked = 0
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { 'x-role': role }] of Object.entries(methods)) {
      const url = path.replaceAll(/\{\w+\}/g, 'unknown')
      const body = method === 'get' || method === 'delete' ? {} : { body: {} }
      assert.ok(rank.includes(role as 'viewer'), `${method} ${path} names no role`)
      const answer = await nobody(method.toUpperCase(), url, body)
      assert.equal(answer.status, 401, `${method} ${path} without a key`)
      assert.equal(answer.body.code, 'unauthorized')
      for (const asker of rank) {
        const { status, body: problem } = await asks[asker](method.toUpperCase(), url, body)
        const mayAct = rank.indexOf(asker) >= rank.indexOf(role as 'viewer')
        assert.equal(
          status === 403,
          !mayAct,
          `${method} ${path} as ${asker}: ${status} ${JSON.stringify(problem)}`,
        )
        assert.notEqual(status, 500, `${method} ${path} as ${asker}`)
        checked += 1
      }
    }
  }
  assert.ok(checked > 90, `only ${checked} pairs were checked`)
})

test('what each role may do is what the contract says', () => {
  const { paths } = openapiDocument() as { paths: Operations }
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { 'x-role': role }]) => ({
      name: `${method.toUpperCase()} ${path}`,
      role,
    })),
  )
  for (const { name, role } of operations) {
    if (/\/(keys|erasures|exports|periods\/{month}\/)/.test(name)) assert.equal(role, 'admin', name)
    else if (name.startsWith('GET') && !name.endsWith('/raw')) assert.equal(role, 'viewer', name)
    else assert.equal(role, 'operator', name)
  }
})

test('a key is kept as a hash, shown once, expires, and is refused from the moment it is revoked', async (t) => {
  let at = new Date('2026-11-25T10:00:00Z')
  const admin = await startAdmin(t, { now: () => at })
  const made = await admin.ask('POST', '/keys', {
    body: { role: 'viewer', expires_at: '2026-11-25T12:00:00Z' },
  })
  assert.equal(made.status, 201)
  const { id, key, prefix, role } = made.body
  assert.equal(role, 'viewer')
  assert.ok(key.startsWith(prefix) && Buffer.from(key.slice(4), 'base64url').length >= 32)
  const { rows } = await admin.system.db.web.query<{ row: string }>('select keys::text as row from keys')
  assert.ok(
    rows.every(({ row }) => !row.includes(key)),
    'the key stands in the table',
  )
  assert.ok(!(await admin.get('/keys')).bytes.includes(key), 'the key is listed')

  const ask = askWith(admin.url, key)
  assert.equal((await ask('GET', '/status')).status, 200)
  const [listed] = (await admin.get('/keys')).body.data
  assert.equal(listed.id, id)
  assert.notEqual(listed.last_used_at, null)
  at = new Date('2026-11-25T12:00:01Z')
  assert.equal((await ask('GET', '/status')).status, 401, 'expired')

  const other = (await admin.ask('POST', '/keys', { body: { role: 'admin' } })).body
  assert.equal((await askWith(admin.url, other.key)('GET', '/keys')).status, 200)
  assert.equal((await admin.ask('DELETE', `/keys/${other.id}`)).status, 200)
  assert.equal((await askWith(admin.url, other.key)('GET', '/keys')).status, 401, 'revoked')
  assert.equal((await admin.ask('DELETE', '/keys/key_unknown')).status, 404)
  assert.equal(
    (await admin.ask('POST', '/keys', { body: { role: 'viewer', expires_at: '2020-01-01T00:00:00Z' } }))
      .status,
    400,
  )
  assert.equal(
    (await admin.ask('POST', '/keys', { body: { role: 'viewer', connections: ['nope'] } })).status,
    400,
  )
})

test('only a bearer header with exactly the key signs in', async (t) => {
  const admin = await startAdmin(t)
  const status = async (headers: Record<string, string>) =>
    (await askWith(admin.url, undefined)('GET', '/status', { headers })).status
  assert.equal(await status({ authorization: `Bearer ${adminKey}` }), 200)
  assert.equal(await status({ authorization: `bearer ${adminKey}` }), 200)
  for (const authorization of [
    adminKey,
    `Basic ${adminKey}`,
    `Bearer ${adminKey}x`,
    `Bearer ${adminKey.slice(1)}`,
    'Bearer',
    `Bearer  ${adminKey}`,
  ]) {
    assert.equal(await status({ authorization }), 401, authorization)
  }
  assert.equal((await fetch(`${admin.url}/api/v1/status?key=${adminKey}`)).status, 401)
})

test('an address that guesses is put off, a valid key from there is not', async (t) => {
  const admin = await startAdmin(t)
  const guess = askWith(admin.url, 'osk_guess')
  let answer = await guess('GET', '/status')
  for (let n = 0; n < 110 && answer.status !== 429; n += 1) answer = await guess('GET', '/status')
  assert.equal(answer.status, 429)
  assert.equal(answer.headers.get('retry-after'), '60')
  assert.equal((await admin.get('/status')).status, 200)
})

test('a key limited to one connection sees nothing of the others', async (t) => {
  const admin = await startAdmin(t, { connections: [connectionOf('shop-a'), connectionOf('shop-b')] })
  const ids: { [connection: string]: string } = {}
  for (const connection of ['shop-a', 'shop-b']) {
    for (const event of paidSale({ n: connection })) await admin.learnAt(connection, event)
    ids[connection] = (await admin.get(`/orders?connection=${connection}`)).body.data[0].id
  }
  const ask = await admin.as('operator', ['shop-a'])
  const b = ids['shop-b']!
  for (const path of [
    '/orders',
    '/events',
    '/effects',
    '/deliveries',
    '/ledger/entries',
    '/connections',
    '/reconciliations',
    '/orders?q=T',
    '/orders?reference=ch_shop-b',
    `/events?order=${b}`,
    `/effects?order=${b}`,
  ]) {
    const { status, body, bytes } = await ask('GET', path)
    assert.equal(status, 200, path)
    assert.ok(!bytes.includes('shop-b'), `${path} shows the other connection`)
    if (['/orders', '/events', '/effects'].includes(path)) assert.ok(body.data.length > 0, path)
  }
  for (const path of [
    `/orders/${b}`,
    `/orders/${b}/history`,
    `/orders/${b}/ledger`,
    `/orders/${b}/effects`,
    '/connections/shop-b',
  ]) {
    assert.equal((await ask('GET', path)).status, 404, path)
  }
  const event = (await admin.get('/events?connection=shop-b')).body.data[0].id
  for (const path of ['', '/raw', '/deliveries'])
    assert.equal((await ask('GET', `/events/${event}${path}`)).status, 404)
  assert.equal((await ask('POST', '/reconciliations', { body: { connection: 'shop-b' } })).status, 400)
  assert.equal((await ask('POST', '/replays', { body: { filter: {} } })).status, 403)
  assert.equal((await ask('PUT', '/inventory/TEE', { body: { on_hand: 1 } })).status, 403)
  const accounts = (await ask('GET', '/ledger/trial-balance')).bytes.toString()
  assert.ok(accounts.includes('shop-a') && !accounts.includes('shop-b'))
})

test('the key of the configuration takes the place of the former one', async (t) => {
  const admin = await startAdmin(t)
  const { ensureAdminKey } = await import('../../../src/store/keys.ts')
  await ensureAdminKey(admin.system.db, 'another-admin-key-of-the-tests-987654')
  assert.equal((await admin.get('/keys')).status, 401)
  assert.equal(
    (await askWith(admin.url, 'another-admin-key-of-the-tests-987654')('GET', '/keys')).status,
    200,
  )
  const { key } = await createKey(admin.system.db.web, {
    id: 'key_x',
    role: 'viewer',
    connections: null,
    expiresAt: null,
    now: new Date(),
  })
  assert.equal((await askWith(admin.url, key)('GET', '/status')).status, 200, 'other keys are untouched')
})
