import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aDay, openShop, purchase } from './running.ts'

type OrderRow = { number: string; payment_status: string }
type FindingRow = {
  kind: string
  resource_kind: string
  resource_id: string
  repaired: boolean
  detail: string
  order_id: string | null
}
const findingsSql =
  'select kind, resource_kind, resource_id, repaired, detail, order_id from findings where run_id = $1 order by seq'
const countsSql = `select (select count(*) from events)::int as events, (select count(*) from facts)::int as facts, (select count(*) from effects)::int as effects,
                          (select count(*) from journal_entries)::int as entries, (select count(*) from rereads)::int as rereads`

test('a payment whose webhooks were all lost is found once, mended once, and found no more', async (t) => {
  const shop = await openShop(t)
  shop.twin.deliver.fate = () => ({ lose: true })
  const { charge } = shop.twin.world.pay(purchase('1001'))

  const dry = await shop.reconcile({ dryRun: true })
  assert.deepEqual([dry.status, dry.found, dry.repaired, dry.findings], ['completed', 1, 0, { missing: 1 }])
  assert.deepEqual(await shop.rows('select id from events'), [])

  const run = await shop.reconcile()
  assert.deepEqual(
    [run.status, run.found, run.repaired, run.findings],
    ['completed', 1, 1, { missing: 1 }],
    run.error ?? '',
  )
  const [finding] = await shop.rows<FindingRow>(findingsSql, [run.id])
  assert.deepEqual(
    [finding!.kind, finding!.resource_kind, finding!.resource_id, finding!.repaired],
    ['missing', 'charge', charge.id, true],
  )
  assert.notEqual(finding!.order_id, null)
  const [dryFinding] = await shop.rows<FindingRow>(findingsSql, [dry.id])
  assert.deepEqual([dryFinding!.kind, dryFinding!.resource_id], [finding!.kind, finding!.resource_id])
  assert.deepEqual(
    await shop.rows<OrderRow>(
      'select number, payment_status from orders where is_attached and alias_of is null',
    ),
    [{ number: '1001', payment_status: 'paid' }],
  )
  assert.deepEqual(await shop.rows("select id from events where source = 'webhook'"), [])

  await shop.idle()
  const before = await shop.rows(countsSql)
  const again = await shop.reconcile()
  assert.deepEqual([again.found, again.repaired, again.findings], [0, 0, {}])
  assert.deepEqual(await shop.rows(countsSql), before)
})

test('a shop whose webhooks all came is in order: nothing is found, and no row is written', async (t) => {
  const shop = await openShop(t)
  aDay(shop.twin)
  await shop.idle()
  const dry = await shop.reconcile({ dryRun: true })
  assert.deepEqual(await shop.rows(findingsSql, [dry.id]), [])
  const first = await shop.reconcile()
  assert.deepEqual([first.status, first.found], ['completed', 0])
  assert.ok(first.scanned > 60, `${first.scanned} scanned`)
  await shop.idle()
  const before = await shop.rows(countsSql)
  const second = await shop.reconcile()
  assert.equal(second.found, 0)
  await shop.idle()
  assert.deepEqual(await shop.rows(countsSql), before)
})

test('of a day of which every third webhook was lost, one run mends all, and finds what its dry run showed', async (t) => {
  const shop = await openShop(t)
  let count = 0
  shop.twin.deliver.fate = () => (count++ % 3 === 0 ? { lose: true } : undefined)
  aDay(shop.twin)
  await shop.idle()
  const dry = await shop.reconcile({ dryRun: true })
  const run = await shop.reconcile()
  assert.deepEqual([run.status, run.found, run.findings], ['completed', dry.found, dry.findings])
  assert.equal(run.repaired, run.found)
  const shown = (rows: FindingRow[]) =>
    rows.map((row) => `${row.kind} ${row.resource_kind} ${row.resource_id}`).sort()
  assert.deepEqual(
    shown(await shop.rows(findingsSql, [run.id])),
    shown(await shop.rows(findingsSql, [dry.id])),
  )
  await shop.idle()
  const before = await shop.rows(countsSql)
  const again = await shop.reconcile()
  assert.equal(again.found, 0)
  assert.deepEqual(await shop.rows(countsSql), before)
})

test('a lost refund is one finding, and the order is refunded after it', async (t) => {
  const shop = await openShop(t)
  const { charge } = shop.twin.world.pay(purchase('1001'))
  await shop.idle()
  shop.twin.deliver.fate = () => ({ lose: true })
  const refund = shop.twin.world.refund(charge, { amount: 1000 })
  const run = await shop.reconcile()
  const rows = await shop.rows<FindingRow>(findingsSql, [run.id])
  assert.deepEqual(
    rows.map((row) => [row.kind, row.resource_kind, row.resource_id, row.repaired]),
    [['missing', 'refund', refund.id, true]],
  )
  assert.deepEqual(
    await shop.rows('select payment_status from orders where is_attached and alias_of is null'),
    [{ payment_status: 'partially_refunded' }],
  )
})
