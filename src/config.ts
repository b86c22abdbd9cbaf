import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { connectionsOf, sinksOf } from './config/build.ts'
import { mistakesIn } from './config/checks.ts'
import { type Environment, environmentOf } from './config/environment.ts'
import { ConfigError } from './config/problem.ts'
import { readConfigFile } from './config/read.ts'
import { type ConfigFile, parseFile } from './config/schema.ts'
import { type Generated, webhookSecretIn } from './config/secrets.ts'
import type { Config } from './config/types.ts'
import { packageFile } from './package-root.ts'
import type { Provider } from './providers/provider.ts'

export { ConfigError, type Generated }
export type { Config, Connection, OutgoingTarget, PushTarget } from './config/types.ts'

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
