import type { ApiVersion } from '@shopify/shopify-api'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Api, ApiError, type ConnectionSettings } from '../provider.ts'
import { children, field, isThing, type Node, parse, text } from './json.ts'

/** One answer as it came over HTTP, and the same read without losing digits. */
export type Answer = {
  readonly body: Uint8Array
  readonly data: Node
  readonly apiVersion: string | undefined
}

/** The version that is asked for; the connection's `apiVersion` where it is set. */
export function versionOf({ extra }: ConnectionSettings): string {
  return typeof extra.apiVersion === 'string'
    ? extra.apiVersion
    : ('2026-10' satisfies `${ApiVersion.October26}`)
}

/**
 * Makes one call through the official SDK and gives back the bytes of its answer. Throws `ApiError` only.
 *
 * Their limit is a bucket of points. An answer that says THROTTLED (with status 200, which the SDK never tries again)
 * says as well when the bucket will hold enough: that is waited for while the deadline lasts.
 */
export async function call(
  api: Api,
  query: string,
  variables: { readonly [name: string]: unknown },
): Promise<Answer> {
  const deadline = Date.now() + api.timeoutMs
  for (;;) {
    const received = await send(api, query, variables, deadline)
    const waitMs = throttledFor(received.root)
    if (waitMs === undefined) return answerOf(received)
    if (Date.now() + waitMs >= deadline)
      throw new ApiError('rate_limited', 'the bucket of the shop is empty', { retryAfterMs: waitMs })
    await sleep(waitMs, undefined, { signal: api.signal }).catch((cause: unknown) => {
      throw new ApiError('unavailable', 'stopped while waiting for the bucket', { cause })
    })
  }
}

type Received = {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
  readonly root: Node
}

async function send(
  api: Api,
  query: string,
  variables: { readonly [name: string]: unknown },
  deadline: number,
): Promise<Received> {
  const wire = new Wire(api, deadline)
  try {
    const client = await clientFor(api.connection, wire)
    await client.request(query, { variables })
  } catch (error) {
    if (error instanceof ApiError) throw error
    // An answer with errors in it is thrown as well; it is judged by its bytes below, as any other.
    if (wire.last === undefined)
      throw new ApiError('unavailable', `no answer: ${messageOf(error)}`, { cause: error })
  }
  const last = wire.last
  if (last === undefined) throw new ApiError('unavailable', 'no answer came')
  if (last.status !== 200) throw statusError(last.status, last.headers)
  try {
    return { ...last, root: parse(last.body) }
  } catch (cause) {
    throw new ApiError('unavailable', 'the answer is no JSON object', { cause })
  }
}

/**
 * The SDK is loaded by the first call: a process that only receives never makes one. It takes its way to the network from
 * a global when a client is made, so both happen in one breath.
 */
async function clientFor({ extra, apiKey, webhookSecrets, ...connection }: ConnectionSettings, wire: Wire) {
  const token = typeof extra.accessToken === 'string' ? extra.accessToken : apiKey
  if (token === undefined) throw new ApiError('unauthorized', 'the connection has no accessToken')
  if (typeof extra.shop !== 'string') throw new ApiError('refused', 'the connection names no shop')
  await import('@shopify/shopify-api/adapters/node')
  const { LogSeverity, shopifyApi } = await import('@shopify/shopify-api')
  const { setAbstractFetchFunc } = await import('@shopify/shopify-api/runtime')
  const shopify = shopifyApi({
    apiSecretKey: webhookSecrets[0] || 'none', // it verifies with this, and we do not let it
    adminApiAccessToken: token,
    isCustomStoreApp: true,
    isEmbeddedApp: false,
    hostName: 'localhost',
    apiVersion: versionOf({ extra, webhookSecrets, ...connection }) as ApiVersion,
    logger: { level: LogSeverity.Error, log: () => {} },
  })
  setAbstractFetchFunc((url, init) => wire.fetch(url as string, init as RequestInit | undefined) as never)
  return new shopify.clients.Graphql({ session: shopify.session.customAppSession(extra.shop) })
}

/** A page of orders is a megabyte or two; what is larger than this is not theirs. */
const bodyBytesMax = 64 * 1024 * 1024

/** Stands under the SDK: sends its request to `apiBaseUrl` where one is set, and keeps what came back. */
class Wire {
  last: Omit<Received, 'root'> | undefined
  readonly #api: Api
  readonly #deadline: number

