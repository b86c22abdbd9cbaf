import type { IncomingMessage, ServerResponse } from 'node:http'
import { noticeClock } from '../pipeline/clock.ts'
import { point } from '../pipeline/point.ts'
import { storeEvent } from '../pipeline/receive.ts'
import type { System } from '../pipeline/system.ts'
import type { Verdict, VerifiedDelivery } from '../providers/provider.ts'
import { addressOf } from './addresses.ts'
import { type ProblemCode, problems, sendProblem } from './problem.ts'
import { discardRest, readRawBody } from './raw-body.ts'
import { createRefusals, type Refusals } from './refusals.ts'
import { masked, type Target, targetsOf } from './targets.ts'

/** How many deliveries each connection had, by the status that answered them. */
export type DeliveryCounts = Map<string, { connection: string; status: number; count: number }>

/** One attempt under way. `remoteAddress` is whose it is after our own proxies. */
type Attempt = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly target: Target | undefined
  readonly secretHeaders: ReadonlySet<string>
  readonly remoteAddress: string
  readonly receivedAt: Date
  readonly startedAt: number
  bodyBytes: number
  skewSeconds?: number | undefined
}

const prefix = '/webhooks/'
const retryAfterSeconds = '2' // a provider that heeds it comes back when a short outage is over
const idLengthMax = 500

/** Answers a request if its path is a webhook's, and says whether it is. Nothing of express is needed for it. */
export type Webhooks = {
  (request: IncomingMessage, response: ServerResponse): boolean
  readonly counts: DeliveryCounts
  close(): Promise<void>
}

/**
 * `POST /webhooks/{provider}/{connection}`: verify the untouched bytes, commit, then 2xx. A path is compared as it
 * stands, byte for byte: another case, a trailing slash or an escape is another path, and there is nothing at it.
 */
export function createWebhooks(system: System, observe: (seconds: number) => void = () => {}): Webhooks {
  const { targets, allSecret } = targetsOf(system)
  const refusals = createRefusals(system)
  const counts: DeliveryCounts = new Map()

  const handle = (request: IncomingMessage, response: ServerResponse): boolean => {
    const url = request.url ?? ''
    if (!url.startsWith(prefix)) return false
    const query = url.indexOf('?')
    const target = targets.get(query === -1 ? url.slice(prefix.length) : url.slice(prefix.length, query))
    const attempt: Attempt = {
      request,
      response,
      target,
      secretHeaders: target?.secretHeaders ?? allSecret,
      remoteAddress: addressOf(request, system.config.security.trustProxy),
      receivedAt: system.now(),
      startedAt: performance.now(),
      bodyBytes: 0,
    }
    const done = () => {
      tally(counts, target?.connection.id ?? '', response.statusCode)
      observe((performance.now() - attempt.startedAt) / 1_000)
    }
    receive(system, refusals, attempt).then(done, (error) => {
      system.log.error('delivery_failed', { connection: target?.connection.id, code: codeOf(error) })
      void refuse(system, refusals, attempt, 'cannot_store_now', { 'retry-after': retryAfterSeconds }).then(
        done,
      )
    })
    return true
  }
  return Object.assign(handle, { counts, close: () => refusals.close() })
}

async function receive(system: System, refusals: Refusals, attempt: Attempt): Promise<void> {
  const { request, target } = attempt
  const no = (code: ProblemCode, headers?: { [name: string]: string }) =>
    refuse(system, refusals, attempt, code, headers)
  if (target === undefined) return no('no_such_connection')
  if (!target.isAllowed(attempt.remoteAddress)) return no('address_not_allowed')
  if (request.method !== 'POST') return no('method_not_allowed', { allow: 'POST' })
  // The signed bytes are the plain ones, and no provider compresses: nothing is ever inflated here.
  if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') return no('unsupported_encoding')

  const body = await readRawBody(request, system.config.limits.bodyBytes)
  if (body === 'aborted') return
  if (body === 'too_large') return no('body_too_large', { connection: 'close' })
  attempt.bodyBytes = body.length

  point('receive.before_verify')
  const headers = headersOf(request)
  const verdict = await target.provider.verify(
    { method: 'POST', path: request.url ?? '', headers, body },
    target.connection,
    attempt.receivedAt,
  )
  point('receive.after_verify')
  if (verdict.kind !== 'verified') return answerUnverified(system, refusals, attempt, verdict)
  if (!isStorable(verdict.delivery)) return no('malformed_delivery')
  await store(system, attempt, target, verdict.delivery, headers, body)
}

