import { hash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import type { Request, Response } from 'express'
import type * as z from 'zod'
import type { System } from '../../pipeline/system.ts'
import { writeAudit } from '../../store/audit.ts'
import { type Actor, actorOf, mayAct } from '../auth.ts'
import { Problem, problems } from '../problem.ts'
import { answerOnce, idempotencyKeyOf } from './idempotent.ts'
import { addressOf, type Answer, type Call, type Route } from './route.ts'

/** Who asks. Throws `unauthorized`, or `too_many_requests` once an address has failed too often. */
export async function signIn(
  system: System,
  request: Request,
  failed: (address: string) => boolean,
): Promise<Actor> {
  const actor = await actorOf(system, request.get('authorization'))
  if (actor !== undefined) return actor
  if (failed(addressOf(request))) {
    throw new Problem('too_many_requests', 'Wait a minute, then use a valid key', { 'retry-after': '60' })
  }
  throw new Problem('unauthorized', 'Send a valid key as Authorization: Bearer KEY', {
    'www-authenticate': 'Bearer',
  })
}

/** Checks role, query and body in this order, runs the handler (once per Idempotency-Key), audits, answers. */
export async function serve(
  system: System,
  route: Route,
  actor: Actor,
  request: Request,
  response: Response,
): Promise<void> {
  let answer: Answer
  try {
    answer = await answerTo(system, route, actor, request)
  } catch (error) {
    const status = error instanceof Problem ? problems[error.code].status : 500
    if (route.isAudited) await audit(system, route, actor, request, status)
    throw error
  }
  // Before the answer leaves: what cannot be written down is not told.
  if (route.isAudited) await audit(system, route, actor, request, answer.status)
  await send(response, answer)
}

async function answerTo(system: System, route: Route, actor: Actor, request: Request): Promise<Answer> {
  if (!mayAct(actor, route.role)) throw new Problem('forbidden', `This needs the role ${route.role}`)
  if (route.isForAll && actor.connections !== null)
    throw new Problem('forbidden', 'This needs a key that is not limited to connections')
  const call: Call<unknown, unknown> = {
    system,
    actor,
    address: addressOf(request),
    params: request.params as { [name: string]: string },
    query: checkQuery(route, request),
    body: checkBody(route, request),
  }
  const key = route.method === 'get' ? undefined : idempotencyKeyOf(request)
  const run = () => route.handle(call as Call<never, never>)
  return key === undefined ? run() : answerOnce(system, actor, key, digestOf(route, request), run)
}

function checkQuery(route: Route, request: Request): unknown {
  if (route.query !== undefined) return checked(route.query, request.query, 'query')
  const [surplus] = Object.keys(request.query)
  if (surplus === undefined) return undefined
  throw new Problem('invalid_request', `There is no query parameter ${printable(surplus)} here`)
}

function checkBody(route: Route, request: Request): unknown {
  if (route.body === undefined) return undefined
  const hasBody =
    request.get('content-length') !== '0' &&
    (request.get('content-length') ?? request.get('transfer-encoding')) !== undefined
  if (hasBody && request.is('application/json') === false) {
    throw new Problem('unsupported_media_type', 'Send the body as application/json')
  }
  return checked(route.body, request.body ?? {}, 'body')
}

function checked(schema: z.ZodType, value: unknown, place: 'query' | 'body'): unknown {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  const first =
    issue.code === 'unrecognized_keys'
      ? { path: [...issue.path, printable(issue.keys[0]!)].join('.'), message: 'is not known here' }
      : { path: issue.path.join('.'), message: issue.message }
  throw new Problem('invalid_request', `${first.path === '' ? `The ${place}` : first.path} ${first.message}`)
}

/** A name that came from outside, short enough and without control characters. */
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 60)
}

function digestOf(route: Route, request: Request): Buffer {
  return hash(
    'sha256',
    JSON.stringify([route.method, request.path, request.query, request.body ?? null]),
    'buffer',
  )
}

async function send(response: Response, answer: Answer): Promise<void> {
  response.status(answer.status)
  if ('json' in answer) {
    response.json(answer.json)
    return
  }
  response.set({ 'Content-Type': answer.type, ...answer.headers })
  if ('bytes' in answer)
    response.send(Buffer.from(answer.bytes.buffer, answer.bytes.byteOffset, answer.bytes.byteLength))
  else await pipeline(Readable.from(answer.pieces), response)
}

async function audit(
  system: System,
  route: Route,
  actor: Actor,
  request: Request,
  status: number,
): Promise<void> {
  const target = Object.values(request.params).join('/')
  await writeAudit(system.db.web, {
    at: system.now(),
    actor: actor.keyId,
    action: `${route.method.toUpperCase()} ${route.path}`,
    target: printable(target),
    address: addressOf(request),
    result: status.toString(),
  })
}
