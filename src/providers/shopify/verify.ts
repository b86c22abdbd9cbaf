import { isUtf8 } from 'node:buffer'
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { Instant } from '../../core/fact.ts'
import type { ConnectionSettings, RawRequest, Verdict, VerifiedDelivery } from '../provider.ts'
import { isThing, parseLossless, type Thing } from './json.ts'

/**
 * Is this delivery genuine, and of our shop?
 *
 * The signature covers the body alone. Topic, shop, ids and times stand in headers that anybody may change, so whatever
 * shop the body names must be ours, times are its own, and `normalize` holds its topic against it. Our own, as the
 * official validator takes one secret and so fails while it is rotated.
 *
 * @see https://shopify.dev/docs/apps/build/webhooks/subscribe/https#verify (checked 2026-11)
 */
export function verify(request: RawRequest, connection: ConnectionSettings, _now: Date): Verdict {
  const headers = readHeaders(request)
  if ('reason' in headers) return forged(headers.reason)
  if (!isSigned(headers.digest, request.body, connection.webhookSecrets)) return forged('signature')
  const body = parseObject(request.body)
  if (body === undefined) return malformed('not a JSON object')
  const { topic, eventId } = headers
  if (!isHeaderText(topic)) return malformed('no topic')
  if (!isHeaderText(eventId)) return malformed('no event id or webhook id')
  if (namesAnotherShop(body, connection)) return { kind: 'not_allowed', reason: 'shop' }
  const occurredAt = bodyTime(body)
  const delivery: VerifiedDelivery = {
    providerEventId: `${topic}:${eventId}`,
    type: topic,
    isIdSigned: false,
    ...(isHeaderText(headers.apiVersion) && { apiVersion: headers.apiVersion }),
    ...(occurredAt !== undefined && { occurredAt }),
    ...(isTest(body) && connection.mode === 'live' && { ignore: 'other_mode' }),
  }
  return { kind: 'verified', delivery }
}

/** Older deliveries name their headers `x-shopify-…`, the newer kind of subscription leaves the `x-` away. */
const families = ['x-shopify-', 'shopify-'] as const
const digestBase64 = /^[A-Za-z0-9+/]{43}=$/
const headerText = /^[\x21-\x7e]{1,200}$/

type Headers = {
  readonly digest: Buffer
  readonly topic: string | undefined
  readonly eventId: string | undefined
  readonly apiVersion: string | undefined
}

function readHeaders({ headers }: RawRequest): Headers | { readonly reason: string } {
  const signatures = headers.filter(([name]) => families.some((family) => name === `${family}hmac-sha256`))
  const [signature] = signatures
  if (signature === undefined) return { reason: 'header missing' }
  if (signatures.length > 1) return { reason: 'header given twice' }
  const [name, value] = signature
  const digest = digestBase64.test(value) ? Buffer.from(value, 'base64') : undefined
  // A digest has one spelling; another whose spare bits differ decodes to the same bytes and is none of theirs.
  if (digest === undefined || digest.toString('base64') !== value) return { reason: 'header malformed' }
  const family = name.slice(0, -'hmac-sha256'.length)
  const header = (key: string) => headers.find(([candidate]) => candidate === `${family}${key}`)?.[1]
  return {
    digest,
    topic: header('topic'),
    eventId: header('event-id') ?? header('webhook-id'),
    apiVersion: header('api-version'),
  }
}

/** Keys are made once a secret: making one costs as much as hashing a kilobyte. Bounded by what the file names. */
const keys = new Map<string, KeyObject>()

function keyOf(secret: string): KeyObject {
  const known = keys.get(secret)
  if (known !== undefined) return known
  const key = createSecretKey(secret, 'utf8')
  keys.set(secret, key)
  return key
}

function isSigned(digest: Buffer, body: Uint8Array, secrets: readonly string[]): boolean {
  let matches = false
  for (const secret of secrets) {
    if (secret === '') continue
    const expected = createHmac('sha256', keyOf(secret)).update(body).digest()
    matches = timingSafeEqual(digest, expected) || matches
  }
  return matches
}

function parseObject(body: Uint8Array): Thing | undefined {
  if (!isUtf8(body)) return undefined
  try {
    const value = parseLossless(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'))
    return isThing(value) ? value : undefined
  } catch {
    return undefined // also what is nested too deeply to be read: they never send it
  }
}

/**
 * One app secret signs for every shop that installed the app, so a genuine body may be another shop's. Privacy topics
 * and the shop itself name it; of an order only the link to its status page does, where the shop has no domain of its own.
 */
function namesAnotherShop(body: Thing, { extra, account }: ConnectionSettings): boolean {
  const { shop } = extra
  const link = statusLink(body)
  const domains = [body.shop_domain, body.myshopify_domain, link?.domain]
  if (
    typeof shop === 'string' &&
    domains.some((domain) => typeof domain === 'string' && !isSame(domain, shop))
  )
    return true
  const ids = [body.shop_id, link?.shopId].flatMap((id) =>
    id === undefined || id === null ? [] : [String(id)],
  )
  return /^\d+$/.test(account) && ids.some((id) => id !== account)
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

const statusUrl = /^https:\/\/([^/]+)\/(\d+)\/orders\//

function statusLink({
  order_status_url: url,
}: Thing): { domain: string | undefined; shopId: string } | undefined {
  const found = typeof url === 'string' ? statusUrl.exec(url) : null
  if (found === null) return undefined
  const [, domain = '', shopId = ''] = found
  return { domain: domain.toLowerCase().endsWith('.myshopify.com') ? domain : undefined, shopId }
}

/** Of the moment as the body has it; the header that says it is not signed. */
function bodyTime(body: Thing): Instant | undefined {
  const edit = isThing(body.order_edit) ? body.order_edit : {}
  for (const value of [
    body.updated_at,
    body.processed_at,
    body.created_at,
    body.initiated_at,
    edit.created_at,
  ]) {
    const time = typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : Number.NaN
    if (!Number.isNaN(time)) return new Date(time).toISOString()
  }
  return undefined
}

function isTest(body: Thing): boolean {
  return body.test === true
}

function isHeaderText(value: string | undefined): value is string {
  return value !== undefined && headerText.test(value)
}

function forged(reason: string): Verdict {
  return { kind: 'forged', reason }
}

function malformed(reason: string): Verdict {
  return { kind: 'malformed', reason }
}
