import assert from 'node:assert/strict'
import { test } from 'node:test'
import { orderView } from '../../../src/core/order-view.ts'
import { outgoingSink } from '../../../src/sinks/outgoing/index.ts'
import { type PresetName, presets } from '../../../src/sinks/outgoing/presets.ts'
import { attemptOf, endpoint, itemOf, orderOf, type Reply } from '../support.ts'

const frame = {
  id: 'ord_1',
  connection: 'stripe-main',
  mode: 'test',
  updatedAt: '2026-11-25T10:00:00.000Z',
  persons: new Map([['per_1', { email: 'ada@example.com', name: 'Ada King Lovelace' }]]),
  references: [],
  isMasked: false,
}
const refunded = {
  type: 'order.refunded',
  timestamp: frame.updatedAt,
  data: {
    order_id: 'ord_1',
    number: '1001',
    order: orderView(orderOf(), frame),
    refund: { id: 're_1', status: 'succeeded', amount: { amount: '10.00', currency: 'USD' } },
  },
}
const payout = {
  type: 'payout.paid',
  timestamp: frame.updatedAt,
  data: { connection: 'stripe-main', payout: { id: 'po_1', amount: { amount: '9.00', currency: 'USD' } } },
}

test("a catch hook of Zapier's gets one level of fields", () => {
  assert.deepEqual(presets.zapier.body(refunded, {}), {
    event: 'order.refunded',
    timestamp: '2026-11-25T10:00:00.000Z',
    order_id: 'ord_1',
    number: '1001',
    email: 'ada@example.com',
    name: 'Ada King Lovelace',
    status: 'open',
    payment_status: 'paid',
    fulfillment_status: 'unfulfilled',
    currency: 'USD',
    total: '44.98',
    captured: '44.98',
    refunded: '0.00',
    items: '2 × T-shirt <M>',
    refund_id: 're_1',
    refund_status: 'succeeded',
    refund_amount: '10.00',
  })
  const flat = presets.zapier.body(payout, {})!
  assert.equal((flat as { payout_amount: string }).payout_amount, '9.00')
  assert.ok(Object.values(flat).every((value) => typeof value !== 'object'))
})

test('an audience of Mailchimp gets the buyer, without claiming a consent; what has no buyer is not told', () => {
  assert.deepEqual(presets.mailchimp.body(refunded, {}), {
    members: [
      {
        email_address: 'ada@example.com',
        status: 'transactional',
        merge_fields: { FNAME: 'Ada', LNAME: 'King Lovelace' },
        tags: ['order.refunded'],
      },
    ],
    update_existing: false,
  })
  assert.equal(presets.mailchimp.body(payout, {}), undefined)
})

test('Jira gets an issue with what happened, and no buyer', () => {
  const { fields } = presets.jira.body(refunded, { project: 'SHOP' }) as { fields: any }
  assert.deepEqual(fields.project, { key: 'SHOP' })
  assert.equal(fields.summary, 'order.refunded: order 1001')
  assert.deepEqual(fields.labels, ['ordersync', 'order-refunded'])
  assert.equal(fields.description.type, 'doc')
  assert.match(fields.description.content[0].content[0].text, /"re_1"/)
  assert.doesNotMatch(JSON.stringify(fields), /ada@example|Lovelace/)
})

async function answered(t: Parameters<typeof endpoint>[0], preset: PresetName, reply: Reply) {
  const { url, received } = await endpoint(t, () => reply)
  const door = {
    closed: async () => undefined,
    close: async () => {},
    open: async () => {},
    tookSomethingSince: async () => true,
  }
  const sink = outgoingSink({
    id: 'app',
    url,
    secret: `whsec_${Buffer.alloc(32, 9).toString('base64')}`,
    preset,
    project: 'SHOP',
    headers: { authorization: 'Basic abc' },
    target: { allowPrivate: true, timeoutMs: 300 },
    now: () => new Date(),
    door,
  })
  const announced = { order: orderOf(), frame }
  const { bytes } = (await sink.prepare(itemOf({ kind: 'order.paid', announced }))) as { bytes: Uint8Array }
  const performed = await sink.call(attemptOf({ bytes }))
  return { kind: performed.kind, isRepeatable: sink.isRepeatable, received: received[0]! }
}

test('what the app asks for goes along, and our own names cannot be replaced by it', async (t) => {
  const { kind, received } = await answered(t, 'jira', { status: 201 })
  assert.equal(kind, 'done')
  assert.equal(received.headers.authorization, 'Basic abc')
  assert.equal(received.headers['webhook-id'], 'eff_1')
  assert.equal(JSON.parse(received.body.toString('utf8')).fields.project.key, 'SHOP')
})

for (const reply of ['cut', { status: 500 }] as Reply[]) {
  test(`an app that knows no repeat is not told again after ${JSON.stringify(reply)}`, async (t) => {
    const jira = await answered(t, 'jira', reply)
    assert.deepEqual([jira.kind, jira.isRepeatable], ['unknown', false])
    const zapier = await answered(t, 'zapier', reply)
    assert.deepEqual([zapier.kind, zapier.isRepeatable], ['retry', true])
  })
}
