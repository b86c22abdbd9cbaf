import type { Config, Connection } from '../../config.ts'

export type NumberScopes = { readonly scopes: readonly string[]; readonly isCertain: boolean }

const known = new WeakMap<Config, Map<string, NumberScopes>>()

/**
 * Whose orders a bare number may mean: our own where we speak for orders, else those of `ordersFrom`. It is certain where
 * all connections of that money leave one and the same account; two connections of one account may mean two shops.
 */
export function numberScopes(
  scope: string,
  connection: Connection | undefined,
  config: Config,
): NumberScopes {
  if (connection === undefined || connection.speaksFor.includes('order'))
    return { scopes: [scope], isCertain: true }
  const perConnection = known.get(config) ?? new Map<string, NumberScopes>()
  known.set(config, perConnection)
  const held = perConnection.get(connection.id)
  if (held !== undefined) return held
  const kin = config.connections.filter(
    (other) => other.account === connection.account && !other.speaksFor.includes('order'),
  )
  const all = new Set(kin.flatMap((other) => ordersOf(other, config)))
  const found = { scopes: ordersOf(connection, config), isCertain: all.size === 1 }
  perConnection.set(connection.id, found)
  return found
}

function ordersOf(connection: Connection, config: Config): string[] {
  const shops = config.connections
    .filter((other) => other.mode === connection.mode && other.speaksFor.includes('order'))
    .filter((other) => connection.ordersFrom.length === 0 || connection.ordersFrom.includes(other.id))
  return [...new Set(shops.map((other) => other.account))].sort()
}

const contested = new WeakMap<Config, boolean>()

/** True where some payment's number may mean orders of several shops; elsewhere nothing here costs anything. */
export function hasContest(config: Config): boolean {
  const held = contested.get(config)
  if (held !== undefined) return held
  const payers = config.connections.filter((one) => !one.speaksFor.includes('order'))
  const isContested = payers.some((one) => !numberScopes(one.account, one, config).isCertain)
  contested.set(config, isContested)
  return isContested
}
