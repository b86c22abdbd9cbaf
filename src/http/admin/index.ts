import express from 'express'
import type { System } from '../../pipeline/system.ts'
import { failureLimit } from '../auth.ts'
import { Problem, sendProblem } from '../problem.ts'
import { openapiDocument } from './openapi.ts'
import { expressPath, type Route } from './route.ts'
import { routes } from './routes.ts'
import { serve, signIn } from './serve.ts'

const bodyLimit = '256kb' // the largest body here names a filter; a megabyte would be a mistake or an attack

/** The admin API, to be mounted at /api/v1. Every operation is in `routes`; each names the role that it needs. */
export function createAdminRouter(system: System): express.Router {
  const router = express.Router({ caseSensitive: true, strict: true })
  const failures = failureLimit(system.now)
  router.use((_request, response, next) => {
    response.set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' })
    next()
  })
  router.get('/openapi.json', (_request, response) => {
    response.json(openapiDocument())
  })
  router.use(async (request, response, next) => {
    response.locals.actor = await signIn(system, request, failures.failed)
    next()
  })
  router.use(express.json({ limit: bodyLimit, type: 'application/json' }))
  for (const route of routes) {
    router[route.method](expressPath(route.path), (request, response) =>
      serve(system, route, response.locals.actor, request, response),
    )
  }
  for (const [path, methods] of methodsByPath(routes)) {
    router.all(path, () => {
      throw new Problem('method_not_allowed', undefined, { allow: methods.join(', ') })
    })
  }
  router.use(() => {
    throw new Problem('not_found')
  })
  router.use(answerError(system))
  return router
}

function methodsByPath(all: readonly Route[]): Map<string, string[]> {
  const methods = new Map<string, string[]>()
  for (const { path, method } of all) {
    const names = method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]
    methods.set(expressPath(path), [...(methods.get(expressPath(path)) ?? []), ...names])
  }
  return methods
}

/** Express calls it with four arguments; all errors of this router end here, as problems. */
function answerError(system: System): express.ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    if (response.headersSent) {
      response.destroy()
      return
    }
    if (error instanceof Problem) {
      sendProblem(response, error.code, { detail: error.detail, headers: error.headers })
      return
    }
    const { type, status, code } = error as { type?: string; status?: number; code?: string }
    if (type === 'entity.too.large') sendProblem(response, 'body_too_large')
    else if (type === 'entity.parse.failed') sendProblem(response, 'invalid_json')
    else if (status === 415) sendProblem(response, 'unsupported_media_type')
    else if (status === 400 || code === nulInText) sendProblem(response, 'invalid_request')
    else if (code !== undefined && isOutage(code))
      sendProblem(response, 'unavailable', { headers: { 'retry-after': '5' } })
    else {
      system.log.error('an admin request failed', {
        method: request.method,
        route: request.route?.path,
        error,
      })
      sendProblem(response, 'internal_error')
    }
  }
}

/** Postgres keeps no NUL in text, so nothing has one in its name. */
const nulInText = '22021'

/** The database cannot be reached, is shutting down or starting, has no connection left, or took too long. */
function isOutage(code: string): boolean {
  return /^(ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|57P0[1-3]|57014|53300|08\w{3})$/.test(code)
}
