import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { breakOff } from '../serving.ts'
import type { Fault, Faults } from '../stripe/api/faults.ts'
import { twinCertificate } from './certificates.ts'
import { type PaypalAnswer, type PaypalRequest, type PaypalTwinParts, problem } from './parts.ts'
import { answerTo } from './routes.ts'

const token = 'A21AA-twin-token'

/** The stand-in for api-m.sandbox.paypal.com, not listening yet. */
export function createPaypalApi(parts: PaypalTwinParts): Server {
  const replays = new Map<string, PaypalAnswer>()
  return createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(599)
      response.end(String((error as Error).stack))
    })
  })

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://twin')
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString('utf8')
    const asked: PaypalRequest = {
      method: request.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      text,
    }
    parts.requests.push(asked)
    const fault = parts.faults.take(asked.method, asked.path)
    if (fault !== undefined && spoil(fault, response)) return
    if (asked.path.startsWith('/v1/notifications/certs/'))
      return void response.writeHead(200, { 'content-type': 'text/plain' }).end(twinCertificate)
    send(response, answer(request, asked))
  }

  function answer(request: IncomingMessage, asked: PaypalRequest): PaypalAnswer {
    if (asked.path === '/v1/oauth2/token') {
      const wanted = `Basic ${Buffer.from(`${parts.clientId}:${parts.clientSecret}`).toString('base64')}`
      if (request.headers.authorization !== wanted) return { status: 401, body: { error: 'invalid_client' } }
      return { status: 200, body: { access_token: token, token_type: 'Bearer', expires_in: 32_400 } }
    }
    if (request.headers.authorization !== `Bearer ${token}`) return problem(401, 'AUTHENTICATION_FAILURE')
    const key = request.headers['paypal-request-id']
    const mark = `${asked.method} ${asked.path} ${String(key)}`
    const replayed = key === undefined ? undefined : replays.get(mark)
    if (replayed !== undefined) return replayed
    const made = answerTo(parts, asked)
    if (key !== undefined && made.status < 300) replays.set(mark, structuredClone(made))
    return made
  }
}

function send(response: ServerResponse, { status, body }: PaypalAnswer): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(body === undefined ? '' : JSON.stringify(body))
}

function spoil(fault: Fault, response: ServerResponse): boolean {
  const retry = fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter }
  const say = (status: number, name: string) => {
    response.writeHead(status, { 'content-type': 'application/json', ...retry })
    response.end(JSON.stringify({ name, message: name, debug_id: '90957fca61718' }))
    return true
  }
  switch (fault.kind) {
    case 'rate_limit':
      return say(429, 'RATE_LIMIT_REACHED')
    case 'server_error':
      return say(500, 'INTERNAL_SERVER_ERROR')
    case 'unauthorized':
      return say(401, 'AUTHENTICATION_FAILURE')
    case 'forbidden':
      return say(403, 'NOT_AUTHORIZED')
    case 'not_found':
      return say(404, 'RESOURCE_NOT_FOUND')
    default:
      return breakOff(fault, response)
  }
}

export type { Faults }
