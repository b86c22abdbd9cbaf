import { isUtf8 } from 'node:buffer'
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { ConnectionSettings, RawRequest, Verdict, VerifiedDelivery } from '../provider.ts'
import { isId, isThing, type Thing } from './json.ts'

/**
 * Is this delivery genuine, fresh, and ours?
 *
 * The signature covers `t + "." + body` as bytes, so it is checked before a single character is decoded. Our own, as
 * the official verifier decodes the body first, lets any future timestamp pass and throws on bytes past 0x7f.
 *
 * @see https://docs.stripe.com/webhooks#verify-manually (checked 2026-11)
 */
export function verify(request: RawRequest, connection: ConnectionSettings, now: Date): Verdict {
  const header = signatureHeader(request)
  if (typeof header !== 'string') return forged(header.reason)
  const parsed = parseHeader(header)
  if ('reason' in parsed) return forged(parsed.reason)
  if (!isSigned(parsed, request.body, connection.webhookSecrets)) return forged('signature')
  const skewSeconds = Math.floor(now.getTime() / 1000) - Number(parsed.timestamp)
  if (Math.abs(skewSeconds) > connection.toleranceSeconds) {
    return { kind: 'forged', reason: skewSeconds > 0 ? 'stale' : 'future', skewSeconds }
  }
  return judgeBody(request.body, connection)
}

const headerName = 'stripe-signature'
/** Room for dozens of signatures; while a secret is rolled they send two. */
const headerLengthMax = 8_192
const hexDigest = /^[0-9a-f]{64}$/
const unixSeconds = /^[0-9]{1,12}$/

function forged(reason: string): Verdict {
  return { kind: 'forged', reason }
}

function signatureHeader(request: RawRequest): string | { reason: string } {
  let found: string | undefined
  for (const [name, value] of request.headers) {
    if (name !== headerName) continue
    if (found !== undefined) return { reason: 'header given twice' }
    found = value
  }
  if (found === undefined || found === '') return { reason: 'header missing' }
  if (found.length > headerLengthMax) return { reason: 'header too long' }
  return found
}

type Signatures = { readonly timestamp: string; readonly digests: readonly Buffer[] }

function parseHeader(header: string): Signatures | { reason: string } {
  let timestamp: string | undefined
  const digests: Buffer[] = []
  for (const part of header.split(',')) {
    const [key, value = ''] = splitOnce(part)
    // With a space it is a second header that something on the way has joined to the first.
    if (timestamp !== undefined && key.trim() === 't') return { reason: 't given twice' }
    if (key === 't') {
      if (!unixSeconds.test(value)) return { reason: 't malformed' }
      timestamp = value
    } else if (key === 'v1' && hexDigest.test(value)) {
      digests.push(Buffer.from(value, 'hex'))
    }
    // v0 comes with test deliveries and is weaker; a byte past 0x7f can only make the header malformed.
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the header's bytes, given as latin1
  if (/[^\x00-\x7f]/.test(header)) return { reason: 'header not ascii' }
  if (timestamp === undefined) return { reason: 't missing' }
  if (digests.length === 0) return { reason: 'v1 missing' }
  return { timestamp, digests }
}

function splitOnce(part: string): [string, string?] {
  const at = part.indexOf('=')
  return at < 0 ? [part] : [part.slice(0, at), part.slice(at + 1)]
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

function isSigned({ timestamp, digests }: Signatures, body: Uint8Array, secrets: readonly string[]): boolean {
  let matches = false
  for (const secret of secrets) {
    if (secret === '') continue
    const expected = createHmac('sha256', keyOf(secret)).update(`${timestamp}.`).update(body).digest()
    for (const digest of digests) matches = timingSafeEqual(digest, expected) || matches
  }
  return matches
}

function judgeBody(body: Uint8Array, connection: ConnectionSettings): Verdict {
  const event = parseObject(body)
  if (event === undefined) return { kind: 'malformed', reason: 'not a JSON object' }
  const { id, type, account, context, livemode, api_version: apiVersion, created } = event
  if (!isId(id)) return { kind: 'malformed', reason: 'no id' }
  if (!isId(type)) return { kind: 'malformed', reason: 'no type' }
  const isConnect = account !== undefined && account !== null
  if (isConnect && account !== connection.account) return { kind: 'not_allowed', reason: 'account' }
  if (isAnother(context, connection.account)) return { kind: 'not_allowed', reason: 'account' }
  const isOurMode = (livemode === true) === (connection.mode === 'live')
  // An endpoint has one mode, except a platform's: it gets both modes of its accounts, and refusing would cost it.
  if (!isOurMode && !isConnect) return { kind: 'not_allowed', reason: 'mode' }
  const occurredAt = eventTime(created)
  const delivery: VerifiedDelivery = {
    providerEventId: id,
    type,
    isIdSigned: true,
    ...(isId(apiVersion) && { apiVersion }),
    ...(occurredAt !== undefined && { occurredAt }),
    ...(!isOurMode && { ignore: 'other_mode' }),
  }
  return { kind: 'verified', delivery }
}

/** Thin events name their account as `context`, the merchant's own as well: that tells something only to who knows it. */
function isAnother(context: unknown, account: string): boolean {
  const areAccounts = isId(context) && context.startsWith('acct_') && account.startsWith('acct_')
  return areAccounts && context !== account
}

/** The event, parsed once; undefined for what is no JSON object in UTF-8 (a byte order mark is none either). */
function parseObject(body: Uint8Array): Thing | undefined {
  if (!isUtf8(body)) return undefined
  try {
    const value: unknown = JSON.parse(
      Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'),
    )
    return isThing(value) ? value : undefined
  } catch {
    return undefined // also what is nested too deeply to be read: they never send it
  }
}

/** Seconds in events, RFC 3339 in thin ones; anything else is left out, as `normalize` says what it lacks. */
function eventTime(created: unknown): string | undefined {
  const time =
    typeof created === 'number'
      ? created * 1000
      : typeof created === 'string'
        ? Date.parse(created)
        : Number.NaN
  return time >= 0 && time <= 253_402_300_799_000 ? new Date(time).toISOString() : undefined
}
