import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openShop, purchase, type Shop } from '../support/shop.ts'
import { until } from '../support/wait.ts'

const lost = ({ twin }: Shop) => {
  twin.deliver.fate = () => ({ lose: true })
}

test('a poll finds what no webhook told: orders, payments, refunds, shipments, stock, fees and payouts', async (t) => {
  const shop = await openShop(t)
  const { line, twin } = shop
  const known = twin.steps.place(purchase('1001'))
  await shop.quiet()
  lost(shop)
  twin.steps.pay(known.id)
  const missed = twin.steps.place(purchase('1002'))
  twin.steps.pay(missed.id)
  twin.goods.ship(missed.id, { carrier: 'DHL', number: '00340' })
  twin.after.refund(missed.id, { lines: [{ sku: 'MUG', quantity: 1, restock: 'return' }] })
  twin.goods.stock('MUG', 7)
  const payout = twin.after.payout()
  const run = await shop.reconcile()
  assert.equal(run.status, 'completed')
  assert.ok(run.found >= 2 && run.repaired === run.found, JSON.stringify(run))
  assert.equal((await line.order('1001')).payment_status, 'paid')
  const order = await line.order('1002')
  assert.deepEqual(
    [order.payment_status, order.fulfillment_status, order.totals.refunded.amount],
    ['partially_refunded', 'fulfilled', '10.00'],
  )
  assert.equal(order.totals.fees.amount, '1.48')
  const history = await line.history('1002')
  assert.ok(history.filter(({ kind }) => kind === 'fact').every(({ source }) => source === 'poll'))
  const [paidOut] = (await line.get('/payouts')).data
  const detail = await line.get(`/payouts/${paidOut.id}`)
  assert.equal(paidOut.id.includes(payout.id) || JSON.stringify(paidOut).includes(payout.id), true)
  assert.equal(detail.difference.amount, '0.00')
  const again = await shop.reconcile()
  assert.deepEqual([again.status, again.found, again.findings], ['completed', 0, {}])
})

test('C46 a cancellation that no webhook told is found, though lists hide what has ended elsewhere', async (t) => {
  const shop = await openShop(t)
  const { line, twin } = shop
  const { id } = twin.steps.place(purchase('1001'))
  await shop.quiet()
  lost(shop)
  twin.steps.cancel(id)
  assert.equal((await shop.reconcile()).status, 'completed')
  assert.equal((await line.order('1001')).status, 'cancelled')
})

test('C47 forty missed orders and one that cannot be read: forty mended, one finding, and then none', async (t) => {
  const shop = await openShop(t)
  const { line, twin } = shop
  lost(shop)
  for (let n = 1; n <= 40; n++) twin.steps.pay(twin.steps.place(purchase(`M-${n}`)).id)
  const broken = twin.steps.place(purchase('BAD'))
  Object.assign(twin.steps.pay(broken.id), { kind: 'barter' })
  const run = await shop.reconcile()
  assert.deepEqual([run.status, run.repaired], ['completed', 40])
  const findings = (await line.get(`/reconciliations/${run.id}/findings?limit=200`)).data
  const open = findings.filter(({ repaired }: { repaired: boolean }) => !repaired)
  assert.deepEqual(
    open.map(({ resource }: { resource: { id: string } }) => resource.id),
    [broken.id],
  )
  assert.equal((await line.get('/orders?payment_status=paid&limit=200')).data.length, 40)
  assert.equal((await shop.reconcile()).found, 0)
})

test('an order that the shop has deleted is an orphan, unless the shop said so itself', async (t) => {
  const shop = await openShop(t)
  const { line, twin } = shop
  const [told, silent] = ['1001', '1002'].map((number) => twin.steps.place(purchase(number)))
  await shop.quiet()
  twin.steps.delete(told!.id)
  await shop.quiet()
  lost(shop)
  twin.steps.delete(silent!.id)
  const run = await shop.reconcile()
  const { data } = await line.get(`/reconciliations/${run.id}/findings`)
  assert.deepEqual(
    data.map(({ kind, resource }: { kind: string; resource: { id: string } }) => [kind, resource.id]),
    [['orphan', silent!.id]],
  )
  assert.equal((await line.order('1001')).status, 'cancelled')
})

test('C48 what a dry run says of one order is what the run then does', async (t) => {
  const shop = await openShop(t)
  const { line, twin } = shop
  const { id } = twin.steps.place(purchase('1001'))
  await shop.quiet()
  lost(shop)
  twin.steps.pay(id)
  const dry = await shop.reconcile({ order: '1001', dry_run: true })
  assert.equal((await line.order('1001')).payment_status, 'pending')
  const real = await shop.reconcile({ order: '1001' })
  assert.equal((await line.order('1001')).payment_status, 'paid')
  const told = async (run: { id: string }) =>
    (await line.get(`/reconciliations/${run.id}/findings`)).data.map(
      ({ kind, resource }: { kind: string; resource: object }) => ({ kind, resource }),
    )
  assert.deepEqual(await told(dry), await told(real))
  assert.equal(dry.found, real.found)
})

