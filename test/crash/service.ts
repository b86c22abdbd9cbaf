import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { until } from '../support/wait.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const preload = new URL('./points.mjs', import.meta.url).href

export type Plan = { readonly label: string; readonly hit: number }

export type Service = {
  readonly child: ChildProcess
  readonly url: string
  /** Resolves once the process is gone, with the signal that ended it. */
  readonly ended: Promise<string | null>
  output(): string
  kill(signal: NodeJS.Signals): Promise<void>
}

const started = new Set<ChildProcess>()

/** Ends whatever this test started and is still running. */
export async function killStarted(): Promise<void> {
  for (const child of started) child.kill('SIGKILL')
}

/** Starts the service as its user does, in a process of its own that ends itself at the planned point. */
export async function startService(
  env: Record<string, string>,
  port: number,
  plan: Plan | undefined,
): Promise<Service | undefined> {
  const child = spawn(
    process.execPath,
    ['--import', preload, 'bin/ordersync.js', 'start', '--role', 'web,worker'],
    {
      cwd: root,
      env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/tmp', PORT: String(port), ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    },
  )
  started.add(child)
  let output = ''
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (chunk: Buffer) => {
      output = (output + chunk).slice(-20_000)
    })
  const planned = child.stdio[3] as NodeJS.WritableStream
  planned.on('error', () => {}) // it may end before it has read its plan
  planned.end(JSON.stringify(plan ?? { label: 'none', hit: 0 }))
  let hasEnded = false
  const ended = new Promise<string | null>((resolve) =>
    child.once('exit', (code, signal) => {
      hasEnded = true
      started.delete(child)
      resolve(signal ?? `exit ${code}`)
    }),
  )
  const url = `http://127.0.0.1:${port}`
  await until('the service answers or has ended', async () => hasEnded || (await isReady(url)), {
    deadlineMs: 15_000,
    everyMs: 20,
  }).catch((error: Error) => {
    throw new Error(`${error.message}; it said:\n${output}`)
  })
  const service: Service = {
    child,
    url,
    ended,
    output: () => output,
    async kill(signal) {
      child.kill(signal)
      await ended
    },
  }
  return hasEnded ? undefined : service
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/readyz`)
    await response.arrayBuffer()
    return response.status === 200
  } catch {
    return false
  }
}
