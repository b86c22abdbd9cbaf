import { createSecretKey } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { createLogger, transports } from 'winston'
import type { Config, Connection } from '../../src/config.ts'
import { defaultBooks } from '../../src/core/journal.ts'
import { startProcessing } from '../../src/pipeline/work.ts'
import { createQueue } from '../../src/pipeline/queue.ts'
import { storeEvent } from '../../src/pipeline/receive.ts'
import { type RunRequest, requestRun, startReconciler } from '../../src/pipeline/reconcile.ts'
import { startRereading } from '../../src/pipeline/reread.ts'
import type { System } from '../../src/pipeline/system.ts'
import { providers } from '../../src/providers/registry.ts'
import { startTwin, type Twin, type TwinOptions } from '../../src/sandbox/index.ts'
import { openDatabase } from '../../src/store/database.ts'
import { byId } from '../../src/store/runs.ts'
import { testDatabase } from '../support/database.ts'
import { dataFolder } from '../support/folder.ts'
import { until } from '../support/wait.ts'

export const webhookSecret = 'whsec_reconcile'

export type Shop = {
  readonly twin: Twin
  readonly system: System
  readonly config: Config
  /** Starts another process's worth of roles on the same database. */
  another(roles: readonly Role[]): Promise<{ system: System; stop(): Promise<void> }>
  rows<T>(text: string, values?: unknown[]): Promise<T[]>
  /** Resolves once no event can be worked on and nothing is being re-read. */
  idle(): Promise<void>
  /** Requests a run and resolves with its row once it ended. */
  reconcile(request?: Partial<RunRequest>): Promise<RunResult>
  ended(id: string): Promise<RunResult>
}

export type RunResult = {
  id: string
  status: string
  error: string | null
  scanned: number
  found: number
  repaired: number
  findings: Record<string, number>
}

export type Role = 'worker' | 'rereader' | 'reconciler'

type Changes = {
  readonly twin?: Partial<TwinOptions>
  readonly reconcile?: Partial<Config['reconcile']>
  readonly connection?: Partial<Connection>
  readonly connections?: (twinUrl: string) => Connection[]
  readonly roles?: readonly Role[]
  readonly publicUrl?: string
  readonly notifyOn?: readonly string[]
  /** Default true: the twin's webhooks are sent to the service. */
  readonly hasWebhooks?: boolean
}

/** The service on a database of its own, and a twin of its provider that it reads over HTTP and gets webhooks from. */
export async function openShop(t: TestContext, changes: Changes = {}): Promise<Shop> {
  // Hooks run in the order in which they were made: whoever uses the database must have stopped before it is dropped.
  const opened: (() => Promise<unknown>)[] = []
  t.after(async () => {
    for (const close of opened.reverse()) await close()
  })
  const database = await testDatabase(t)
  const twin = await startTwin({ seed: 1, ...changes.twin })
  opened.push(() => twin.stop())
  const config = configOf(database.url, twin.url, changes)
  const start = async (roles: readonly Role[] = ['worker', 'rereader', 'reconciler']) => {
    const one = await startRoles(config, roles)
    opened.push(() => one.stop())
    return one
  }
  const { system } = await start(changes.roles)
  if (changes.hasWebhooks !== false) {
    const endpoint = await listen(system)
    opened.push(endpoint.stop)
    twin.world.ground.addEndpoint(endpoint.url, { secret: webhookSecret })
  }
  const rows = async <T>(text: string, values: unknown[] = []) =>
    (await database.db.web.query(text, values)).rows as T[]
  const ended = async (id: string): Promise<RunResult> => {
    const row = await until(
      `run ${id} has ended`,
      async () => {
        const [found] = await byId(database.db.web, id)
        return found !== undefined && ['completed', 'failed'].includes(found.status) ? found : undefined
      },
      { deadlineMs: 60_000 },
    )
    return { ...row, findings: JSON.parse(row.findings) as Record<string, number> }
  }
  return {
    twin,
    system,
    config,
    another: (roles) => start(roles),
    rows,
    idle: () => idle(twin, rows),
    ended,
    reconcile: async (request = {}) =>
      ended((await requestRun(system, { connection: 'stripe-test', ...request })).id),
  }
}

/** What one process with these roles runs, on pools of its own. */
export async function startRoles(
  config: Config,
  roles: readonly Role[],
): Promise<{ system: System; stop(): Promise<void> }> {
  const log = createLogger({ silent: true, transports: [new transports.Console()] })
  const db = openDatabase(config.databaseUrl!, { onError: () => {}, webMax: 6, workerMax: 3 })
  const queue = createQueue({ db, log })
  await queue.start()
  const system: System = {
    config,
    log,
    db,
    queue,
    providers,
    now: () => new Date(),
    personKey: createSecretKey(Buffer.alloc(32, 7)),
    effectsSince: new Date(0),
  }
  const starts = { worker: startProcessing, rereader: startRereading, reconciler: startReconciler }
  const started = roles.map((role) => starts[role](system))
  let stopping: Promise<void> | undefined
  const stop = async () => {
    await Promise.all(started.map((one) => one.stop()))
    await queue.stop()
    await db.close()
  }
  return { system, stop: () => (stopping ??= stop()) }
}

