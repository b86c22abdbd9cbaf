import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { verifyHistory } from '../../src/store/verify.ts'
import { type Line, openLine } from '../support/line.ts'
import { chargeOf, intentOf, type Sale, stripeEvent } from '../support/stripe-events.ts'
import { until } from '../support/wait.ts'

const canary = 'canary.person@erase.example'
const items = [{ sku: 'TEE-M', quantity: 2, unit_price: '20.40', title: 'Tee' }]
const sale: Sale = { n: '1', items, email: canary }
const charge = (over: object = {}, id = 'evt_1') => stripeEvent(id, 'charge.succeeded', chargeOf(sale, over))
const other: Sale = { n: '2', items, email: 'somebody.else@stay.example' }

/** Every text and every byte of every table, as a dump shows it. */
async function everything(line: Line): Promise<string> {
  const { web } = line.running.system.db
  const { rows: tables } = await web.query(
    `select quote_ident(n.nspname) || '.' || quote_ident(c.relname) as name
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema')`,
  )
  const parts: string[] = []
  for (const { name } of tables) {
    const { rows } = await web.query(`select t::text as row from ${name} t`)
    parts.push(...rows.map(({ row }) => row as string))
  }
  return parts.join('\n').toLowerCase()
}

/** The forms in which a person's address may stand in a dump. */
function formsOf(text: string): string[] {
  const hex = Buffer.from(text).toString('hex')
  return [
    text,
    hex,
    Buffer.from(text).toString('base64').slice(0, -4).toLowerCase(),
    text.replace('@', '\\u0040'),
  ]
}

async function assertGone(line: Line): Promise<void> {
  const dump = await everything(line)
  for (const form of [...formsOf(canary), 'ada buyer', ...formsOf('1 Main St')]) {
    const rows = dump.split('\n').filter((row) => row.includes(form.toLowerCase()))
    assert.deepEqual(rows, [], `${form} is still there`)
  }
}

test('a person who is erased is in no table, and books and history stay whole', async (t) => {
  const line = await openLine(t)
  await line.call('PUT', '/inventory/TEE-M', { on_hand: 100 })
  await line.take(charge(), stripeEvent('evt_2', 'payment_intent.succeeded', intentOf(sale)))
  const elsewhere = { name: 'Some Body', address: { line1: '9 Other Rd', city: 'Shelby', country: 'US' } }
  const theirs = { shipping: elsewhere, billing_details: { ...elsewhere, email: other.email, phone: null } }
  await line.take(stripeEvent('evt_3', 'charge.succeeded', chargeOf(other, theirs)))
  assert.ok((await everything(line)).includes(canary), 'the test sees what is to be erased')
  const before = await line.balances()

  const erased = await line.call('POST', '/erasures', { customer: canary.toUpperCase() })
  assert.equal(erased.status, 200)
  assert.ok(
    erased.body.persons >= 1 && erased.body.events >= 2 && erased.body.orders === 1,
    JSON.stringify(erased.body),
  )
  await assertGone(line)
  assert.deepEqual(await line.balances(), before)
  const order = await line.order('T-1')
  assert.equal(order.payment_status, 'paid')
  assert.equal(order.customer?.email ?? null, null)
  assert.equal((await line.order('T-2')).customer.email, 'somebody.else@stay.example')
  const { problems } = await verifyHistory(line.running.system.db)
  assert.deepEqual(problems, [])
  const { data } = await line.get('/audit')
  const row = data.find((one: { action: string }) => one.action === 'erase_customer')
  assert.ok(row !== undefined && !JSON.stringify(row).includes('canary'))
})

test('what is told later of who was erased is erased too', async (t) => {
  const line = await openLine(t)
  await line.take(charge())
  await line.call('POST', '/erasures', { customer: canary })
  await line.take(charge({ amount_refunded: 100 }, 'evt_late'))
  await until(
    'the late event is erased',
    async () => !(await everything(line)).includes(Buffer.from(canary).toString('hex')),
  )
  await assertGone(line)
})

test('a restored backup is erased again at the next start', async (t) => {
  const line = await openLine(t)
  const { system } = line.running
  await line.call('POST', '/erasures', { customer: canary })
  const file = join(system.config.dataDir, 'erasures.jsonl')
  assert.ok(existsSync(file) && !readFileSync(file, 'utf8').includes('canary'))
  // The backup is from before the erasure: it has the person, and nobody who was erased.
  await system.db.web.query('delete from erased_subjects')
  await line.take(charge())
  assert.equal((await line.order('T-1')).customer.email, canary)
  const { eraseAfterRestore } = await import('../../src/pipeline/acts/erase.ts')
  assert.equal(await eraseAfterRestore(system), 1)
  await assertGone(line)
  assert.equal(await eraseAfterRestore(system), 0)
})

test('only an admin erases', async (t) => {
  const line = await openLine(t)
  const made = await line.call('POST', '/keys', { role: 'operator' })
  const response = await fetch(`${line.running.url}/api/v1/erasures`, {
    method: 'POST',
    headers: { authorization: `Bearer ${made.body.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ customer: canary }),
  })
  assert.equal(response.status, 403)
})
