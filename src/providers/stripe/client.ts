import type Stripe from 'stripe'
import { type Api, ApiError } from '../provider.ts'

/** One answer as it came over HTTP: SDK objects are parsed and so lose bytes, and digits past 2^53. */
export type Answer = { readonly body: Uint8Array; readonly apiVersion: string | undefined }

/**
 * Makes one call through the official SDK and gives back the bytes of its answer. Throws `ApiError` only.
 *
 * Retries are the caller's (it shares the rate limit with everybody else), so the SDK's are off; its telemetry too.
 */
export async function call(api: Api, ask: (client: Stripe) => Promise<unknown>): Promise<Answer> {
  const { apiKey } = api.connection
  if (apiKey === undefined) throw new ApiError('unauthorized', 'the connection has no apiKey')
  const wire = new Wire(api.signal)
  try {
    await ask(await clientFor(api, apiKey, wire))
  } catch (error) {
    throw apiError(error, wire.last)
  }
  if (wire.last === undefined) throw new ApiError('unavailable', 'no answer came')
  return { body: wire.last.body, apiVersion: wire.last.headers.get('stripe-version') ?? undefined }
}

/** The SDK is 35 MB in memory: it is loaded by the first call, as a process that only receives never makes one. */
async function clientFor({ connection, timeoutMs }: Api, apiKey: string, wire: Wire): Promise<Stripe> {
  const { default: Stripe } = await import('stripe')
  const base = connection.apiBaseUrl === undefined ? undefined : new URL(connection.apiBaseUrl)
  const isHttp = base?.protocol === 'http:'
  return new Stripe(apiKey, {
    httpClient: Stripe.createFetchHttpClient((url, init) => wire.fetch(url, init)),
    maxNetworkRetries: 0,
    timeout: timeoutMs,
    telemetry: false,
    ...(connection.account.startsWith('acct_') && { stripeAccount: connection.account }),
    ...(base && {
      host: base.hostname,
      protocol: isHttp ? 'http' : 'https',
      port: base.port || (isHttp ? 80 : 443),
    }),
  })
}

type Received = { readonly status: number; readonly headers: Headers; readonly body: Uint8Array }

/** A page of 100 events is under a megabyte or two; what is larger than this is not theirs. */
const bodyBytesMax = 64 * 1024 * 1024

/** Stands under the SDK: passes its request to the network and keeps what came back. */
class Wire {
  last: Received | undefined
  readonly #signal: AbortSignal

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  async fetch(url: string | URL | Request, init: RequestInit | undefined): Promise<Response> {
    this.last = undefined
    const signal = init?.signal ? AbortSignal.any([init.signal, this.#signal]) : this.#signal
    const response = await fetch(url, { ...init, signal, redirect: 'manual' })
    const body = await wholeBody(response)
    this.last = { status: response.status, headers: response.headers, body }
    const isBodiless = [101, 204, 205, 304].includes(response.status)
    return new Response(isBodiless ? null : body, { status: response.status, headers: response.headers })
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
  const body = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    body.set(chunk, at)
    at += chunk.byteLength
  }
  return body
}

function apiError(error: unknown, answer: Received | undefined): ApiError {
  if (error instanceof ApiError) return error
  const words = messageOf(error)
  if (answer === undefined) return new ApiError('unavailable', `no answer: ${words}`, { cause: error })
  const retryAfterMs = retryAfter(answer.headers.get('retry-after'))
  return new ApiError(kindOf(answer.status, error), `${answer.status}: ${words}`, {
    retryAfterMs,
    cause: error,
  })
}

/** Their error messages name parameters and ids, never a person; keys they show masked. */
function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 300)
}

function kindOf(status: number, error: unknown): ApiError['kind'] {
  const code = (error as { code?: unknown } | undefined)?.code
  if (code === 'resource_missing') return 'not_found' // also with 400, where it is a cursor that is gone
  if (code === 'rate_limit' || code === 'lock_timeout') return 'rate_limited'
  switch (status) {
    case 401:
    case 403:
      return 'unauthorized'
    case 404:
      return 'not_found'
    case 409: // another call holds the object or the key: the same call works a little later
    case 429:
      return 'rate_limited'
    default:
      return status >= 400 && status < 500 ? 'refused' : 'unavailable' // 200 with a page of HTML among them
  }
}

/** An hour of waiting helps nobody: a longer wish is a broken clock or a broken proxy. */
const retryAfterMaxMs = 600_000

/** `Retry-After` as seconds or as a date; undefined where it says nothing usable. */
export function retryAfter(header: string | null, now: number = Date.now()): number | undefined {
  if (header === null || header.trim() === '') return undefined
  const seconds = Number(header)
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now
  if (Number.isNaN(ms)) return undefined
  return Math.min(retryAfterMaxMs, Math.max(0, Math.round(ms)))
}
