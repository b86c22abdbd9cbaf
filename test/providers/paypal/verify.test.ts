import assert from 'node:assert/strict'
import { test } from 'node:test'
import { twinCertificate } from '../../../src/sandbox/paypal/certificates.ts'
import { verify } from '../../../src/providers/paypal/verify.ts'
import { type Answer, type Call, withApi } from '../stripe/api.ts'
import { deliver, now, settings, subject } from './subject.ts'

const body = subject.body
const plain = { raw: twinCertificate, body: undefined }

/** What becomes of deliveries at a connection whose certificates come from this server. */
function served(
  answer: (call: Call) => Answer | undefined,
  work: (verdictAt: (at?: Date) => Promise<string>, calls: readonly Call[]) => Promise<void>,
): Promise<void> {
  return withApi(answer, (url, calls) =>
    work(
      async (at = now) => (await verify(deliver(body, { at }), { ...settings, apiBaseUrl: url }, at)).kind,
      calls,
    ),
  )
}

test('a transmission is good for four days, and not before its time', async () => {
  const kindAfter = async (ms: number, connection = settings) =>
    (await verify(deliver(body), connection, new Date(now.getTime() + ms))).kind
  const day = 86_400_000
  assert.equal(await kindAfter(3.9 * day), 'verified')
  assert.equal(await kindAfter(4.1 * day), 'forged')
  assert.equal(await kindAfter(-200_000), 'verified')
  assert.equal(await kindAfter(-400_000), 'forged')
  const patient = { ...settings, toleranceSeconds: 10 * 86_400 }
  assert.equal(await kindAfter(4.1 * day, patient), 'verified', 'as long as the configuration says')
})

test('a certificate is fetched once for many deliveries at once, and kept', async () => {
  await served(
    () => plain,
    async (verdict, calls) => {
      const kinds = await Promise.all(Array.from({ length: 20 }, () => verdict()))
      assert.deepEqual([...new Set(kinds)], ['verified'])
      assert.equal(await verdict(), 'verified')
      assert.equal(calls.length, 1)
    },
  )
})

test('a failure to fetch is 503 and remembered briefly; what is no certificate of theirs is forged', async () => {
  await served(
    () => undefined,
    async (verdict, calls) => {
      assert.equal(await verdict(), 'unavailable')
      assert.equal(await verdict(), 'unavailable')
      assert.equal(calls.length, 1)
      assert.equal(await verdict(new Date(now.getTime() + 16_000)), 'unavailable')
      assert.equal(calls.length, 2)
    },
  )
  const bad: readonly Answer[] = [
    { status: 404, body: {} },
    { status: 302, headers: { location: 'https://evil.example/cert' }, body: undefined, raw: '' },
    { raw: 'no certificate', body: undefined },
    { raw: `${twinCertificate}${' '.repeat(70_000)}`, body: undefined },
  ]
  for (const answer of bad) {
    await served(
      () => answer,
      async (verdict, calls) => {
        assert.equal(await verdict(), 'forged')
        assert.equal(await verdict(), 'forged')
        assert.equal(calls.length, 1)
      },
    )
  }
})

test('without the authority of the tests their chain leads nowhere; in live mode it is never asked', async () => {
  const { caFile: _left, ...extra } = settings.extra as { caFile?: string }
  assert.equal((await verify(deliver(body), { ...settings, extra }, now)).kind, 'forged')
  assert.equal((await verify(deliver(body), { ...settings, mode: 'live' }, now)).kind, 'forged')
})

test('a certificate is asked for at their hosts only, and under a plain name', async () => {
  const urls = [
    'http://api.sandbox.paypal.com/v1/notifications/certs/CERT-1',
    'https://api.paypal.com/v1/notifications/certs/CERT-1',
    'https://api.sandbox.paypal.com.evil.example/v1/notifications/certs/CERT-1',
    'https://api.sandbox.paypal.com@evil.example/v1/notifications/certs/CERT-1',
    'https://api.sandbox.paypal.com:8443/v1/notifications/certs/CERT-1',
    'https://api.sandbox.paypal.com/v1/notifications/certs/../../CERT-1',
    'https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1?to=x',
    'https://api.sandbox.paypal.com/v1/notifications/certs/',
    'https://API.sandbox.paypal.com/v1/notifications/certs/CERT-1',
  ]
  await withApi(
    () => plain,
    async (apiBaseUrl, calls) => {
      for (const url of urls) {
        const request = deliver(body)
        const headers = request.headers.map(
          ([name, value]) => [name, name === 'paypal-cert-url' ? url : value] as const,
        )
        const verdict = await verify({ ...request, headers }, { ...settings, apiBaseUrl }, now)
        assert.equal(verdict.kind, 'forged', url)
      }
      assert.deepEqual(calls, [])
    },
  )
})

test('the id of the simulator verifies nothing, configured or not', async () => {
  const connection = {
    ...settings,
    webhookSecrets: ['WEBHOOK_ID'],
    extra: { ...settings.extra, webhookId: 'WEBHOOK_ID' },
  }
  assert.equal((await verify(deliver(body, { secrets: ['WEBHOOK_ID'] }), connection, now)).kind, 'forged')
})

test('a transmission is claimed, and its event id is not taken as signed', async () => {
  const verdict = await verify(deliver(body), settings, now)
  assert.ok(verdict.kind === 'verified')
  assert.equal(verdict.delivery.isIdSigned, false)
  assert.match(verdict.delivery.claim ?? '', /^[0-9a-f-]{36}$/)
})
