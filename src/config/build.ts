import { createHash } from 'node:crypto'
import type { Config, Connection } from './types.ts'
import { defaultChart } from '../core/journal.ts'
import { providerKeys } from './connection.ts'
import type { ConfigFile } from './schema.ts'

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
export function sinksOf(given: ConfigFile['sinks'], connections: readonly Connection[]): Config['sinks'] {
  const { inventory, accounting, receipt, fulfillment, notify, outgoing } = given
  return {
    outgoing: outgoingOf(outgoing),
    ...(inventory !== undefined && { inventory: inventoryOf(inventory, connections) }),
    ...(accounting !== undefined && {
      accounting: {
        kind: 'internal',
        baseCurrency: accounting.baseCurrency,
        timezone: accounting.timezone,
        recognise: accounting.recognise,
        taxAt: accounting.taxAt,
        discounts: accounting.discounts,
        lostDisputes: accounting.lostDisputes,
        feeTax: accounting.feeTax,
        ...pushOf(accounting.push),
        accounts: {
          ...defaultChart,
          ...Object.fromEntries(
            Object.entries(accounting.accounts).flatMap(([key, name]) => present(key, name)),
          ),
        },
      },
    }),
    ...(receipt !== undefined && {
      receipt: receiptOf(receipt),
    }),
    ...(fulfillment !== undefined && { fulfillment }),
    ...(notify !== undefined && { notify }),
  }
}

/** Stock is kept in the shop that is named, else in the first of that kind. */
function inventoryOf(
  { kind, connection, ...given }: NonNullable<ConfigFile['sinks']['inventory']>,
  connections: readonly Connection[],
): NonNullable<Config['sinks']['inventory']> {
  if (kind === 'internal') return { kind, ...given }
  const first = connections.find((one) => one.provider === kind)
  return { kind, connection: connection ?? first?.id ?? kind, ...given }
}

function receiptOf({
  waitFor,
  ...given
}: NonNullable<ConfigFile['sinks']['receipt']>): NonNullable<Config['sinks']['receipt']> {
  const { smtpUrl, from, pdf, locale, shop, providerMails } = given
  return {
    smtpUrl,
    from,
    pdf,
    waitForMs: waitFor,
    providerMails,
    ...(locale !== undefined && { locale }),
    ...(shop !== undefined && { shop }),
  }
}

function pushOf(
  given: NonNullable<ConfigFile['sinks']['accounting']>['push'],
): Pick<NonNullable<Config['sinks']['accounting']>, 'push'> {
  const { clientId, clientSecret, refreshToken, company } = given ?? {}
  if (given === undefined || clientId === undefined || clientSecret === undefined) return {}
  if (refreshToken === undefined || company === undefined) return {}
  return { push: { ...given, clientId, clientSecret, refreshToken, company } }
}

/** An address that is named twice is two endpoints, the second with an id of its own. */
function outgoingOf(given: ConfigFile['sinks']['outgoing']): Config['sinks']['outgoing'] {
  const used = new Set<string>()
  return given.map(({ id, ...one }) => {
    let made = id ?? endpointId(one.url)
    for (let n = 2; id === undefined && used.has(made); n += 1) made = endpointId(`${one.url}\n${n}`)
    used.add(made)
    return { id: made, ...one }
  })
}

function endpointId(url: string): string {
  return createHash('sha256').update(url).digest('hex').slice(0, 12)
}

function present<T>(key: string, value: T | undefined): readonly (readonly [string, T])[] {
  return value === undefined ? [] : [[key, value]]
}
