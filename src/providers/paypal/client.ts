import type { Client } from '@paypal/paypal-server-sdk'
import { type Api, ApiError } from '../provider.ts'
import { child, children, parseObject, text } from './json.ts'
import { apiBase, setting } from './settings.ts'
import { forgetToken, tokenFor } from './token.ts'
import { type Answer, send } from './wire.ts'

/** A call that the official package does not have. */
export type Ask = {
  readonly method: 'GET' | 'POST' | 'PATCH'
  readonly path: string
  readonly query?: { readonly [name: string]: string }
  readonly body?: Uint8Array | string
  readonly requestId?: string
}

/** Makes one call of our own, with the token that all calls share. Throws `ApiError` only. */
export function ask(api: Api, { method, path, query, body, requestId }: Ask): Promise<Answer> {
  const search = query === undefined ? '' : `?${new URLSearchParams(query)}`
  return withToken(api, (token) =>
    send(api, `${apiBase(api.connection)}${path}${search}`, {
      method,
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(requestId !== undefined && { 'paypal-request-id': requestId }),
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : new Uint8Array(body) }),
    }),
  )
}

/**
 * Makes one call through the official package and gives the bytes of its answer: its objects are parsed, and lose what
 * they do not know. The package has no setting for the address and waits for ever, so it gets a transport of ours.
 */
export function call(api: Api, make: (client: Client, sdk: Sdk) => Promise<unknown>): Promise<Answer> {
  return withToken(api, async (token) => {
    const sdk = await import('@paypal/paypal-server-sdk') // 19 MB that a process which only receives never needs
    let answer: Answer | undefined
    const adapter = async (request: AxiosLike) => {
      const { pathname, search } = new URL(request.url)
      const body = request.data === undefined ? {} : { body: request.data }
      const url = `${apiBase(api.connection)}${pathname}${search.replace(/([?&])&+/g, '$1').replace(/[?&]$/, '')}`
      answer = await send(api, url, {
        method: request.method.toUpperCase(),
        headers: headersOf(request),
        ...body,
      })
      const data = Buffer.from(answer.body).toString('utf8')
      return {
        data,
        status: answer.status,
        statusText: '',
        headers: Object.fromEntries(answer.headers),
        config: request,
      }
    }
    try {
      await make(clientFor(sdk, api, token, adapter), sdk)
    } catch (error) {
      // Whether their model knows every field of an answer is not our question: its bytes are what we wanted.
      if (answer === undefined) throw error
    }
    if (answer === undefined) throw new ApiError('unavailable', 'no answer came')
    return answer
  })
}

type Sdk = typeof import('@paypal/paypal-server-sdk')

type AxiosLike = { method: string; url: string; data?: string; headers: { toJSON?: () => object } }

function headersOf({ headers }: AxiosLike): { [name: string]: string } {
  const plain = Object.entries(headers.toJSON?.() ?? headers)
  return Object.fromEntries(
    plain.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  )
}

function clientFor(
  { Client, Environment }: Sdk,
  { connection, timeoutMs }: Api,
  token: string,
  adapter: unknown,
): Client {
  return new Client({
    timeout: timeoutMs,
    environment: connection.mode === 'live' ? Environment.Production : Environment.Sandbox,
    clientCredentialsAuthCredentials: {
      oAuthClientId: setting(connection, 'clientId') ?? '',
      oAuthClientSecret: setting(connection, 'clientSecret') ?? '',
      oAuthToken: { accessToken: token, tokenType: 'Bearer' },
    },
    unstable_httpClientOptions: { adapter },
  })
}

/** A token that they refuse is dropped, and the call made once more with a new one. */
async function withToken(api: Api, make: (token: string) => Promise<Answer>): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    const { token, isFresh } = await tokenFor(api)
    const answer = await attempted(() => make(token))
    if (answer.status >= 200 && answer.status < 300) return answer
    if (answer.status === 401) forgetToken(api.connection, token)
    if (answer.status !== 401 || isFresh || attempt > 1) throw problemOf(answer)
  }
}

async function attempted(make: () => Promise<Answer>): Promise<Answer> {
  try {
    return await make()
  } catch (error) {
    if (error instanceof ApiError) throw error
    throw new ApiError('unavailable', `no answer: ${(error as Error).message.slice(0, 200)}`, {
      cause: error,
    })
  }
}

const laterIssues = new Set(['PREVIOUS_REQUEST_IN_PROGRESS', 'RATE_LIMIT_REACHED'])

/** Their errors have a name, and issues in `details`; both are words of theirs, with nothing of a person. */
function problemOf({ status, headers, body }: Answer): ApiError {
  const root = parseObject(body)
  const name = text(root, 'name') ?? text(root, 'error') ?? text(child(root, 'error'), 'name') ?? 'no reason'
  const issues = children(root, 'details').flatMap((detail) => text(detail, 'issue') ?? [])
  const words = [name, ...issues].join(' ').slice(0, 200)
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  const retryAfterMs =
    Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds * 1000, 600_000) : undefined
  return new ApiError(kindOf(status, [name, ...issues]), `${status}: ${words}`, {
    retryAfterMs,
    cause: { issues },
  })
}

function kindOf(status: number, words: readonly string[]): ApiError['kind'] {
  if (status === 401 || status === 403) return 'unauthorized'
  if (status === 404) return 'not_found'
  if (status === 429 || status === 409 || words.some((word) => laterIssues.has(word))) return 'rate_limited'
  return status >= 400 && status < 500 ? 'refused' : 'unavailable'
}
