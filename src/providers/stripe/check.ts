import type { ConnectionSettings } from '../provider.ts'

const versionPattern = /^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$/

/** Settings that this provider has beyond the common ones. */
const ownSettings = new Set(['apiVersion'])

/** Mistakes that show without a call, in words that say what was expected. No secret is repeated. */
export function check(connection: ConnectionSettings): readonly string[] {
  return [
    ...connection.webhookSecrets.flatMap(secretMistakes),
    ...keyMistakes(connection),
    ...baseUrlMistakes(connection.apiBaseUrl),
    ...Object.entries(connection.extra).flatMap(([name, value]) => settingMistakes(name, value)),
  ]
}

function secretMistakes(secret: string, index: number): string[] {
  const at = `webhookSecrets[${index}]`
  if (secret.trim() !== secret || secret === '') return [`${at}: has spaces around it, or is empty`]
  if (/^[sr]k_|^pk_/.test(secret))
    return [`${at}: is an API key; the signing secret of an endpoint begins with whsec_`]
  return []
}

function keyMistakes({ apiKey, mode }: ConnectionSettings): string[] {
  if (apiKey === undefined) return []
  if (apiKey.startsWith('pk_'))
    return ['apiKey: is a publishable key; a secret or restricted one is needed (sk_…, rk_…)']
  if (apiKey.startsWith('whsec_'))
    return ['apiKey: is a signing secret; a secret or restricted key is needed (sk_…, rk_…)']
  const keyMode = /^[sr]k_(test|live)_/.exec(apiKey)?.[1]
  return keyMode !== undefined && keyMode !== mode
    ? [`apiKey: is a ${keyMode} key, and the connection's mode is ${mode}`]
    : []
}

function baseUrlMistakes(apiBaseUrl: string | undefined): string[] {
  if (apiBaseUrl === undefined) return []
  if (!URL.canParse(apiBaseUrl)) return ['apiBaseUrl: is no URL, such as http://127.0.0.1:12111']
  const { protocol, pathname } = new URL(apiBaseUrl)
  if (protocol !== 'http:' && protocol !== 'https:') return ['apiBaseUrl: is neither http nor https']
  return pathname === '/'
    ? []
    : ['apiBaseUrl: has a path; scheme, host and port are all that can be replaced']
}

function settingMistakes(name: string, value: unknown): string[] {
  if (!ownSettings.has(name)) return [`${name}: is no setting of this provider`]
  const isVersion = typeof value === 'string' && versionPattern.test(value)
  return isVersion ? [] : ['apiVersion: is no API version, such as 2026-10-28.endive']
}
