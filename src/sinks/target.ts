import { type LookupAddress, lookup as resolveName } from 'node:dns'
import http from 'node:http'
import https from 'node:https'
import { isIP, type LookupFunction, type Socket } from 'node:net'
import { isPublicAddress } from './public-address.ts'

/** Where outgoing requests may go, and how long one may take. */
export type TargetSettings = {
  readonly allowPrivate: boolean
  /** For the whole call, connecting and answer included. */
  readonly timeoutMs: number
  /** Name resolution; a parameter so that a test can change an answer between two looks. */
  readonly resolve?: typeof resolveName
}

export type Post = {
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  readonly body: Uint8Array
  readonly signal: AbortSignal
  /** Awaited when the connection stands and before the first byte of the request: reject, and nothing leaves. */
  readonly beforeSend: () => Promise<void>
  /** Called when all bytes were handed to the system. */
  readonly afterSend: () => void
}

export type Answer =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly body: Buffer
      readonly retryAfterMs: number | undefined
    }
  /** The address may not be called: nothing was sent. The reason is safe to show. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** No whole answer. `hasLeft` is false when not a byte of the request can have arrived. */
  | { readonly kind: 'broken'; readonly reason: string; readonly hasLeft: boolean }

// An answer is read for a receiver's id or words of error only; who sends more is cut off.
const answerBytesMax = 64 * 1024
const ports = new Set(['', '443', '8443'])

/**
 * POSTs to an address that somebody configured. Every answer of the name's resolution is checked and one of the checked
 * addresses dialled, anew on each call, so a name that turns to a private address later is refused as well. Redirects
 * are answers like any other; no proxy from the environment is used; nothing is retried. Rejects with what
 * `beforeSend` rejected with, and with nothing else.
 */
export async function post(request: Post, settings: TargetSettings): Promise<Answer> {
  const url = URL.parse(request.url)
  const reason = url === null ? 'not a URL' : objection(url, settings.allowPrivate)
  if (url === null || reason !== undefined) return { kind: 'refused', reason: reason ?? 'not a URL' }
  const deadline = AbortSignal.any([request.signal, AbortSignal.timeout(settings.timeoutMs)])
  return new Promise<Answer>((resolve, reject) => {
    const state = { hasLeft: false }
    const secure = url.protocol === 'https:'
    const outgoing = (secure ? https : http).request(url, {
      method: 'POST',
      headers: { ...request.headers, 'content-length': String(request.body.byteLength) },
      agent: new (secure ? https : http).Agent({ keepAlive: false }),
      lookup: guardedLookup(settings),
      maxHeaderSize: 16 * 1024,
      signal: deadline,
    })
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (error instanceof Refused) resolve({ kind: 'refused', reason: error.message })
      else
        resolve({
          kind: 'broken',
          reason: wordsFor(error, deadline, settings.timeoutMs),
          hasLeft: state.hasLeft,
        })
    })
    outgoing.on('response', (response) => {
      readCapped(response).then(
        (body) =>
          resolve({
            kind: 'answered',
            status: response.statusCode ?? 0,
            body,
            retryAfterMs: retryAfter(response),
          }),
        // The status had arrived: an answer whose body breaks off is an answer all the same.
        () =>
          resolve({
            kind: 'answered',
            status: response.statusCode ?? 0,
            body: Buffer.alloc(0),
            retryAfterMs: undefined,
          }),
      )
    })
    outgoing.on('socket', (socket: Socket) => {
      socket.once(secure ? 'secureConnect' : 'connect', () => {
        request.beforeSend().then(
          () => {
            if (outgoing.destroyed) return
            state.hasLeft = true
            outgoing.end(request.body, request.afterSend)
          },
          (error: unknown) => {
            reject(error)
            outgoing.destroy()
          },
        )
      })
    })
  })
}

/** Why a URL may not be called whatever its name resolves to; undefined when it may. */
function objection(url: URL, allowPrivate: boolean): string | undefined {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'only https addresses are called'
  if (url.username !== '' || url.password !== '') return 'addresses with a password in them are not called'
  if (allowPrivate) return undefined
  if (url.protocol === 'http:') return 'only https addresses are called'
  if (!ports.has(url.port)) return 'only ports 443 and 8443 are called'
  // Node dials a literal address without resolving it. URL has made 0x7f000001 and its like plain by now.
  const literal = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(literal) !== 0 && !isPublicAddress(literal)) return 'the address is not a public one'
  return undefined
}

class Refused extends Error {
  override readonly name = 'Refused'
}

function guardedLookup(settings: TargetSettings): LookupFunction {
  const resolve = settings.resolve ?? resolveName
  return (hostname, options, callback) => {
    resolve(
      hostname,
      { all: true, verbatim: true },
      (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => {
        if (error) return callback(error, '', 0)
        if (!settings.allowPrivate && !found.every(({ address }) => isPublicAddress(address))) {
          return callback(new Refused('the name resolves to an address that is not a public one'), '', 0)
        }
        if (options.all === true) return callback(null, found)
        const first = found[0]
        if (first === undefined) return callback(new Error('the name resolves to nothing'), '', 0)
        return callback(null, first.address, first.family)
      },
    )
  }
}

async function readCapped(response: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response) {
    bytes += (chunk as Buffer).length
    if (bytes > answerBytesMax) break // leaving the loop destroys the response and with it the connection
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}

/** Seconds or a date, as RFC 9110 has it; what is neither, or absurd, is no wish. */
function retryAfter(response: http.IncomingMessage): number | undefined {
  const text = response.headers['retry-after']
  if (text === undefined) return undefined
  const ms = /^\d{1,9}$/.test(text)
    ? Number(text) * 1_000
    : Date.parse(text) - Date.parse(response.headers.date ?? '')
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, 24 * 3_600_000) : undefined
}

/** Error codes say what happened without repeating the address, whose path may be a secret. */
function wordsFor(error: NodeJS.ErrnoException, deadline: AbortSignal, timeoutMs: number): string {
  if (deadline.aborted) {
    const isTimeout = (deadline.reason as Error | undefined)?.name === 'TimeoutError'
    return isTimeout ? `no answer within ${timeoutMs} ms` : 'stopped before an answer came'
  }
  return `the connection failed: ${error.code ?? error.name}`
}
