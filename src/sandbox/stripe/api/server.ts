import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Fields } from '../types.ts'
import { control } from './control.ts'
import { rateLimited, StripeProblem, unauthorized } from './errors.ts'
import type { Faults } from './faults.ts'
import { parseForm } from './form.ts'
import { createIdempotency } from './idempotency.ts'
import { answerTo } from './routes.ts'
import { disturbPage, spoil } from './spoil.ts'
import type { Answer, ApiOptions, Asked } from './asked.ts'

/** Larger bodies are nothing that a client of Stripe sends. */
const bodyBytesMax = 1 << 20

/** The stand-in for api.stripe.com, not listening yet. `/_twin/…` is its own control, and no part of Stripe. */
export function createApi(options: ApiOptions): Server {
  const once = createIdempotency()
  const checkRate = rateCheck(options.faults)
  let requests = 0
  return createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      // A mistake of the twin itself: visible at once, and never mistaken for one of Stripe's answers.
      if (!response.headersSent) response.writeHead(599, { 'content-type': 'text/plain' })
      response.end(error instanceof Error ? (error.stack ?? error.message) : String(error))
    })
  })

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://twin')
    const method = request.method ?? 'GET'
    const text = await bodyOf(request)
    if (url.pathname.startsWith('/_twin/')) return send(response, control(options, method, url, text))
    if (options.faults.latencyMs > 0)
      await new Promise((resolve) => setTimeout(resolve, options.faults.latencyMs))
    const id = `req_${String(++requests).padStart(14, '0')}`
    const fault = options.faults.take(method, url.pathname)
    if (fault !== undefined && fault.isAfter !== true && spoil(fault, response, undefined)) return
    const query = parseForm(url.search.slice(1))
    const asked = { id, method, path: url.pathname, query, body: parseForm(text), text }
    const answer = attempt(id, () => act(request, asked))
    if (fault !== undefined) {
      if (fault.isAfter === true && spoil(fault, response, answer)) return
      disturbPage(fault, answer, options.world)
    }
    send(response, answer)
  }

  function act(request: IncomingMessage, asked: Asked): Answer {
    checkRate()
    authenticate(request, options.apiKey)
    if (asked.method === 'GET') return plain(200, answerTo(options, asked), asked.id)
    const key = headerOf(request, 'idempotency-key')
    return once(asked.method === 'POST' ? key : undefined, asked, () => {
      options.world.ground.request = { id: asked.id, idempotency_key: key ?? null }
      try {
        return attempt(asked.id, () => plain(200, answerTo(options, asked), asked.id))
      } finally {
        options.world.ground.request = { id: null, idempotency_key: null }
      }
    })
  }
}

function rateCheck(faults: Faults): () => void {
  const recent: number[] = []
  return () => {
    const { requestsPerSecond } = faults
    if (requestsPerSecond === undefined) return
    const now = performance.now()
    while (recent.length > 0 && recent[0]! < now - 1000) recent.shift()
    if (recent.length >= requestsPerSecond) throw rateLimited(undefined)
    recent.push(now)
  }
}

function authenticate(request: IncomingMessage, apiKey: string | undefined): void {
  const header = headerOf(request, 'authorization') ?? ''
  const basic = /^Basic (.+)$/.exec(header)?.[1]
  const key =
    /^Bearer (.+)$/.exec(header)?.[1] ??
    (basic === undefined ? undefined : Buffer.from(basic, 'base64').toString('utf8').split(':')[0])
  const isRight = apiKey === undefined ? /^(sk|rk)_(test|live)_/.test(key ?? '') : key === apiKey
  if (!isRight) throw unauthorized(key)
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

function plain(status: number, body: Fields, id: string): Answer {
  return { status, body: JSON.stringify(body, null, 2), headers: { 'Request-Id': id } }
}

function attempt(id: string, make: () => Answer): Answer {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof StripeProblem)) throw error
    const answer = plain(error.status, { error: error.error }, id)
    Object.assign(answer.headers, error.headers)
    return answer
  }
}

function send(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(answer.body),
    ...answer.headers,
  })
  response.end(answer.body)
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size > bodyBytesMax) throw new Error('request body too large for the twin')
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}
