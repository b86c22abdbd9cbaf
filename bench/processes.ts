import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Order, Outcome } from './generator.ts'

export const secret = 'whsec_of_the_benchmark'

export type Server = {
  readonly name: string
  readonly port: number
  readonly pid: number
  stop(): Promise<void>
}
export type Generator = { run(order: Order): Promise<Outcome>; stop(): void }

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))

export async function startBaseline(): Promise<Server> {
  const child = fork(here('baseline.ts'), {
    env: { ...process.env, STRIPE_WEBHOOK_SECRET: secret, NODE_ENV: 'production' },
  })
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return { name: 'baseline', port, pid: child.pid!, stop: () => end(child) }
}

/** The product as `npm start` starts it, on a database of its own. Ready when it says so itself. */
export async function startOrdersync(
  role: string,
  url: string,
  dataDir: string,
  env: { readonly [name: string]: string } = {},
): Promise<Server> {
  const port = await freePort()
  const log = openSync(`${dataDir}/${role}.log`, 'w')
  const child = spawn(
    process.execPath,
    ['--max-semi-space-size=16', here('../bin/ordersync.js'), 'start', '--role', role],
    {
      cwd: dataDir,
      env: {
        ...process.env,
        PORT: String(port),
        DATABASE_URL: url,
        ORDERSYNC_DATA_DIR: dataDir,
        STRIPE_WEBHOOK_SECRET: secret,
        LOG_LEVEL: 'error',
        NODE_ENV: 'production',
        ...env,
      },
      stdio: ['ignore', log, log],
    },
  )
  const server = { name: role, port, pid: child.pid!, stop: () => end(child) }
  if (role.includes('web')) {
    for (const until = performance.now() + 30_000; ; await delay(50)) {
      const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined)
      if (answer?.status === 200) break
      if (performance.now() > until || child.exitCode !== null)
        throw new Error(`ordersync (${role}) did not become ready`)
    }
  }
  return server
}

export function startGenerator(): Generator {
  const child = fork(here('generator.ts'))
  return {
    async run(order) {
      child.send(order)
      const [outcome] = (await once(child, 'message')) as [Outcome | { error: string }]
      if ('error' in outcome) throw new Error(`generator: ${outcome.error}`)
      return outcome
    },
    stop: () => child.kill(),
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  await Promise.race([gone, delay(16_000, undefined, { ref: false }).then(() => child.kill('SIGKILL'))])
  await gone
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

const ticksPerSecond = 100 // USER_HZ, fixed for what /proc shows

/** CPU seconds that a process has used; for a postmaster with all of its children, those that are gone included. */
export function cpuSecondsOf(pid: number, { withChildren = false } = {}): number {
  const own = statOf(pid)
  if (own === undefined) return 0
  let ticks = own.utime + own.stime
  if (withChildren) {
    ticks += own.cutime + own.cstime
    for (const name of readdirSync('/proc')) {
      const stat = /^\d+$/.test(name) ? statOf(Number(name)) : undefined
      if (stat?.ppid === pid) ticks += stat.utime + stat.stime
    }
  }
  return ticks / ticksPerSecond
}

function statOf(pid: number) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    const [ppid, utime, stime, cutime, cstime] = [
      fields[1]!,
      fields[11]!,
      fields[12]!,
      fields[13]!,
      fields[14]!,
    ]
    return { ppid, utime, stime, cutime, cstime }
  } catch {
    return undefined // it ended between two looks
  }
}

export function rssMbOf(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))
  return Math.round(Number(match?.[1] ?? 0) / 1_024)
}
