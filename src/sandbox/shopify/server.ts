import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { breakOff } from '../serving.ts'
import type { Fault, Faults } from '../stripe/api/faults.ts'
import type { Goods } from './goods.ts'
import { mutationRoot } from './graph/writes.ts'
import { queryRoot } from './graph/roots.ts'
import { answered, prepared } from './graphql/answer.ts'
import { errorOf } from './graphql/words.ts'
import { type Bucket, costOf } from './throttle.ts'
import type { World } from './world.ts'

/** One call, in the order they came. */
export type ShopifyCall = {
  readonly operation: string
  readonly query: string
  readonly variables: { readonly [name: string]: unknown }
}

export type ApiParts = {
  readonly world: World
  readonly goods: Goods
  readonly faults: Faults
  readonly bucket: Bucket
  readonly accessToken: string
  readonly calls: ShopifyCall[]
}

const endpoint = /^\/admin\/api\/(\d{4}-\d\d|unstable)\/graphql\.json$/

/** The stand-in for a shop's Admin API, not listening yet. A fault's `path` is `/` and the operation's name. */
export function createShopifyApi(parts: ApiParts): Server {
  return createServer((request, response) => {
    serve(parts, request, response).catch((error: unknown) => {
      // A mistake of the twin itself: visible at once, and never mistaken for one of the shop's answers.
      if (!response.headersSent) response.writeHead(599)
      response.end(error instanceof Error ? error.stack : String(error))
    })
  })
}

async function serve(parts: ApiParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const version = endpoint.exec(request.url ?? '')?.[1]
  if (request.method !== 'POST' || version === undefined) return say(response, 404, { errors: 'Not Found' })
  if (request.headers['x-shopify-access-token'] !== parts.accessToken)
    return say(response, 401, {
      errors: '[API] Invalid API key or access token (unrecognized login or wrong password)',
    })
  const { query, variables = {} } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Omit<
    ShopifyCall,
    'operation'
  >
  const operation = /^\s*(?:query|mutation)\s+(\w+)/.exec(query)?.[1] ?? ''
  parts.calls.push({ operation, query, variables })
  const fault = parts.faults.take('POST', `/${operation}`)
  if (fault !== undefined && fault.isAfter !== true && spoil(fault, response)) return
  const answer =
    fault?.kind === 'throttled' ? parts.bucket.refusal() : answerTo(parts, version, { query, variables })
  if (fault?.isAfter === true && spoil(fault, response)) return
  say(response, 200, answer, { 'x-shopify-api-version': version })
}

/** What the shop says with status 200: data, or what is wrong with the question. */
function answerTo(
  { world, goods, faults, bucket }: ApiParts,
  version: string,
  { query, variables }: Omit<ShopifyCall, 'operation'>,
): object {
  const rootValue = { ...queryRoot(world, version, faults), ...mutationRoot(world, goods, version) }
  const ready = prepared(query, { rootValue, variables })
  if (!('operation' in ready)) return { errors: ready.map(errorOf) }
  const cost = costOf(ready.operation, variables)
  if (!bucket.take(cost)) return bucket.refusal(cost)
  const { data, errors } = answered(ready)
  if (errors !== undefined) return { errors: errors.map(errorOf) }
  return { data, extensions: { cost: bucket.told(cost) } }
}

function say(
  response: ServerResponse,
  status: number,
  body: object,
  headers: { [name: string]: string } = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
  response.end(JSON.stringify(body))
}

/** Answers instead of the API. False for what is no fault of a whole answer. */
function spoil(fault: Fault, response: ServerResponse): boolean {
  const retry: { [name: string]: string } =
    fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter }
  switch (fault.kind) {
    case 'rate_limit':
      say(
        response,
        429,
        {
          errors:
            'Exceeded 2 calls per second for api client. Reduce request rates to resume uninterrupted service.',
        },
        retry,
      )
      return true
    case 'server_error':
      say(response, 500, { errors: 'Internal Server Error' })
      return true
    case 'unauthorized':
      say(response, 401, {
        errors: '[API] Invalid API key or access token (unrecognized login or wrong password)',
      })
      return true
    case 'forbidden':
      say(response, 200, {
        errors: [{ message: 'Access denied for orders field.', extensions: { code: 'ACCESS_DENIED' } }],
      })
      return true
    default:
      return breakOff(fault, response)
  }
}
