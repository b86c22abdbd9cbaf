import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { beancount } from '../../../src/http/admin/export-beancount.ts'
import { cell } from '../../../src/http/admin/export-csv.ts'
import { hledger } from '../../../src/http/admin/export-journal.ts'
import type { LedgerEntry } from '../../../src/store/reading/ledger.ts'
import { parseJournal } from './journal-parser.ts'
import { type Admin, paidSale, refundedSale, startAdmin } from './support.ts'

type Balance = {
  account: string
  currency: string
  debit: { amount: string }
  credit: { amount: string }
  balance: { amount: string }
}

async function books(admin: Admin): Promise<void> {
  await admin.learn(
    ...paidSale({ n: 1 }),
    refundedSale({ n: 1 }, 1000),
    ...paidSale({ n: 2, amount: 5000, currency: 'jpy' }),
    ...paidSale({ n: 3, amount: 12340, currency: 'kwd' }),
  )
}

const minor = (text: string) => BigInt(text.replace('.', ''))

test('debits equal credits in each currency, and the balance is their difference', async (t) => {
  const admin = await startAdmin(t)
  await books(admin)
  const { data } = (await admin.get('/ledger/trial-balance')).body as { data: Balance[] }
  for (const currency of ['USD', 'JPY', 'KWD']) {
    const rows = data.filter((row) => row.currency === currency)
    const sum = (pick: (row: Balance) => string) => rows.reduce((total, row) => total + minor(pick(row)), 0n)
    assert.ok(rows.length >= 2)
    assert.equal(
      sum((row) => row.debit.amount),
      sum((row) => row.credit.amount),
      currency,
    )
    assert.equal(
      sum((row) => row.balance.amount),
      0n,
    )
    for (const row of rows)
      assert.equal(minor(row.balance.amount), minor(row.debit.amount) - minor(row.credit.amount))
  }
})

test('the hledger export says what the books say', async (t) => {
  const admin = await startAdmin(t)
  await books(admin)
  const answer = await admin.get('/ledger/export?format=hledger')
  assert.equal(answer.headers.get('content-type'), 'text/plain; charset=utf-8')
  assert.match(answer.headers.get('content-disposition')!, /attachment; filename="ordersync-test\.journal"/)
  const { transactions, decimals } = parseJournal(answer.bytes.toString())
  assert.deepEqual([decimals.get('USD'), decimals.get('JPY'), decimals.get('KWD')], [2, 0, 3])
  const { data: entries } = (await admin.get('/ledger/entries?limit=200')).body
  assert.deepEqual(
    transactions.map(({ code }) => code),
    entries.map(({ id }: { id: string }) => id).toReversed(),
  )
  const sums = new Map<string, bigint>()
  for (const { postings } of transactions) {
    for (const { account, currency, amount } of postings)
      sums.set(`${account} ${currency}`, (sums.get(`${account} ${currency}`) ?? 0n) + amount)
  }
  const { data } = (await admin.get('/ledger/trial-balance')).body as { data: Balance[] }
  assert.deepEqual(
    sums,
    new Map(data.map((row) => [`${row.account} ${row.currency}`, minor(row.balance.amount)])),
  )
})

