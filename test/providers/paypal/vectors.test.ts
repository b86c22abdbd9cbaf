import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isSigned, verify } from '../../../src/providers/paypal/verify.ts'
import { withApi } from '../stripe/api.ts'
import { settings } from './subject.ts'

/** Deliveries that PayPal sent, and others signed under a test authority: written down by somebody else. */
const folder = join(import.meta.dirname, '../../../../shared/fixtures/paypal')
const isHere = existsSync(folder)
if (!isHere) test('deliveries of others', { skip: `${folder} is not here` })

const read = (file: string) => readFileSync(join(folder, file))
const json = (file: string) => JSON.parse(read(file).toString())

type Vector = {
  id: string
  headers: Record<string, string>
  environment: 'sandbox' | 'live'
  expected: string
  certificate_file: string
  webhook_id: string
  body_file: string
}

function signedOf(headers: Record<string, string>) {
  return {
    id: headers['paypal-transmission-id'] ?? '',
    time: headers['paypal-transmission-time'] ?? '',
    signature: headers['paypal-transmission-sig'] ?? '',
    certUrl: headers['paypal-cert-url'] ?? '',
    algorithm: headers['paypal-auth-algo'] ?? '',
  }
}

const request = (headers: Record<string, string>, body: Uint8Array) => ({
  method: 'POST',
  path: '/webhooks/paypal',
  headers: Object.entries(headers).map(([name, value]) => [name, value] as const),
  body,
})

const genuine: Vector[] = isHere ? json('signed-deliveries.json').deliveries : []
for (const one of genuine) {
  test(`delivered: ${one.id}: ${one.expected}`, async () => {
    const key = new X509Certificate(read(one.certificate_file)).publicKey
    const signed = signedOf(one.headers)
    const isGood = isSigned(signed, read(one.body_file), [one.webhook_id], key)
    assert.equal(isGood, one.expected === 'accept-signature')
  })
}

type Negative = {
  id: string
  based_on: string
  webhook_id?: string
  headers?: Record<string, string>
  drop_headers?: string[]
  body_file?: string
  body_encoding?: string
  configured_environment?: string
  expected: string
  deliver_times?: number
}

const others: Negative[] = isHere
  ? [...json('signed-deliveries.json').negative, ...json('signed-deliveries.json').forgeries]
  : []
for (const one of others.filter(({ deliver_times }) => deliver_times === undefined)) {
  test(`derived: ${one.id}: ${one.expected.slice(0, 60)}`, async () => {
    const base = genuine.find(({ id }) => id === one.based_on)!
    const headers: Record<string, string> = {
      ...base.headers,
      'paypal-auth-algo': 'SHA256withRSA',
      ...one.headers,
    }
    for (const name of one.drop_headers ?? []) delete headers[name]
    const raw = read(one.body_file ?? base.body_file)
    const body = one.body_encoding === 'base64' ? Buffer.from(raw.toString(), 'base64') : raw
    const key = new X509Certificate(read(base.certificate_file)).publicKey
    const ids = [one.webhook_id ?? base.webhook_id]
    if (one.expected.startsWith('accept')) {
      assert.ok(isSigned(signedOf(headers), body, ids, key), 'nobody can tell it from a genuine one offline')
      return
    }
    const mode = one.configured_environment === 'live' ? ('live' as const) : ('test' as const)
    const of = { ...settings, account: 'paypal-main', mode, webhookSecrets: ids, extra: {} }
    await withCertificate(read(base.certificate_file), async (url, calls) => {
      const at = new Date(headers['paypal-transmission-time'] ?? base.headers['paypal-transmission-time']!)
      const verdict = await verify(request(headers, body), { ...of, apiBaseUrl: url }, at)
      assert.equal(verdict.kind, 'forged')
      if (one.expected.includes('before any fetch')) assert.deepEqual(calls, [])
    })
    const isLeft = isSigned(signedOf(headers), body, ids, key)
    const isOfFrame = /cert-url|algo|env-mismatch|webhook-id-placeholder/.test(one.id)
    assert.ok(isOfFrame || !isLeft, 'its signature is refused, too')
  })
}

/** Serves one certificate under every name, for the time of `work`. */
async function withCertificate(
  pem: Uint8Array,
  work: (url: string, calls: readonly unknown[]) => Promise<unknown>,
): Promise<void> {
  await withApi(() => ({ raw: pem, body: undefined }), work)
}

type Synthetic = Vector & { configured_webhook_ids: string[]; body_base64: string; reason: string }
const synthetic: Synthetic[] = isHere ? json('signed-synthetic.json').deliveries : []
for (const one of synthetic) {
  test(`signed under a test authority: ${one.id}: ${one.expected}`, async () => {
    const body = Buffer.from(one.body_base64, 'base64')
    const mode = one.environment === 'live' ? ('live' as const) : ('test' as const)
    const of = {
      ...settings,
      account: 'paypal-main',
      mode,
      webhookSecrets: one.configured_webhook_ids,
      extra: { caFile: join(folder, 'certs/test-ca.pem') },
    }
    await withCertificate(read(one.certificate_file), async (url) => {
      const at = new Date(one.headers['paypal-transmission-time']!)
      const verdict = await verify(request(one.headers, body), { ...of, apiBaseUrl: url }, at)
      if (one.environment === 'live' && one.expected === 'accept-signature') {
        // A live connection trusts public roots alone, so here only its signature can be looked at.
        const key = new X509Certificate(read(one.certificate_file)).publicKey
        assert.ok(isSigned(signedOf(one.headers), body, one.configured_webhook_ids, key))
        assert.equal(verdict.kind, 'forged')
        return
      }
      const isObject = !/not-json|two-values/.test(one.id)
      const wanted = one.expected !== 'accept-signature' ? 'forged' : isObject ? 'verified' : 'malformed'
      assert.equal(verdict.kind, wanted, JSON.stringify(verdict))
    })
  })
}
