import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { runDemo } from '../../src/sandbox/demo.ts'
import { testDatabase } from '../support/database.ts'

test('the day of the demo ends with everything found, balanced and nothing done twice', async (t) => {
  const { url } = await testDatabase(t)
  const dataDir = await mkdtemp(join(tmpdir(), 'ordersync-demo-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  let text = ''
  const day = await runDemo({
    dataDir,
    host: '127.0.0.1',
    port: 0,
    databaseUrl: url,
    paceMs: 150,
    isOnce: true,
    write: (piece) => {
      text += piece
    },
    signal: AbortSignal.timeout(120_000),
  })

  assert.ok(day, 'the day was played to its end')
  assert.ok(day.cameToRest, 'the service came to rest')
  assert.ok(day.lost > 5, 'some events were never sent')
  assert.ok(day.unknownEvents < day.lost, 'the reconciliation brought what they told')
  assert.equal(day.run.status, 'completed')
  assert.ok(day.run.repaired > 0)
  assert.equal(day.secondRun.found, 0)
  assert.ok(day.books.lines.length > 5 && day.books.isBalanced)
  assert.deepEqual(
    [day.counts.doubledMails, day.counts.doubledRequests, day.refusedAtWarehouse],
    [0, 0, 0],
    'no mail and no request was sent twice, none was badly signed',
  )
  assert.deepEqual(day.counts.unreceipted, [], 'each order that was paid for has its receipt')
  // One payment is taken back by its bank: before its receipt went, or after.
  assert.ok([day.counts.paid - 1, day.counts.paid].includes(day.counts.receipts))
  const olga = day.orders.find((order) => order.number === '1009')
  assert.equal(olga?.payment_status, 'paid', 'the order whose every webhook was lost is known')
  const byNumber = Object.fromEntries(day.orders.map((order) => [order.number, order.payment_status]))
  assert.equal(byNumber['1001'], 'partially_refunded')
  assert.equal(byNumber['1011'], 'failed')
  assert.equal(byNumber['1019'], 'refunded')
  assert.match(text, /curl -s -H "Authorization: Bearer/)
  assert.doesNotMatch(text, /osk_/, 'the key itself is not shown')
})

test('a demo that is told to end in the middle of the day ends', async (t) => {
  const { url } = await testDatabase(t)
  const dataDir = await mkdtemp(join(tmpdir(), 'ordersync-demo-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  const ending = new AbortController()
  const day = await runDemo({
    dataDir,
    host: '127.0.0.1',
    port: 0,
    databaseUrl: url,
    // A pause that nobody would wait for: only the signal can end it.
    paceMs: 3_600_000,
    write: (text) => {
      if (text.includes('Ada')) ending.abort()
    },
    signal: ending.signal,
  })
  assert.equal(day, undefined)
})
