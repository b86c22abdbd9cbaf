import { type ConnectionSettings, ApiError, type Verdict } from '../provider.ts'
import { ask } from './client.ts'
import { parseObject, text } from './json.ts'
import { webhookIds } from './settings.ts'

/** What the signature is about, each as its header has it. */
export type Signed = {
  readonly id: string
  readonly time: string
  readonly signature: string
  readonly certUrl: string
  readonly algorithm: string
}

const timeoutMs = 4_000

/**
 * Asks PayPal whether it sent this. The body is put into the question as it stands: parsed and printed again it would
 * be another one. So it has to be one JSON value first, or it could bring members of its own into the question.
 *
 * @see https://developer.paypal.com/docs/api/webhooks/v1/#verify-webhook-signature_post (checked 2026-11)
 */
export async function askWhether(
  signed: Signed,
  body: Uint8Array,
  connection: ConnectionSettings,
): Promise<Verdict | 'genuine'> {
  if (parseObject(body) === undefined) return { kind: 'forged', reason: 'body cannot be asked about' }
  if (!/^https:\/\/api(-m)?(\.sandbox)?\.paypal\.com\//.test(signed.certUrl))
    return { kind: 'forged', reason: 'certificate' }
  const api = { connection, signal: AbortSignal.timeout(timeoutMs), timeoutMs }
  try {
    for (const id of webhookIds(connection)) {
      const question = questionOf(signed, id, body)
      const answer = await ask(api, {
        method: 'POST',
        path: '/v1/notifications/verify-webhook-signature',
        body: question,
      })
      const status = text(parseObject(answer.body), 'verification_status')
      if (status === 'SUCCESS') return 'genuine'
      if (status !== 'FAILURE') return { kind: 'unavailable', reason: 'no answer to the postback' }
    }
  } catch (error) {
    const kind = error instanceof ApiError ? error.kind : 'unavailable'
    if (kind !== 'refused' && kind !== 'not_found')
      return { kind: 'unavailable', reason: `postback: ${kind}` }
  }
  return { kind: 'forged', reason: 'postback' }
}

function questionOf(signed: Signed, webhookId: string, body: Uint8Array): Uint8Array {
  const known = JSON.stringify({
    auth_algo: signed.algorithm,
    cert_url: signed.certUrl,
    transmission_id: signed.id,
    transmission_sig: signed.signature,
    transmission_time: signed.time,
    webhook_id: webhookId,
  })
  return Buffer.concat([Buffer.from(`${known.slice(0, -1)},"webhook_event":`), body, Buffer.from('}')])
}
