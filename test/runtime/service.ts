import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { stopEmbedded } from '../../src/store/embedded/index.ts'
import { until } from '../support/wait.ts'

const bin = fileURLToPath(new URL('../../bin/ordersync.js', import.meta.url))

export type Ended = { readonly status: number | null; readonly out: string; readonly err: string }

/** A folder as a newcomer's clone: a path with a space, data in it, removed with its server after the test. */
export function home(t: TestContext): string {
  const path = mkdtempSync(`${tmpdir()}/ordersync home `)
  chmodSync(path, 0o755)
  t.after(async () => {
    await stopEmbedded(`${path}/.ordersync`).catch(() => [])
    rmSync(path, { recursive: true, force: true })
  })
  return path
}

export type Given = { readonly cwd: string; readonly env?: Record<string, string> }

/** Runs `ordersync …` to its end. */
export async function ordersync(parameters: readonly string[], { cwd, env = {} }: Given): Promise<Ended> {
  const child = spawn(process.execPath, [bin, ...parameters], {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const texts = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => {
    texts.out += chunk
  })
  child.stderr.on('data', (chunk: Buffer) => {
    texts.err += chunk
  })
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, ...texts }
}

export type Service = {
  readonly child: ChildProcess
  readonly url: string
  out(): string
  err(): string
  /** Resolves with status or signal once it has ended. */
  readonly ended: Promise<number | string>
  isReady(): Promise<boolean>
}

/** Starts `ordersync start` and waits until it is ready; killed after the test. */
export async function start(
  t: TestContext,
  port: number,
  { cwd, env = {} }: Given,
  parameters: readonly string[] = [],
): Promise<Service> {
  const child = spawn(process.execPath, [bin, 'start', ...parameters], {
    cwd,
    env: { PATH: process.env.PATH, PORT: String(port), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk
  })
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk
  })
  const ended = once(child, 'close').then(([status, signal]) => (signal ?? status) as number | string)
  const url = `http://127.0.0.1:${port}`
  const isReady = () =>
    fetch(`${url}/readyz`).then(
      (response) => response.status === 200,
      () => false,
    )
  const service = { child, url, ended, isReady, out: () => out, err: () => err }
  let status: number | string | undefined
  void ended.then((value) => {
    status = value
  })
  await until(
    'the service is ready',
    async () => status !== undefined || (out.includes('"ready"') && (await isReady())),
    { deadlineMs: 40_000 },
  )
  if (status !== undefined) throw new Error(`it ended with ${status}\n${out}\n${err}`)
  return service
}
