import type { ConnectionSettings } from '../provider.ts'

const shopPattern = /^[a-z0-9][a-z0-9-]*\.myshopify\.com$/

/** Settings that this provider has beyond the common ones. */
const ownSettings = new Set(['shop', 'accessToken', 'apiVersion', 'gateways', 'location'])

/** Mistakes that show without a call, in words that say what was expected. No secret is repeated. */
export function check(connection: ConnectionSettings): readonly string[] {
  const { extra, webhookSecrets, apiBaseUrl } = connection
  return [
    ...shopMistakes(extra.shop),
    ...webhookSecrets.flatMap(secretMistakes),
    ...tokenMistakes(extra.accessToken),
    ...(extra.apiVersion === undefined || /^\d{4}-(01|04|07|10)$/.test(String(extra.apiVersion))
      ? []
      : ['apiVersion: is no API version, such as 2026-10']),
    ...gatewayMistakes(extra.gateways),
    ...baseUrlMistakes(apiBaseUrl),
    ...Object.keys(extra)
      .filter((name) => !ownSettings.has(name))
      .map((name) => `${name}: is no setting of this provider`),
  ]
}

function shopMistakes(shop: unknown): string[] {
  if (shop === undefined) return ['shop: is missing, such as example.myshopify.com']
  if (typeof shop === 'string' && shopPattern.test(shop)) return []
  return ['shop: is not the address that the shop never changes, such as example.myshopify.com']
}

function secretMistakes(secret: string, index: number): string[] {
  const at = `webhookSecrets[${index}]`
  if (secret.trim() !== secret || secret === '') return [`${at}: has spaces around it, or is empty`]
  return /^shp(at|ca|pa|ua)_/.test(secret)
    ? [`${at}: is an access token; the app's client secret signs deliveries`]
    : []
}

function tokenMistakes(token: unknown): string[] {
  if (token === undefined) return []
  if (typeof token !== 'string' || token.trim() !== token || token === '')
    return ['accessToken: has spaces around it, or is empty']
  return token.startsWith('shpss_')
    ? ["accessToken: is the app's client secret; an access token begins with shpat_"]
    : []
}

function gatewayMistakes(gateways: unknown): string[] {
  if (gateways === undefined) return []
  const isMapping =
    typeof gateways === 'object' &&
    gateways !== null &&
    !Array.isArray(gateways) &&
    Object.values(gateways).every((whose) => typeof whose === 'string')
  return isMapping ? [] : ['gateways: is no mapping of gateways to shop or a connection']
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
