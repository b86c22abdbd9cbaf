import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type FactData,
  type FactKind,
  type Fact,
  factId,
  type Ref,
  type Statement,
} from '../../src/core/fact.ts'
import { defaultBooks } from '../../src/core/journal.ts'
import { record, type RecordItem } from '../../src/pipeline/record.ts'
import type { System } from '../../src/pipeline/system.ts'
import { lifo } from '../support/lifo.ts'
import { until } from '../support/wait.ts'
import { testSystem } from './support.ts'

const at = '2026-01-01T12:00:00.000Z'
const charge = (n: string): Ref => ({ kind: 'charge', id: `ch_${n}` })
const intent = (n: string): Ref => ({ kind: 'payment_intent', id: `pi_${n}` })
const number = (n: string): Ref => ({ kind: 'number', id: `N-${n}` })

function state<K extends FactKind>(
  kind: K,
  subject: Ref,
  data: FactData[K],
  joins: readonly Ref[] = [],
  apart?: string,
): Statement {
  return {
    fact: { id: factId(kind, subject, apart), kind, subject, occurredAt: at, rank: 0, data } as Fact,
    joins,
    level: 'order',
  }
}

function item(statements: readonly Statement[], source: RecordItem['source'] = 'webhook'): RecordItem {
  return { connection: 'acme-main', source, statements }
}

const paid = (n: string) =>
  item([
    state('order_placed', intent(n), {}, [charge(n)]),
    state(
      'payment_captured',
      charge(n),
      { amountMinor: 4080n, currency: 'USD', tender: 'provider' },
      [intent(n)],
      '4080',
    ),
  ])
const refunded = (n: string) => {
  const data = { amountMinor: 1000n, currency: 'USD', paymentId: `ch_${n}` }
  return item([state('refund_succeeded', { kind: 'refund', id: `re_${n}` }, data, [charge(n), intent(n)])])
}
const numbered = (n: string) =>
  item([
    state('order_numbered', number(n), { number: `N-${n}`, priority: 0 }),
    state('order_placed', number(n), {}),
  ])
const joined = (n: string) =>
  item([state('order_numbered', intent(n), { number: `N-${n}`, priority: 0 }, [number(n)], `0:N-${n}`)])

async function orders(system: System) {
  const { rows } = await system.db.web.query(
    'select id, alias_of, is_attached, payment_status, version from orders order by id',
  )
  return rows as {
    id: string
    alias_of: string | null
    is_attached: boolean
    payment_status: string
    version: number
  }[]
}

test('a payment and its refund that commit at the same moment are one order', async (t) => {
  const system = await testSystem(lifo(t))
  const all = Array.from({ length: 60 }, (_, i) => [paid(`${i}`), refunded(`${i}`)]).flat()
  await Promise.all(all.map((one) => record(system, { items: [one] })))
  const rows = await orders(system)
  const roots = rows.filter((row) => row.alias_of === null)
  assert.equal(roots.length, 60)
  for (const root of roots) assert.equal(root.payment_status, 'partially_refunded')
})

test('two orders that prove to be one under load end as one, the older one', async (t) => {
  const system = await testSystem(lifo(t))
  const all: RecordItem[] = []
  for (let i = 0; i < 40; i += 1)
    all.push(paid(`${i}`), numbered(`${i}`), joined(`${i}`), refunded(`${i}`), paid(`${i}`))
  const shuffled = all.map((one, i) => ({ one, key: (i * 7919) % all.length })).sort((a, b) => a.key - b.key)
  await Promise.all(shuffled.map(({ one }) => record(system, { items: [one] })))
  const rows = await orders(system)
  const roots = rows.filter((row) => row.alias_of === null)
  assert.equal(roots.length, 40)
  for (const root of roots) {
    const members = rows.filter((row) => row.alias_of === root.id)
    for (const member of members) assert.ok(root.id < member.id, 'the older id lives')
    assert.equal(root.payment_status, 'partially_refunded')
    assert.ok(root.is_attached)
  }
})

