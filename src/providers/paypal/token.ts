import { type Api, ApiError, type ConnectionSettings } from '../provider.ts'
import { field, parseObject, text } from './json.ts'
import { apiBase, setting } from './settings.ts'
import { send } from './wire.ts'

type Token = { readonly value: string; readonly until: number }

/** By the app and where it is asked; bounded by what the configuration names. */
const tokens = new Map<string, Token>()
const underWay = new Map<string, Promise<Token>>()

/** Renewed before it ends, so that no call starts with one that ends on its way. */
const marginMs = 120_000

/** The app's token: cached until it ends, and asked for once however many calls wait. Throws `ApiError`. */
export async function tokenFor(api: Api): Promise<{ token: string; isFresh: boolean }> {
  const key = keyOf(api.connection)
  const held = tokens.get(key)
  if (held !== undefined && held.until > Date.now()) return { token: held.value, isFresh: false }
  let asked = underWay.get(key)
  if (asked === undefined) {
    asked = renew(api).finally(() => underWay.delete(key))
    underWay.set(key, asked)
  }
  const token = await asked
  tokens.set(key, token)
  return { token: token.value, isFresh: true }
}

/** They refused it: the next call asks for another. */
export function forgetToken(connection: ConnectionSettings, value: string): void {
  if (tokens.get(keyOf(connection))?.value === value) tokens.delete(keyOf(connection))
}

function keyOf(connection: ConnectionSettings): string {
  return [apiBase(connection), setting(connection, 'clientId'), setting(connection, 'clientSecret')].join(
    '\n',
  )
}

async function renew({ connection, timeoutMs }: Api): Promise<Token> {
  const [id, secret] = [setting(connection, 'clientId'), setting(connection, 'clientSecret')]
  if (id === undefined || secret === undefined)
    throw new ApiError('unauthorized', 'the connection has no clientId and clientSecret')
  // Others may wait for this token, so nobody's own deadline ends it.
  const api = { signal: AbortSignal.timeout(timeoutMs), timeoutMs }
  const answer = await send(api, `${apiBase(connection)}/v1/oauth2/token`, {
    method: 'POST',
    headers: {
      accept: 'application/json',
      authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'grant_type=client_credentials',
  }).catch((error: unknown) => {
    throw new ApiError('unavailable', `no token: ${(error as Error).message.slice(0, 200)}`, { cause: error })
  })
  const root = parseObject(answer.body)
  const value = text(root, 'access_token')
  if (answer.status === 200 && root !== undefined && value !== undefined) {
    const seconds = field(root, 'expires_in')
    const lifeMs = (typeof seconds === 'number' && seconds > 0 ? seconds : 600) * 1000
    return { value, until: Date.now() + Math.max(lifeMs - marginMs, lifeMs / 2) }
  }
  const kind =
    answer.status === 429
      ? 'rate_limited'
      : answer.status >= 400 && answer.status < 500
        ? 'unauthorized'
        : 'unavailable'
  throw new ApiError(kind, `no token: ${answer.status} ${text(root, 'error') ?? ''}`.trim())
}