for (const { program, format, args } of [
  { program: 'hledger', format: 'hledger', args: (file: string) => ['-f', file, 'check', '--strict'] },
  { program: 'bean-check', format: 'beancount', args: (file: string) => [file] },
  { program: 'ledger', format: 'ledger', args: (file: string) => ['-f', file, '--pedantic', 'balance'] },
]) {
  const isThere = spawnSync(program, ['--version']).error === undefined
  test(`${program} itself accepts the ${format} export`, {
    skip: isThere ? false : `${program} is not installed`,
  }, async (t) => {
    const admin = await startAdmin(t)
    await books(admin)
    const folder = mkdtempSync(join(tmpdir(), 'ordersync-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'books')
    writeFileSync(file, (await admin.get(`/ledger/export?format=${format}`)).bytes)
    const run = spawnSync(program, args(file), { encoding: 'utf8' })
    assert.equal(run.status, 0, run.stderr + run.stdout)
  })
}

const hostile: LedgerEntry = {
  seq: 1n,
  key: 'journal:x',
  layer: 'movement',
  connection: 'shop',
  mode: 'test',
  order_id: null,
  occurred_at: '2026-01-01T00:00:00.000Z',
  recorded_at: '2026-01-01T00:00:00.000Z',
  fact_ids: [],
  day: '2026-01-01',
  late_into: null,
  description: 'one; two | "three"\n2026-01-02 evil\n    Assets:Bank  1.00 USD',
  lines: [
    { account: 'Assets:Clearing:shop  x', currency: 'USD', amount: '100' },
    { account: 'Income:sales & more', currency: 'USD', amount: '-100' },
  ],
}

test('what a description or an account holds cannot become an entry of its own', () => {
  const declared = { accounts: hostile.lines.map(({ account }) => account), currencies: ['USD'], until: '1' }
  const { transactions } = parseJournal(hledger.head(declared) + hledger.entry(hostile))
  assert.equal(transactions.length, 1)
  assert.equal(transactions[0]!.postings.length, 2)
  const text = beancount.head(declared) + beancount.entry(hostile)
  assert.equal(text.match(/^\d{4}-\d\d-\d\d \*/gm)!.length, 1)
  assert.match(text, /Income:Sales---more {2}-1\.00 USD/)
  assert.match(text, /\\"three\\"/)
})

test('a cell that a spreadsheet would run stays text', async (t) => {
  for (const text of ['=1+1', '+1', '-1', '@x', '\t=1', '\r=1']) assert.match(cell(text), /^"?'/, text)
  assert.equal(cell('a,"b"'), '"a,""b"""')
  assert.equal(cell('plain'), 'plain')
  const admin = await startAdmin(t)
  await books(admin)
  const { bytes, headers } = await admin.get('/ledger/export?format=csv')
  assert.match(headers.get('content-type')!, /^text\/csv/)
  const rows = bytes
    .toString()
    .trimEnd()
    .split('\r\n')
    .map((row) => row.split(','))
  assert.equal(rows[0]!.length, 13)
  for (const row of rows.slice(1)) assert.ok((row[10] === '') !== (row[11] === ''), row.join())
})

test('C26 an entry whose transaction commits late is in the next export, and in its place by commit', async (t) => {
  const admin = await startAdmin(t)
  await admin.learn(...paidSale({ n: 1 }))
  const codes = async () =>
    parseJournal((await admin.get('/ledger/export?format=hledger')).bytes.toString()).transactions.map(
      ({ code }) => code,
    )
  // A writer that has drawn its numbers and holds its transaction open, while another one commits behind it.
  const slow = await admin.system.db.web.connect()
  await slow.query('begin')
  await slow.query("select nextval('tx_seq'), nextval(pg_get_serial_sequence('journal_entries', 'seq'))")
  const { rows } = await slow.query<{ tx: bigint; seq: bigint }>(
    "select currval('tx_seq') as tx, currval(pg_get_serial_sequence('journal_entries', 'seq')) as seq",
  )
  await admin.learn(...paidSale({ n: 2 }))
  const before = await codes()
  const { tx, seq } = rows[0]!
  await slow.query(
    `with e as (insert into journal_entries (seq, key, layer, scope, connection, mode, occurred_at, description, fact_ids, digest, day, tx)
                overriding system value values ($1, 'journal:late', 'movement', 'stripe-test', 'stripe-test', 'test', now(), 'late', '{}', '', now()::date, $2) returning seq)
     insert into journal_lines select e.seq, n, 'Assets:Cash', 'USD', 3 - 2 * n from e, generate_series(1, 2) n`,
    [seq, tx],
  )
  await slow.query("select append_link($1, '')", [tx])
  await slow.query('commit')
  slow.release()
  const after = await codes()
  assert.deepEqual(after.slice(0, before.length), before)
  assert.deepEqual(after.slice(before.length), [`jrn_${seq}`])
})

test('the journal of one order and the list of entries show the same entries', async (t) => {
  const admin = await startAdmin(t)
  await books(admin)
  const order = (await admin.get('/orders?reference=T-1')).body.data[0]
  const { data } = (await admin.get(`/orders/${order.id}/ledger`)).body
  assert.ok(data.length >= 4)
  const all = (await admin.get('/ledger/entries?limit=200')).body.data
  assert.deepEqual(
    data,
    all.filter((entry: { order_id: string }) => entry.order_id === order.id),
  )
  for (const entry of data)
    assert.equal(
      entry.lines.reduce(
        (sum: bigint, line: { amount: { amount: string } }) => sum + minor(line.amount.amount),
        0n,
      ),
      0n,
    )
})
