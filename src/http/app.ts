import { createServer, type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import helmet from 'helmet'
import type { System } from '../pipeline/system.ts'
import { createAdminRouter } from './admin/index.ts'
import { createPageRouter } from './admin/pages.ts'
import { createHealth } from './health.ts'
import { createMetrics } from './metrics.ts'
import { Problem, problemBody, type ProblemCode, problems, sendProblem } from './problem.ts'
import { createWebhooks, type Webhooks } from './webhooks.ts'

/** Express, and what answers deliveries: `listen` asks that first, for what a delivery does not need must not cost it. */
export type App = Express & { readonly webhooks: Webhooks }

/** The whole HTTP side. */
export function createApp(system: System): App {
  const app = express()
  app.disable('x-powered-by')
  app.set('trust proxy', system.config.security.trustProxy)
  app.set('case sensitive routing', true)
  app.set('strict routing', true)
  app.set('query parser', 'simple')
  app.set('etag', false)

  const metrics = createMetrics(system, () => webhooks.counts)
  const webhooks = createWebhooks(system, metrics.observeDelivery)
  app.use((request, response, next) => {
    if (!webhooks(request, response)) next()
  })
  app.use(safeHeaders(system))
  app.use(createHealth(system))
  app.use(metrics.router)
  app.use('/api/v1', createAdminRouter(system))
  app.use(createPageRouter())
  app.get('/', (_request, response) => response.redirect(302, '/admin'))
  app.use((_request, response) => sendProblem(response, 'not_found'))
  app.use(answerError(system))
  return Object.assign(app, { webhooks })
}

/** Pages of ours load nothing from elsewhere and run no inline code; nobody may frame them. */
function safeHeaders({ config }: System): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        connectSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    referrerPolicy: { policy: 'no-referrer' },
    // Only where browsers reach us over TLS; elsewhere it would lock people out of plain local addresses.
    strictTransportSecurity: config.publicUrl?.startsWith('https:') === true ? { maxAge: 31_536_000 } : false,
  })
}

// Express's own errors by the status they ask for; whatever else is thrown is ours to be ashamed of.
const codeByStatus = new Map<number, ProblemCode>([
  [400, 'invalid_request'],
  [404, 'not_found'],
  [413, 'body_too_large'],
  [415, 'unsupported_media_type'],
])

function answerError(system: System): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    if (response.headersSent) return next(error)
    if (error instanceof Problem)
      return sendProblem(response, error.code, { detail: error.detail, headers: error.headers })
    const { status, type } = (error ?? {}) as { status?: unknown; type?: unknown }
    const code = type === 'entity.parse.failed' ? 'invalid_json' : codeByStatus.get(Number(status))
    if (code === undefined)
      system.log.error('request_failed', {
        name: (error as Error)?.name,
        code: (error as { code?: string })?.code,
      })
    sendProblem(response, code ?? 'internal_error')
  }
}

/** Listens, or rejects when it cannot. Timeouts keep half-sent requests from holding sockets. */
export function listen(app: App, { host, port }: { host: string; port: number }): Promise<Server> {
  const server = createServer(
    {
      requestTimeout: 30_000,
      headersTimeout: 10_000,
      connectionsCheckingInterval: 5_000,
      keepAliveTimeout: 65_000,
      maxHeaderSize: 16_384,
    },
    (request, response) => {
      // A sender that keeps its connection would otherwise hold up the stop for as long as it has something to send.
      if (!server.listening) response.shouldKeepAlive = false
      if (!app.webhooks(request, response)) app(request, response)
    },
  )
  server.on('clientError', answerUnreadable)
  server.once('close', () => void app.webhooks.close())
  server.maxHeadersCount = 100
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve(server)
    })
  })
}

const unreadable = new Map<string, ProblemCode>([
  ['HPE_HEADER_OVERFLOW', 'headers_too_large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', 'request_timeout'],
])

/** What is no HTTP, or none that we take, never becomes a request: its answer is written by hand, a problem as well. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const code = unreadable.get(error.code ?? '') ?? 'invalid_request'
  const { status } = problems[code]
  const body = problemBody(code)
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ]
  socket.end(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]))
}