test('C15 orders that came by webhook are read again and nothing is new', async (t) => {
  const shop = await openShop(t)
  const { line, twin } = shop
  for (let n = 1; n <= 30; n++) {
    const { id } = twin.steps.place(purchase(`W-${n}`))
    twin.steps.pay(id)
    if (n % 3 === 0) twin.after.refund(id, { lines: [{ sku: 'MUG', quantity: 1, restock: 'return' }] })
    if (n % 5 === 0) twin.goods.ship(id)
  }
  await shop.quiet()
  const before = (await line.get('/orders?limit=200')).data
  const run = await shop.reconcile()
  assert.deepEqual([run.status, run.found], ['completed', 0])
  assert.equal(before.length, 30)
  const known = (orders: { id: string; totals: { fees: object; net: object } }[]) =>
    orders.map(({ id, totals: { fees: _fees, net: _net, ...totals } }) => ({ id, totals }))
  assert.deepEqual(
    known((await line.get('/orders?limit=200')).data),
    known(before),
    'all but the fees, which no webhook tells',
  )
})

test('C08 when the shop has dropped our subscription, the orders come by poll, and the subscription is made again', async (t) => {
  const shop = await openShop(t)
  const { line, twin } = shop
  twin.steps.place(purchase('1001'))
  await shop.quiet()
  const subscribed = twin.world.subscriptions.size
  for (const [id, { isConfigured }] of twin.world.subscriptions)
    if (!isConfigured) twin.world.subscriptions.delete(id)
  twin.steps.pay(twin.steps.place(purchase('1002')).id)
  const run = await shop.reconcile()
  assert.equal((await line.order('1002')).payment_status, 'paid')
  const { data } = await line.get(`/reconciliations/${run.id}/findings`)
  const finding = data.find(({ kind }: { kind: string }) => kind === 'subscription')
  assert.ok(finding, 'an operator sees that it was gone')
  assert.equal(finding.repaired, true)
  assert.equal(twin.world.subscriptions.size, subscribed)
  twin.steps.place(purchase('1003'))
  await shop.quiet()
  assert.equal((await line.history('1003'))[0].source, 'webhook')
})

test('an address that fails for hours costs the subscription; the next run brings both back', async (t) => {
  const shop = await openShop(t)
  const { line, twin } = shop
  twin.steps.place(purchase('1001'))
  await shop.quiet()
  const api = [...twin.world.subscriptions.values()].find(({ topic }) => topic === 'ORDERS_CREATE')!
  twin.world.subscriptions.set(api.id, { ...api, uri: `${line.running.url}/webhooks/shopify/nobody` })
  twin.steps.place(purchase('1002'))
  await until('the shop gave up', () => !twin.world.subscriptions.has(api.id))
  await shop.reconcile()
  assert.ok(await line.order('1002'))
  assert.ok(
    [...twin.world.subscriptions.values()].some(
      ({ topic, uri }) => topic === 'ORDERS_CREATE' && uri === shop.url,
    ),
  )
})

test('what the app’s own configuration subscribes does not show, and is not taken for lost', async (t) => {
  const shop = await openShop(t)
  const { line, twin } = shop
  const { subscriptions } = twin.world
  for (const [id, one] of subscriptions) subscriptions.set(id, { ...one, isConfigured: true })
  twin.steps.place(purchase('1001'))
  await shop.quiet()
  const before = subscriptions.size
  for (const expected of [true, false]) {
    const calls = twin.calls.length
    const run = await shop.reconcile()
    assert.deepEqual((await line.get(`/reconciliations/${run.id}/findings`)).data, [])
    const asked = twin.calls.slice(calls).map(({ operation }) => operation)
    assert.equal(asked.includes('WebhookSubscriptionCreate'), expected, 'asked once a day')
  }
  assert.equal(subscriptions.size, before)
})

test('C02 a subscription that points at an old host is named, and its orders come in all the same', async (t) => {
  const shop = await openShop(t)
  const { line, twin } = shop
  const { subscriptions } = twin.world
  const old = 'https://old.shop.example/webhooks/shopify/shop'
  for (const [id, one] of subscriptions) if (!one.isConfigured) subscriptions.set(id, { ...one, uri: old })
  twin.deliver.fate = () => ({ lose: true })
  twin.steps.pay(twin.steps.place(purchase('1001')).id)
  const run = await shop.reconcile()
  const { data } = await line.get(`/reconciliations/${run.id}/findings`)
  const finding = data.find(({ kind }: { kind: string }) => kind === 'subscription')
  assert.deepEqual([finding.theirs.url, finding.repaired], [old, false])
  assert.equal((await line.order('1001')).payment_status, 'paid')
  assert.notEqual((await line.get('/connections/shop')).subscription?.status, 'healthy')
})

test('a subscription that was never made is told of, and left to an operator', async (t) => {
  const shop = await openShop(t)
  const { line, twin } = shop
  for (const [id, { isConfigured }] of twin.world.subscriptions)
    if (!isConfigured) twin.world.subscriptions.delete(id)
  const run = await shop.reconcile()
  const { data } = await line.get(`/reconciliations/${run.id}/findings`)
  const [finding] = data.filter(({ kind }: { kind: string }) => kind === 'subscription')
  assert.equal(finding.repaired, false)
  assert.match(finding.repair, /connections register shop/)
})

test('a shop that throttles, fails and hangs is waited for, and the run completes', async (t) => {
  const shop = await openShop(t)
  const { line, twin } = shop
  lost(shop)
  for (let n = 1; n <= 25; n++) twin.steps.place(purchase(`M-${n}`))
  twin.faults.add({ kind: 'throttled', path: '/Orders' })
  twin.faults.add({ kind: 'rate_limit', path: '/Orders', retryAfter: '0.2' })
  twin.faults.add({ kind: 'server_error', path: '/Orders' })
  twin.faults.add({ kind: 'reset', path: '/Orders' })
  const run = await shop.reconcile()
  assert.equal(run.status, 'completed')
  assert.equal((await line.get('/orders?limit=200')).data.length, 25)
})
