import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KnownFact } from '../../src/core/fact.ts'
import { fold } from '../../src/core/fold.ts'
import { charge, fact, paidTees } from './factory.ts'

function request(state: string, hours: number): KnownFact {
  const key = 'fulfil:shop:pi_1:1'
  const data = { key, sink: 'fulfillment', effectKind: 'request', state }
  return fact('effect_performed', charge(), data, {
    at: hours,
    apart: `${key}:${hours}:${state}`,
    source: 'effect',
  })
}

function statusAfter(...facts: KnownFact[]) {
  const { fulfillmentStatus, requested } = fold([...paidTees(), ...facts])
  return [fulfillmentStatus, requested?.number]
}

test('a request in doubt may stand at the warehouse, until a person says that it does not', () => {
  assert.deepEqual(statusAfter(request('unknown', 3)), ['requested', 1])
  assert.deepEqual(statusAfter(request('unknown', 3), request('cancelled', 4)), ['unfulfilled', undefined])
  assert.deepEqual(statusAfter(request('cancelled', 4), request('unknown', 3)), ['unfulfilled', undefined])
})

test('one that went out after it was dropped stands, and one that failed never did', () => {
  assert.deepEqual(statusAfter(request('cancelled', 3), request('done', 4)), ['requested', 1])
  assert.deepEqual(statusAfter(request('failed', 3)), ['unfulfilled', undefined])
})
