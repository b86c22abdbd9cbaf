import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newsOf } from '../../../src/sinks/notify/news.ts'
import { Pace } from '../../../src/sinks/notify/pace.ts'
import { messageOf } from '../../../src/sinks/notify/slack.ts'
import { itemOf, orderOf } from '../support.ts'
import { review } from './support.ts'

const slackText = (items: Parameters<typeof newsOf>[0], url: string | undefined) =>
  JSON.stringify(messageOf(newsOf(items, url)))

test('a message says what is the matter, for which order, and where to look', () => {
  const message = slackText([itemOf(review)], 'https://hooks.shop.example/')
  assert.match(message, /overpaid/)
  assert.match(message, /captured 60\.00 &lt;above&gt; ordered 50\.00 &amp; more/)
  assert.match(message, /1001/)
  assert.match(message, /<https:\/\/hooks\.shop\.example\/admin\/orders\/ord_1\|Open>/)
})

test('a message holds nothing of the buyer, and no link where our own address is not known', () => {
  assert.doesNotMatch(slackText([itemOf(review)], undefined), /Ada|buyer@example|Main St|http/)
})

test('a dispute says until when it is to be answered', () => {
  const body = { code: 'dispute_open', detail: '10.00 USD is disputed', due_at: '2026-12-01T00:00:00.000Z' }
  assert.match(slackText([itemOf({ ...review, body })], undefined), /answer by 2026-12-01T00:00:00\.000Z/)
})

test('a dead letter of no order links to its event, a finding to the order that it is about', () => {
  const ofNoOrder = { order: undefined, orderId: undefined }
  const letter = itemOf({
    ...ofNoOrder,
    kind: 'dead_letter',
    body: { event_id: 'evt_1', detail: 'gave up' },
  })
  assert.match(slackText([letter], 'https://x.example'), /Something was given up.*admin\/events\/evt_1/)
  const finding = itemOf({ ...ofNoOrder, kind: 'drift', body: { code: 'drift: amount', order_id: 'ord_7' } })
  assert.match(slackText([finding], 'https://x.example'), /drift: amount.*admin\/orders\/ord_7/)
})

test('a storm is one message: each kind with its count, some of each, the most frequent first', () => {
  const storm = Array.from({ length: 300 }, (_, n) =>
    itemOf({
      ...review,
      orderId: `ord_${n}`,
      order: orderOf({ number: String(n) }),
      body: { ...review.body, code: n < 250 ? 'amount_mismatch' : `code_${n}`, detail: 'x'.repeat(400) },
    }),
  )
  const news = newsOf(storm, 'https://hooks.shop.example')
  assert.equal(news.title, '300 things need you')
  const [first, , ...others] = news.groups
  assert.deepEqual([first!.heading, first!.lines.length, first!.more], ['250 × amount_mismatch', 8, 242])
  assert.deepEqual([others.at(-1)!.heading, others.at(-1)!.more], ['and others', 39])
  const { blocks } = messageOf(news)
  for (const block of blocks as { text: { text: string } }[]) {
    assert.ok(block.text.text.length <= 3_000, 'Slack takes no longer section')
    assert.equal(block.text.text.split('<').length, block.text.text.split('>').length, 'no link is cut')
  }
})

test('while messages follow each other the wait for more doubles, and after a pause it is short again', () => {
  let now = 0
  const pace = new Pace(() => now)
  const waits: number[] = []
  for (let i = 0; i < 9; i += 1) {
    waits.push(pace.waitMs)
    now += pace.waitMs
    pace.said()
  }
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
  now += 130_000
  assert.equal(pace.waitMs, 1_000)
})
