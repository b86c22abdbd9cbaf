import type { ConnectionSettings } from '../providers/provider.ts'

/** Whether the provider can be asked over this connection: it has a key, or an app's credentials. */
export function canRead({ apiKey, extra }: ConnectionSettings): boolean {
  return apiKey !== undefined || extra.clientSecret !== undefined || extra.accessToken !== undefined
}
