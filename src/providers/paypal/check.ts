import type { ConnectionSettings } from '../provider.ts'
import { setting, simulatorId, webhookIds } from './settings.ts'

const ownSettings = new Set(['webhookId', 'clientId', 'clientSecret', 'verify', 'caFile'])

/** Mistakes that show without a call. No secret is repeated. */
export function check(connection: ConnectionSettings): readonly string[] {
  const { extra, mode, webhookSecrets, apiKey, apiBaseUrl } = connection
  const given = [setting(connection, 'webhookId') ?? '', ...webhookSecrets].flatMap((id) => id.split(','))
  const [id, secret] = [setting(connection, 'clientId'), setting(connection, 'clientSecret')]
  const mistakes: (readonly [boolean, string])[] = [
    [webhookIds(connection).length === 0, 'webhookId: is missing: the id that PayPal shows for the webhook'],
    [
      given.some((one) => one.trim() === simulatorId),
      `webhookId: is ${simulatorId}, under which anybody can have events signed`,
    ],
    [apiKey !== undefined, 'apiKey: is no setting of this provider; it has clientId and clientSecret'],
    [
      (id === undefined) !== (secret === undefined),
      `${id === undefined ? 'clientId' : 'clientSecret'}: is missing, and the two go together`,
    ],
    [mode === 'live' && extra.caFile !== undefined, 'caFile: is for test mode only'],
    ...Object.keys(extra).map(
      (name) => [!ownSettings.has(name), `${name}: is no setting of this provider`] as const,
    ),
  ]
  return [...mistakes.flatMap(([isOne, words]) => (isOne ? [words] : [])), ...baseUrlMistakes(apiBaseUrl)]
}

function baseUrlMistakes(apiBaseUrl: string | undefined): string[] {
  if (apiBaseUrl === undefined) return []
  if (!URL.canParse(apiBaseUrl)) return ['apiBaseUrl: is no URL, such as http://127.0.0.1:12112']
  const { protocol, pathname } = new URL(apiBaseUrl)
  if (protocol !== 'http:' && protocol !== 'https:') return ['apiBaseUrl: is neither http nor https']
  return pathname === '/'
    ? []
    : ['apiBaseUrl: has a path; scheme, host and port are all that can be replaced']
}