/** An endpoint that verifies and stores, as the service's own does, and answers nothing else. */
async function listen(system: System): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      const body = Buffer.concat(chunks)
      const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)] as const)
      const connection = system.config.connections[0]!
      const verdict = await providers
        .get(connection.provider)!
        .verify({ method: 'POST', path: request.url!, headers, body }, connection, new Date())
      if (verdict.kind !== 'verified') return response.writeHead(401).end()
      const { provider, mode } = connection
      const { ignore: _ignore, ...delivery } = verdict.delivery
      const event = {
        ...delivery,
        connection: connection.id,
        provider,
        mode,
        source: 'webhook' as const,
        body,
        receivedAt: new Date().toISOString(),
      }
      const stored = await storeEvent(system, event).catch(() => undefined)
      response.writeHead(stored === undefined ? 503 : 200).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks`,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

async function idle(twin: Twin, rows: Shop['rows']): Promise<void> {
  await twin.deliver.settled()
  await until('nothing is left to be worked on', async () => {
    const [row] = await rows<{ busy: bigint }>(
      `select (select count(*) from events where status = 'pending' and next_at is not null)
            + (select count(*) from events where reason like 're-reading%' and status = 'pending')
            + (select count(*) from rereads where state = 'due' and (last_error is null or next_at < now() + interval '2 seconds')) as busy`,
    )
    return Number(row!.busy) === 0
  })
}

/** The configuration of one connection to the twin at this address. */
export function configOf(databaseUrl: string, twinUrl: string, changes: Changes): Config {
  return {
    port: 0,
    host: '127.0.0.1',
    databaseUrl,
    dataDir: dataFolder(),
    configPath: '',
    adminKey: 'an-admin-key-of-the-tests-0123456789',
    encryptionKey: undefined,
    logLevel: 'error',
    logFormat: 'json',
    publicUrl: changes.publicUrl,
    connections: changes.connections?.(twinUrl) ?? [stripeConnection(twinUrl, changes.connection)],
    sinks: {
      inventory: { kind: 'internal' },
      accounting: { kind: 'internal', baseCurrency: 'USD', timezone: 'UTC', ...defaultBooks },
      ...(changes.notifyOn === undefined
        ? {}
        : { notify: { slackWebhookUrl: 'http://127.0.0.1:9/', on: changes.notifyOn } }),
      outgoing: [],
    },
    effects: { since: 'first-start' },
    reconcile: {
      everyMs: 3_600_000,
      onStart: false,
      overlapMs: 7_200_000,
      lookbackMs: 259_200_000,
      giveUpAfterMs: 5_000,
      ...changes.reconcile,
    },
    limits: {
      bodyBytes: 2_097_152,
      pendingWrites: 5_000,
      pendingBytes: 67_108_864,
      waitMs: 3_000,
      failedVerificationsPerMinute: 100,
    },
    retention: { payloadsMs: 34_560_000_000, deliveriesMs: 7_776_000_000 },
    security: { trustProxy: 0, allowPrivateTargets: true },
  }
}

/** One connection to the twin, as the configuration file would give it. */
export function stripeConnection(twinUrl: string, changes: Partial<Connection> = {}): Connection {
  const id = changes.id ?? 'stripe-test'
  return {
    id,
    provider: 'stripe',
    mode: 'test',
    speaksFor: ['order', 'payment'],
    account: id,
    webhookSecrets: [webhookSecret],
    apiKey: 'sk_test_twin',
    apiBaseUrl: twinUrl,
    toleranceSeconds: 300,
    orderReference: ['metadata.order_id', 'metadata.order_number', 'client_reference_id'],
    accept: {},
    ordersFrom: [],
    extra: {},
    allowIps: [],
    ...changes,
  }
}

/** A purchase of one thing, with an order number. */
export function purchase(orderNumber: string, amount = 4080) {
  return {
    amount,
    currency: 'usd',
    orderNumber,
    buyer: { email: `${orderNumber}@example.com`, name: 'Jenny Rosen' },
  }
}

/** Loses every event of the twin for which `isLost` says so. */
export function loseEvents(
  twin: Twin,
  isLost: (type: string, object: { id: string; metadata?: Record<string, string> }) => boolean,
): void {
  twin.deliver.fate = (event) => (isLost(event.type, event.data.object as never) ? { lose: true } : undefined)
}

const shirt = { sku: 'TEE-M', quantity: 2, unitAmount: 2000, title: 'T-shirt, medium' }

/** A day at the shop: every kind of purchase that ends in some way of its own. */
export function aDay({ world }: Twin): void {
  world.pay({ ...purchase('1001'), items: [shirt], shipping: 80 })
  const { charge } = world.pay(purchase('1002'))
  world.refund(charge, { amount: 1000 })
  world.refundFails(world.refund(world.pay(purchase('1003')).charge, { amount: 500 }))
  world.closeDispute(world.dispute(world.pay(purchase('1004')).charge), 'lost')
  world.capture(world.authorize(purchase('1005')).intent)
  world.cancel(world.authorize(purchase('1006')).intent)
  world.fail(purchase('1007'))
  world.pay({ ...purchase('1008'), declines: 1 })
  world.clear(world.startDebit(purchase('1009')).intent)
  world.failLate(world.clear(world.startDebit(purchase('1010')).intent))
  world.capture(world.authorize(purchase('1011')).intent, { amount: 3000 })
  world.payoutArrives(world.payout())
}
