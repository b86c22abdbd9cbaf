import { createHash, randomBytes } from 'node:crypto'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { PgBoss } from 'pg-boss'
import { packageVersion } from '../../src/package-root.ts'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { migrate, migrationsIn } from '../../src/store/migrate.ts'
import { testServer } from './server.ts'

export type TestDatabase = {
  readonly url: string
  readonly db: Database
  /** Closes `db` and drops the database; happens by itself after the test. */
  stop(): Promise<void>
}

/** A migrated database of its own for one test (with the queue's schema), cloned from a template in some 30 ms. */
export async function testDatabase(t: Pick<TestContext, 'after'>): Promise<TestDatabase> {
  const server = await testServer()
  const template = await templateOn(server)
  const name = `it_${process.pid}_${Date.now().toString(36)}_${randomBytes(3).toString('hex')}`
  await onServer(server, (client) => createFrom(client, name, template))
  const url = urlOf(server, name)
  const db = openDatabase(url, { onError: () => {} })
  let stopped: Promise<void> | undefined
  const stop = () => {
    // A connection that a test forgot to give back would keep `close` waiting for ever; the drop then says which test.
    stopped ??= Promise.race([db.close(), delay(5_000, undefined, { ref: false })]).then(() =>
      onServer(server, (client) => drop(client, name)),
    )
    return stopped
  }
  t.after(stop)
  return { url, db, stop }
}

/** An empty database without any schema, for tests of the start itself; dropped after the test. */
export async function emptyDatabase(t: Pick<TestContext, 'after'>): Promise<string> {
  const server = await testServer()
  const name = `it_${process.pid}_${Date.now().toString(36)}_${randomBytes(3).toString('hex')}`
  await onServer(server, (client) => client.query(`create database ${name} template template0`))
  t.after(() => onServer(server, (client) => drop(client, name)))
  return urlOf(server, name)
}

/** Drops what killed test runs left behind: databases named after a process that is gone. */
export async function sweepTestDatabases(): Promise<void> {
  const server = await testServer()
  await onServer(server, async (client) => {
    const { rows } = await client.query<{ datname: string }>(
      String.raw`select datname from pg_database where datname like 'it\_%'`,
    )
    for (const { datname } of rows)
      if (!isRunning(Number(datname.split('_')[1]))) await drop(client, datname, { isForced: true })
  })
}

let template: Promise<string> | undefined

function templateOn(server: string): Promise<string> {
  template ??= makeTemplate(server)
  return template
}

async function makeTemplate(server: string): Promise<string> {
  const migrations = await migrationsIn()
  const content = migrations.map(({ name, sha256 }) => `${name} ${sha256}`).join('\n')
  const name = `tpl_${createHash('sha256').update(`${packageVersion()} ${content}`).digest('hex').slice(0, 20)}`
  await onServer(server, async (client) => {
    await client.query('select pg_advisory_lock(20261125)') // one maker at a time; freed when the session ends
    const there = await client.query('select 1 from pg_database where datname = $1', [name])
    if (there.rows.length > 0) return
    const half = `${name}_half`
    await drop(client, half, { isForced: true })
    await client.query(`create database ${half} template template0`)
    const url = urlOf(server, half)
    await migrate(url)
    await installQueue(url)
    // A template that a stray session is connected to cannot be copied.
    await retrying(() => client.query(`alter database ${half} rename to ${name}`))
    await client.query(`alter database ${name} with is_template true allow_connections false`)
  })
  return name
}

async function installQueue(url: string): Promise<void> {
  const boss = new PgBoss({
    connectionString: url,
    supervise: false,
    schedule: false,
    application_name: 'template',
  })
  boss.on('error', () => {})
  await boss.start()
  await boss.stop({ graceful: false, close: true })
}

async function createFrom(client: pg.Client, name: string, source: string): Promise<void> {
  await retrying(() => client.query(`create database ${name} template ${source}`))
}

async function drop(client: pg.Client, name: string, { isForced = false } = {}): Promise<void> {
  // Not WITH (FORCE) after a pool's end: it resolves before the server has let go, and the forced end arrives in
  // somebody else's test as an uncaught exception.
  await retrying(() => client.query(`drop database if exists ${name}${isForced ? ' with (force)' : ''}`))
}

/** Repeats what fails because somebody is still connected (55006), for ten seconds. */
async function retrying<T>(work: () => Promise<T>): Promise<T> {
  const until = Date.now() + 10_000
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if ((error as { code?: string }).code !== '55006' || Date.now() > until) throw error
      await delay(25)
    }
  }
}

async function onServer<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

function urlOf(server: string, database: string): string {
  const url = new URL(server)
  url.pathname = `/${database}`
  return url.href
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
