import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectionOf, paidSale, startAdmin } from './support.ts'

test('pages are newest first, hold every row once, and stay as they are while rows come in', async (t) => {
  const admin = await startAdmin(t)
  for (let n = 1; n <= 7; n += 1) await admin.learn(...paidSale({ n }))
  const seen: string[] = []
  let cursor: string | null = null
  do {
    const { body } = await admin.get(`/orders?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`)
    seen.push(...body.data.map((order: { number: string }) => order.number))
    cursor = body.next_cursor
    if (seen.length === 4) await admin.learn(...paidSale({ n: 8 }))
  } while (cursor !== null)
  assert.deepEqual(seen, ['T-7', 'T-6', 'T-5', 'T-4', 'T-3', 'T-2', 'T-1'])
  const exact = await admin.get('/orders?limit=8')
  assert.equal(exact.body.data.length, 8)
  assert.equal(exact.body.next_cursor, null, 'a full last page has no next one')
})

test('an unknown parameter, a limit out of range, a bad cursor and a bad time are 400 in every list', async (t) => {
  const admin = await startAdmin(t)
  const lists = [
    '/orders',
    '/events',
    '/effects',
    '/deliveries',
    '/inventory',
    '/ledger/entries',
    '/payouts',
    '/reconciliations',
    '/replays',
    '/audit',
    '/keys',
    '/connections',
  ]
  for (const list of lists) {
    for (const query of [
      'nope=1',
      'limit=0',
      'limit=201',
      'limit=-1',
      'limit=ten',
      'limit=',
      'cursor=***',
      'cursor=',
      'limit=1&limit=2',
      'a[b]=1',
    ]) {
      const answer = await admin.get(`${list}?${query}`)
      assert.equal(answer.status, 400, `${list}?${query}`)
      assert.match(answer.headers.get('content-type')!, /^application\/problem\+json/)
      assert.equal(answer.body.code, 'invalid_request')
    }
    for (const limit of [1, 200])
      assert.equal((await admin.get(`${list}?limit=${limit}`)).status, 200, `${list} ${limit}`)
  }
  for (const path of ['/status', '/ledger/trial-balance', '/openapi.json']) {
    if (path !== '/openapi.json') assert.equal((await admin.get(`${path}?nope=1`)).status, 400, path)
  }
  for (const cursor of ['MA', 'LTE', 'OTk5OTk5OTk5OTk5OTk5OTk5OTk5', 'MQ==', 'YQ']) {
    assert.equal((await admin.get(`/orders?cursor=${cursor}`)).status, 400, cursor)
  }
})

test('a time is RFC 3339 with an offset, and really exists', async (t) => {
  const admin = await startAdmin(t)
  const status = async (time: string) => (await admin.get(`/events?since=${time}`)).status
  for (const time of [
    '2026-11-25T02:38:18Z',
    '2026-11-25T02:38:18.123456Z',
    '2026-11-25T02:38:18.123456789Z',
    '2026-11-25T02:38:18%2B01:00',
    '2026-11-25T02:38:18+01:00',
    '2024-02-29T00:00:00Z',
  ]) {
    assert.equal(await status(time), 200, time)
  }
  for (const time of [
    'yesterday',
    '2026-11-25',
    '2026-02-30T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-25T24:38:18Z',
    '2026-11-25T02:38:18',
    '1764038298',
    '0000-01-01T00:00:00Z',
    '',
  ]) {
    assert.equal(await status(time), 400, time)
  }
})

