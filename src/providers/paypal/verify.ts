import { type KeyObject, verify as verifySignature } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { ConnectionSettings, RawRequest, Verdict } from '../provider.ts'
import { keyBehind } from './certificates.ts'
import { child, children, isId, type Node, parseObject, text } from './json.ts'
import { askWhether, type Signed } from './postback.ts'
import { setting, webhookIds } from './settings.ts'

/**
 * Is this delivery theirs? By the certificate that it names, or by asking them (`verify: postback`).
 *
 * Either way the answer is worth a hint and no more: what is signed of the body is its CRC32, and another body with the
 * same CRC is made in no time. So the transmission is claimed for one body, and `normalize` only ever asks to re-read.
 *
 * @see https://developer.paypal.com/api/rest/webhooks/rest/ (checked 2026-11)
 */
export async function verify(
  request: RawRequest,
  connection: ConnectionSettings,
  now: Date,
): Promise<Verdict> {
  const signed = signedIn(request)
  if (typeof signed === 'string') return { kind: 'forged', reason: signed }
  const said =
    setting(connection, 'verify') === 'postback'
      ? await askWhether(signed, request.body, connection)
      : await checked(signed, request.body, connection, now)
  if (said !== 'genuine') return said
  const age = now.getTime() - Date.parse(signed.time)
  const toleranceMs = connection.toleranceSeconds * 1000
  if (!(age <= Math.max(ageMaxMs, toleranceMs)) || age < -toleranceMs)
    return { kind: 'forged', reason: age > 0 ? 'stale' : 'future', skewSeconds: Math.round(age / 1000) }
  return judgeBody(request.body, connection, signed.id)
}

/** Retries go on for three days, and whether they carry the time of the first attempt is not said. */
const ageMaxMs = 4 * 86_400_000

/** Whole shapes, so that nothing odd goes further: a byte past 0x7f fits none of them. */
const headers = new Map<string, readonly [keyof Signed, RegExp]>([
  ['paypal-transmission-id', ['id', /^[A-Za-z0-9-]{8,100}$/]],
  ['paypal-transmission-time', ['time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/]],
  ['paypal-transmission-sig', ['signature', /^[A-Za-z0-9+/]{300,1400}={0,2}$/]],
  ['paypal-cert-url', ['certUrl', /^https:\/\/[\x21-\x7e]{1,300}$/]],
  ['paypal-auth-algo', ['algorithm', /^SHA256withRSA$/]],
])

function signedIn(request: RawRequest): Signed | string {
  const found: { -readonly [P in keyof Signed]?: string } = {}
  for (const [name, value] of request.headers) {
    const [key, shape] = headers.get(name) ?? []
    if (key === undefined || shape === undefined) continue
    if (found[key] !== undefined) return `${name} given twice`
    if (!shape.test(value)) return `${name} malformed`
    found[key] = value
  }
  const { id, time, signature, certUrl, algorithm } = found
  if (!id || !time || !signature || !certUrl || !algorithm) return 'header missing'
  return { id, time, signature, certUrl, algorithm }
}

async function checked(
  signed: Signed,
  body: Uint8Array,
  connection: ConnectionSettings,
  now: Date,
): Promise<Verdict | 'genuine'> {
  const certified = await keyBehind(signed.certUrl, connection, now)
  if ('failure' in certified) {
    if (certified.failure === 'unreachable') return { kind: 'unavailable', reason: 'certificate unreachable' }
    return { kind: 'forged', reason: 'certificate' }
  }
  return isSigned(signed, body, webhookIds(connection), certified.key)
    ? 'genuine'
    : { kind: 'forged', reason: 'signature' }
}

/** True when the signature is this key's, over this body's CRC32, for one of our webhooks. */
export function isSigned(signed: Signed, body: Uint8Array, ids: readonly string[], key: KeyObject): boolean {
  const signature = Buffer.from(signed.signature, 'base64')
  const check = crc32(body)
  return ids.some((id) =>
    verifySignature('sha256', Buffer.from(`${signed.id}|${signed.time}|${id}|${check}`), key, signature),
  )
}

function judgeBody(body: Uint8Array, connection: ConnectionSettings, claim: string): Verdict {
  const event = parseObject(body)
  if (event === undefined) return { kind: 'malformed', reason: 'not a JSON object' }
  const { id, event_type: type, create_time: created } = event.value
  if (!isId(id)) return { kind: 'malformed', reason: 'no id' }
  if (!isId(type)) return { kind: 'malformed', reason: 'no event_type' }
  if (isOtherMode(event, connection.mode)) return { kind: 'not_allowed', reason: 'mode' }
  if (isOtherAccount(event, connection.account)) return { kind: 'not_allowed', reason: 'account' }
  const time = typeof created === 'string' ? Date.parse(created) : Number.NaN
  const delivery = { providerEventId: id, type, isIdSigned: false, claim }
  const isTime = time >= 0 && time < 253_402_300_800_000
  return {
    kind: 'verified',
    delivery: isTime ? { ...delivery, occurredAt: new Date(time).toISOString() } : delivery,
  }
}

/** The body has no flag for it; but its links lead to the API of one mode. */
function isOtherMode(event: Node, mode: 'test' | 'live'): boolean {
  const all = [...children(event, 'links'), ...children(child(event, 'resource'), 'links')]
  return all.some((link) => {
    const href = text(link, 'href') ?? ''
    const host = URL.canParse(href) ? new URL(href).hostname : ''
    if (!/(^|\.)paypal\.com$/.test(host)) return false
    return host.endsWith('sandbox.paypal.com') !== (mode === 'test')
  })
}

/** Whose money it is, where the body says so and `account` is a merchant's id. */
function isOtherAccount(event: Node, account: string): boolean {
  const merchant = text(child(event, 'resource', 'payee'), 'merchant_id')
  return merchant !== undefined && /^[A-Z0-9]{13}$/.test(account) && merchant !== account
}
