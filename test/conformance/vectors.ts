import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ConnectionSettings, Provider } from '../../src/providers/provider.ts'

type Vector = {
  readonly id: string
  readonly provider: string
  readonly secrets: readonly string[]
  readonly headers: { readonly [name: string]: string }
  readonly body_base64: string
  readonly now?: number
  readonly tolerance_s?: number
  readonly expected: 'accept' | 'reject'
  readonly reason: string
}

const path = join(import.meta.dirname, '../../../shared/fixtures/signatures/signature-vectors.json')

/**
 * Signatures written down by somebody else, each accepted or forged as it says. Most bodies are no events: what they
 * test is the signature, and a genuine body that is no event is malformed, which is no forgery.
 */
export function vectorsHold({ name, verify }: Provider, settings: ConnectionSettings): void {
  const all: Vector[] = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).vectors : []
  const ours = all.filter(({ provider }) => provider === name)
  if (ours.length === 0) test('signature vectors', { skip: `${path} is not here` })
  for (const vector of ours) {
    test(`vector ${vector.id}: ${vector.reason || vector.expected}`, async () => {
      const request = {
        method: 'POST',
        path: `/webhooks/${name}`,
        headers: Object.entries(vector.headers),
        body: Buffer.from(vector.body_base64, 'base64'),
      }
      const { tolerance_s: toleranceSeconds = settings.toleranceSeconds, now = 0, secrets } = vector
      const connection = { ...settings, webhookSecrets: secrets, toleranceSeconds }
      const verdict = await verify(request, connection, new Date(now * 1000))
      assert.equal(verdict.kind === 'forged' ? 'reject' : 'accept', vector.expected, JSON.stringify(verdict))
    })
  }
}
