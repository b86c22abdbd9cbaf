import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { adminKeyIn } from '../../config/secrets.ts'
import { type Config, loadConfig } from '../../config.ts'
import { createLogger } from '../../log.ts'
import { type Running, startSystem } from '../../main.ts'
import { providers } from '../../providers/registry.ts'
import { type Accounting, company, credentials, startAccounting } from '../accounting/index.ts'
import { startTwin, type Twin } from '../index.ts'
import { type Mailbox, startMailbox } from '../mailbox.ts'
import { startWarehouse, type Warehouse } from '../warehouse.ts'

/** The connection of the demo's shop. */
export const connection = 'demo-shop'

/** Hours of Stripe's schedule of retries pass in seconds. */
const timeScale = 300

export type Setting = {
  readonly config: Config
  readonly running: Running
  readonly url: string
  readonly adminKey: string
  readonly twin: Twin
  readonly mailbox: Mailbox
  readonly warehouse: Warehouse
  /** Counts the demos on this data directory, so that each has order numbers of its own. */
  readonly runNumber: number
  stop(): Promise<void>
}

export type Place = {
  /** The demo's own folder: its database, keys and configuration. */
  readonly dataDir: string
  readonly host: string
  readonly port: number
  /** Only for tests; the demo has a Postgres of its own, so that it never writes into anybody's books. */
  readonly databaseUrl?: string | undefined
  readonly logLevel?: string
}

/** Starts the twin, the mailbox, the warehouse, an accounting program, and the service between them. All on loopback. */
export async function setUp(place: Place): Promise<Setting> {
  mkdirSync(place.dataDir, { recursive: true })
  const runNumber = nextRun(place.dataDir)
  const started: { stop(): Promise<void> }[] = []
  try {
    const twin = keep(await startTwin({ seed: `demo:${Date.now()}`, timeScale }))
    const mailbox = keep(await startMailbox())
    const warehouse = keep(await startWarehouse())
    // Each run has tokens of its own: the database keeps those of the run before.
    const refreshToken = `refresh-${Date.now()}`
    const books = keep(await startAccounting('quickbooks', refreshToken))
    const config = configure(place, { twin, mailbox, warehouse, books, refreshToken })
    const running = keep(await startSystem(config, { log: createLogger(config) }))
    const url = running.url!
    const secret = config.connections[0]!.webhookSecrets[0]
    twin.world.ground.addEndpoint(`${url}/webhooks/stripe/${connection}`, { secret })
    const adminKey = config.adminKey ?? adminKeyIn(config.dataDir, false)!.value
    return { config, running, url, adminKey, twin, mailbox, warehouse, runNumber, stop }
  } catch (error) {
    await stop()
    throw error
  }

  function keep<T extends { stop(): Promise<void> }>(one: T): T {
    started.push(one)
    return one
  }

  /** The service first: nothing that it still does may find its neighbours gone. */
  async function stop(): Promise<void> {
    for (const one of started.toReversed()) await one.stop()
  }
}

function configure(
  place: Place,
  around: { twin: Twin; mailbox: Mailbox; warehouse: Warehouse; books: Accounting; refreshToken: string },
): Config {
  const { twin, mailbox, warehouse, books, refreshToken } = around
  const configPath = join(place.dataDir, 'ordersync.yaml')
  const accounts = { Assets: '35', Liabilities: '33', Equity: '3', Income: '79', Expenses: '7' }
  const program = { ...credentials, refreshToken, company, accounts, apiBaseUrl: books.url }
  const file = {
    connections: [
      {
        id: connection,
        provider: 'stripe',
        mode: 'test',
        speaksFor: ['order', 'payment'],
        owner: 'demo@shop.example',
        purpose: 'the made-up shop of the demo, paid through a stand-in for Stripe',
        webhookSecrets: ['env:DEMO_WEBHOOK_SECRET or generated'],
        apiKey: 'sk_test_demo',
        apiBaseUrl: twin.url,
      },
    ],
    sinks: {
      inventory: { kind: 'internal' },
      accounting: {
        kind: 'internal',
        baseCurrency: 'USD',
        push: { to: 'quickbooks', by: 'order', ...program },
      },
      receipt: { smtpUrl: mailbox.url, from: 'Demo Shop <shop@shop.example>', waitFor: '5s' },
      fulfillment: { url: warehouse.url, secret: warehouse.secret },
    },
    // The demo starts its reconciliation itself, so that the reader sees what it finds.
    reconcile: { every: '24h', onStart: false },
    security: { allowPrivateTargets: true },
  }
  writeFileSync(configPath, JSON.stringify(file, null, 2), { mode: 0o600 })
  const env = {
    ORDERSYNC_DATA_DIR: place.dataDir,
    ORDERSYNC_CONFIG: configPath,
    HOST: place.host,
    PORT: String(place.port),
    LOG_LEVEL: place.logLevel ?? 'error',
    ...(place.databaseUrl === undefined ? {} : { DATABASE_URL: place.databaseUrl }),
  }
  return loadConfig({ env, providers, mayGenerate: true }).config
}

function nextRun(dataDir: string): number {
  const path = join(dataDir, 'demo-runs')
  let last = 0
  try {
    last = Number(readFileSync(path, 'utf8')) || 0
  } catch {
    // The first one.
  }
  writeFileSync(path, String(last + 1))
  return last + 1
}
