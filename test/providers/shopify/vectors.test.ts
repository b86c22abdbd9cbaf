import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { verify } from '../../../src/providers/shopify/verify.ts'
import { settings } from './subject.ts'

type Vector = {
  readonly id: string
  readonly provider: string
  readonly secrets: readonly string[]
  readonly headers: { readonly [name: string]: string }
  readonly body_base64: string
  readonly expected: 'accept' | 'reject'
  readonly reason: string
}

const path = join(import.meta.dirname, '../../../../shared/fixtures/signatures/signature-vectors.json')
const vectors: Vector[] = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).vectors : []
const ours = vectors.filter(({ provider }) => provider === 'shopify')

if (ours.length === 0) test('signature vectors', { skip: `${path} is not here` })

for (const vector of ours) {
  test(`vector ${vector.id}: ${vector.reason || vector.expected}`, () => {
    const request = {
      method: 'POST',
      path: '/webhooks/shopify',
      headers: Object.entries(vector.headers),
      body: Buffer.from(vector.body_base64, 'base64'),
    }
    const verdict = verify(request, { ...settings, webhookSecrets: vector.secrets }, new Date())
    const expected = vector.expected === 'reject' ? 'forged' : 'verified'
    assert.equal(verdict.kind, expected, JSON.stringify(verdict))
  })
}
