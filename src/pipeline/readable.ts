import type { Connection } from '../config.ts'
import type { ConnectionSettings, Provider } from '../providers/provider.ts'
import type { System } from './system.ts'

/** Whether the provider can be asked over this connection: it has a key, or an app's credentials. */
export function canRead({ apiKey, extra }: ConnectionSettings): boolean {
  return apiKey !== undefined || extra.clientSecret !== undefined || extra.accessToken !== undefined
}

/** Connections whose provider takes this kind of write, and that have what it takes to be called. */
export function writable(
  { config, providers }: Pick<System, 'config' | 'providers'>,
  kind: keyof NonNullable<Provider['write']>,
): Connection[] {
  return config.connections.filter(
    (connection) => canRead(connection) && providers.get(connection.provider)?.write?.[kind] !== undefined,
  )
}
