import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { type TestContext, test } from 'node:test'
import { openDatabase } from '../../src/store/database.ts'
import { MigrationError, migrate, migrationsIn, missingMigrations } from '../../src/store/migrate.ts'
import { emptyDatabase } from '../support/database.ts'

function folder(t: TestContext, files: Record<string, string>): string {
  const path = mkdtempSync(`${tmpdir()}/ordersync-migrations-`)
  t.after(() => rmSync(path, { recursive: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(`${path}/${name}`, text)
  return path
}

async function names(url: string, directory: string): Promise<string[]> {
  return (await migrate(url, { directory })).map(({ name }) => name)
}

const one = { '0001_one.sql': 'create table one (id integer)' }

test('migrations run in order, once, and report what they did', async (t) => {
  const url = await emptyDatabase(t)
  const directory = folder(t, { ...one, '0002_two.sql': 'alter table one add two text' })
  assert.deepEqual(await names(url, directory), ['0001_one.sql', '0002_two.sql'])
  assert.deepEqual(await names(url, directory), [])
  writeFileSync(`${directory}/0003_three.sql`, 'create table three ()')
  assert.deepEqual(await names(url, directory), ['0003_three.sql'])
})

test('one that fails leaves nothing of itself, and the ones before it', async (t) => {
  const url = await emptyDatabase(t)
  const directory = folder(t, { ...one, '0002_two.sql': 'create table two (); select 1/0' })
  await assert.rejects(migrate(url, { directory }), /0002_two\.sql: division by zero/)
  const db = openDatabase(url, { onError: () => {} })
  const left = await db.web.query<{ one: string; two: null }>(
    "select to_regclass('one')::text as one, to_regclass('two')::text as two",
  )
  assert.deepEqual(left.rows[0], { one: 'one', two: null })
  assert.deepEqual(await missingMigrations(db.web, await migrationsIn(directory)), ['0002_two.sql'])
  await db.close()
})

test('an applied file that was changed is refused, and so is a database from a newer version', async (t) => {
  const url = await emptyDatabase(t)
  await migrate(url, { directory: folder(t, one) })
  await assert.rejects(
    migrate(url, { directory: folder(t, { '0001_one.sql': 'create table other ()' }) }),
    MigrationError,
  )
  await assert.rejects(
    migrate(url, { directory: folder(t, { '0001_other.sql': 'create table one (id integer)' }) }),
    /0001_one\.sql, which is not in this version/,
  )
  await assert.rejects(migrate(url, { directory: folder(t, {}) }), /not in this version/)
})

test('a gap in the numbers and a name without one are refused before anything runs', async (t) => {
  const url = await emptyDatabase(t)
  await assert.rejects(
    migrate(url, { directory: folder(t, { ...one, '0003_three.sql': '' }) }),
    /0003_three\.sql: expected a file named 0002_/,
  )
  await assert.rejects(migrate(url, { directory: folder(t, { 'one.sql': '' }) }), /one\.sql: expected/)
})

test('of many at once each finds the work done', async (t) => {
  const url = await emptyDatabase(t)
  const directory = folder(t, { ...one, '0002_two.sql': 'select pg_sleep(0.05)' })
  const all = await Promise.all(Array.from({ length: 5 }, () => names(url, directory)))
  assert.equal(all.flat().length, 2)
})

test('a marked file runs outside a transaction, for what cannot run in one', async (t) => {
  const url = await emptyDatabase(t)
  const directory = folder(t, {
    ...one,
    '0002_two.sql': '-- no-transaction\ncreate index concurrently one_id on one (id)',
  })
  assert.equal((await names(url, directory)).length, 2)
})
