import { hash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { canEnter, serverAccount } from './account.ts'
import { binariesIn } from './binaries.ts'
import { type Cluster, createIfAbsent, running, start, stop } from './cluster.ts'
import { join, leave, usersIn, withLock } from './lock.ts'

export type Embedded = {
  readonly url: string
  /** True when the server was found running: it outlived its last user, or has others. */
  readonly wasRunning: boolean
  /** Starts it again when it has died; returns false when there was nothing to do. Keeps the address. */
  revive(): Promise<boolean>
  /** Takes this process off the list of users; stops the server when nobody is left on it. */
  close(): Promise<void>
}

/**
 * A Postgres of our own below `dataDir`, as a running server and a database named `ordersync`. Any number of processes
 * may ask for the same one. `isDurable: false` is for tests: it trades what a crash would leave for speed.
 */
export async function openEmbedded({
  dataDir,
  isDurable = true,
}: {
  dataDir: string
  isDurable?: boolean
}): Promise<Embedded> {
  const account = serverAccount()
  const home = await homeFor(dataDir, account)
  const lock = <T>(work: () => Promise<T>) => withLock(`${home}/lock`, 90_000, work)
  const users = `${home}/users`
  return lock(async () => {
    const cluster: Cluster = { home, data: `${home}/data`, binaries: binariesIn(home), account, isDurable }
    const password = passwordIn(home)
    await createIfAbsent(cluster, password)
    const before = await attach(cluster, password)
    if (before === undefined) await start(cluster, undefined)
    const port = before ?? (await attach(cluster, password))
    if (port === undefined)
      throw new Error(`the embedded Postgres in ${cluster.data} stopped right after its start`)
    await createDatabase(address(port, password, 'postgres'))
    join(users)
    return {
      url: address(port, password, 'ordersync'),
      wasRunning: before !== undefined,
      revive() {
        if (running(cluster) !== undefined) return Promise.resolve(false)
        return lock(async () => {
          if ((await attach(cluster, password)) !== undefined) return false
          await start(cluster, port)
          return true
        })
      },
      close: () =>
        lock(async () => {
          if (leave(users)) await stop(cluster)
        }),
    }
  })
}

/** Stops the server of a data folder; returns the processes that still use it, when there are any and it was left alone. */
export async function stopEmbedded(dataDir: string): Promise<readonly number[]> {
  const account = serverAccount()
  const home = await homeFor(dataDir, account)
  return withLock(`${home}/lock`, 90_000, async () => {
    const users = usersIn(`${home}/users`)
    const cluster: Cluster = {
      home,
      data: `${home}/data`,
      binaries: binariesIn(home),
      account,
      isDurable: true,
    }
    if (users.length === 0) await stop(cluster)
    return users
  })
}

/**
 * Below `dataDir`, or, where the server's account cannot go there (root's home), below /var/lib. A note in `dataDir`
 * remembers the place, so that the data is found again when the folder is moved.
 */
async function homeFor(dataDir: string, account: ReturnType<typeof serverAccount>): Promise<string> {
  mkdirSync(dataDir, { recursive: true, mode: 0o755 })
  const here = `${realpathSync(resolve(dataDir))}/postgres`
  const note = `${here}.elsewhere`
  if (existsSync(note)) return readFileSync(note, 'utf8').trim()
  mkdirSync(here, { recursive: true, mode: 0o755 })
  if (existsSync(`${here}/data`) || (await canEnter(account, here))) return here
  const elsewhere = `/var/lib/ordersync/${hash('sha256', here).slice(0, 16)}`
  mkdirSync(elsewhere, { recursive: true, mode: 0o755 })
  if (!(await canEnter(account, elsewhere))) {
    throw new Error(
      `neither ${here} nor ${elsewhere} can be entered by the user "${account?.name}" that the embedded Postgres runs as; set ORDERSYNC_DATA_DIR or DATABASE_URL`,
    )
  }
  writeFileSync(note, `${elsewhere}\n`)
  return elsewhere
}

function passwordIn(home: string): string {
  const path = `${home}/password`
  if (!existsSync(path)) writeFileSync(path, randomBytes(24).toString('hex'), { mode: 0o600 })
  return readFileSync(path, 'utf8').trim()
}

/** The port of a server that has this data folder and answers, waiting for one that is starting or stopping. */
async function attach(cluster: Cluster, password: string): Promise<number | undefined> {
  const until = Date.now() + 60_000
  for (;;) {
    const process = running(cluster)
    if (process === undefined) return undefined
    if (process.port > 0 && (await answers(cluster, address(process.port, password, 'postgres'))))
      return process.port
    if (Date.now() > until)
      throw new Error(`process ${process.pid} has ${cluster.data} but does not answer; see server.log there`)
    await delay(25)
  }
}

async function answers(cluster: Cluster, url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    const result = await client.query<{ data_directory: string }>('show data_directory')
    return result.rows[0]?.data_directory === cluster.data
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

async function createDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    const there = await client.query("select 1 from pg_database where datname = 'ordersync'")
    if (there.rows.length === 0) await client.query('create database ordersync')
  } finally {
    await client.end()
  }
}

function address(port: number, password: string, database: string): string {
  return `postgres://ordersync:${password}@127.0.0.1:${port}/${database}`
}
