import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KnownFact } from '../../src/core/fact.ts'
import { fold } from '../../src/core/fold.ts'
import { at, charge, fact, paidTees } from './factory.ts'

const key = 'receipt:shop:ch_1:4080'

function performed(state: string, hours: number, over: { sink?: string; key?: string } = {}): KnownFact {
  const data = { key, sink: 'receipt', effectKind: 'receipt', state, ...over }
  return fact('effect_performed', charge(), data, {
    at: hours,
    apart: `${data.key}:${hours}:${state}`,
    source: 'effect',
  })
}

function open(...facts: KnownFact[]) {
  return fold([...paidTees(), ...facts]).reviews.filter(({ code }) => code === 'effect_unknown')
}

test('a receipt in doubt is a review that names it and holds nothing', () => {
  const [review, ...others] = open(performed('unknown', 3))
  assert.equal(others.length, 0)
  assert.equal(review!.detail, `It is not known whether the receipt went out: no answer came (${key}).`)
  assert.equal(review!.holds, false)
  assert.equal(review!.since, at(3))
  assert.deepEqual(review!.refs, [charge()])
})

test('it goes when it was done again, or somebody says what became of it, whatever is learned first', () => {
  for (const after of ['done', 'cancelled']) {
    assert.deepEqual(open(performed('unknown', 3), performed(after, 4)), [])
    assert.deepEqual(open(performed(after, 4), performed('unknown', 3)), [])
  }
  assert.equal(open(performed('done', 3), performed('unknown', 4)).length, 1)
})

test('an operator closes it for the doubt that stands; a new one opens it again', () => {
  const [review] = open(performed('unknown', 3))
  const data = {
    code: 'effect_unknown',
    as: 'done',
    note: 'the buyer has it',
    figures: review!.figures,
    by: 'key_1',
  }
  const resolved = fact('operator_resolved', charge(), data, {
    at: 5,
    apart: review!.figures,
    source: 'operator',
  })
  assert.deepEqual(open(performed('unknown', 3), resolved), [])
  assert.equal(open(performed('unknown', 3), resolved, performed('unknown', 6)).length, 1)
})

test('what was done or has failed is none, and neither is a message to a channel', () => {
  assert.deepEqual(open(performed('done', 3), performed('failed', 3, { key: 'receipt:shop:ch_1:1' })), [])
  assert.deepEqual(open(performed('unknown', 3, { sink: 'notify' })), [])
})
