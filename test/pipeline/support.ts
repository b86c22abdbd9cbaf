import { createHmac, createSecretKey, hash, timingSafeEqual } from 'node:crypto'
import { createLogger, transports } from 'winston'
import type { Config, Connection } from '../../src/config.ts'
import { createQueue } from '../../src/pipeline/queue.ts'
import type { NewEvent } from '../../src/pipeline/receive.ts'
import type { System } from '../../src/pipeline/system.ts'
import type { Provider, RawRequest, Verdict } from '../../src/providers/provider.ts'
import type { Database } from '../../src/store/database.ts'
import { testDatabase } from '../support/database.ts'
import { dataFolder } from '../support/folder.ts'

export const secret = 'a secret of the tests'

export type Changes = {
  readonly connections?: readonly Connection[]
  readonly limits?: Partial<Config['limits']>
  readonly trustProxy?: number
  readonly now?: () => Date
  readonly db?: (db: Database) => Database
}

/** A system on a database of its own, with one provider that signs like most: an HMAC over the body in a header. */
export async function testSystem(
  t: { after(close: () => Promise<void>): void },
  changes: Changes = {},
): Promise<System> {
  // The queue holds connections of its own: it stops first, or the database could not be dropped.
  const closing: (() => unknown)[] = []
  t.after(async () => {
    for (const close of closing.reverse()) await close()
  })
  const { db } = await testDatabase({ after: (close) => closing.push(close as () => unknown) })
  const log = createLogger({ silent: true, transports: [new transports.Console()] })
  const queue = createQueue({ db, log, supervise: false })
  await queue.start()
  closing.push(() => queue.stop())
  return {
    config: testConfig(changes),
    log,
    db: changes.db?.(db) ?? db,
    queue,
    providers: new Map([['acme', acme]]),
    now: changes.now ?? (() => new Date()),
    personKey: createSecretKey(Buffer.alloc(32)),
    effectsSince: new Date(0),
  }
}

export function testConnection(changes: Partial<Connection> = {}): Connection {
  return {
    id: 'acme-main',
    provider: 'acme',
    mode: 'test',
    speaksFor: ['order', 'payment'],
    account: changes.id ?? 'acme-main',
    webhookSecrets: [secret],
    toleranceSeconds: 300,
    orderReference: [],
    accept: {},
    ordersFrom: [],
    extra: {},
    allowIps: [],
    ...changes,
  }
}

function testConfig({ connections = [testConnection()], limits = {}, trustProxy = 0 }: Changes): Config {
  return {
    port: 0,
    host: '127.0.0.1',
    databaseUrl: undefined,
    dataDir: dataFolder(),
    configPath: '',
    adminKey: undefined,
    encryptionKey: undefined,
    logLevel: 'error',
    logFormat: 'json',
    publicUrl: undefined,
    connections,
    sinks: { outgoing: [] },
    effects: { since: 'first-start' },
    reconcile: { everyMs: 300_000, onStart: false, overlapMs: 0, lookbackMs: 0, giveUpAfterMs: 60_000 },
    limits: {
      bodyBytes: 65_536,
      pendingWrites: 5_000,
      pendingBytes: 67_108_864,
      waitMs: 3_000,
      failedVerificationsPerMinute: 100,
      ...limits,
    },
    retention: { payloadsMs: 0, deliveriesMs: 0 },
    security: { trustProxy, allowPrivateTargets: false },
  }
}

export function sign(body: string | Uint8Array, key = secret): string {
  return createHmac('sha256', key).update(body).digest('hex')
}

const acme: Provider = {
  name: 'acme',
  secretHeaders: ['x-signature'],
  verify,
  normalize: () => ({ kind: 'ignored', reason: 'nothing is made of it here' }),
  read: () => Promise.reject(new Error('not here')),
  list: async function* () {},
  lists: [],
  keeps: [],
  subscription: {
    inspect: async () => ({ status: 'healthy', detail: '' }),
    ensure: async () => ({ status: 'healthy', detail: '' }),
  },
  check: () => [],
}

/** A JSON body `{id, type, mode?, unsigned_id?, ignore?}`; `{challenge}` is answered with itself. */
function verify(
  request: RawRequest,
  connection: { webhookSecrets: readonly string[]; mode: string },
): Verdict {
  const given = request.headers.filter(([name]) => name === 'x-signature')
  const isGenuine = connection.webhookSecrets.some((key) =>
    isSame(given[0]?.[1] ?? '', sign(request.body, key)),
  )
  if (given.length !== 1 || !isGenuine) return { kind: 'forged', reason: 'signature' }
  let event: {
    id?: string
    type?: string
    mode?: string
    header_id?: boolean
    ignore?: string
    challenge?: string
  }
  try {
    event = JSON.parse(Buffer.from(request.body).toString())
  } catch {
    return { kind: 'malformed', reason: 'not JSON' }
  }
  if (event.challenge !== undefined) {
    return { kind: 'challenge', status: 200, contentType: 'text/plain', body: event.challenge }
  }
  if (event.mode !== undefined && event.mode !== connection.mode)
    return { kind: 'not_allowed', reason: 'other mode' }
  const id = event.header_id ? request.headers.find(([name]) => name === 'x-event-id')?.[1] : event.id
  if (typeof id !== 'string' || typeof event.type !== 'string')
    return { kind: 'malformed', reason: 'no id or type' }
  return {
    kind: 'verified',
    delivery: {
      providerEventId: id,
      type: event.type,
      isIdSigned: event.header_id !== true,
      ...(event.ignore === undefined ? {} : { ignore: event.ignore }),
    },
  }
}

function isSame(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(hash('sha256', a, 'hex')), Buffer.from(hash('sha256', b, 'hex')))
}

/** A new event that came by webhook. */
export function newEvent(changes: Partial<NewEvent> = {}): NewEvent {
  const providerEventId = changes.providerEventId ?? 'ev_1'
  return {
    connection: 'acme-main',
    provider: 'acme',
    providerEventId,
    type: 'order.paid',
    mode: 'test',
    source: 'webhook',
    body: Buffer.from(`{"id":"${providerEventId}","type":"order.paid"}`),
    headers: [['content-type', 'application/json']],
    path: '/webhooks/acme/acme-main',
    method: 'POST',
    remoteAddress: '127.0.0.1',
    receivedAt: new Date().toISOString(),
    isIdSigned: true,
    ...changes,
  }
}

/** Rows of one query, for looking at what is in the database. */
export async function rowsOf<T>(system: System, text: string, values: unknown[] = []): Promise<T[]> {
  return (await system.db.web.query(text, values)).rows as T[]
}