test('an order that becomes part of another while its lock is waited for is found again', async (t) => {
  const system = await testSystem(lifo(t))
  await record(system, { items: [paid('1')] })
  await record(system, { items: [numbered('1')] })
  const [elder, younger] = (await orders(system)) as unknown as [{ id: string }, { id: string }]
  const other = await system.db.web.connect()
  await other.query('begin')
  await other.query('select from orders where id = any($1) order by id for no key update', [
    [elder.id, younger.id],
  ])
  await other.query('update orders set alias_of = $1, alias_tx = 0 where id = $2', [elder.id, younger.id])
  const waiting = record(system, {
    items: [item([state('order_cancelled', number('1'), { reason: 'asked' })])],
  })
  await until('the lock is waited for', async () => {
    const { rows } = await system.db.web.query(
      "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
    )
    return rows.length > 0
  })
  await other.query('commit')
  other.release()
  const result = await waiting
  assert.deepEqual(result.perItem[0]!.orderIds, [elder.id])
  assert.equal(result.changes[0]!.after.status, 'cancelled')
  assert.equal(result.changes[0]!.after.totals.capturedMinor, 4080n, 'what the elder knew is known')
})

test('facts known already change nothing, in a batch and across batches', async (t) => {
  const system = await testSystem(lifo(t))
  await record(system, { items: [paid('1'), paid('1')] })
  const before = await system.db.web.query(
    'select (select count(*) from facts) as facts, (select count(*) from links) as links',
  )
  const again = await record(system, { items: [paid('1')] })
  const after = await system.db.web.query(
    'select (select count(*) from facts) as facts, (select count(*) from links) as links',
  )
  assert.deepEqual(after.rows, before.rows)
  assert.deepEqual(again.perItem[0]!.newFactIds, [])
  assert.equal(again.changes.length, 0)
})

test('a dry run says what would change, and changes nothing', async (t) => {
  const system = await testSystem(lifo(t))
  const dry = await record(system, { items: [paid('1')], mode: 'dry_run' })
  assert.equal(dry.changes[0]!.after.paymentStatus, 'paid')
  const { rows } = await system.db.web.query(
    'select (select count(*) from facts) + (select count(*) from orders) + (select count(*) from refs) as n',
  )
  assert.equal(rows[0].n, 0n)
  const real = await record(system, { items: [paid('1')] })
  assert.deepEqual(real.changes[0]!.after, dry.changes[0]!.after)
})

test('a refund before its payment waits, its facts stored, and is joined when the payment comes', async (t) => {
  const system = await testSystem(lifo(t))
  const early = await record(system, { items: [refunded('1')] })
  assert.deepEqual(
    early.perItem[0]!.waitingFor && {
      kind: early.perItem[0]!.waitingFor.kind,
      id: early.perItem[0]!.waitingFor.id,
    },
    charge('1'),
  )
  assert.equal((await orders(system))[0]!.is_attached, false)
  await record(system, { items: [paid('1')] })
  const [row] = await orders(system)
  assert.equal(row!.is_attached, true)
  assert.equal(row!.payment_status, 'partially_refunded')
})

test('stock and income are posted once, however often the order changes', async (t) => {
  const plain = await testSystem(lifo(t))
  const sinks = {
    outgoing: [],
    inventory: { kind: 'internal' as const },
    accounting: { kind: 'internal' as const, baseCurrency: 'USD', timezone: 'UTC', ...defaultBooks },
  }
  const system = { ...plain, config: { ...plain.config, sinks } }
  await system.db.web.query("insert into stock (sku, on_hand) values ('TEE-M', 10)")
  const lines = state(
    'order_lines',
    intent('1'),
    { lines: [{ id: '0', sku: 'TEE-M', quantity: 2 }], currency: 'USD', by: 'metadata' },
    [],
    'metadata',
  )
  await record(system, { items: [item([lines])] })
  for (const one of [paid('1'), refunded('1'), joined('1'), numbered('1')])
    await record(system, { items: [one] })
  const stock = await system.db.web.query('select on_hand, committed from stock')
  assert.deepEqual(stock.rows, [{ on_hand: 10n, committed: 2n }])
  const books = await system.db.web.query(
    'select account, sum(amount)::numeric(30, 0) as sum from journal_lines group by account order by account',
  )
  assert.deepEqual(books.rows, [
    { account: 'Assets:Clearing:acme-main', sum: 4080n },
    { account: 'Income:Returns', sum: 1000n },
    { account: 'Income:Sales', sum: -4080n },
    { account: 'Liabilities:Customers', sum: -1000n },
  ])
})

test('what alongside throws leaves nothing behind', async (t) => {
  const system = await testSystem(lifo(t))
  await assert.rejects(
    record(system, {
      items: [paid('1')],
      alongside: async () => {
        throw new Error('superseded')
      },
    }),
    /superseded/,
  )
  const { rows } = await system.db.web.query(
    'select (select count(*) from facts) + (select count(*) from orders) as n',
  )
  assert.equal(rows[0].n, 0n)
})
