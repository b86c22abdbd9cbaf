import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type End, recordEnds } from '../../../src/pipeline/perform/settle.ts'
import * as effects from '../../../src/store/effects.ts'
import { verifyHistory } from '../../../src/store/verify.ts'
import { type Admin, paidSale, refundedSale, startAdmin } from './support.ts'

const items = [{ sku: 'TEE-M', quantity: 2, unit_price: '20.40', title: 'Tee' }]

async function oneOrder(admin: Admin, sale = { n: 1, items }): Promise<string> {
  await admin.learn(...paidSale(sale))
  return (await admin.get('/orders')).body.data[0].id
}

test('what is on hand is set by one move with a link, and orders that waited for the SKU go on', async (t) => {
  const admin = await startAdmin(t)
  const id = await oneOrder(admin)
  assert.equal((await admin.get(`/orders/${id}`)).body.needs_review[0].code, 'unknown_sku')
  const put = await admin.ask('PUT', '/inventory/TEE-M', { body: { on_hand: 5 } })
  assert.deepEqual(put.body, { sku: 'TEE-M', on_hand: 5, committed: 2, available: 3 })
  assert.deepEqual((await admin.get(`/orders/${id}`)).body.needs_review, [])
  assert.equal((await admin.get('/orders?needs_review=true')).body.data.length, 0)
  await admin.ask('PUT', '/inventory/TEE-M', { body: { on_hand: 1 } })
  assert.deepEqual((await admin.get('/inventory/TEE-M')).body, {
    sku: 'TEE-M',
    on_hand: 1,
    committed: 2,
    available: -1,
  })
  await admin.ask('PUT', '/inventory/a%2Fb%20%C3%A9', { body: { on_hand: 7 } })
  assert.deepEqual(
    (await admin.get('/inventory')).body.data.map((row: { sku: string }) => row.sku),
    ['TEE-M', 'a/b é'].toSorted(),
  )
  const page = (await admin.get('/inventory?limit=1')).body
  assert.equal((await admin.get(`/inventory?limit=1&cursor=${page.next_cursor}`)).body.data.length, 1)
  assert.deepEqual((await verifyHistory(admin.system.db)).problems, [])
})

test('two people setting stock at once leave the counter equal to its moves', async (t) => {
  const admin = await startAdmin(t)
  await Promise.all(
    Array.from({ length: 10 }, (_, n) => admin.ask('PUT', '/inventory/TEE', { body: { on_hand: n } })),
  )
  assert.deepEqual((await verifyHistory(admin.system.db)).problems, [])
  assert.ok((await admin.get('/inventory/TEE')).body.on_hand < 10)
})

test('C49 an effect that was retried by hand is retried again with a new key, and not with the same one', async (t) => {
  const admin = await startAdmin(t)
  const id = await oneOrder(admin)
  const [effect] = (await admin.get(`/orders/${id}/effects`)).body.data
  const end = (state: string) =>
    admin.system.db.web.query(
      'update effects set state = $1, done_at = now(), attempts = attempts + 1 where id = $2',
      [state, effect.id],
    )
  const retry = (key: string) =>
    admin.ask('POST', `/effects/${effect.id}/retry`, { headers: { 'idempotency-key': key } })
  const state = async () =>
    (await admin.get(`/effects?order=${id}`)).body.data.find((row: { id: string }) => row.id === effect.id)
      .state
  await end('failed')
  const first = await retry('one')
  assert.equal(first.body.state, 'due')
  await end('failed')
  assert.equal((await retry('two')).body.state, 'due')
  assert.equal(await state(), 'due')
  const audited = (await admin.get('/audit')).body.data.filter(
    (row: { target: string }) => row.target === effect.id,
  )
  assert.deepEqual(
    audited.map((row: { action: string; result: string }) => `${row.action} ${row.result}`),
    Array(2).fill('POST /effects/{id}/retry 200'),
  )
  await end('failed')
  assert.deepEqual((await retry('one')).body, first.body, 'the stored answer')
  assert.equal(await state(), 'failed', 'and no second run')
  await admin.system.db.web.query("update effects set state = 'performing' where id = $1", [effect.id])
  assert.equal((await retry('three')).status, 409)
  assert.equal((await admin.ask('POST', '/effects/eff_none/retry')).status, 404)
})

test('an effect in doubt is settled by a person, and its order tells', async (t) => {
  const admin = await startAdmin(t)
  const id = await oneOrder(admin)
  const [effect] = (await admin.get(`/orders/${id}/effects`)).body.data
  const resolve = (as: string) =>
    admin.ask('POST', `/effects/${effect.id}/resolve`, { body: { as, note: 'seen in the mailbox' } })
  assert.equal((await resolve('done')).status, 409, 'due is not in doubt')
  await admin.system.db.web.query("update effects set state = 'unknown', attempts = 1 where id = $1", [
    effect.id,
  ])
  assert.equal((await admin.get('/status')).body.effects.unknown, 1)
  const done = await resolve('done')
  assert.equal(done.status, 200)
  assert.equal(done.body.state, 'done')
  const { data } = (await admin.get(`/orders/${id}/history?limit=200`)).body
  assert.ok(
    data.some((row: { kind: string; source: string }) => row.kind === 'effect' && row.source === 'operator'),
  )
  assert.equal((await resolve('cancelled')).status, 409)
  assert.deepEqual((await verifyHistory(admin.system.db)).problems, [])
})

