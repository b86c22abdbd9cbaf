import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { FactData, FactKind } from '../../../src/core/fact.ts'
import type { Outcome } from '../../../src/core/outcome.ts'
import type { ConnectionSettings } from '../../../src/providers/provider.ts'
import { eventTypes, normalize } from '../../../src/providers/stripe/normalize.ts'
import { bytes, stored } from '../../conformance/subject.ts'
import { property } from '../../support/property.ts'
import { changed, fixture, fixtures, settings } from './subject.ts'

function outcomeOf(body: Uint8Array, connection: ConnectionSettings = settings, type?: string): Outcome {
  const given = type ?? (JSON.parse(Buffer.from(body).toString()) as { type: string }).type
  return normalize(stored(given, body, '2026-03-01T00:00:00.000Z'), connection)
}

function facts<K extends FactKind>(outcome: Outcome, kind: K): FactData[K][] {
  if (outcome.kind !== 'processed') return []
  return outcome.statements.flatMap(({ fact }) => (fact.kind === kind ? [fact.data as FactData[K]] : []))
}

test('every type that we read has an example', () => {
  const shown = new Set(fixtures.map(({ type }) => type))
  assert.deepEqual(
    eventTypes.filter((type) => !shown.has(type)),
    [],
  )
})

test('intent, charge and capture say the same fact of one payment', () => {
  const ids = [
    'payment_intent.succeeded',
    'charge.succeeded',
    'charge.updated',
    'charge.refunded',
    'resource.charge',
  ].map((name) => {
    const outcome = outcomeOf(bytes(fixture(name).body), settings, fixture(name).type)
    assert.ok(outcome.kind === 'processed')
    return outcome.statements
      .filter(({ fact }) => fact.kind === 'payment_captured')
      .map(
        ({ fact }) =>
          `${fact.id} ${JSON.stringify(fact.data, (_k, v) => (typeof v === 'bigint' ? String(v) : v))}`,
      )
  })
  assert.equal(new Set(ids.flat()).size, 1)
})

test('a dispute’s embedded line is word for word the polled one', () => {
  const embedded = facts(outcomeOf(bytes(fixture('charge.dispute.funds_withdrawn').body)), 'balance_line')
  const polled = fixture('resource.balance_transaction.dispute')
  assert.deepEqual(embedded, facts(outcomeOf(bytes(polled.body), settings, polled.type), 'balance_line'))
})

test('a line that a dispute holds is that dispute’s, whatever the line calls its source', () => {
  const given = fixture('charge.dispute.funds_withdrawn')
  const body = structuredClone(given.body) as any
  const own = body.data.object.id
  for (const line of body.data.object.balance_transactions) line.source = 'du_another'
  const lines = facts(outcomeOf(bytes(body), settings, given.type), 'balance_line')
  assert.ok(lines.length > 0)
  for (const line of lines) assert.deepEqual(line.source, { kind: 'dispute', id: own })
})

test('the order number is the first reference that is present, without a leading hash', () => {
  const number = (metadata: object, orderReference: ConnectionSettings['orderReference'] = []) =>
    facts(
      outcomeOf(changed('charge.succeeded', { metadata }), { ...settings, orderReference }),
      'order_numbered',
    )[0]
  assert.deepEqual(number({ order_id: '#1001', order_number: '7' }), { number: '1001', priority: 0 })
  assert.deepEqual(number({ order_number: 7 }), { number: '7', priority: 1 })
  assert.deepEqual(number({ order_id: ' ' }), { number: 'pi_3Q1sale0001', priority: 100 })
  const pattern = [{ field: 'metadata.ref', pattern: '^WC-(\\d+)' }]
  assert.deepEqual(number({ ref: 'WC-1001-2' }, pattern), { number: '1001', priority: 0 })
  assert.equal(number({ ref: 'else' }, pattern)?.priority, 100)
  assert.equal(number({}, ['__proto__.polluted', 'constructor.name'])?.priority, 100)
})

test('a connection that speaks for payment alone says nothing of the order but its number', () => {
  const kinds = (speaksFor: ConnectionSettings['speaksFor']) => {
    const outcome = outcomeOf(bytes(fixture('charge.succeeded').body), { ...settings, speaksFor })
    assert.ok(outcome.kind === 'processed')
    return outcome.statements.map(({ fact }) => fact.kind)
  }
  assert.deepEqual(kinds(['payment']), ['order_numbered', 'customer_seen', 'payment_captured'])
  assert.ok(!kinds(['order']).some((kind) => kind.startsWith('payment_')))
})

test('accept: what is another shop’s is ignored, and a refund without metadata is not', () => {
  const connection = { ...settings, accept: { 'metadata.site': 'a' } }
  const kind = (name: string, metadata: object) => outcomeOf(changed(name, { metadata }), connection)
  assert.equal(kind('charge.succeeded', { site: 'a' }).kind, 'processed')
  assert.deepEqual(kind('charge.succeeded', { site: 'b' }), { kind: 'ignored', reason: 'not_ours' })
  assert.deepEqual(kind('charge.succeeded', {}), { kind: 'ignored', reason: 'not_ours' })
  assert.equal(kind('refund.created', {}).kind, 'processed')
  assert.deepEqual(kind('refund.created', { site: 'b' }), { kind: 'ignored', reason: 'not_ours' })
})