test('each filter of orders keeps what fits, alone and together', async (t) => {
  const admin = await startAdmin(t)
  await admin.learn(
    ...paidSale({ n: 1, orderNumber: 'A-100', email: 'ada@shop.example' }),
    ...paidSale({ n: 2, orderNumber: 'A-200' }),
  )
  const numbers = async (query: string) =>
    (await admin.get(`/orders?${query}`)).body.data.map((order: { number: string }) => order.number)
  assert.deepEqual(await numbers('reference=A-100'), ['A-100'])
  assert.deepEqual(await numbers('reference=%23A-100'), ['A-100'], 'a leading # is dropped')
  assert.deepEqual(await numbers('reference=ch_2'), ['A-200'])
  assert.deepEqual(await numbers('reference=pi_1'), ['A-100'])
  assert.deepEqual(await numbers('reference=A-1'), [], 'a reference is whole')
  assert.deepEqual(await numbers('q=A-'), ['A-200', 'A-100'])
  assert.deepEqual(await numbers('q=A-1'), ['A-100'])
  assert.deepEqual(await numbers('q=%25'), [], 'no wildcards')
  assert.deepEqual(await numbers('q=ADA@shop.example'), ['A-100'])
  assert.deepEqual(await numbers('q=A-&reference=pi_1'), ['A-100'])
  assert.deepEqual(await numbers('status=open&payment_status=paid'), ['A-200', 'A-100'])
  assert.deepEqual(await numbers('payment_status=refunded'), [])
  assert.deepEqual(await numbers('fulfillment_status=unfulfilled'), ['A-200', 'A-100'])
  assert.deepEqual(await numbers('connection=stripe-test'), ['A-200', 'A-100'])
  assert.deepEqual(await numbers('connection=other'), [])
  assert.deepEqual(await numbers('needs_review=false'), ['A-200', 'A-100'])
  assert.deepEqual(await numbers('needs_review=true'), [])
  const [, first] = (await admin.get('/orders')).body.data
  const [second] = (await admin.get('/orders')).body.data
  assert.deepEqual(await numbers(`updated_since=${second.updated_at}`), ['A-200'])
  assert.deepEqual(await numbers(`updated_since=${first.updated_at}`), ['A-200', 'A-100'])
  for (const query of [
    'status=shut',
    'payment_status=maybe',
    'needs_review=yes',
    'updated_since=soon',
    `q=${'x'.repeat(201)}`,
  ]) {
    assert.equal((await admin.get(`/orders?${query}`)).status, 400, query)
  }
  const viewer = await admin.as('viewer')
  assert.deepEqual(
    (await viewer('GET', '/orders?q=ada@shop.example')).body.data,
    [],
    'a viewer cannot ask who bought',
  )
})

test('each filter of events keeps what fits', async (t) => {
  const admin = await startAdmin(t)
  const before = new Date().toISOString()
  const [first, second] = await admin.learn(...paidSale({ n: 1 }))
  const ids = async (query: string) =>
    (await admin.get(`/events?${query}`)).body.data.map((event: { id: string }) => event.id)
  const order = (await admin.get('/orders')).body.data[0].id
  assert.deepEqual(await ids('type=charge.succeeded'), [second])
  assert.deepEqual(await ids('provider_event_id=evt_pi_1'), [first])
  assert.deepEqual(await ids(`order=${order}`), [second, first])
  assert.deepEqual(await ids(`order=${order}&provider_event_id=evt_pi_1`), [first])
  assert.deepEqual(await ids('order=ord_unknown'), [])
  assert.deepEqual(await ids('status=processed&source=webhook&connection=stripe-test'), [second, first])
  assert.deepEqual(await ids('status=failed'), [])
  assert.deepEqual(await ids('source=poll'), [])
  assert.deepEqual(await ids(`since=${before}`), [second, first])
  assert.deepEqual(await ids(`until=${before}`), [])
  assert.deepEqual(await ids('since=2099-01-01T00:00:00Z'), [])
  assert.deepEqual(await ids('until=2099-01-01T00:00:00Z&limit=1'), [second])
  assert.deepEqual(await ids('mode=live'), [])
})

test('test and live never stand in one list, sum or export', async (t) => {
  const connections = [connectionOf('shop-test'), connectionOf('shop-live', { mode: 'live' })]
  const admin = await startAdmin(t, { connections })
  for (const connection of ['shop-test', 'shop-live'])
    for (const event of paidSale({ n: connection })) await admin.learnAt(connection, event)
  for (const path of ['/orders', '/ledger/entries', '/ledger/trial-balance', '/ledger/export?format=csv']) {
    const ask = (mode: string) =>
      admin.get(`${path}${mode === '' ? '' : `${path.includes('?') ? '&' : '?'}mode=${mode}`}`)
    const [shown, live, tests] = [await ask(''), await ask('live'), await ask('test')]
    assert.ok(
      shown.bytes.includes('shop-live') && !shown.bytes.includes('shop-test'),
      `${path} shows live by default`,
    )
    assert.ok(live.bytes.equals(shown.bytes))
    assert.ok(tests.bytes.includes('shop-test') && !tests.bytes.includes('shop-live'), path)
  }
  assert.equal(
    (await admin.get('/orders?connection=shop-test')).body.data.length,
    1,
    'a connection has one mode',
  )
  assert.equal((await admin.get('/orders?reference=ch_shop-test')).body.data.length, 1)
})
