import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ConnectionSettings, Verdict } from '../../../src/providers/provider.ts'
import { verify } from '../../../src/providers/stripe/verify.ts'
import { bytes } from '../../conformance/subject.ts'
import { property } from '../../support/property.ts'
import { deliver, fixture, now, settings } from './subject.ts'

const event = fixture('charge.succeeded').body

function judged(fields: object, connection: Partial<ConnectionSettings> = {}): Verdict {
  return verify(deliver(bytes({ ...event, ...fields })), { ...settings, ...connection }, now)
}

test('a live connection takes live events only, a test connection test events only', () => {
  assert.equal(judged({ livemode: false }).kind, 'verified')
  assert.equal(judged({ livemode: true }).kind, 'not_allowed')
  assert.equal(judged({ livemode: true }, { mode: 'live' }).kind, 'verified')
  assert.equal(judged({ livemode: false }, { mode: 'live' }).kind, 'not_allowed')
  assert.equal(judged({ livemode: undefined }, { mode: 'live' }).kind, 'not_allowed')
})

test('a platform’s endpoint gets both modes of its account: the other one is kept and ignored, another account refused', () => {
  const connection = { mode: 'live', account: 'acct_ours' } as const
  const other = judged({ livemode: false, account: 'acct_ours' }, connection)
  assert.ok(other.kind === 'verified' && other.delivery.ignore === 'other_mode')
  const own = judged({ livemode: true, account: 'acct_ours' }, connection)
  assert.ok(own.kind === 'verified' && own.delivery.ignore === undefined)
  assert.equal(judged({ livemode: true, account: 'acct_theirs' }, connection).kind, 'not_allowed')
  assert.equal(judged({ livemode: false, account: 'acct_theirs' }, connection).kind, 'not_allowed')
  assert.equal(judged({ livemode: true }, connection).kind, 'verified')
  assert.equal(judged({ account: 'acct_theirs' }).kind, 'not_allowed')
})

test('what the body says of itself comes with the verdict', () => {
  const verdict = judged({})
  assert.ok(verdict.kind === 'verified')
  assert.deepEqual(verdict.delivery, {
    providerEventId: event.id,
    type: 'charge.succeeded',
    apiVersion: '2026-10-28.endive',
    occurredAt: '2026-02-25T06:13:25.000Z',
    isIdSigned: true,
  })
})

test('a thin event carries its time as text', () => {
  const verdict = verify(deliver(bytes(fixture('thin.charge').body)), settings, now)
  assert.ok(verdict.kind === 'verified' && verdict.delivery.occurredAt === '2026-02-25T06:13:25.000Z')
})

test('a thin event of another account is refused where we know which one is ours', () => {
  const thin = (context: unknown, account: string) =>
    verify(deliver(bytes({ ...fixture('thin.charge').body, context })), { ...settings, account }, now).kind
  assert.equal(thin('acct_theirs', 'acct_ours'), 'not_allowed')
  assert.equal(thin('acct_ours', 'acct_ours'), 'verified')
  assert.equal(thin('acct_any', 'stripe-main'), 'verified')
  assert.equal(thin(null, 'acct_ours'), 'verified')
})

test('how far a stale delivery is off is told to us, and whether it is old or ahead', () => {
  const at = (seconds: number) =>
    verify(deliver(bytes(event), { at: new Date(now.getTime() + seconds * 1000) }), settings, now)
  assert.deepEqual(at(-301), { kind: 'forged', reason: 'stale', skewSeconds: 301 })
  assert.deepEqual(at(301), { kind: 'forged', reason: 'future', skewSeconds: -301 })
})

test('no secret verifies nothing, an empty one least of all', () => {
  const request = deliver(bytes(event), { secrets: [''] })
  for (const webhookSecrets of [[], ['']])
    assert.equal(verify(request, { ...settings, webhookSecrets }, now).kind, 'forged')
})

property(
  'no header and no body makes it throw, and none that we did not sign is verified',
  fc.record({
    header: fc.string({ unit: 'binary', maxLength: 200 }),
    body: fc.uint8Array({ maxLength: 200 }),
    doubled: fc.boolean(),
  }),
  ({ header, body, doubled }) => {
    const one = ['stripe-signature', header] as const
    const request = { method: 'POST', path: '/', headers: doubled ? [one, one] : [one], body }
    assert.equal(verify(request, settings, now).kind, 'forged')
  },
  { runs: 500 },
)

property(
  'a signed body of any kind is verified, malformed or not allowed, and nothing throws',
  fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json().map(bytes),
    fc
      .jsonValue()
      .map((id) => bytes({ id, type: id, created: id, livemode: id, account: id, api_version: id })),
  ),
  (body) =>
    assert.ok(['verified', 'malformed', 'not_allowed'].includes(verify(deliver(body), settings, now).kind)),
  { runs: 500 },
)

test('a signed body nested a hundred thousand deep does not fall over', () => {
  assert.equal(verify(deliver(bytes('['.repeat(100_000))), settings, now).kind, 'malformed')
  const deep = `{"id":"evt_1","type":"x","data":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`
  assert.ok(['verified', 'malformed'].includes(verify(deliver(bytes(deep)), settings, now).kind))
})
