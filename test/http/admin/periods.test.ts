import assert from 'node:assert/strict'
import { test } from 'node:test'
import { factId } from '../../../src/core/fact.ts'
import { record } from '../../../src/pipeline/record.ts'
import { verifyHistory } from '../../../src/store/verify.ts'
import { type Admin, connectionOf, paidSale, refundedSale, startAdmin } from './support.ts'

// Sales are of January 2026 unless said otherwise; the books are looked at in February.
const february = new Date('2026-02-03T10:00:00Z')
const inFebruary = february.getTime() / 1000

async function sold(
  t: Parameters<typeof startAdmin>[0],
  changes: Parameters<typeof connectionOf>[1] = {},
): Promise<Admin> {
  const admin = await startAdmin(t, {
    connections: [connectionOf('stripe-test', changes)],
    now: () => february,
  })
  await admin.learn(...paidSale({ n: 1 }))
  return admin
}

const close = (admin: Admin, body: object = {}, month = '2026-01') =>
  admin.ask('POST', `/periods/${month}/close`, { body })

type Line = { account: string; currency: string; balance: { amount: string } }
const amounts = (lines: Line[]) =>
  Object.fromEntries(lines.map((line) => [line.account, line.balance.amount]))

test('a closing stores the trial balance and the head of the history, and who closed', async (t) => {
  const admin = await sold(t)
  const { data } = (await admin.get('/ledger/trial-balance')).body
  const { status, body } = await close(admin, { note: 'January is done' })
  assert.equal(status, 200)
  assert.deepEqual(body.trial_balance, data)
  assert.deepEqual(
    [body.month, body.mode, body.status, body.note],
    ['2026-01', 'test', 'closed', 'January is done'],
  )
  assert.equal(body.head.hash, (await admin.get('/status')).body.head.hash)
  const acts = (await admin.get('/audit')).body.data as { action: string; actor: string }[]
  assert.ok(acts.some(({ action, actor }) => action.includes('/close') && actor === body.closed_by))
})

test('a late fact stands under the first open day and names the month that it belongs to', async (t) => {
  const admin = await sold(t)
  await close(admin)
  await admin.learn(
    refundedSale({ n: 1 }, 1000),
    ...paidSale({ n: 2 }),
    ...paidSale({ n: 3, created: inFebruary }),
  )
  const { data } = (await admin.get('/ledger/entries?limit=200')).body
  const days = (entries: { day: string; late_into: string | null }[]) =>
    new Set(entries.map((entry) => `${entry.day} ${entry.late_into}`))
  assert.deepEqual(days(data), new Set(['2026-02-03 null', '2026-02-01 2026-01', '2026-01-01 null']))
  const late = (await admin.get('/ledger/entries?late_into=2026-01')).body.data
  assert.deepEqual(days(late), new Set(['2026-02-01 2026-01']))
  for (const entry of late) assert.match(entry.occurred_at, /^2026-01-01/)
  const period = (await admin.get('/periods/2026-01')).body
  assert.deepEqual(amounts(period.late)['Income:Sales'], '-40.80')
  assert.deepEqual(
    (await admin.get('/ledger/trial-balance?until=2026-01-31')).body.data,
    period.trial_balance,
    'the closed month is what it was',
  )
  const text = (await admin.get('/ledger/export?format=hledger')).bytes.toString()
  assert.match(text, /2026-02-01 \(jrn_\d+\) .*\n {4}; key: .*\n {4}; late into 2026-01, of 2026-01-01/)
  assert.deepEqual((await verifyHistory(admin.system.db)).problems, [])
})

test('the last closed month can be opened again; what was late stays late, what comes then is not', async (t) => {
  const admin = await sold(t)
  await close(admin)
  await admin.learn(...paidSale({ n: 2 }))
  const wrong = await admin.ask('POST', '/periods/2025-12/reopen', { body: {} })
  assert.deepEqual([wrong.status, wrong.body.detail], [409, '2026-01 is the last closed month'])
  const { status, body } = await admin.ask('POST', '/periods/2026-01/reopen', {
    body: { note: 'forgot one' },
  })
  assert.deepEqual([status, body.status], [200, 'reopened'])
  await admin.learn(...paidSale({ n: 3 }))
  const { data } = (await admin.get('/ledger/entries?late_into=2026-01')).body
  assert.ok(data.every((entry: { description: string }) => !entry.description.includes('_3')))
  const again = await close(admin)
  assert.equal(again.status, 200)
  assert.equal((await admin.get('/periods')).body.data.length, 2)
})

