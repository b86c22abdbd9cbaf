import { isUtf8 } from 'node:buffer'
import {
  createHmac,
  createPublicKey,
  createSecretKey,
  type KeyObject,
  timingSafeEqual,
  verify as verifySignature,
} from 'node:crypto'
import type { ConnectionSettings, RawRequest, Verdict, VerifiedDelivery } from '../provider.ts'
import { isThing, instantOf, isId } from './json.ts'

/**
 * Is this delivery genuine and fresh? The signature covers `id.timestamp.body` as bytes, so it is checked before a
 * single character of the body is decoded.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md (checked 2026-11)
 */
export function verify(request: RawRequest, connection: ConnectionSettings, now: Date): Verdict {
  const headers = headersOf(request)
  if ('reason' in headers) return forged(headers.reason)
  const { id, timestamp, signature } = headers
  if (!unixSeconds.test(timestamp)) return forged('timestamp malformed')
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`, 'latin1'), request.body])
  if (!isSigned(signature, signed, connection.webhookSecrets)) return forged('signature')
  const skewSeconds = Math.floor(now.getTime() / 1000) - Number(timestamp)
  if (Math.abs(skewSeconds) > connection.toleranceSeconds)
    return { kind: 'forged', reason: skewSeconds > 0 ? 'stale' : 'future', skewSeconds }
  return judgeBody(request.body, id, timestamp)
}

// The same scheme went by another name before it had this one; senders of that name are still about.
const families = ['webhook', 'svix'] as const
const headerLengthMax = 8_192
const unixSeconds = /^[0-9]{1,12}$/
const ascii = /^[\x20-\x7e]+$/

function forged(reason: string): Verdict {
  return { kind: 'forged', reason }
}

type Headers = { readonly id: string; readonly timestamp: string; readonly signature: string }

/** The three headers of one family, each there once; two families at once would leave open which is meant. */
function headersOf(request: RawRequest): Headers | { reason: string } {
  const present = families.filter((family) =>
    request.headers.some(([name]) => name.startsWith(`${family}-`) && name.endsWith('-signature')),
  )
  const [family] = present
  if (family === undefined || present.length > 1) return { reason: 'signature header missing or doubled' }
  const values = ['id', 'timestamp', 'signature'].map((name) =>
    request.headers.filter(([header]) => header === `${family}-${name}`).map(([, value]) => value),
  )
  if (values.some((found) => found.length !== 1)) return { reason: 'header missing or given twice' }
  const [id, timestamp, signature] = values.flat() as [string, string, string]
  if (!isId(id)) return { reason: 'id malformed' }
  if (signature.length > headerLengthMax || !ascii.test(signature)) return { reason: 'header malformed' }
  return { id, timestamp, signature }
}

type Key = { readonly scheme: 'v1' | 'v1a'; readonly key: KeyObject }

/** Keys are made once a secret. Bounded by what the file names. */
const keys = new Map<string, Key | undefined>()

/** `whsec_` and base64 for a shared secret (the prefix may be missing), `whpk_` and base64 for their public key. */
export function keyOf(secret: string): Key | undefined {
  if (!keys.has(secret)) keys.set(secret, makeKey(secret))
  return keys.get(secret)
}

const base64 = /^[A-Za-z0-9+/]+={0,2}$/

function makeKey(secret: string): Key | undefined {
  const isPublic = secret.startsWith('whpk_')
  const text = secret.replace(/^wh(sec|pk)_/, '')
  const bytes = Buffer.from(text, 'base64')
  if (!base64.test(text) || bytes.length < 16) return undefined
  if (!isPublic) return { scheme: 'v1', key: createSecretKey(bytes) }
  if (bytes.length !== 32) return undefined
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') }
  return { scheme: 'v1a', key: createPublicKey({ key: jwk, format: 'jwk' }) }
}

/** Any signature of any current secret is enough: both sides may be rolling theirs. Other versions are passed over. */
function isSigned(header: string, signed: Uint8Array, secrets: readonly string[]): boolean {
  const given = header.split(' ').map((part) => {
    const comma = part.indexOf(',')
    return {
      version: part.slice(0, Math.max(comma, 0)),
      digest: Buffer.from(part.slice(comma + 1), 'base64'),
    }
  })
  let matches = false
  for (const secret of secrets) {
    const key = keyOf(secret)
    if (key === undefined) continue
    const own = key.scheme === 'v1' ? createHmac('sha256', key.key).update(signed).digest() : undefined
    for (const { version, digest } of given) {
      if (version !== key.scheme) continue
      matches = (own === undefined ? isByKey(signed, key.key, digest) : isSame(digest, own)) || matches
    }
  }
  return matches
}

function isSame(digest: Buffer, own: Buffer): boolean {
  return digest.length === own.length && timingSafeEqual(digest, own)
}

function isByKey(signed: Uint8Array, key: KeyObject, digest: Buffer): boolean {
  return digest.length === 64 && verifySignature(null, signed, key, digest)
}

function judgeBody(body: Uint8Array, id: string, timestamp: string): Verdict {
  const event = parseObject(body)
  if (event === undefined) return { kind: 'malformed', reason: 'not a JSON object' }
  const type = Object.hasOwn(event, 'type') ? event.type : undefined
  if (!isId(type)) return { kind: 'malformed', reason: 'no type' }
  const occurredAt = instantOf(event.timestamp) ?? new Date(Number(timestamp) * 1000).toISOString()
  const delivery: VerifiedDelivery = { providerEventId: id, type, isIdSigned: true, occurredAt }
  return { kind: 'verified', delivery }
}

/** The event, parsed once; undefined for what is no JSON object in UTF-8 (a byte order mark is none either). */
function parseObject(body: Uint8Array): { readonly [key: string]: unknown } | undefined {
  if (!isUtf8(body)) return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'))
    return isThing(value) ? value : undefined
  } catch {
    return undefined
  }
}
