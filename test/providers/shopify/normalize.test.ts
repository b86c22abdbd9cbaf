import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FactData, FactKind } from '../../../src/core/fact.ts'
import type { ConnectionSettings } from '../../../src/providers/provider.ts'
import { normalize, topics } from '../../../src/providers/shopify/normalize.ts'
import { check } from '../../../src/providers/shopify/check.ts'
import { bytes, printed, stored } from '../../conformance/subject.ts'
import { besidePayments, changed, fixture, fixtures, settings } from './subject.ts'

function facts(name: string, connection: ConnectionSettings = settings, body?: Uint8Array) {
  const { type, body: own } = fixture(name)
  return printed(normalize(stored(type, body ?? bytes(own)), connection))
}

function dataOf<K extends FactKind>(name: string, kind: K, body?: Uint8Array): FactData[K] {
  const found = facts(name, settings, body).find(({ id }) => id.startsWith(`${kind}:`))
  assert.ok(found, `${name} states ${kind}`)
  return found.data as FactData[K]
}

const transactions = fixtures.filter(({ type }) => type === 'order_transactions/create')

test('every topic that is subscribed has an example', () => {
  const shown = new Set(fixtures.map(({ type }) => type))
  const missing = topics.filter((topic) => !shown.has(topic) && !topic.startsWith('returns/'))
  assert.deepEqual(missing, [])
})

test('ids past 2^53 stay as they are, in each place', () => {
  const [id, line] = ['820982911946154508', '866550311766439020']
  assert.equal(dataOf('orders-create', 'order_snapshot').lines[0]!.id, line)
  assert.deepEqual(facts('fulfillments-create')[0]!.joins, [`order:${id}`])
  assert.equal(
    facts('fulfillments-create')[0]!.id,
    'fulfillment_state:fulfillment:9007199254740993:2026-03-02T14:00:00.000Z',
  )
  assert.equal(dataOf('refunds-create', 'refund_lines').lines[0]!.lineId, line)
})

test('beside a payment provider a card payment is evidence, and what no provider sees is money', () => {
  const kinds = (name: string) => facts(name, besidePayments).map(({ id }) => id.split(':')[0])
  const money = ['gift-card', 'store-credit', 'cash', 'bank-deposit'].map(
    (name) => `order_transactions-create.${name}`,
  )
  for (const name of money) assert.deepEqual(kinds(name), ['payment_captured'], name)
  assert.deepEqual(kinds('order_transactions-create.cash-on-delivery'), ['payment_pending'])
  assert.deepEqual(kinds('order_transactions-create.change'), [])
  const cards = transactions.filter(({ name }) =>
    /\.(sale|authorization|capture|void|failure|pending|refund)/.test(name),
  )
  assert.ok(cards.length >= 9)
  for (const { name } of cards) assert.deepEqual(kinds(name), ['payment_evidence'], name)
  assert.deepEqual(kinds('refunds-create'), ['refund_lines', 'payment_evidence'])
  assert.deepEqual(kinds('refunds-create.gift-card'), ['refund_succeeded', 'refund_moved'])
  assert.deepEqual(kinds('disputes-create'), ['dispute_state'], 'nobody else hears of it')
})

test('`gateways` says whose a payment is, before anything else does', () => {
  const given = (gateways: object) => ({ ...besidePayments, extra: { ...settings.extra, gateways } })
  const first = (name: string, gateways: object) => facts(name, given(gateways))[0]!
  const sale = 'order_transactions-create.sale'
  assert.deepEqual(first(sale, { 'Shopify Payments': 'shop' }).data, {
    amountMinor: '6224',
    currency: 'USD',
    tender: 'manual',
  })
  assert.match(first(sale, { shopify_payments: 'stripe-main' }).id, /^payment_evidence:/)
  assert.match(
    first('order_transactions-create.bank-deposit', { 'bank deposit': 'bank-main' }).id,
    /^payment_evidence:/,
  )
})

test('a gateway that the shop calls manual is the shop’s', () => {
  const body = bytes(
    fixture('resource.order')
      .body.replaceAll('"manual_payment_gateway": false', '"manual_payment_gateway": true')
      .replaceAll('"shopify_payments"', '"Pay at pickup"'),
  )
  const found = printed(normalize(stored('resource.order', body), besidePayments)).find(({ id }) =>
    id.startsWith('payment_captured'),
  )
  assert.equal((found?.data as { tender: string } | undefined)?.tender, 'manual')
})

test('a capture lets go of what its authorization held', () => {
  assert.deepEqual(
    facts('order_transactions-create.capture').map(({ id }) => id),
    [
      'payment_captured:transaction:120560818172775267:6224',
      'payment_voided:authorization:120560818172775266',
    ],
  )
})

test('with a return the total stays what was ordered; with an edit alone it is the current one', () => {
  assert.equal(dataOf('resource.order', 'order_snapshot').totalMinor, '6224' as never)
  assert.equal(dataOf('orders-updated.edited-up', 'order_snapshot').totalMinor, '8224' as never)
  assert.equal(dataOf('orders-updated.edited-down', 'order_snapshot').totalMinor, '4316' as never)
  assert.equal(dataOf('orders-cancelled', 'order_snapshot').totalMinor, '6224' as never)
})

test('C32 tax goes with the line that an edit takes out', () => {
  const { components, lines, totalMinor } = dataOf('orders-updated.edited-down', 'order_snapshot')
  assert.equal(components.taxMinor, '216' as never)
  assert.deepEqual(components.taxes, [{ jurisdiction: 'US-KY', amountMinor: '216' }])
  const goods = lines.reduce((total, line) => total + BigInt(line.totalMinor!), 0n)
  assert.equal(goods + BigInt(components.shippingMinor!) + BigInt(components.taxMinor!), BigInt(totalMinor))
})

