import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { createLogger, transports } from 'winston'
import { loadConfig } from '../../src/config.ts'
import { type Running, startSystem } from '../../src/main.ts'
import { providers } from '../../src/providers/registry.ts'
import { type Recorders, startRecorders } from '../crash/sinks.ts'
import { testDatabase } from './database.ts'
import { lifo } from './lifo.ts'
import { post, type StripeEvent } from './stripe-events.ts'
import { until } from './wait.ts'

export const lineSecret = 'whsec_line_test_secret_0123456789abcdef'
const key = 'line-test-admin-key-0123456789abcdef01234'

type Json = Record<string, unknown>

/** The whole service in this process: its own database, a mail server, a warehouse, and the HTTP API in front. */
export type Line = {
  readonly running: Running
  readonly recorders: Recorders
  /** The admin key, for calls whose answer is no JSON. */
  readonly key: string
  /** Sends one signed delivery and asserts nothing: the answer is the caller's to judge. */
  send(event: StripeEvent, connection?: string): Promise<{ status: number; body: Json }>
  /** Sends events one after the other, each accepted, and waits until all is quiet. */
  take(...events: StripeEvent[]): Promise<void>
  get(path: string): Promise<any>
  call(method: string, path: string, body?: Json): Promise<{ status: number; body: any }>
  order(reference: string): Promise<any>
  history(reference: string): Promise<any[]>
  effects(reference: string): Promise<any[]>
  /** Balance of each account, as decimal text with its currency: `40.80 USD`. */
  balances(): Promise<Record<string, string>>
  quiet(): Promise<void>
  /** Starts a run, as an operator does, and waits for its end. */
  reconcile(connection: string, more?: Json): Promise<Run>
}

export type Run = {
  readonly id: string
  readonly status: string
  readonly found: number
  readonly repaired: number
  readonly findings: Record<string, number>
}

/**
 * `file` is merged over a configuration with one Stripe connection, internal stock and books, mail and a warehouse.
 * `port`: for those who must know their own address before they start. Default: one that is free. `now`: our clock.
 */
export async function openLine(
  context: TestContext,
  file: Json = {},
  { port = 0, now = () => new Date() } = {},
): Promise<Line> {
  const t = lifo(context)
  const database = await testDatabase(t)
  const recorders = await startRecorders()
  t.after(() => recorders.close())
  const folder = mkdtempSync(join(tmpdir(), 'ordersync-line-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'ordersync.json')
  writeFileSync(path, JSON.stringify({ ...base(recorders), ...file }))
  const { config } = loadConfig({
    env: {
      ORDERSYNC_CONFIG: path,
      ORDERSYNC_DATA_DIR: join(folder, 'data'),
      ORDERSYNC_ADMIN_KEY: key,
      DATABASE_URL: database.url,
    },
    providers,
  })
  const log = createLogger({ silent: true, transports: [new transports.Console()] })
  const running = await startSystem({ ...config, port }, { log, now })
  t.after(() => running.stop())
  return lineOf(running, recorders)
}

function base(recorders: Recorders): Json {
  return {
    connections: [
      {
        id: 'stripe-test',
        provider: 'stripe',
        mode: 'test',
        speaksFor: ['order', 'payment'],
        webhookSecrets: [lineSecret],
      },
    ],
    sinks: {
      inventory: { kind: 'internal' },
      accounting: { kind: 'internal', baseCurrency: 'USD' },
      receipt: { smtpUrl: recorders.smtpUrl, from: 'Shop <shop@shop.example>' },
      fulfillment: { url: recorders.warehouseUrl, secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}` },
    },
    reconcile: { onStart: false, every: '1h' },
    security: { allowPrivateTargets: true },
  }
}

function lineOf(running: Running, recorders: Recorders): Line {
  const url = running.url!
  const call: Line['call'] = async (method, path, body) => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: await response.json() }
  }
  const get: Line['get'] = async (path) => (await call('GET', path)).body
  const quiet = async () => {
    await until('all is quiet', async () => (await get('/status')).idle === true)
  }
  const order: Line['order'] = async (reference) => {
    const { data } = await get(`/orders?reference=${encodeURIComponent(reference)}`)
    if (data.length !== 1) throw new Error(`${data.length} orders for ${reference}`)
    return data[0]
  }
  const send: Line['send'] = async (event, connection = 'stripe-test') => {
    const answer = await post(`${url}/webhooks/stripe/${connection}`, event, lineSecret)
    return answer as { status: number; body: Json }
  }
  return {
    running,
    recorders,
    key,
    send,
    async take(...events) {
      for (const event of events) {
        const answer = await send(event)
        if (answer.status !== 200) throw new Error(`${event.type} got ${answer.status}`)
      }
      await quiet()
    },
    get,
    call,
    order,
    history: async (reference) => (await get(`/orders/${(await order(reference)).id}/history`)).data,
    effects: async (reference) => (await get(`/orders/${(await order(reference)).id}/effects`)).data,
    async balances() {
      const { data } = await get('/ledger/trial-balance')
      const rows = data as { account: string; currency: string; balance: { amount: string } }[]
      return Object.fromEntries(
        rows.map((row) => [`${row.account}`, `${row.balance.amount} ${row.currency}`]),
      )
    },
    quiet,
    async reconcile(connection, more = {}) {
      const { body } = await call('POST', '/reconciliations', { connection, ...more })
      return until(
        'the run ended',
        async () => {
          const run = await get(`/reconciliations/${body.id}`)
          return ['completed', 'failed'].includes(run.status) ? (run as Run) : undefined
        },
        { deadlineMs: 60_000 },
      )
    },
  }
}
