import type { Config, Connection } from '../config.ts'
import { defaultChart } from '../core/journal.ts'
import { type ConfigFile, providerKeys } from './schema.ts'

/** The connections with what the file leaves out filled in. */
export function connectionsOf(given: ConfigFile['connections']): readonly Connection[] {
  return given.map((one) => ({
    id: one.id,
    provider: one.provider,
    mode: one.mode,
    speaksFor: [...new Set(one.speaksFor)],
    account: one.account ?? one.id,
    webhookSecrets: one.webhookSecrets,
    toleranceSeconds: one.toleranceSeconds,
    orderReference: one.orderReference,
    accept: one.accept,
    ordersFrom: one.ordersFrom,
    allowIps: one.allowIps,
    extra: Object.fromEntries(
      Object.keys(providerKeys).flatMap((key) => present(key, one[key as keyof typeof providerKeys])),
    ),
    ...(one.apiKey !== undefined && { apiKey: one.apiKey }),
    ...(one.apiBaseUrl !== undefined && { apiBaseUrl: one.apiBaseUrl }),
    ...(one.owner !== undefined && { owner: one.owner }),
    ...(one.purpose !== undefined && { purpose: one.purpose }),
    ...(one.failurePlan !== undefined && { failurePlan: one.failurePlan }),
  }))
}

/** The sinks; one that the file does not name stays away, which turns it off. */
export function sinksOf(given: ConfigFile['sinks']): Config['sinks'] {
  const { inventory, accounting, receipt, fulfillment, notify, outgoing } = given
  return {
    outgoing,
    ...(inventory !== undefined && { inventory: { kind: 'internal' } }),
    ...(accounting !== undefined && {
      accounting: {
        kind: 'internal',
        baseCurrency: accounting.baseCurrency,
        timezone: accounting.timezone,
        accounts: {
          ...defaultChart,
          ...Object.fromEntries(
            Object.entries(accounting.accounts).flatMap(([key, name]) => present(key, name)),
          ),
        },
      },
    }),
    ...(receipt !== undefined && {
      receipt: { smtpUrl: receipt.smtpUrl, from: receipt.from, waitForMs: receipt.waitFor },
    }),
    ...(fulfillment !== undefined && { fulfillment }),
    ...(notify !== undefined && { notify }),
  }
}

function present<T>(key: string, value: T | undefined): readonly (readonly [string, T])[] {
  return value === undefined ? [] : [[key, value]]
}