test('lines and components of every example come to its total', () => {
  for (const { name } of fixtures.filter(({ type }) =>
    /^orders\/(create|updated|paid)|^resource\.order$/.test(type),
  )) {
    const { components, lines, totalMinor } = dataOf(name, 'order_snapshot')
    const parts = [
      ...lines.map((line) => line.totalMinor!),
      components.shippingMinor!,
      components.taxMinor!,
      components.tipsMinor!,
    ]
    assert.equal(
      parts.reduce((total, part) => total + BigInt(part), 0n),
      BigInt(totalMinor),
      name,
    )
  }
})

test('amounts are read from their sets; a plain number serves where there is no set', () => {
  const body = changed('refunds-create', /"subtotal_set": \{[\s\S]+?\}\s+\},/, '')
  assert.equal(dataOf('refunds-create', 'refund_lines', body).lines[0]!.subtotalMinor, '1800' as never)
})

test('tips are no goods', () => {
  const body = changed('orders-create', '"quantity": 1,', '"tip": {"payment_gateway": "x"}, "quantity": 1,')
  assert.equal(dataOf('orders-create', 'order_snapshot', body).lines.length, 1)
})

test('only a leading # is dropped from a name, and only one', () => {
  const number = (name: string) =>
    dataOf('orders-create', 'order_numbered', changed('orders-create', '"#1042"', JSON.stringify(name)))
      .number
  assert.equal(number('EU#1042-B'), 'EU#1042-B')
  assert.equal(number('##7'), '#7')
})

test('another reference than the name may be the number', () => {
  const connection = { ...settings, orderReference: [{ field: 'note', pattern: 'with (\\w+)' }, 'name'] }
  const numbered = facts('orders-create', connection).find(({ id }) => id.startsWith('order_numbered'))
  assert.deepEqual(numbered?.data, { number: 'the', priority: 0 })
})

test('a reading of a version outranks a delivery of it, and carries its number', () => {
  const body = bytes(fixture('resource.order').body)
  const outcome = normalize({ ...stored('resource.order', body), source: 'reread', readNo: 7n }, settings)
  const snapshot =
    outcome.kind === 'processed'
      ? outcome.statements.find(({ fact }) => fact.kind === 'order_snapshot')
      : undefined
  assert.equal(snapshot?.fact.rank, 1)
  assert.equal((snapshot?.fact.data as { readNo?: string } | undefined)?.readNo, '7')
})

test('a body sent again under another topic states nothing and is put under review, whichever pair it is', () => {
  const families = [
    'orders-create',
    'orders-edited',
    'orders-delete',
    'order_transactions-create.sale',
    'refunds-create',
    'fulfillments-create',
    'disputes-create',
    'inventory_levels-update',
    'products-update',
    'app-uninstalled',
    'customers-data_request',
    'customers-redact',
    'shop-redact',
  ]
  for (const topic of families.map((name) => fixture(name).type)) {
    for (const name of families) {
      if (fixture(name).type === topic) continue
      const outcome = normalize(stored(topic, bytes(fixture(name).body)), settings)
      assert.equal(outcome.kind, 'needs_review', `${name} as ${topic}`)
    }
  }
})

test('who speaks for what is heard on that alone', () => {
  const kinds = (speaksFor: ConnectionSettings['speaksFor']) =>
    new Set(facts('resource.order', { ...settings, speaksFor }).map(({ id }) => id.split(':')[0]))
  assert.ok(!kinds(['order']).has('fulfillment_state'))
  assert.ok(!kinds(['payment']).has('order_snapshot'))
  assert.deepEqual([...kinds(['fulfillment'])].sort(), ['fulfillment_state', 'payment_evidence'])
})

test('`accept` leaves out orders of another site, and nothing that cannot say', () => {
  const connection = { ...settings, accept: { source_name: 'web' } }
  assert.ok(facts('orders-create', connection).length > 0)
  const outcome = normalize(
    stored('orders/create', bytes(fixture('orders-create.point-of-sale').body)),
    connection,
  )
  assert.deepEqual(outcome, { kind: 'ignored', reason: 'not_ours' })
  assert.ok(facts('refunds-create', connection).length > 0)
})

test('what a shop asks besides facts is an act, once', () => {
  const acts = (name: string) => {
    const outcome = normalize(stored(fixture(name).type, bytes(fixture(name).body)), settings)
    return outcome.kind === 'processed' ? outcome.acts : outcome
  }
  const who = { email: 'grace@example.com', customerId: '115310627314723954' }
  assert.deepEqual(acts('customers-data_request'), [{ kind: 'export_customer', ...who }])
  assert.deepEqual(acts('customers-redact'), [{ kind: 'erase_customer', ...who }])
  assert.deepEqual(acts('shop-redact'), [{ kind: 'erase_shop' }])
  assert.deepEqual(acts('app-uninstalled'), [
    { kind: 'disable_connection', reason: 'the app was uninstalled' },
  ])
})

test('mistakes of configuration are told without repeating a secret', () => {
  assert.deepEqual(check(settings), [])
  const wrong = check({
    ...settings,
    webhookSecrets: ['shpat_0123'],
    apiBaseUrl: 'ftp://x/y',
    extra: {
      shop: 'shop.example',
      accessToken: 'shpss_0123',
      apiVersion: '2026-11',
      gateways: ['x'],
      verify: 'postback',
    },
  })
  assert.equal(wrong.length, 7, wrong.join('\n'))
  assert.ok(!wrong.join(' ').includes('0123'))
  assert.match(check({ ...settings, extra: {} })[0]!, /^shop: is missing/)
})
