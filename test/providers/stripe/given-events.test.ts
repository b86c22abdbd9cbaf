import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Outcome } from '../../../src/core/outcome.ts'
import { normalize } from '../../../src/providers/stripe/normalize.ts'
import { stored } from '../../conformance/subject.ts'
import { settings } from './subject.ts'

/** Bodies written by somebody else, in case ours only agree with our own reading. */
const folder = join(import.meta.dirname, '../../../../shared/fixtures/stripe')
const files = existsSync(folder) ? readdirSync(join(folder, 'events')).sort() : []

if (files.length === 0) test('events of others', { skip: `${folder} is not here` })

const ignored = ['47-transfer', 'thin-']

for (const file of files) {
  test(`event of others: ${file}`, () => {
    const outcome = outcomeOf(file)
    const isIgnored = ignored.some((start) => file.startsWith(start))
    assert.equal(outcome.kind, isIgnored ? 'ignored' : 'processed', JSON.stringify(outcome, bigints))
  })
}

const expectations: readonly (readonly [file: string, facts: readonly string[]])[] = [
  ['02-charge.succeeded.json', ['payment_captured:charge:ch_3Norder0001:4080']],
  ['03-payment_intent.succeeded.json', ['payment_captured:charge:ch_3Norder0001:4080']],
  ['11-payment_intent.payment_failed.json', ['payment_failed:payment_intent:pi_3Nfail01']],
  ['15-charge.captured.partial.json', ['payment_captured:charge:ch_3Nauth01:3000']],
  ['16-charge.expired.json', ['payment_voided:charge:ch_3Nauth02']],
  ['20-charge.refunded.json', ['refunds_total:charge:ch_3Norder0001:1000']],
  [
    '22-refund.failed.after-success.json',
    ['refund_failed:refund:re_3Nrefund0001', 'refund_returned:refund:re_3Nrefund0001'],
  ],
  ['42-charge.succeeded.isk.json', ['payment_captured:charge:ch_3Nisk01:5000']],
]

for (const [file, facts] of expectations) {
  test(`event of others: ${file} states ${facts.join(' and ')}`, { skip: files.length === 0 }, () => {
    const outcome = outcomeOf(file)
    const ids = outcome.kind === 'processed' ? outcome.statements.map(({ fact }) => fact.id) : []
    for (const fact of facts) assert.ok(ids.includes(fact), ids.join(' '))
  })
}

test('events of others: a partial capture is no refund', { skip: files.length === 0 }, () => {
  const outcome = outcomeOf('15-charge.captured.partial.json')
  assert.ok(outcome.kind === 'processed')
  assert.ok(!outcome.statements.some(({ fact }) => fact.kind === 'refunds_total'))
})

test('official resources: each is read or refused, none throws', { skip: files.length === 0 }, () => {
  for (const file of readdirSync(join(folder, 'resources'))) {
    const body = readFileSync(join(folder, 'resources', file))
    const outcome = normalize(stored('resource.any', body), settings)
    assert.ok(['processed', 'ignored', 'needs_review'].includes(outcome.kind), file)
  }
})

function outcomeOf(file: string): Outcome {
  const body = readFileSync(join(folder, 'events', file))
  const { type, created } = JSON.parse(body.toString()) as { type: string; created: number | string }
  const occurredAt = new Date(typeof created === 'number' ? created * 1000 : created).toISOString()
  return normalize(stored(type, body, occurredAt), settings)
}

function bigints(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
