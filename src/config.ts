import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { connectionsOf, sinksOf } from './config/build.ts'
import { mistakesIn } from './config/checks.ts'
import { type Environment, environmentOf } from './config/environment.ts'
import { ConfigError } from './config/problem.ts'
import { readConfigFile } from './config/read.ts'
import { type ConfigFile, parseFile } from './config/schema.ts'
import { type Generated, webhookSecretIn } from './config/secrets.ts'
import type { Policy } from './core/effect.ts'
import type { Books } from './core/journal.ts'
import { packageFile } from './package-root.ts'
import type { ConnectionSettings, Provider } from './providers/provider.ts'

export { ConfigError, type Generated }

/** The whole configuration, secrets resolved, defaults filled in. Durations are milliseconds. */
export type Config = {
  readonly port: number
  readonly host: string
  readonly databaseUrl: string | undefined // undefined: embedded Postgres
  readonly dataDir: string
  readonly configPath: string
  readonly adminKey: string | undefined // as given; generated keys are kept in dataDir
  readonly encryptionKey: string | undefined
  readonly logLevel: string
  readonly logFormat: 'json' | 'pretty'
  readonly publicUrl: string | undefined
  readonly connections: readonly Connection[]
  readonly sinks: {
    /** Stock is counted here; `connection` is the shop that is kept in step, where one is. */
    readonly inventory?: {
      readonly kind: string
      readonly connection?: string
      readonly commitOn?: Policy['commitOn']
      /** Whether an order that it falls to waits for goods that are not there, or is asked to be shipped all the same. */
      readonly oversold?: 'hold' | 'backorder'
      /** Apps are told of SKUs of which so many or fewer can still be sold. */
      readonly lowAt?: number | undefined
    }
    /** Its `accounts` are the full chart: the defaults under what the file names. */
    readonly accounting?: Books & {
      readonly kind: 'internal'
      readonly baseCurrency: string
      readonly timezone: string
      /** Absent while the file lacks what it takes to be let in. */
      readonly push?: PushTarget
    }
    readonly receipt?: {
      readonly smtpUrl: string
      readonly from: string
      readonly pdf?: boolean
      readonly waitForMs: number
      /** Connections whose provider sends its own receipts: their captures and refunds get none from us. */
      readonly providerMails?: readonly string[]
      readonly locale?: string
      /** Who the receipts come from, at their head; `logo` is a path. */
      readonly shop?: {
        readonly name: string
        readonly address: readonly string[]
        readonly logo?: string | undefined
      }
    }
    readonly fulfillment?: {
      readonly url: string
      readonly secret: string
      readonly atMostOnce: boolean
      readonly releaseOn?: Policy['releaseOn']
    }
    readonly notify?: {
      readonly slackWebhookUrl?: string | undefined
      readonly mail?:
        | { readonly smtpUrl: string; readonly from: string; readonly to: readonly string[] }
        | undefined
      readonly on: readonly string[]
    }
    readonly outgoing: readonly OutgoingTarget[]
  }
  readonly effects: { readonly since: 'first-start' | string }
  readonly reconcile: {
    readonly everyMs: number
    readonly onStart: boolean
    readonly overlapMs: number
    readonly lookbackMs: number
    readonly giveUpAfterMs: number
  }
  readonly limits: {
    readonly bodyBytes: number
    readonly pendingWrites: number
    readonly pendingBytes: number
    readonly waitMs: number
    readonly failedVerificationsPerMinute: number
  }
  readonly retention: { readonly payloadsMs: number; readonly deliveriesMs: number }
  readonly security: { readonly trustProxy: number; readonly allowPrivateTargets: boolean }
}

/** The accounting program that summaries of the books are written into. */
export type PushTarget = {
  readonly to: 'quickbooks' | 'xero'
  readonly by: 'payout' | 'day' | 'order'
  readonly clientId: string
  readonly clientSecret: string
  readonly refreshToken: string
  readonly company: string
  readonly accounts: { readonly [account: string]: string }
  /** The first accounting day; without it, what is recorded from the first start on. */
  readonly from?: string | undefined
  readonly apiBaseUrl?: string | undefined
}

