import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyDatabase, sweepTestDatabases, testDatabase } from '../support/database.ts'

test('a test database is migrated, has the queue, and is its own', async (t) => {
  const [one, two] = await Promise.all([testDatabase(t), testDatabase(t)])
  assert.notEqual(one.url, two.url)
  await one.db.web.query("insert into settings values ('a', '1')")
  const there = await two.db.web.query('select * from settings')
  assert.equal(there.rows.length, 0)
  const queue = await two.db.web.query<{ found: string }>("select to_regclass('pgboss.job')::text as found")
  assert.equal(queue.rows[0]?.found, 'pgboss.job')
})

test('a stopped test database is gone', async (t) => {
  const one = await testDatabase(t)
  await one.stop()
  const other = await testDatabase(t)
  const name = new URL(one.url).pathname.slice(1)
  const found = await other.db.web.query('select 1 from pg_database where datname = $1', [name])
  assert.equal(found.rows.length, 0)
})

test('a sweep leaves the databases of living tests alone', async (t) => {
  const { db } = await testDatabase(t)
  await emptyDatabase(t)
  await sweepTestDatabases()
  const left = await db.web.query(`select 1 from pg_database where datname like 'it\\_${process.pid}\\_%'`)
  assert.ok(left.rows.length >= 2)
})
