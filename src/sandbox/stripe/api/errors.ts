import type { Fields } from '../types.ts'

/** An answer that is not what was asked for, in Stripe's words. Thrown inside the API, and only there. */
export class StripeProblem extends Error {
  readonly status: number
  readonly error: Fields
  readonly headers: { readonly [name: string]: string }
  constructor(status: number, error: Fields, headers: { readonly [name: string]: string } = {}) {
    super(String(error.message))
    this.status = status
    this.error = error
    this.headers = headers
  }
}

const docs = (code: string) => `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}`

/** 400: a parameter is wrong. `code` is absent where Stripe gives none. */
export function invalid(
  message: string,
  more: { param?: string; code?: string; charge?: string } = {},
): StripeProblem {
  const doc = more.code === undefined ? {} : { doc_url: docs(more.code) }
  return new StripeProblem(400, { ...more, ...doc, message, type: 'invalid_request_error' })
}

/** No such object: 404 where it is in the path, 400 where a parameter names it. */
export function missing(what: { noun: string; id: string; param: string; inPath: boolean }): StripeProblem {
  const error = {
    code: 'resource_missing',
    doc_url: docs('resource_missing'),
    message: `No such ${what.noun}: '${what.id}'`,
    param: what.param,
    type: 'invalid_request_error',
  }
  return new StripeProblem(what.inPath ? 404 : 400, error)
}

export function unknownUrl(method: string, path: string): StripeProblem {
  const message = `Unrecognized request URL (${method}: ${path}). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.`
  return new StripeProblem(404, { message, type: 'invalid_request_error' })
}

export function unauthorized(key: string | undefined): StripeProblem {
  const message =
    key === undefined
      ? 'You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth.'
      : `Invalid API Key provided: ${key.slice(0, 7)}${'*'.repeat(8)}${key.slice(-4)}`
  return new StripeProblem(
    401,
    { message, type: 'invalid_request_error' },
    { 'WWW-Authenticate': 'Bearer realm="Stripe"' },
  )
}

export function forbidden(): StripeProblem {
  const message = 'The provided key does not have the required permissions for this endpoint.'
  return new StripeProblem(403, { code: 'more_permissions_required', message, type: 'invalid_request_error' })
}

export function rateLimited(retryAfter: string | undefined, reason = 'global-rate'): StripeProblem {
  const error = {
    code: 'rate_limit',
    doc_url: docs('rate_limit'),
    message:
      'Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.',
    type: 'invalid_request_error',
  }
  return new StripeProblem(429, error, { ...retryHeader(retryAfter), 'Stripe-Rate-Limited-Reason': reason })
}

/** Another request holds the object; Stripe says that a retry is welcome. */
export function lockTimeout(retryAfter: string | undefined): StripeProblem {
  const error = {
    code: 'lock_timeout',
    doc_url: docs('lock_timeout'),
    message:
      'This object cannot be accessed right now because another API request or Stripe process is currently accessing it.',
    type: 'invalid_request_error',
  }
  return new StripeProblem(429, error, { ...retryHeader(retryAfter), 'Stripe-Should-Retry': 'true' })
}

const retryHeader = (value: string | undefined) => (value === undefined ? {} : { 'Retry-After': value })

export function serverError(): StripeProblem {
  return new StripeProblem(500, { message: 'An unknown error occurred', type: 'api_error' })
}

export function keyInUse(): StripeProblem {
  const message = 'There is currently another in-progress request using this Idempotent Key.'
  return new StripeProblem(409, { code: 'idempotency_key_in_use', message, type: 'idempotency_error' })
}

export function keyReused(): StripeProblem {
  const message =
    'Keys for idempotent requests can only be used with the same parameters they were first used with.'
  return new StripeProblem(400, { message, type: 'idempotency_error' })
}