test('an effect that a person drops closes the review of its doubt', async (t) => {
  const admin = await startAdmin(t)
  const id = await oneOrder(admin)
  const [row] = (await effects.claimDue(admin.system.db.web, 'receipt', '9999-01-01T00:00:00Z', 1)) as [
    effects.EffectRow,
  ]
  const ended = { row, attempts: 1, state: 'unknown', reference: undefined, source: 'effect' as const }
  const write: End['write'] = (on) =>
    on.query("update effects set state = 'unknown', attempts = 1 where id = $1", [row.id])
  await recordEnds(admin.system, [{ ended, write }])
  const codes = async () =>
    (await admin.get(`/orders/${id}`)).body.needs_review.map(({ code }: { code: string }) => code)
  assert.ok((await codes()).includes('effect_unknown'))
  const dropped = await admin.ask('POST', `/effects/${row.id}/resolve`, {
    body: { as: 'cancelled', note: 'the buyer was told by phone' },
  })
  assert.deepEqual([dropped.status, dropped.body.state], [200, 'cancelled'])
  assert.ok(!(await codes()).includes('effect_unknown'))
  const { data } = (await admin.get(`/orders/${id}/history?limit=200`)).body
  assert.equal(data.at(-1).type, 'receipt_cancelled')
  assert.equal(data.at(-1).source, 'operator')
})

test('a review is closed for the figures it shows, and the order is let go', async (t) => {
  const admin = await startAdmin(t)
  const id = await oneOrder(admin)
  const resolve = (code: string) =>
    admin.ask('POST', `/orders/${id}/resolve`, { body: { code, as: 'ship_by_hand', note: 'known' } })
  assert.equal((await resolve('overpaid')).status, 409)
  const resolved = await resolve('unknown_sku')
  assert.equal(resolved.status, 200, resolved.bytes.toString())
  assert.deepEqual(resolved.body.needs_review, [])
  const { data } = (await admin.get(`/orders/${id}/history?limit=200`)).body
  const row = data.find((entry: { type: string }) => entry.type === 'operator_resolved')
  assert.equal(row.kind, 'operator')
  assert.equal(row.after.needs_review.length, 0)
  const released = await admin.ask('POST', `/orders/${id}/release`, { body: {} })
  assert.equal(released.status, 200)
  assert.ok(
    (await admin.get(`/orders/${id}/effects`)).body.data.some(
      (effect: { sink: string }) => effect.sink === 'fulfillment',
    ),
  )
  assert.equal((await admin.ask('POST', '/orders/ord_none/release', { body: {} })).status, 404)
})

test('money taken by hand is a capture of its own, said twice it counts once', async (t) => {
  const admin = await startAdmin(t)
  const id = await oneOrder(admin)
  const pay = (amount: string) =>
    admin.ask('POST', `/orders/${id}/payments`, {
      body: { amount, method: 'cash', received_at: '2026-11-25T10:00:00Z', note: '' },
    })
  assert.equal((await pay('5.001')).status, 400)
  assert.equal((await pay('-5')).status, 400)
  assert.deepEqual((await pay('5.00')).body.totals.captured, { amount: '45.80', currency: 'USD' })
  assert.deepEqual((await pay('5')).body.totals.captured, { amount: '45.80', currency: 'USD' })
  const { data } = (await admin.get('/ledger/trial-balance')).body
  assert.deepEqual(data.find((row: { account: string }) => row.account === 'Assets:Cash').balance, {
    amount: '5.00',
    currency: 'USD',
  })
})

test('a refund that hangs on nothing is linked to its order by a person', async (t) => {
  const admin = await startAdmin(t)
  const id = await oneOrder(admin)
  await admin.learn(refundedSale({ n: 9 }, 500))
  const linked = await admin.ask('POST', `/orders/${id}/link`, {
    body: { reference: 'ch_9', note: 'the till' },
  })
  assert.equal(linked.status, 200)
  assert.deepEqual(linked.body.totals.refunded, { amount: '5.00', currency: 'USD' })
})

test('receipts are sent again on request', async (t) => {
  const admin = await startAdmin(t)
  const id = await oneOrder(admin)
  await admin.system.db.web.query("update effects set state = 'done', done_at = now()")
  const again = await admin.ask('POST', `/orders/${id}/receipts`, { body: {} })
  assert.equal(again.status, 200)
  assert.deepEqual(
    again.body.data.map((effect: { kind: string; state: string }) => `${effect.kind} ${effect.state}`),
    ['resend due'],
  )
  const [effect] = again.body.data
  assert.match(effect.key, /^resend:1:receipt:/)
  await admin.system.db.web.query("update effects set state = 'done', done_at = now()")
  const third = await admin.ask('POST', `/orders/${id}/receipts`, { body: {} })
  assert.match(third.body.data[0].key, /^resend:2:receipt:/)
  const history = await admin.ask('GET', `/orders/${id}/history`)
  const rows = history.body.data.filter((row: { kind: string }) => row.kind === 'operator')
  assert.deepEqual(
    rows.map((row: { summary: string }) => /had the receipt sent again/.test(row.summary)),
    [true, true],
  )
})
