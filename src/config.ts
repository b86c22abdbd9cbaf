import type { ConnectionSettings } from './providers/provider.ts'

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
    readonly inventory?: { readonly kind: 'internal' }
    readonly accounting?: {
      readonly kind: 'internal'
      readonly baseCurrency: string
      readonly timezone: string
      readonly accounts: { readonly [key: string]: string } // the full chart: defaults under what the file names
    }
    readonly receipt?: { readonly smtpUrl: string; readonly from: string; readonly waitForMs: number }
    readonly fulfillment?: { readonly url: string; readonly secret: string; readonly atMostOnce: boolean }
    readonly notify?: { readonly slackWebhookUrl: string; readonly on: readonly string[] }
    readonly outgoing: readonly { readonly url: string; readonly secret: string; readonly events: readonly string[] }[]
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

/** One connection of the file: what its provider needs, and what only we use. */
export type Connection = ConnectionSettings & {
  readonly owner?: string
  readonly purpose?: string
  readonly failurePlan?: string
  readonly allowIps: readonly string[]
}