  constructor(api: Api, deadline: number) {
    this.#api = api
    this.#deadline = deadline
  }

  async fetch(asked: string, init: RequestInit | undefined): Promise<Response> {
    const { connection, signal } = this.#api
    const { pathname } = new URL(asked)
    const url = connection.apiBaseUrl === undefined ? asked : new URL(pathname, connection.apiBaseUrl)
    const within = AbortSignal.any([signal, AbortSignal.timeout(Math.max(1, this.#deadline - Date.now()))])
    const response = await fetch(url, { ...init, signal: within, redirect: 'manual' })
    const body = await wholeBody(response)
    this.last = { status: response.status, headers: response.headers, body }
    return new Response(body, { status: response.status, headers: response.headers })
  }
}

async function wholeBody(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength
    if (length > bodyBytesMax) throw new ApiError('unavailable', 'the answer does not end')
    chunks.push(chunk)
  }
  return Uint8Array.from(Buffer.concat(chunks))
}

/** How long until the bucket holds what the query costs; undefined where the answer is no refusal for lack of points. */
function throttledFor(root: Node): number | undefined {
  if (!children(root, 'errors').some((error) => codeOf(error) === 'THROTTLED')) return undefined
  const cost = thingAt(thingAt(root.value, 'extensions'), 'cost')
  const { currentlyAvailable, restoreRate } = thingAt(cost, 'throttleStatus')
  const missing = Number(cost.requestedQueryCost) - Number(currentlyAvailable)
  const seconds = missing / Number(restoreRate)
  return Number.isFinite(seconds) ? Math.max(50, Math.ceil(seconds * 1000)) : 1_000
}

function thingAt(value: unknown, key: string): { readonly [key: string]: unknown } {
  const found = isThing(value) ? value[key] : undefined
  return isThing(found) ? found : {}
}

function answerOf({ root, body, headers }: Received): Answer {
  const [error] = children(root, 'errors')
  if (error !== undefined) throw graphqlError(error)
  const data = field(root, 'data')
  if (!isThing(data)) throw new ApiError('unavailable', 'the answer has no data')
  return {
    body,
    data: { value: data, path: 'data' },
    apiVersion: headers.get('x-shopify-api-version') ?? undefined,
  }
}

function graphqlError(error: Node): ApiError {
  const code = codeOf(error)
  const words = `${code ?? 'error'}: ${text(error, 'message') ?? 'no message'}`.slice(0, 300)
  if (code === 'ACCESS_DENIED') return new ApiError('unauthorized', words)
  return new ApiError(
    code === 'INTERNAL_SERVER_ERROR' || code === 'TIMEOUT' ? 'unavailable' : 'refused',
    words,
  )
}

/** What kind of error an entry of `errors` is, in their word. */
function codeOf(error: Node): string | undefined {
  const { code } = thingAt(error.value, 'extensions')
  return typeof code === 'string' ? code : undefined
}

function statusError(status: number, headers: Headers): ApiError {
  const words = `the shop answered ${status}`
  switch (status) {
    case 401:
    case 403:
      return new ApiError('unauthorized', words)
    case 404: // no such shop, or no such version: asking again does not help
      return new ApiError('refused', words)
    case 429:
      return new ApiError('rate_limited', words, { retryAfterMs: retryAfter(headers.get('retry-after')) })
    default: // 402 and 423 (unpaid, locked) end by themselves, as 5xx does
      return new ApiError(status >= 400 && status < 402 ? 'refused' : 'unavailable', words)
  }
}

const retryAfterMaxMs = 600_000

function retryAfter(header: string | null): number | undefined {
  const seconds = header === null || header.trim() === '' ? Number.NaN : Number(header)
  return Number.isFinite(seconds)
    ? Math.min(retryAfterMaxMs, Math.max(0, Math.round(seconds * 1000)))
    : undefined
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 300)
}

/** What a mutation says it did not do, with status 200 and without any error. Throws `ApiError` where there is any. */
export function expectDone(payload: Node, isFine: (message: string) => boolean = () => false): void {
  const errors = children(payload, 'userErrors').filter((error) => !isFine(text(error, 'message') ?? ''))
  if (errors.length === 0) return
  throw new ApiError(
    'refused',
    errors
      .map((error) => text(error, 'message') ?? 'no message')
      .join('; ')
      .slice(0, 300),
  )
}