test('a month that is not over, is closed, or has something open is not closed, and says why', async (t) => {
  let now = new Date('2026-01-20Z')
  const connections = [connectionOf('stripe-test', { apiKey: 'sk_test_x' })]
  const admin = await startAdmin(t, { connections, now: () => now })
  await admin.store(paidSale({ n: 9 })[0]!)
  now = february
  assert.match((await close(admin, {}, '2026-02')).body.detail, /2026-02 is not over/)
  assert.equal((await close(admin, {}, '2026-13')).status, 400)
  const { status, body } = await close(admin)
  assert.equal(status, 409)
  assert.match(body.detail, /events of before 2026-02-01T00:00:00.000Z are not settled: 1 pending/)
  assert.match(body.detail, /not reconciled since 2026-02-01T00:00:00.000Z: stripe-test/)
  assert.equal((await close(admin, { despite: ['events'] })).status, 409)
  const closed = await close(admin, { despite: ['events', 'reconciliation'] })
  assert.equal(closed.status, 200)
  assert.deepEqual(
    closed.body.despite.map(({ kind }: { kind: string }) => kind),
    ['events', 'reconciliation'],
  )
  assert.match((await close(admin)).body.detail, /the books are closed through 2026-01/)
})

test('only an admin closes; whoever reads sees what is closed', async (t) => {
  const admin = await sold(t)
  const [operator, viewer] = [await admin.as('operator'), await admin.as('viewer')]
  assert.equal((await operator('POST', '/periods/2026-01/close', { body: {} })).status, 403)
  await close(admin)
  assert.equal((await viewer('GET', '/periods')).body.data.length, 1)
  assert.equal((await viewer('GET', '/periods/2025-12')).status, 404)
})

test('money without an order is listed, and clearing is compared with the lines that the provider shows', async (t) => {
  const admin = await sold(t)
  await admin.learn(refundedSale({ n: 'unknown' }, 700))
  const on = await admin.system.db.web.connect()
  await on.query(
    `insert into facts (scope, id, digest, kind, subject_kind, subject_id, occurred_at, rank, data, connection, source, tx)
     values ('stripe-test', 'balance_line:transaction:t', 'x', 'balance_line', 'transaction', 't', '2026-01-05Z', 0,
             '{"currency":"USD","netMinor":"5000"}', 'stripe-test', 'poll', 1)`,
  )
  on.release()
  const { body } = await close(admin)
  assert.match(body.detail, /clearing of stripe-test holds \d+ USD minor units, its lines come to 5000/)
  const closed = (await close(admin, { despite: ['clearing'] })).body
  assert.equal(closed.despite[0].kind, 'clearing')
  assert.ok(Array.isArray(closed.unidentified_receipts))
})

test('a line of a kind that nobody knows stands in suspense and keeps the month open', async (t) => {
  const admin = await sold(t)
  const data = {
    category: 'moon_tax',
    type: 'moon_tax',
    amountMinor: -70n,
    feeMinor: 0n,
    netMinor: -70n,
    currency: 'USD',
    fees: [],
  }
  const subject = { kind: 'transaction', id: 'txn_moon' } as const
  const fact = {
    id: factId('balance_line', subject),
    kind: 'balance_line',
    subject,
    occurredAt: '2026-01-07T00:00:00.000Z',
    rank: 0,
    data,
  } as const
  const statements = [{ fact, joins: [], level: 'account' as const }]
  await record(admin.system, { items: [{ connection: 'stripe-test', source: 'poll', statements }] })
  const { status, body } = await close(admin, { despite: ['clearing'] })
  assert.equal(status, 409)
  assert.match(body.detail, /Assets:Suspense:stripe-test holds 70 USD minor units/)
  assert.equal((await close(admin, { despite: ['clearing', 'suspense'] })).status, 200)
})