test('metadata.items: a good list is lines, and one bad item spoils it', () => {
  const lines = (items: unknown) =>
    facts(outcomeOf(changed('payment_intent.created', { metadata: { items } })), 'order_lines')[0]?.lines
  assert.deepEqual(lines('[{"sku":"A","quantity":2,"unit_price":"19.99"}]'), [
    { id: '0', sku: 'A', quantity: 2, unitPriceMinor: 1999n, totalMinor: 3998n },
  ])
  for (const bad of [
    '',
    '{',
    '[]',
    '[null]',
    '[{"sku":"A"}]',
    '[{"sku":"A","quantity":0}]',
    '[{"sku":"A","quantity":1.5}]',
    '[{"sku":"A","quantity":1,"unit_price":"1.999"}]',
    '[{"sku":"A","quantity":1,"unit_price":"-1"}]',
    7,
  ]) {
    assert.equal(lines(bad), undefined, String(bad))
  }
})

test('an intent that is cut off from its last failure by a new try is not failed', () => {
  const body = changed('payment_intent.processing', {
    last_payment_error: { code: 'card_declined', charge: 'ch_old' },
  })
  assert.equal(facts(outcomeOf(body), 'payment_failed').length, 0)
})

test('a multicapture says each amount, and what was held at first', () => {
  const body = changed('payment_intent.amount_capturable_updated', {
    amount_capturable: 3940,
    amount_received: 2000,
  })
  assert.equal(facts(outcomeOf(body), 'payment_captured')[0]?.amountMinor, 2000n)
  assert.equal(facts(outcomeOf(body), 'payment_authorized')[0]?.amountMinor, 5940n)
})

test('lines of a session are left to a re-read where they are not all there', () => {
  const { body, type } = fixture('resource.checkout_session')
  const given = body as unknown as {
    line_items: { has_more: boolean; data: { price: { product: unknown } }[] }
  }
  given.line_items.has_more = true
  assert.equal(facts(outcomeOf(bytes(given), settings, type), 'order_lines').length, 0)
  given.line_items.has_more = false
  given.line_items.data[0]!.price.product = 'prod_bare'
  assert.equal(facts(outcomeOf(bytes(given), settings, type), 'order_lines').length, 0)
})

test('a body nested a hundred thousand deep is read or refused, and nothing falls over', () => {
  const deep = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`
  const body = JSON.stringify(fixture('charge.succeeded').body).replace(
    '"metadata":{',
    `"metadata":{"deep":${deep},`,
  )
  assert.ok(['processed', 'needs_review'].includes(outcomeOf(bytes(body), settings, 'charge.succeeded').kind))
  assert.equal(outcomeOf(bytes('['.repeat(100_000)), settings, 'charge.succeeded').kind, 'needs_review')
})

const oddValues = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    '',
    ' ',
    '\0',
    '\ud800',
    'usd',
    -1,
    0,
    1.5,
    1e308,
    2 ** 53,
    -0,
    [],
    {},
    [null],
    { data: 7 },
    { object: 'list', data: [[]] },
    '__proto__',
    'x'.repeat(10_000),
  ),
  fc.jsonValue({ maxDepth: 3 }),
)

/** Where a body may be spoiled: every path to a value in it. */
function pathsOf(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([key, each]) => pathsOf(each, [...path, key]))]
}

const places = fixtures.flatMap(({ name, body }) =>
  pathsOf(body)
    .filter((path) => path.length > 0)
    .map((path) => ({ name, path })),
)

property(
  'whatever stands in place of any field, normalize answers with a value that can be stored',
  fc.record({ place: fc.constantFrom(...places), value: oddValues, isGone: fc.boolean() }),
  ({ place, value, isGone }) => {
    const { type, body } = fixture(place.name)
    const parent = place.path
      .slice(0, -1)
      .reduce<unknown>((at, key) => (at as { [key: string]: unknown })[key], body)
    const key = place.path.at(-1)!
    if (isGone) delete (parent as { [key: string]: unknown })[key]
    else (parent as { [key: string]: unknown })[key] = value
    isStorable(outcomeOf(bytes(body), settings, type))
  },
  { runs: 3_000 },
)

property(
  'any bytes at all are read or refused, under any type',
  fc.record({
    type: fc.constantFrom(...eventTypes, 'resource.charge', 'v1.charge.succeeded', 'else'),
    body: fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.json().map(bytes)),
  }),
  ({ type, body }) => isStorable(outcomeOf(body, settings, type)),
  { runs: 1_000 },
)

/** Ids and texts without NUL or half characters, times that are times: what a database takes. */
function isStorable(outcome: Outcome): void {
  if (outcome.kind !== 'processed') return
  for (const { fact, joins } of outcome.statements) {
    for (const { id } of [fact.subject, ...joins])
      assert.ok(id.isWellFormed() && !id.includes('\0') && id.length <= 500)
    const text = JSON.stringify(fact, (_key, value) => (typeof value === 'bigint' ? String(value) : value))
    assert.ok(!text.includes('\\u0000') && !/\\ud[89a-f]/.test(text), text)
    assert.equal(new Date(fact.occurredAt).toISOString(), fact.occurredAt)
  }
}
