import type { Policy } from '../core/effect.ts'
import type { Books } from '../core/journal.ts'
import type { ConnectionSettings } from '../providers/provider.ts'

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
