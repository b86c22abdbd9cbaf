import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { verify } from '../../../src/providers/stripe/verify.ts'
import { settings } from './subject.ts'

type Vector = {
  readonly id: string
  readonly provider: string
  readonly secrets: readonly string[]
  readonly headers: { readonly [name: string]: string }
  readonly body_base64: string
  readonly now: number
  readonly tolerance_s: number
  readonly expected: 'accept' | 'reject'
  readonly reason: string
}

const path = join(import.meta.dirname, '../../../../shared/fixtures/signatures/signature-vectors.json')
const vectors: Vector[] = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).vectors : []
const ours = vectors.filter(({ provider }) => provider === 'stripe')

if (ours.length === 0) test('signature vectors', { skip: `${path} is not here` })

for (const vector of ours) {
  // Most bodies of the vectors are no events: what they test is the signature, and a genuine non-event is malformed.
  test(`vector ${vector.id}: ${vector.reason}`, () => {
    const request = {
      method: 'POST',
      path: '/webhooks/stripe',
      headers: Object.entries(vector.headers),
      body: Buffer.from(vector.body_base64, 'base64'),
    }
    const connection = { ...settings, webhookSecrets: vector.secrets, toleranceSeconds: vector.tolerance_s }
    const verdict = verify(request, connection, new Date(vector.now * 1000))
    assert.equal(verdict.kind === 'forged' ? 'reject' : 'accept', vector.expected, JSON.stringify(verdict))
  })
}
