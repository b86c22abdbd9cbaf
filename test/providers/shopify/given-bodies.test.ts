import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Outcome } from '../../../src/core/outcome.ts'
import { normalize } from '../../../src/providers/shopify/normalize.ts'
import { verify } from '../../../src/providers/shopify/verify.ts'
import { stored } from '../../conformance/subject.ts'
import { besidePayments, deliver, settings } from './subject.ts'

/** Bodies written by somebody else, in case ours only agree with our own reading. */
const folder = join(import.meta.dirname, '../../../../shared/fixtures/shopify/webhooks')
const files = existsSync(folder) ? readdirSync(folder).sort() : []

if (files.length === 0) test('bodies of others', { skip: `${folder} is not here` })

const topicOf = (file: string) => file.split('.')[0]!.replace('-', '/')
const kinds: { readonly [file: string]: Outcome['kind'] } = {
  'bulk_operations-finish.json': 'ignored',
  'inventory_levels-disconnect.json': 'ignored',
  'orders-create.test-order.json': 'ignored',
  'orders-edited.json': 'reread',
  'products-delete.json': 'ignored',
}

for (const file of files) {
  test(`body of others: ${file}`, () => {
    const body = readFileSync(join(folder, file))
    const verdict = verify(deliver(body, { topic: topicOf(file) }), settings, new Date())
    assert.equal(verdict.kind, 'verified', JSON.stringify(verdict))
    const outcome = normalize(stored(topicOf(file), body), settings)
    assert.equal(outcome.kind, kinds[file] ?? 'processed', JSON.stringify(outcome, bigints))
  })
}

const order = 'order:820982911946154508'
const expectations: readonly (readonly [file: string, facts: readonly string[]])[] = [
  ['orders-create.json', [`order_placed:${order}`, `order_numbered:${order}:0:9999`]],
  ['orders-create.three-decimal-kwd.json', [`order_snapshot:${order}:2026-04-07T17:58:12.000Z`]],
  ['orders-cancelled.json', [`order_cancelled:${order}`]],
  ['order_transactions-create.json', ['payment_captured:transaction:120560818172775265:40800']],
  ['order_transactions-create.void.json', ['payment_voided:authorization:120560818172775266']],
  [
    'refunds-create.json',
    ['refund_lines:refund:890088186047892319', 'refund_succeeded:refund:120560818172775272'],
  ],
  ['disputes-update.lost.json', ['dispute_state:dispute:285332461850802050:lost']],
]

for (const [file, facts] of expectations) {
  test(`body of others: ${file} states ${facts.join(' and ')}`, { skip: files.length === 0 }, () => {
    const outcome = normalize(stored(topicOf(file), readFileSync(join(folder, file))), settings)
    const ids = outcome.kind === 'processed' ? outcome.statements.map(({ fact }) => fact.id) : []
    for (const fact of facts) assert.ok(ids.includes(fact), ids.join(' '))
  })
}

test('bodies of others: beside a payment provider no card payment is money', {
  skip: files.length === 0,
}, () => {
  for (const file of files.filter((name) => /^(order_transactions|refunds)-/.test(name))) {
    const outcome = normalize(stored(topicOf(file), readFileSync(join(folder, file))), besidePayments)
    const kinds = outcome.kind === 'processed' ? outcome.statements.map(({ fact }) => fact.kind) : []
    for (const kind of kinds)
      assert.ok(['payment_evidence', 'refund_lines'].includes(kind), `${file}: ${kind}`)
  }
})

function bigints(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
