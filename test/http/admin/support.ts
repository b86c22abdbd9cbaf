import { createSecretKey } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { createLogger, transports } from 'winston'
import type { Config, Connection } from '../../../src/config.ts'
import { defaultBooks } from '../../../src/core/journal.ts'
import { createApp } from '../../../src/http/app.ts'
import { processEvents } from '../../../src/pipeline/process.ts'
import { createQueue } from '../../../src/pipeline/queue.ts'
import { storeEvents } from '../../../src/pipeline/receive.ts'
import type { System } from '../../../src/pipeline/system.ts'
import { providers } from '../../../src/providers/registry.ts'
import { createKey, ensureAdminKey, type Role } from '../../../src/store/keys.ts'
import { testDatabase } from '../../support/database.ts'
import { dataFolder } from '../../support/folder.ts'
import {
  chargeOf,
  intentOf,
  refundOf,
  type Sale,
  stripeEvent,
  type StripeEvent,
} from '../../support/stripe-events.ts'

export const adminKey = 'the-admin-key-of-the-tests-0123456789'

export type Answer = { status: number; headers: Headers; body: any; bytes: Buffer }
export type Ask = (
  method: string,
  path: string,
  options?: { body?: unknown; headers?: Record<string, string>; raw?: string },
) => Promise<Answer>

export type Admin = {
  readonly system: System
  readonly url: string
  /** Asks with the admin key. */
  readonly ask: Ask
  get(path: string): Promise<Answer>
  /** Makes a key of this role and asks with it. */
  as(role: Role, connections?: string[]): Promise<Ask>
  /** Stores events as the webhook does, each in a commit of its own, and processes them one after the other. */
  learn(...events: StripeEvent[]): Promise<string[]>
  /** The same for one event of another connection. */
  learnAt(connection: string, event: StripeEvent): Promise<string>
  /** Stores without processing. */
  store(event: StripeEvent, options?: { connection?: string; headers?: [string, string][] }): Promise<string>
}

export function connectionOf(id: string, changes: Partial<Connection> = {}): Connection {
  return {
    id,
    provider: 'stripe',
    mode: 'test',
    speaksFor: ['order', 'payment'],
    account: id,
    webhookSecrets: ['whsec_of_the_tests'],
    toleranceSeconds: 300,
    orderReference: ['metadata.order_id', 'metadata.order_number', 'client_reference_id'],
    accept: {},
    ordersFrom: [],
    extra: {},
    allowIps: [],
    owner: 'payments@shop.example',
    purpose: 'Takes the money',
    failurePlan: 'Call somebody',
    ...changes,
  }
}

/** The admin API over real HTTP on a database of its own; nothing is performed, so that effects stay due. */
export async function startAdmin(
  t: TestContext,
  {
    connections = [connectionOf('stripe-test')],
    now = () => new Date(),
  }: { connections?: Connection[]; now?: () => Date } = {},
): Promise<Admin> {
  // One hook of our own: what uses the database stops before it goes.
  const { db, stop } = await testDatabase({ after: () => {} })
  const log = createLogger({
    silent: process.env.TEST_LOG === undefined,
    transports: [new transports.Console()],
  })
  const queue = createQueue({ db, log, supervise: false })
  await queue.start()
  const system: System = {
    config: configOf(connections),
    log,
    db,
    queue,
    providers,
    now,
    personKey: createSecretKey(Buffer.alloc(32, 7)),
    effectsSince: new Date(0),
  }
  await ensureAdminKey(db, adminKey)
  const app = createApp(system)
  const server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(async () => {
    server.close().closeAllConnections()
    await app.locals.close?.()
    await queue.stop()
    await stop()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const ask = askWith(url, adminKey)
  const store: Admin['store'] = async (event, options = {}) => {
    const [stored] = await storeEvents(system, [
      newEventOf(event, now(), options.connection ?? 'stripe-test', options.headers),
    ])
    return stored!.id
  }
  return {
    system,
    url,
    ask,
    get: (path) => ask('GET', path),
    as: async (role, scoped) => {
      const { key } = await createKey(db.web, {
        id: `key_${role}_${Math.random()}`,
        role,
        connections: scoped ?? null,
        expiresAt: null,
        now: now(),
      })
      return askWith(url, key)
    },
    async learn(...events) {
      const ids: string[] = []
      for (const event of events) {
        const id = await store(event)
        ids.push(id)
        await processEvents(system, [id])
      }
      return ids
    },
    async learnAt(connection, event) {
      const id = await store(event, { connection })
      await processEvents(system, [id])
      return id
    },
    store,
  }
}

function newEventOf(
  event: StripeEvent,
  at: Date,
  connection: string,
  headers: [string, string][] = [['content-type', 'application/json']],
) {
  return {
    connection,
    provider: 'stripe',
    providerEventId: event.id,
    type: event.type,
    mode: 'test' as const,
    source: 'webhook' as const,
    body: new Uint8Array(event.body),
    headers,
    path: `/webhooks/stripe/${connection}`,
    method: 'POST',
    remoteAddress: '127.0.0.1',
    receivedAt: at.toISOString(),
    isIdSigned: true,
  }
}

export function askWith(url: string, key: string | undefined): Ask {
  return async (method, path, { body, headers = {}, raw } = {}) => {
    const text = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(text === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(text === undefined ? {} : { body: text }),
    })
    const bytes = Buffer.from(await response.arrayBuffer())
    const isJson = response.headers.get('content-type')?.includes('json') === true && bytes.length > 0
    return {
      status: response.status,
      headers: response.headers,
      bytes,
      body: isJson ? JSON.parse(bytes.toString()) : undefined,
    }
  }
}

/** The events of one sale paid by card. */
export function paidSale(sale: Sale): StripeEvent[] {
  const at = sale.created
  return [
    stripeEvent(`evt_pi_${sale.n}`, 'payment_intent.succeeded', intentOf(sale), at),
    stripeEvent(`evt_ch_${sale.n}`, 'charge.succeeded', chargeOf(sale), at),
  ]
}

export function refundedSale(sale: Sale, amount: number): StripeEvent {
  return stripeEvent(`evt_re_${sale.n}`, 'refund.created', refundOf(sale, amount), sale.created)
}

function configOf(connections: Connection[]): Config {
  return {
    port: 0,
    host: '127.0.0.1',
    databaseUrl: undefined,
    dataDir: dataFolder(),
    configPath: '',
    adminKey,
    encryptionKey: undefined,
    logLevel: 'error',
    logFormat: 'json',
    publicUrl: undefined,
    connections,
    sinks: {
      inventory: { kind: 'internal' },
      accounting: { kind: 'internal', baseCurrency: 'USD', timezone: 'UTC', ...defaultBooks },
      receipt: { smtpUrl: 'smtp://127.0.0.1:9', from: 'Shop <shop@shop.example>', waitForMs: 600_000 },
      fulfillment: { url: 'https://wms.example/hook', secret: 'whsec_dGVzdA==', atMostOnce: false },
      outgoing: [],
    },
    effects: { since: 'first-start' },
    reconcile: { everyMs: 300_000, onStart: false, overlapMs: 0, lookbackMs: 0, giveUpAfterMs: 60_000 },
    limits: {
      bodyBytes: 2_097_152,
      pendingWrites: 5_000,
      pendingBytes: 67_108_864,
      waitMs: 3_000,
      failedVerificationsPerMinute: 100,
    },
    retention: { payloadsMs: 0, deliveriesMs: 0 },
    security: { trustProxy: 0, allowPrivateTargets: false },
  }
}
