import { createHmac } from 'node:crypto'

/**
 * Headers of a Standard Webhooks request. The id names the message for ever, the time is of this attempt: receivers
 * refuse old ones. Several secrets, separated by spaces, give several signatures, so that a receiver can rotate.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md (checked 2026-11)
 */
export function signedHeaders({
  id,
  body,
  secret,
  at,
}: {
  id: string
  body: Uint8Array
  secret: string
  at: Date
}): {
  [name: string]: string
} {
  const timestamp = String(Math.floor(at.getTime() / 1_000))
  const signatures = secret
    .split(' ')
    .filter((one) => one !== '')
    .map((one) => {
      const key = Buffer.from(one.replace(/^whsec_/, ''), 'base64')
      return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`
    })
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  }
}
