import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sinksOf } from '../../../src/pipeline/perform.ts'
import { endpoint, type Reply, scriptedMailServer } from '../../sinks/support.ts'
import { until } from '../../support/wait.ts'
import { buy, dispute, mailServer, perform, performedFacts, rows, settled, systemWith } from './support.ts'

test('a storm of reviews is one message on each channel, and every notice is settled by it', async (t) => {
  const slack = await endpoint(t, () => ({ status: 200, body: 'ok' }))
  const { messages, ...mail } = await mailServer(t)
  const system = await systemWith(t, {
    notify: { slackWebhookUrl: slack.url, mail: { ...mail, to: ['ops@shop.example'] }, on: ['needs_review'] },
  })
  for (let n = 0; n < 30; n += 1) await buy(system, { number: `60${n}`, amountMinor: 2500n })
  perform(system, sinksOf(system))
  const notices = await settled(system, 'notify')
  assert.equal(notices.length, 60)
  assert.ok(notices.every(({ state, attempts }) => state === 'done' && attempts === 1))
  assert.equal(slack.received.length, 1)
  assert.match(slack.received[0]!.body.toString('utf8'), /30 things need you.*30 × overpaid/)
  assert.equal(messages.length, 1)
  assert.match(messages[0]!, /^Subject: =.UTF-8.Q.30_things_need_you/m)
  assert.equal((await performedFacts(system)).length, 60, 'each order remembers that it was told of')
})

test('what the channel could not take is told again together; what is in doubt is not', async (t) => {
  const replies: Reply[] = [{ status: 429 }, { status: 500 }]
  const slack = await endpoint(t, () => replies.shift() ?? { status: 200 })
  const system = await systemWith(t, { notify: { slackWebhookUrl: slack.url, on: ['needs_review'] } })
  for (let n = 0; n < 5; n += 1) await buy(system, { number: `61${n}`, amountMinor: 2500n })
  perform(system, sinksOf(system))
  const notices = await settled(system, 'notify')
  assert.deepEqual([...new Set(notices.map(({ state }) => state))], ['unknown'])
  assert.equal(slack.received.length, 2)
  assert.match(slack.received[1]!.body.toString('utf8'), /5 things need you/)
})

test('a deadline is told of again when it is near, and not once the dispute is over', async (t) => {
  const slack = await endpoint(t, () => ({ status: 200 }))
  const system = await systemWith(t, { notify: { slackWebhookUrl: slack.url, on: ['dispute'] } })
  perform(system, sinksOf(system))
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()
  for (const [number, days] of [
    ['640', 9],
    ['641', 1],
  ] as const) {
    await buy(system, { number })
    await dispute(system, number, 'open', inDays(days))
  }
  const shown = async () =>
    (await rows(system, 'notify')).map(({ key, kind, state }) => [/_(\d+)/.exec(key)![1], kind, state])
  await until(
    'what is near is told',
    async () => (await shown()).filter(([, , state]) => state === 'done').length === 3,
  )
  assert.deepEqual(
    (await shown()).filter(([number]) => number === '640'),
    [
      ['640', 'review', 'done'],
      ['640', 'deadline', 'due'],
    ],
  )
  assert.match(slack.received.map(({ body }) => body.toString('utf8')).join(), /dispute_open: deadline near/)
  await dispute(system, '640', 'won')
  assert.deepEqual((await shown())[1], ['640', 'deadline', 'cancelled'])
})

test('a mail that the server refuses for good is told to the team, once, with its reason and its order', async (t) => {
  const slack = await endpoint(t, () => ({ status: 200 }))
  const server = await scriptedMailServer(t, { rcpt: '550 no such user' })
  const system = await systemWith(t, {
    notify: { slackWebhookUrl: slack.url, on: ['dead_letter'] },
    receipt: { smtpUrl: server.url, from: 'shop@shop.example', waitForMs: 0 },
  })
  perform(system, sinksOf(system))
  const order = await buy(system, { number: '630' })
  const [receipt] = await settled(system, 'receipt')
  assert.deepEqual([receipt!.state, receipt!.last_error], ['failed', 'the mail server answered 550'])
  await settled(system, 'notify')
  assert.equal(slack.received.length, 1)
  const text = slack.received[0]!.body.toString('utf8')
  assert.match(text, /receipt_failed.*the mail server answered 550/)
  const [notice] = (await system.db.web.query("select body from effects where sink = 'notify'")).rows as {
    body: string
  }[]
  assert.equal(JSON.parse(notice!.body).order_id, order)
})

test('a mail that cannot even be tried is told of as well', async (t) => {
  const slack = await endpoint(t, () => ({ status: 200 }))
  const { messages: _, ...mail } = await mailServer(t)
  const system = await systemWith(t, {
    notify: { slackWebhookUrl: slack.url, on: ['dead_letter'] },
    receipt: { ...mail, waitForMs: 0 },
  })
  await buy(system, { number: '631' })
  await system.db.web.query("update persons set data = replace(data, 'buyer@example.com', 'buyer at home')")
  perform(system, sinksOf(system))
  await settled(system, 'notify')
  assert.match(slack.received[0]!.body.toString('utf8'), /receipt_failed.*the address cannot be used/)
})

test('of a process that went silent while its message was out, every notice is in doubt', async (t) => {
  const slack = await endpoint(t, () => 'silent')
  const system = await systemWith(t, { notify: { slackWebhookUrl: slack.url, on: ['needs_review'] } })
  for (let n = 0; n < 3; n += 1) await buy(system, { number: `62${n}`, amountMinor: 2500n })
  perform(system, sinksOf(system))
  await until('the message is out', async () => slack.received.length === 1)
  await system.db.web.query(
    "update effects set token = 'another', lease_until = now() - interval '1 second' where state = 'performing'",
  )
  perform(system, sinksOf(system)) // another process
  const notices = await until('they are settled', async () => {
    const all = await rows(system, 'notify')
    return all.every(({ state }) => state !== 'performing' && state !== 'due') && all
  })
  assert.deepEqual(
    notices.map(({ state }) => state),
    ['unknown', 'unknown', 'unknown'],
  )
  assert.equal(slack.received.length, 1)
})
