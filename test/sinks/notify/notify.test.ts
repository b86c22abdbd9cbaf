import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notifySink } from '../../../src/sinks/notify/index.ts'
import { messageOf } from '../../../src/sinks/notify/message.ts'
import { attemptOf, endpoint, itemOf, type Reply } from '../support.ts'

const review = {
  kind: 'review',
  key: 'notify:overpaid:ord_1',
  body: { code: 'overpaid', detail: 'captured 60.00 <above> ordered 50.00 & more' },
}

test('a message says what is the matter, for which order, and where to look', () => {
  const message = JSON.stringify(messageOf(itemOf(review), 'https://hooks.shop.example/'))
  assert.match(message, /overpaid/)
  assert.match(message, /captured 60\.00 &lt;above&gt; ordered 50\.00 &amp; more/)
  assert.match(message, /1001/)
  assert.match(message, /<https:\/\/hooks\.shop\.example\/admin\/orders\/ord_1\|Open the order>/)
})

test('a message holds nothing of the buyer, and no link where our own address is not known', () => {
  const message = JSON.stringify(messageOf(itemOf(review), undefined))
  assert.doesNotMatch(message, /Ada|buyer@example|Main St|http/)
})

test('a dead letter of no order links to its event', () => {
  const item = itemOf({
    kind: 'dead_letter',
    body: { event_id: 'evt_1', detail: 'gave up' },
    order: undefined,
    orderId: undefined,
  })
  assert.match(
    JSON.stringify(messageOf(item, 'https://x.example')),
    /An event could not be processed.*admin\/events\/evt_1/,
  )
})

for (const [reply, outcome] of [
  [{ status: 200, body: 'ok' }, 'done'],
  [{ status: 404, body: 'no_service' }, 'failed'],
  [{ status: 302 }, 'failed'],
  [{ status: 429, headers: { 'retry-after': '30' } }, 'retry'],
  [{ status: 500 }, 'unknown'],
  ['cut', 'unknown'],
] as [Reply, string][]) {
  test(`Slack answers ${typeof reply === 'string' ? reply : reply.status}: ${outcome}`, async (t) => {
    const { url, received } = await endpoint(t, () => reply)
    const sink = notifySink({
      slackWebhookUrl: url,
      publicUrl: undefined,
      target: { allowPrivate: true, timeoutMs: 300 },
    })
    const prepared = await sink.prepare(itemOf(review))
    assert.equal(prepared.kind, 'send')
    const attempt = attemptOf({ bytes: prepared.kind === 'send' ? prepared.bytes : Buffer.alloc(0) })
    assert.equal((await sink.call(attempt)).kind, outcome)
    assert.deepEqual(attempt.seen, ['leaving eff_1', 'sent'])
    assert.ok(JSON.parse(received[0]!.body.toString('utf8')).text)
  })
}
