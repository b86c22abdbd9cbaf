import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { requestRun } from '../../src/pipeline/reconcile.ts'
import { until } from '../support/wait.ts'
import { openShop, purchase, type Shop } from './running.ts'

/** Resolves once a process with the reconciler role has killed itself at a labelled point. */
async function dieAt(shop: Shop, label: string): Promise<void> {
  const script = fileURLToPath(new URL('./killed-reconciler.ts', import.meta.url))
  const child = spawn(process.execPath, [script, shop.config.databaseUrl!, shop.twin.url, label], {
    stdio: 'ignore',
  })
  const [, signal] = await once(child, 'exit')
  assert.equal(signal, 'SIGKILL')
}

function loseAll(shop: Shop, count: number): void {
  shop.twin.deliver.fate = () => ({ lose: true })
  for (let n = 0; n < count; n += 1) shop.twin.world.pay(purchase(`${1000 + n}`))
}

const paidSql =
  "select count(*)::int as paid from orders where is_attached and alias_of is null and payment_status = 'paid'"

test('C45 pages that are empty, short, or change under the walk lose nothing, with hundreds of objects in one second', async (t) => {
  const shop = await openShop(t)
  loseAll(shop, 110)
  for (const kind of ['empty_page', 'short_page', 'insert_at_head', 'delete_cursor'] as const) {
    shop.twin.faults.add({ kind, path: '/v1/events' })
    shop.twin.faults.add({ kind, path: '/v1/charges' })
  }
  const run = await shop.reconcile()
  assert.deepEqual([run.status, run.error], ['completed', null])
  const charges = shop.twin.world.all('charge').length // those that appeared at the head meanwhile are theirs as well
  assert.ok(charges >= 110)
  const [row] = await shop.rows<{ paid: number }>(paidSql)
  assert.ok(row!.paid >= 110 && row!.paid <= charges, `${row!.paid} of ${charges}`)
  assert.equal(run.found, run.repaired)
  await shop.idle()
  await shop.reconcile()
  assert.deepEqual(await shop.rows(paidSql), [{ paid: shop.twin.world.all('charge').length }])
  assert.equal((await shop.reconcile()).found, 0)
})

test('rate limits, server errors, HTML and cut answers are waited out', async (t) => {
  const shop = await openShop(t)
  loseAll(shop, 3)
  shop.twin.faults.add({ kind: 'rate_limit', retryAfter: '1', path: '/v1/events' })
  shop.twin.faults.add({ kind: 'html', path: '/v1/payment_intents' })
  shop.twin.faults.add({ kind: 'cut', path: '/v1/charges' })
  shop.twin.faults.add({ kind: 'bad_gateway', path: '/v1/refunds' })
  shop.twin.faults.add({ kind: 'reset', path: '/v1/payouts' })
  const run = await shop.reconcile()
  assert.deepEqual([run.status, run.found, run.repaired], ['completed', 3, 3], run.error ?? '')
})

test('a provider that stays down fails the run; the next one takes up and finds everything', async (t) => {
  const shop = await openShop(t, { reconcile: { giveUpAfterMs: 1_500 } })
  loseAll(shop, 2)
  shop.twin.faults.add({ kind: 'server_error', path: '/v1/charges', times: 1_000 })
  const run = await shop.reconcile()
  assert.equal(run.status, 'failed')
  assert.match(run.error!, /did not answer/)
  shop.twin.faults.clear()
  const next = await shop.reconcile()
  assert.equal(next.status, 'completed')
  assert.equal(run.found + next.found, 2)
  const [row] = await shop.rows<{ paid: number }>(paidSql)
  assert.equal(row!.paid, 2)
})

test('a refused key fails the run at once, without a storm of calls', async (t) => {
  const shop = await openShop(t)
  shop.twin.faults.add({ kind: 'unauthorized', times: 1_000 })
  const run = await shop.reconcile()
  assert.equal(run.status, 'failed')
  assert.match(run.error!, /refuses our key/)
  assert.equal(shop.twin.faults.waiting()[0]!.times, 999)
})

for (const label of [
  'reconcile.after_page',
  'reconcile.after_diff',
  'reconcile.mid_repair',
  'reconcile.before_cursor_commit',
  'reconcile.after_cursor_commit',
]) {
  test(`a run whose process was killed at ${label} is taken up again and ends as if it had not been`, async (t) => {
    const shop = await openShop(t, { roles: ['worker', 'rereader'] })
    loseAll(shop, 3)
    const { id } = await requestRun(shop.system, { connection: 'stripe-test' })
    await dieAt(shop, label)
    await shop.rows("update runs set lease_until = now() - interval '1 minute' where id = $1", [id]) // instead of waiting for it
    await shop.another(['reconciler'])
    const run = await shop.ended(id)
    assert.deepEqual(
      [run.status, run.found, run.repaired, run.findings],
      ['completed', 3, 3, { missing: 3 }],
      run.error ?? '',
    )
    await shop.idle()
    assert.equal((await shop.reconcile()).found, 0)
  })
}

test('two processes that schedule make one run each period, and no connection has two at once', async (t) => {
  const shop = await openShop(t, { reconcile: { everyMs: 1_000, onStart: true } })
  loseAll(shop, 1)
  await shop.another(['reconciler'])
  await until('three scheduled runs have completed', async () => {
    const [row] = await shop.rows<{ n: number }>(
      "select count(*)::int as n from runs where scheduled and status = 'completed'",
    )
    return row!.n >= 3
  })
  const rows = await shop.rows<{ apart: boolean; alone: boolean }>(
    `select coalesce(bool_and(gap is null or gap >= interval '1 second'), true) as apart, bool_and(alone) as alone from (
       select queued_at - lag(queued_at) over (order by queued_at) as gap,
              coalesce(started_at >= lag(finished_at) over (order by queued_at), true) as alone
         from runs where scheduled and status = 'completed') as r`,
  )
  assert.deepEqual(rows, [{ apart: true, alone: true }])
})

test('a scheduled run leaves out the last minute, whose webhooks are on their way', async (t) => {
  const shop = await openShop(t)
  loseAll(shop, 1)
  const run = await shop.reconcile({ scheduled: true })
  assert.deepEqual([run.status, run.scanned, run.found], ['completed', 0, 0])
})
