import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as z from 'zod'
import { normalize } from '../../../src/providers/standard-webhooks/normalize.ts'
import { bytes } from '../../conformance/subject.ts'
import { settings, shipped } from './subject.ts'

const document = JSON.parse(
  readFileSync(new URL('../../../docs/schemas/fulfillment-callback.json', import.meta.url), 'utf8'),
)
const schema = z.fromJSONSchema(document)

function outcomeOf(body: { type: string }) {
  const stored = {
    id: 'evt_1',
    connection: settings.id,
    type: body.type,
    source: 'webhook' as const,
    body: bytes(JSON.stringify(body)),
    receivedAt: '2026-03-01T12:00:00.000Z',
  }
  return normalize(stored as never, settings).kind
}

for (const type of document.properties.type.enum as string[]) {
  test(`a callback of the published schema is read: ${type}`, () => {
    const body = { ...shipped, type }
    schema.parse(body)
    assert.equal(outcomeOf(body), 'processed')
  })
}

test('what the published schema refuses is not read either', () => {
  const { data } = shipped as { data: { order_id: string } }
  for (const bad of [
    { ...shipped, data: { ...data, order_id: undefined } },
    { ...shipped, data: { ...data, line_items: [{ id: 'li_1', quantity: 1.5 }] } },
    { ...shipped, data: { ...data, line_items: 'all' } },
  ]) {
    const sent = JSON.parse(JSON.stringify(bad))
    assert.throws(() => schema.parse(sent))
    assert.equal(outcomeOf(sent), 'needs_review')
  }
})