async function store(
  system: System,
  attempt: Attempt,
  { connection, secretHeaders }: Target,
  delivery: VerifiedDelivery,
  headers: readonly (readonly [string, string])[],
  body: Uint8Array,
): Promise<void> {
  const { id, status } = await storeEvent(system, {
    connection: connection.id,
    provider: connection.provider,
    providerEventId: delivery.providerEventId,
    type: delivery.type,
    mode: delivery.ignore === 'other_mode' ? otherMode(connection.mode) : connection.mode,
    apiVersion: delivery.apiVersion,
    source: 'webhook',
    body,
    headers: masked(headers, secretHeaders),
    path: pathOf(attempt.request),
    method: 'POST',
    remoteAddress: attempt.remoteAddress,
    occurredAt: delivery.occurredAt,
    receivedAt: attempt.receivedAt.toISOString(),
    startedAt: attempt.startedAt,
    isIdSigned: delivery.isIdSigned,
    claim: delivery.claim,
    ignore: delivery.ignore,
  })
  answer(attempt.response, 200, 'application/json', `{"id":"${id}","status":"${status}"}`)
  point('receive.after_answer')
}

async function answerUnverified(
  system: System,
  refusals: Refusals,
  attempt: Attempt,
  verdict: Exclude<Verdict, { kind: 'verified' }>,
): Promise<void> {
  switch (verdict.kind) {
    case 'forged': {
      // The signature was tried first: a genuine delivery never gets here, however many forgeries share its address.
      const waitSeconds = refusals.failed(attempt.remoteAddress)
      attempt.skewSeconds = verdict.skewSeconds
      if (waitSeconds === undefined) {
        await refuse(system, refusals, attempt, 'invalid_signature')
        if (verdict.skewSeconds !== undefined) void noticeClock(system, attempt.target!.connection.id)
        return
      }
      return refuse(system, refusals, attempt, 'too_many_failures', { 'retry-after': String(waitSeconds) })
    }
    case 'not_allowed':
      return refuse(system, refusals, attempt, 'wrong_mode_or_account')
    case 'unavailable':
      return refuse(system, refusals, attempt, 'cannot_store_now', { 'retry-after': retryAfterSeconds })
    case 'malformed':
      return refuse(system, refusals, attempt, 'malformed_delivery')
    case 'challenge':
      await refusals.log(attemptRow(attempt, verdict.status))
      return answer(attempt.response, verdict.status, verdict.contentType, verdict.body)
  }
}

/** Answers with a problem, after the attempt stands in the delivery log; outages are not waited for. */
async function refuse(
  system: System,
  refusals: Refusals,
  attempt: Attempt,
  code: ProblemCode,
  headers: { readonly [name: string]: string } = {},
): Promise<void> {
  const { status } = problems[code]
  const written = refusals.log(attemptRow(attempt, status))
  if (status < 500) await written
  system.log.debug('delivery_refused', { connection: attempt.target?.connection.id, code })
  const { request, response } = attempt
  if (request.readableEnded) return sendProblem(response, code, { headers })
  // Unread bytes would turn the closing of the connection into a reset, and the sender would not see the answer.
  discardRest(request, () => response.end())
  sendProblem(response, code, { headers: { ...headers, connection: 'close' }, keepOpen: true })
}

function answer(response: ServerResponse, status: number, contentType: string, body: string): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

function attemptRow(attempt: Attempt, responseStatus: number) {
  const { request, target } = attempt
  return {
    connection: target?.connection.id ?? '',
    eventId: undefined,
    receivedAt: attempt.receivedAt.toISOString(),
    remoteAddress: attempt.remoteAddress,
    method: (request.method ?? '').slice(0, 20),
    path: pathOf(request).slice(0, 200),
    headers: JSON.stringify(masked(headersOf(request), attempt.secretHeaders)),
    bodyBytes: attempt.bodyBytes,
    responseStatus,
    durationUs: Math.round((performance.now() - attempt.startedAt) * 1_000),
    duplicate: false,
    skewSeconds: attempt.skewSeconds,
  }
}

function headersOf({ rawHeaders }: IncomingMessage): (readonly [string, string])[] {
  const headers: (readonly [string, string])[] = []
  for (let i = 0; i < rawHeaders.length; i += 2)
    headers.push([rawHeaders[i]!.toLowerCase(), rawHeaders[i + 1]!])
  return headers
}

function pathOf(request: IncomingMessage): string {
  const url = request.url ?? ''
  const query = url.indexOf('?')
  return query === -1 ? url : url.slice(0, query) // a query may hold a secret, and a signature never covers ours
}

/** Whether Postgres can hold them as text, and an index entry can. */
function isStorable({ providerEventId, type }: VerifiedDelivery): boolean {
  return [providerEventId, type].every(
    (text) => text.length > 0 && text.length <= idLengthMax && text.isWellFormed() && !text.includes('\0'),
  )
}

function otherMode(mode: 'test' | 'live'): 'test' | 'live' {
  return mode === 'test' ? 'live' : 'test'
}

function tally(counts: DeliveryCounts, connection: string, status: number): void {
  const key = `${status} ${connection}`
  const entry = counts.get(key)
  if (entry === undefined) counts.set(key, { connection, status, count: 1 })
  else entry.count += 1
}

function codeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown }
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown'
}
