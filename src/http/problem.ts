import type { ServerResponse } from 'node:http'

/**
 * Every error that any route answers, by its stable code: RFC 9457 problem details whose `type` names the page
 * `docs/problems/<code>.md`. A title never says which part of a check failed.
 */
export const problems = {
  // ── webhooks
  malformed_delivery: {
    status: 400,
    title: 'The delivery is verified but is nothing that this provider sends',
  },
  invalid_signature: { status: 401, title: 'The delivery could not be verified' },
  address_not_allowed: { status: 403, title: 'This address may not deliver to this connection' },
  wrong_mode_or_account: { status: 403, title: 'The delivery is not for this connection' },
  no_such_connection: { status: 404, title: 'There is no such connection' },
  method_not_allowed: { status: 405, title: 'This method is not allowed here' },
  body_too_large: { status: 413, title: 'The body is over the limit' },
  unsupported_encoding: { status: 415, title: 'The content encoding is not supported' },
  too_many_failures: { status: 429, title: 'Too many deliveries from this address could not be verified' },
  cannot_store_now: { status: 503, title: 'The delivery cannot be stored now; send it again later' },
  // ── everything else
  request_timeout: { status: 408, title: 'The request did not arrive whole in time' },
  headers_too_large: { status: 431, title: 'The headers are over the limit' },
  invalid_request: { status: 400, title: 'The request is not valid' },
  invalid_json: { status: 400, title: 'The body is not valid JSON' },
  unauthorized: { status: 401, title: 'A valid API key is required' },
  forbidden: { status: 403, title: 'This key may not do that' },
  not_found: { status: 404, title: 'There is nothing here' },
  conflict: { status: 409, title: 'That is not possible in the present state' },
  idempotency_key_in_use: {
    status: 409,
    title: 'The first request with this Idempotency-Key is still under way',
  },
  unsupported_media_type: { status: 415, title: 'The body must be application/json' },
  idempotency_key_reused: { status: 422, title: 'This Idempotency-Key was used with another request' },
  too_many_requests: { status: 429, title: 'Too many requests' },
  internal_error: { status: 500, title: 'Something went wrong here' },
  not_ready: { status: 503, title: 'The service is not ready' },
  unavailable: { status: 503, title: 'The database cannot be reached now; try again later' },
} as const satisfies { readonly [code: string]: { readonly status: number; readonly title: string } }

export type ProblemCode = keyof typeof problems

/** An error that is answered as the problem it names. `detail` is shown to the caller: no secret, no personal datum, no SQL. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly detail: string | undefined
  readonly headers: { readonly [name: string]: string }
  constructor(code: ProblemCode, detail?: string, headers: { readonly [name: string]: string } = {}) {
    super(detail ?? problems[code].title)
    this.name = 'Problem'
    this.code = code
    this.detail = detail
    this.headers = headers
  }
}

/** The body of one problem, the same bytes for the same arguments. */
export function problemBody(code: ProblemCode, detail?: string): Buffer {
  const { status, title } = problems[code]
  return Buffer.from(
    JSON.stringify({
      type: `/docs/problems/${code}`,
      title,
      status,
      code,
      ...(detail === undefined ? {} : { detail }),
    }),
  )
}

const constantBodies = new Map<ProblemCode, Buffer>()

/** Answers with a problem and ends the response, unless it is to be kept open; does nothing when an answer has begun. */
export function sendProblem(
  response: ServerResponse,
  code: ProblemCode,
  {
    detail,
    headers = {},
    keepOpen = false,
  }: { detail?: string | undefined; headers?: { readonly [name: string]: string }; keepOpen?: boolean } = {},
): void {
  if (response.headersSent || response.destroyed) return
  let body = detail === undefined ? constantBodies.get(code) : problemBody(code, detail)
  if (body === undefined) {
    body = problemBody(code)
    constantBodies.set(code, body)
  }
  response.writeHead(problems[code].status, {
    ...headers,
    'content-type': 'application/problem+json',
    'content-length': body.length,
    'cache-control': 'no-store',
  })
  if (keepOpen) response.write(body)
  else response.end(body)
}
