import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import {
  type Fact,
  type FactData,
  type FactKind,
  factId,
  type Ref,
  type Statement,
} from '../../src/core/fact.ts'
import { record } from '../../src/pipeline/record.ts'
import { requestRun, startReconciler } from '../../src/pipeline/reconcile.ts'
import { orderOf } from '../../src/pipeline/record/state.ts'
import type { System } from '../../src/pipeline/system.ts'
import { ApiError } from '../../src/providers/provider.ts'
import { byId } from '../../src/store/runs.ts'
import { lifo } from '../support/lifo.ts'
import { until } from '../support/wait.ts'
import { rowsOf, testConnection, testSystem } from './support.ts'

const order: Ref = { kind: 'order', id: '5001' }
const number: Ref = { kind: 'number', id: '1001' }
const minutes = (count: number) => new Date(Date.now() - count * 60_000).toISOString()

function state<K extends FactKind>(
  kind: K,
  subject: Ref,
  data: FactData[K],
  at: string,
  apart?: string,
): Statement {
  return {
    fact: { id: factId(kind, subject, apart), kind, subject, occurredAt: at, rank: 0, data } as Fact,
    joins: [number],
    level: 'order',
  }
}

async function open(t: TestContext): Promise<System> {
  const closing = lifo(t)
  const connections = [
    testConnection({ id: 'shop', speaksFor: ['order'] }),
    testConnection({ id: 'pay', speaksFor: ['payment'], apiKey: 'key' }),
  ]
  const { config, providers, ...parts } = await testSystem(closing, { connections })
  const reconcile = { ...config.reconcile, lookbackMs: 86_400_000 }
  // Asked for single things it says neither that it has them nor that it has not: nothing here hangs on the answer.
  const silent = {
    ...providers.get('acme')!,
    read: () => Promise.reject(new ApiError('refused', 'not here')),
  }
  const system: System = {
    ...parts,
    providers: new Map([['acme', silent]]),
    config: { ...config, reconcile },
  }
  const reconciler = startReconciler(system)
  closing.after(() => reconciler.stop())
  return system
}

async function placed(
  system: System,
  at: string,
  over: Partial<FactData['order_snapshot']> = {},
): Promise<void> {
  const snapshot = {
    version: at,
    currency: 'USD',
    totalMinor: 1000n,
    components: {},
    lines: [],
    gateways: ['card'],
    financialStatus: 'paid',
    ...over,
  }
  const statements = [state('order_placed', order, {}, at), state('order_snapshot', order, snapshot, at, at)]
  await record(system, { items: [{ connection: 'shop', source: 'webhook', statements }] })
}

async function paid(system: System, at: string): Promise<void> {
  const data = { amountMinor: 1000n, currency: 'USD', tender: 'provider' as const }
  const statements = [state('payment_captured', { kind: 'charge', id: 'ch_1' }, data, at, '1000')]
  await record(system, { items: [{ connection: 'pay', source: 'webhook', statements }] })
}

async function reconcile(system: System): Promise<void> {
  const { id } = await requestRun(system, { connection: 'pay' })
  await until('the run ended', async () => {
    const [row] = await byId(system.db.web, id)
    if (row?.status === 'failed') throw new Error(row.error ?? 'failed')
    return row?.status === 'completed'
  })
}

async function seen(system: System): Promise<{ codes: string[]; open: string[]; isHeld: boolean }> {
  const [row] = await rowsOf<{ state: string }>(
    system,
    'select state from orders where alias_of is null and is_attached',
  )
  const rows = await rowsOf<{ detail: string }>(
    system,
    `select detail from findings where kind = 'unmatched' and closed_at is null`,
  )
  const { reviews } = orderOf(row!.state)
  return {
    codes: reviews.map((review) => review.code),
    open: rows.map(({ detail }) => JSON.parse(detail).reason as string),
    isHeld: reviews.some((review) => review.holds),
  }
}

test('an order called paid whose payment nobody knows is found once its lag has passed, and mended by the payment', async (t) => {
  const system = await open(t)
  await placed(system, minutes(60))
  assert.deepEqual(await seen(system), { codes: [], open: [], isHeld: false })
  await reconcile(system)
  const found = { codes: ['unmatched_order'], open: ['order_without_payment'], isHeld: true }
  assert.deepEqual(await seen(system), found)
  const facts = () => rowsOf(system, `select id from facts where kind = 'lag_passed'`)
  await reconcile(system)
  assert.deepEqual(await seen(system), found)
  assert.equal((await facts()).length, 1)
  await paid(system, minutes(1))
  assert.deepEqual((await seen(system)).codes, [])
  await reconcile(system)
  assert.deepEqual(await seen(system), { codes: [], open: [], isHeld: false })
})

test('within the lag an order is nobody’s case', async (t) => {
  const system = await open(t)
  await placed(system, minutes(2))
  await reconcile(system)
  assert.deepEqual(await seen(system), { codes: [], open: [], isHeld: false })
})

test('a payment that names no known order is found as well', async (t) => {
  const system = await open(t)
  await paid(system, minutes(60))
  await reconcile(system)
  const rows = await rowsOf<{ detail: string }>(
    system,
    `select detail from findings where kind = 'unmatched'`,
  )
  assert.deepEqual(
    rows.map(({ detail }) => JSON.parse(detail).reason),
    ['payment_without_order'],
  )
  const [row] = await rowsOf<{ is_attached: boolean }>(system, 'select is_attached from orders')
  assert.equal(row!.is_attached, false)
})

test('a payment without an order stays found when a run looks back no more to it, until its order is known', async (t) => {
  const system = await open(t)
  await paid(system, minutes(60))
  await reconcile(system)
  const openNow = () =>
    rowsOf(system, "select id from findings where kind = 'unmatched' and closed_at is null")
  assert.equal((await openNow()).length, 1)
  Object.assign(system.config.reconcile, { lookbackMs: 0 })
  await reconcile(system)
  assert.equal((await openNow()).length, 1, 'growing old mends nothing')
  await placed(system, minutes(59))
  await reconcile(system)
  assert.deepEqual(await openNow(), [])
})

test('an order that ended with its money taken is due for refund after its promise', async (t) => {
  const system = await open(t)
  await placed(system, minutes(300))
  await paid(system, minutes(299))
  await placed(system, minutes(200), { cancelledAt: minutes(200) })
  await reconcile(system)
  assert.deepEqual(await seen(system), {
    codes: ['refund_due'],
    open: ['cancelled_but_captured'],
    isHeld: false,
  })
})
