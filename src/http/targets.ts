import type { Connection } from '../config.ts'
import type { System } from '../pipeline/system.ts'
import type { Provider } from '../providers/provider.ts'
import { addressMatcher } from './addresses.ts'

/** What a webhook path leads to. */
export type Target = {
  readonly connection: Connection
  readonly provider: Provider
  readonly isAllowed: (address: string) => boolean
  /** Headers whose values are not kept. */
  readonly secretHeaders: ReadonlySet<string>
}

const alwaysSecret = ['authorization', 'proxy-authorization', 'cookie', 'x-api-key']

/**
 * Every path below /webhooks/ at which a connection answers: its own, and its provider's alone where that names just
 * one. `allSecret` is for requests that lead nowhere: some provider's secret may be in them.
 */
export function targetsOf({ config, providers }: Pick<System, 'config' | 'providers'>): {
  readonly targets: ReadonlyMap<string, Target>
  readonly allSecret: ReadonlySet<string>
} {
  const targets = new Map<string, Target>()
  const allSecret = new Set(alwaysSecret)
  for (const provider of providers.values()) for (const name of provider.secretHeaders) allSecret.add(name)
  for (const connection of config.connections) {
    const provider = providers.get(connection.provider)
    if (provider === undefined) continue
    const target: Target = {
      connection,
      provider,
      isAllowed: connection.allowIps.length === 0 ? () => true : addressMatcher(connection.allowIps),
      secretHeaders: new Set([...alwaysSecret, ...provider.secretHeaders]),
    }
    targets.set(`${connection.provider}/${connection.id}`, target)
    const siblings = config.connections.filter((other) => other.provider === connection.provider)
    if (siblings.length === 1) targets.set(connection.provider, target)
  }
  return { targets, allSecret }
}

/** Names stay, so that one sees what was there; values that prove who sent it do not. */
export function masked(
  headers: readonly (readonly [string, string])[],
  secret: ReadonlySet<string>,
): (readonly [string, string])[] {
  return headers.map(([name, value]) => (secret.has(name) ? [name, '***'] : [name, value]))
}
