import { execFile, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { promisify } from 'node:util'
import { type Account, identity } from './account.ts'
import { serverVersion } from './binaries.ts'
import { commandLine } from './process.ts'

const run = promisify(execFile)

/** One data folder, its binaries and the account that owns it. */
export type Cluster = {
  readonly home: string
  readonly data: string
  readonly binaries: string
  readonly account: Account
  readonly isDurable: boolean
}

const environment = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

/**
 * Makes the data folder when there is none. It grows beside its final place and is renamed when whole, so a kill in
 * the middle leaves nothing that looks like data. Throws on data of another major version; deletes no data, ever.
 */
export async function createIfAbsent(cluster: Cluster, password: string): Promise<void> {
  for (const name of readdirSync(cluster.home))
    if (name.startsWith('data.half.')) rmSync(`${cluster.home}/${name}`, { recursive: true })
  const versionFile = `${cluster.data}/PG_VERSION`
  if (existsSync(versionFile)) {
    const found = readFileSync(versionFile, 'utf8').trim()
    const known = serverVersion.split('.')[0]
    if (found !== known)
      throw new Error(
        `${cluster.data} was made by Postgres ${found}, and this is ${known}: dump it with the old version, or set DATABASE_URL`,
      )
    return
  }
  if (existsSync(cluster.data)) setAside(cluster.data)
  const half = `${cluster.home}/data.half.${process.pid}`
  const passwordFile = `${cluster.home}/data.half.${process.pid}.password`
  makeOwned(half, cluster.account)
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (cluster.account !== undefined) chownSync(passwordFile, cluster.account.uid, cluster.account.gid)
  const choices =
    '--auth=scram-sha-256 -E UTF8 --locale-provider=builtin --builtin-locale=C.UTF-8 --locale=C --no-sync --no-instructions'
  try {
    await runTool(cluster, 'initdb', [
      '-D',
      half,
      '-U',
      'ordersync',
      `--pwfile=${passwordFile}`,
      ...choices.split(' '),
    ])
  } finally {
    rmSync(passwordFile, { force: true })
  }
  renameSync(half, cluster.data)
}

/**
 * Starts the server in a session and process group of its own: a Ctrl-C on our terminal does not reach it, and it
 * outlives us when we are killed. Keeps `port` where it can (whoever holds the address need not be told anew).
 */
export async function start(cluster: Cluster, preferredPort: number | undefined): Promise<void> {
  rmSync(`${cluster.data}/postmaster.pid`, { force: true }) // the caller has made sure that it is stale
  let failure: unknown
  for (let attempt = 0; attempt < 4; attempt++) {
    const port = attempt < 2 && preferredPort !== undefined ? preferredPort : await freePort()
    writeSettings(cluster, port)
    try {
      await runQuietly(cluster, [
        '-D',
        cluster.data,
        '-l',
        `${cluster.data}/server.log`,
        '-w',
        '-t',
        '60',
        '-s',
        'start',
      ])
      return
    } catch (error) {
      failure = error
    }
  }
  throw new Error(
    `the embedded Postgres did not start; the end of ${cluster.data}/server.log:\n${endOfLog(cluster)}`,
    { cause: failure },
  )
}

/** Ends every session, writes a checkpoint, stops. Does nothing when it is not running. */
export async function stop(cluster: Cluster): Promise<void> {
  if (running(cluster) === undefined) return
  await runQuietly(cluster, ['-D', cluster.data, '-m', 'fast', '-w', '-t', '30', '-s', 'stop'])
}

/**
 * Process and port of the server that has this data folder, by its pid file and the process's own command line:
 * `pg_ctl status` believes in dead processes and in strangers that were given the number.
 */
export function running(cluster: Cluster): { readonly pid: number; readonly port: number } | undefined {
  const path = `${cluster.data}/postmaster.pid`
  if (!existsSync(path)) return undefined
  const lines = readFileSync(path, 'utf8').split('\n')
  const pid = Number(lines[0])
  const line = commandLine(pid)
  if (line === undefined || !line.includes(cluster.data)) return undefined
  return { pid, port: Number(lines[3]) }
}

function writeSettings(cluster: Cluster, port: number): void {
  const settings = [
    `port = ${port}`,
    "listen_addresses = '127.0.0.1'",
    "unix_socket_directories = ''", // a path over 107 bytes fails; an address with a password has no such limit
    `max_connections = ${cluster.isDurable ? 100 : 400}`,
    "shared_buffers = '64MB'",
    "max_wal_size = '512MB'",
    'default_statistics_target = 10', // what grows fast is sampled every minute: 30,000 rows a table took a fifth of a core
    'log_checkpoints = off',
    "dynamic_shared_memory_type = 'mmap'", // /dev/shm has 64 MB in a container
  ]
  if (!cluster.isDurable) settings.push('fsync = off', 'synchronous_commit = off', 'full_page_writes = off')
  const path = `${cluster.data}/postgresql.auto.conf`
  writeFileSync(path, `# Written by ordersync at every start.\n${settings.join('\n')}\n`, { mode: 0o600 })
  if (cluster.account !== undefined) chownSync(path, cluster.account.uid, cluster.account.gid)
}

async function runTool(cluster: Cluster, tool: string, parameters: readonly string[]): Promise<void> {
  try {
    await run(`${cluster.binaries}/bin/${tool}`, parameters, {
      ...identity(cluster.account),
      cwd: '/',
      env: environment,
    })
  } catch (error) {
    const { stderr } = error as { stderr?: string }
    throw new Error(`${tool} failed: ${stderr?.trim() || (error as Error).message}`, { cause: error })
  }
}

/** Without pipes: the server would inherit them and keep our reading end open for as long as it lives. */
function runQuietly(cluster: Cluster, parameters: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(`${cluster.binaries}/bin/pg_ctl`, parameters, {
      ...identity(cluster.account),
      cwd: '/',
      env: environment,
      stdio: 'ignore',
      detached: true,
    })
    child.on('error', reject)
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`pg_ctl ${parameters.at(-1)} ended with ${code}`)),
    )
  })
}

function makeOwned(path: string, account: Account): void {
  mkdirSync(path, { mode: 0o700 })
  chmodSync(path, 0o700)
  if (account !== undefined) chownSync(path, account.uid, account.gid)
}

/** Files without PG_VERSION: the rest of something. Kept, because it may be somebody's. */
function setAside(data: string): void {
  renameSync(data, `${data}.broken-${Date.now()}`)
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

function endOfLog(cluster: Cluster): string {
  try {
    return readFileSync(`${cluster.data}/server.log`, 'utf8').trim().split('\n').slice(-8).join('\n')
  } catch {
    return '(no log)'
  }
}