/** Another app that is told of events. */
export type OutgoingTarget = {
  /** As the file names it, else made of the address: it does not depend on the place in the list. */
  readonly id: string
  readonly url: string
  readonly secret: string
  readonly events: readonly string[]
  /** Connections whose events go on to it as they came. */
  readonly forward: readonly string[]
  /** The form in which the app wants to be told; absent: ours. */
  readonly preset?: 'zapier' | 'mailchimp' | 'jira' | undefined
  /** Of Jira: the key of the project that gets the issues. */
  readonly project?: string | undefined
  /** Sent with each request: what the app asks for besides our signature. */
  readonly headers?: { readonly [name: string]: string } | undefined
}

/** One connection of the file: what its provider needs, and what only we use. */
export type Connection = ConnectionSettings & {
  readonly owner?: string
  readonly purpose?: string
  readonly failurePlan?: string
  readonly allowIps: readonly string[]
}

export type LoadedConfig = {
  readonly config: Config
  /** Secrets that were made just now and are to be shown this once. */
  readonly generated: readonly Generated[]
  /** What the file asks for and this version does not do yet, in words for the log. */
  readonly warnings: readonly string[]
}

/**
 * Reads the environment and the configuration file, once. Throws one `ConfigError` that names every mistake: path of
 * the key, what is wrong, what was expected; no secret is repeated in it.
 *
 * `mayGenerate`: whether a secret that the file lets us make is made; commands that only look leave it out.
 */
export function loadConfig({
  env = process.env,
  cwd = process.cwd(),
  providers,
  mayGenerate = false,
  isTerminal = process.stdout.isTTY === true,
}: {
  env?: { readonly [name: string]: string | undefined }
  cwd?: string
  providers: ReadonlyMap<string, Pick<Provider, 'check' | 'write'>>
  mayGenerate?: boolean
  isTerminal?: boolean
}): LoadedConfig {
  const { settings, mistakes } = environmentOf(env, isTerminal)
  const dataDir = resolve(cwd, settings.dataDir)
  const configPath = pathOf(settings.configPath, cwd)
  const generated: Generated[] = []
  const file = readConfigFile(configPath, {
    env,
    generate: (name) => {
      const secret = webhookSecretIn(dataDir, name, mayGenerate)
      if (secret?.isNew === true) generated.push(secret)
      return secret?.value
    },
  })
  const parsed = parseFile(file.value, file.document)
  const config = parsed.value && configFrom(settings, parsed.value, { dataDir, configPath })
  const found = config && mistakesIn(config, providers)
  const all = [...mistakes, ...file.mistakes, ...parsed.mistakes, ...(found?.mistakes ?? [])]
  if (config === undefined || all.length > 0) throw new ConfigError(configPath, all)
  return { config, generated, warnings: [...parsed.warnings, ...(found?.warnings ?? [])] }
}

/** What the environment alone says: for commands that need no configuration file. Throws `ConfigError`. */
export function loadEnvironment({
  env = process.env,
  cwd = process.cwd(),
}: {
  env?: { readonly [name: string]: string | undefined }
  cwd?: string
} = {}): Environment {
  const { settings, mistakes } = environmentOf(env, process.stdout.isTTY === true)
  if (mistakes.length > 0) throw new ConfigError('the environment', mistakes)
  return { ...settings, dataDir: resolve(cwd, settings.dataDir) }
}

function configFrom(
  settings: Environment,
  value: ConfigFile,
  paths: { dataDir: string; configPath: string },
): Config {
  const connections = connectionsOf(value.connections)
  return {
    port: settings.port,
    host: settings.host,
    databaseUrl: settings.databaseUrl,
    ...paths,
    adminKey: settings.adminKey,
    encryptionKey: settings.encryptionKey,
    logLevel: settings.logLevel,
    logFormat: settings.logFormat,
    publicUrl: value.publicUrl?.replace(/\/+$/, ''),
    connections,
    sinks: sinksOf(value.sinks, connections),
    effects: value.effects,
    reconcile: {
      everyMs: value.reconcile.every,
      onStart: value.reconcile.onStart,
      overlapMs: value.reconcile.overlap,
      lookbackMs: value.reconcile.lookback,
      giveUpAfterMs: value.reconcile.giveUpAfter,
    },
    limits: value.limits,
    retention: { payloadsMs: value.retention.payloads, deliveriesMs: value.retention.deliveries },
    security: value.security,
  }
}

function pathOf(named: string | undefined, cwd: string): string {
  if (named !== undefined) return resolve(cwd, named)
  const usual = resolve(cwd, 'config/ordersync.yaml')
  return existsSync(usual) ? usual : packageFile('config/default.yaml')
}
