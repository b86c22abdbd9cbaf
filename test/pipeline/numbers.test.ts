import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Connection } from '../../src/config.ts'
import {
  type Fact,
  type FactData,
  type FactKind,
  factId,
  type Ref,
  type Statement,
} from '../../src/core/fact.ts'
import { record, type RecordItem } from '../../src/pipeline/record.ts'
import type { System } from '../../src/pipeline/system.ts'
import { lifo } from '../support/lifo.ts'
import { testConnection, testSystem } from './support.ts'

const noon = '2026-01-01T12:00:00.000Z'
const number: Ref = { kind: 'number', id: '1001' }

function state<K extends FactKind>(
  kind: K,
  subject: Ref,
  data: FactData[K],
  joins: readonly Ref[],
  at = noon,
): Statement {
  return {
    fact: { id: factId(kind, subject), kind, subject, occurredAt: at, rank: 0, data } as Fact,
    joins,
    level: 'order',
  }
}

/** Shop `shop` has an order 1001 of its own. */
function placed(shop: string, at = noon): RecordItem {
  const order: Ref = { kind: 'order', id: `${shop}-5001` }
  const statements = [
    state('order_placed', order, {}, [number], at),
    state('order_numbered', order, { number: '1001', priority: 0 }, [number], at),
  ]
  return { connection: shop, source: 'webhook', statements }
}

/** A payment that names order 1001 and no shop. */
function paid(connection: string, charge = 'ch_1', at = noon): RecordItem {
  const data = { amountMinor: 1000n, currency: 'USD', tender: 'provider' as const }
  const statements = [state('payment_captured', { kind: 'charge', id: charge }, data, [number], at)]
  return { connection, source: 'webhook', statements }
}

const shops = ['shop-a', 'shop-b'].map((id) => testConnection({ id, speaksFor: ['order'] }))
const payer = (id: string, changes: Partial<Connection> = {}) =>
  testConnection({ id, speaksFor: ['payment'], account: 'acct', ...changes })

function open(t: TestContext, ...payers: Connection[]): Promise<System> {
  return testSystem(lifo(t), { connections: [...shops, ...payers] })
}

async function told(system: System, ...items: RecordItem[]) {
  const results = []
  for (const item of items) results.push((await record(system, { items: [item] })).perItem[0]!)
  return results
}

/** What each living order that somebody placed has been paid, by the shop that it is shown under. */
async function paidOrders(system: System): Promise<Record<string, string>> {
  const { rows } = await system.db.web.query(
    `select connection, payment_status from orders where alias_of is null and is_attached order by connection`,
  )
  return Object.fromEntries(rows.map((row) => [row.connection, row.payment_status]))
}

test('a number that one shop alone has is its order’s, whichever came first', async (t) => {
  const system = await open(t, payer('pay'))
  await told(system, placed('shop-a'), paid('pay'))
  assert.deepEqual(await paidOrders(system), { 'shop-a': 'paid' })
  const other = await open(t, payer('pay'))
  const [first] = await told(other, paid('pay'), placed('shop-b'))
  assert.deepEqual(first!.waitingFor, number)
  assert.deepEqual(await paidOrders(other), { 'shop-b': 'paid' })
})

test('a number that two shops have pays neither, and is for a person', async (t) => {
  const system = await open(t, payer('pay'))
  const results = await told(system, placed('shop-a'), placed('shop-b'), paid('pay'))
  assert.equal(results[2]!.isAmbiguous, true)
  assert.deepEqual(await paidOrders(system), { 'shop-a': 'pending', 'shop-b': 'pending' })
})

test('one payment that comes over both shops’ connections never joins their orders', async (t) => {
  const payers = [payer('pay-a', { ordersFrom: ['shop-a'] }), payer('pay-b', { ordersFrom: ['shop-b'] })]
  for (const order of [
    [placed('shop-a'), placed('shop-b'), paid('pay-a'), paid('pay-b')],
    [paid('pay-a'), paid('pay-b'), placed('shop-b'), placed('shop-a')],
    [paid('pay-b'), placed('shop-a'), placed('shop-b'), paid('pay-a')],
  ]) {
    const system = await open(t, ...payers)
    await told(system, ...order)
    const orders = await paidOrders(system)
    assert.deepEqual(Object.keys(orders), ['shop-a', 'shop-b'])
    assert.ok(Object.values(orders).filter((status) => status === 'paid').length <= 1)
  }
  const together = await open(t, ...payers)
  const { perItem } = await record(together, {
    items: [placed('shop-a'), placed('shop-b'), paid('pay-a'), paid('pay-b')],
  })
  assert.equal(perItem[2]!.isAmbiguous, true)
  assert.deepEqual(await paidOrders(together), { 'shop-a': 'pending', 'shop-b': 'pending' })
})

test('two payments of equal number and unknown shop stay apart until their orders come', async (t) => {
  const system = await open(t, payer('pay'))
  await told(system, paid('pay', 'ch_1'), paid('pay', 'ch_2'))
  const { rows } = await system.db.web.query('select count(distinct order_id) as n from refs')
  assert.equal(rows[0].n, 2n)
})

test('an order older than half a year is not the one that a number means', async (t) => {
  const system = await open(t, payer('pay'))
  const late = '2026-08-01T00:00:00.000Z'
  const results = await told(system, placed('shop-a'), paid('pay', 'ch_1', late))
  assert.deepEqual(results[1]!.waitingFor, number)
  assert.deepEqual(await paidOrders(system), { 'shop-a': 'pending' })
})

test('of a payment and its order that come at the same moment neither misses the other', async (t) => {
  const system = await open(t, payer('pay'))
  for (let round = 0; round < 10; round += 1) {
    const named = (item: RecordItem) => ({
      ...item,
      statements: item.statements.map((one) => ({
        ...one,
        fact: {
          ...one.fact,
          id: `${one.fact.id}-${round}`,
          subject: { ...one.fact.subject, id: `${one.fact.subject.id}-${round}` },
        } as Fact,
        joins: [{ kind: 'number' as const, id: `1001-${round}` }],
      })),
    })
    await Promise.all([
      record(system, { items: [named(paid('pay'))] }),
      record(system, { items: [named(placed('shop-a'))] }),
    ])
  }
  const { rows } = await system.db.web.query(
    `select payment_status from orders where alias_of is null and is_attached`,
  )
  assert.deepEqual(
    rows.map((row) => row.payment_status),
    Array.from({ length: 10 }, () => 'paid'),
  )
})
