import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { standardWebhooks } from '../../../src/providers/standard-webhooks/index.ts'
import { verify } from '../../../src/providers/standard-webhooks/verify.ts'
import { guards } from '../../conformance/guards.ts'
import { bytes } from '../../conformance/subject.ts'
import { vectorsHold } from '../../conformance/vectors.ts'
import { deliver, now, secretOf, settings, shipped, subject } from './subject.ts'

/** Rules about what these bodies do not have. */
const notOurs = new Map([
  [/minor units of ISO 4217/, 'nothing here has an amount'],
  [/mode|account/, 'no body says a mode or an account'],
])

for (const guard of guards) {
  const skip = [...notOurs].find(([name]) => name.test(guard.name))?.[1] ?? false
  test(`standard-webhooks: ${guard.name}`, { skip }, () => guard.run(subject))
}

vectorsHold(standardWebhooks, settings)

test('what the official library signs is verified, and its id is the event', () => {
  const body = JSON.stringify(shipped)
  const signature = new Webhook(secretOf(2)).sign('msg_9', now, body)
  const headers = [
    ['webhook-id', 'msg_9'],
    ['webhook-timestamp', String(Math.floor(now.getTime() / 1000))],
    ['webhook-signature', signature],
  ] as const
  const verdict = verify({ method: 'POST', path: '/', headers, body: bytes(body) }, settings, now)
  assert.deepEqual(verdict, {
    kind: 'verified',
    delivery: {
      providerEventId: 'msg_9',
      type: 'fulfillment.shipped',
      isIdSigned: true,
      occurredAt: '2026-03-01T11:59:00.000Z',
    },
  })
})

test('headers of two names at once leave open which is meant, and are refused', () => {
  const request = deliver(bytes(shipped))
  const [, , signature] = request.headers
  const headers = [...request.headers, ['svix-signature', signature![1]] as const]
  assert.equal(verify({ ...request, headers }, settings, now).kind, 'forged')
})

test('a connection that does not speak for fulfillment moves no goods', () => {
  const connection = { ...settings, speaksFor: ['order'] as const }
  const event = {
    id: 'evt_1',
    type: shipped.type,
    source: 'webhook',
    body: bytes(shipped),
    receivedAt: now.toISOString(),
  } as const
  assert.deepEqual(standardWebhooks.normalize(event, connection), {
    kind: 'ignored',
    reason: 'not_for_fulfillment',
  })
})

test('secrets that cannot sign, and settings that are none, are said', () => {
  assert.deepEqual(standardWebhooks.check(settings), [])
  const wrong = standardWebhooks.check({
    ...settings,
    webhookSecrets: ['whsec_short', 'whpk_AAAA'],
    extra: { shop: 'x' },
  })
  assert.equal(wrong.length, 3)
  assert.ok(wrong.every((words) => !words.includes('short')))
  assert.match(standardWebhooks.check({ ...settings, webhookSecrets: [] })[0]!, /at least one secret/)
})
