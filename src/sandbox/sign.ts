import { createHmac } from 'node:crypto'

/**
 * The `Stripe-Signature` header over a body's bytes: one `v1` a secret (two while a secret is rolled), and the `v0`
 * that deliveries in test mode carry and that nobody may believe.
 */
export function stripeSignature(body: Uint8Array, secrets: readonly string[], at: Date): string {
  const seconds = Math.floor(at.getTime() / 1000)
  const signed = secrets.map((secret) => `v1=${hmac(secret, seconds, body)}`)
  return [`t=${seconds}`, ...signed, `v0=${hmac('whsec_v0', seconds, body)}`].join(',')
}

function hmac(secret: string, seconds: number, body: Uint8Array): string {
  return createHmac('sha256', secret).update(`${seconds}.`).update(body).digest('hex')
}
