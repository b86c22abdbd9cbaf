import type { ServerResponse } from 'node:http'
import type { Fields, Resource } from '../types.ts'
import type { World } from '../world.ts'
import {
  forbidden,
  keyInUse,
  lockTimeout,
  rateLimited,
  serverError,
  StripeProblem,
  unauthorized,
} from './errors.ts'
import type { Fault } from './faults.ts'
import type { Answer } from './asked.ts'

const page =
  '<!DOCTYPE html><html><head><title>Bad Gateway</title></head><body>upstream connect error</body></html>'

/**
 * Answers instead of the API, or spoils the answer that it gave. True: the request is dealt with, or will never be.
 * False for the faults that only change a page.
 */
export function spoil(fault: Fault, response: ServerResponse, answer: Answer | undefined): boolean {
  switch (fault.kind) {
    case 'rate_limit':
      return problem(response, rateLimited(fault.retryAfter))
    case 'lock_timeout':
      return problem(response, lockTimeout(fault.retryAfter))
    case 'server_error':
      return problem(response, serverError())
    case 'unauthorized':
      return problem(response, unauthorized('sk_test_revoked_0000'))
    case 'forbidden':
      return problem(response, forbidden())
    case 'not_found':
      return problem(
        response,
        new StripeProblem(404, {
          code: 'resource_missing',
          message: 'No such object',
          type: 'invalid_request_error',
        }),
      )
    case 'key_in_use':
      return problem(response, keyInUse())
    case 'bad_gateway':
      return html(response, 502)
    case 'html':
      return html(response, 200)
    case 'hang':
      return true
    case 'reset':
      response.socket?.resetAndDestroy()
      return true
    case 'cut':
      return cut(response, answer?.body ?? '{"object": "list", "data": [{"id": "evt_cut", "object": "ev')
    default:
      return false
  }
}

function problem(response: ServerResponse, { status, error, headers }: StripeProblem): true {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify({ error }, null, 2))
  return true
}

function html(response: ServerResponse, status: number): true {
  response.writeHead(status, { 'content-type': 'text/html' })
  response.end(page)
  return true
}

function cut(response: ServerResponse, body: string): true {
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body) + 1,
  })
  response.write(body.slice(0, Math.ceil(body.length / 2)), () => response.socket?.destroy())
  return true
}

/** Changes a page that was given, or the world between this page and the next. Other answers stay as they are. */
export function disturbPage(fault: Fault, answer: Answer, world: World): void {
  if (answer.status !== 200) return
  const list = JSON.parse(answer.body) as Fields & { data?: Resource[] }
  if (list.object !== 'list' || list.data === undefined) return
  if (fault.kind === 'empty_page') answer.body = JSON.stringify({ ...list, data: [], has_more: true })
  if (fault.kind === 'short_page') {
    const kept = list.data.slice(0, Math.max(1, Math.floor(list.data.length / 2)))
    answer.body = JSON.stringify({
      ...list,
      data: kept,
      has_more: list.has_more === true || kept.length < list.data.length,
    })
  }
  const last = list.data.at(-1)
  if (fault.kind === 'delete_cursor' && last !== undefined) world.ground.store.remove(last.id)
  if (fault.kind === 'insert_at_head')
    world.pay({ amount: 1500, currency: world.ground.settlementCurrency, via: 'intent' })
}
