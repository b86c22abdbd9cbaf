import assert from 'node:assert/strict'
import { test } from 'node:test'
import { teamMailSink } from '../../../src/sinks/notify/mail.ts'
import { slackSink } from '../../../src/sinks/notify/slack.ts'
import { NotAllowed, type Sink } from '../../../src/sinks/sink.ts'
import { attemptOf, endpoint, itemOf, type Reply, scriptedMailServer } from '../support.ts'
import { review } from './support.ts'

const slackAt = (url: string, allowPrivate = true) =>
  slackSink({ slackWebhookUrl: url, publicUrl: undefined, target: { allowPrivate, timeoutMs: 300 } })

async function attemptBy(sink: Sink, over: Parameters<typeof attemptOf>[0] = {}) {
  const prepared = await sink.together!.prepare([itemOf(review)])
  assert.equal(prepared.kind, 'send')
  const { bytes, to = [] } = prepared as { bytes: Uint8Array; to?: readonly string[] }
  return attemptOf({ bytes, to, ...over })
}

for (const [reply, outcome] of [
  [{ status: 200, body: 'ok' }, 'done'],
  [{ status: 404, body: 'no_service' }, 'failed'],
  [{ status: 302, headers: { location: 'http://127.0.0.1:9/' } }, 'failed'],
  [{ status: 429, headers: { 'retry-after': '30' } }, 'retry'],
  [{ status: 500 }, 'unknown'],
  ['cut', 'unknown'],
] as [Reply, string][]) {
  test(`Slack answers ${typeof reply === 'string' ? reply : reply.status}: ${outcome}`, async (t) => {
    const { url, received } = await endpoint(t, () => reply)
    const sink = slackAt(url)
    const attempt = await attemptBy(sink)
    const performed = await sink.call(attempt)
    assert.equal(performed.kind, outcome)
    assert.deepEqual(attempt.seen, ['leaving eff_1', 'sent'])
    assert.equal(received.length, 1, 'one try')
    assert.ok(JSON.parse(received[0]!.body.toString('utf8')).text)
    if (performed.kind === 'retry') assert.equal(performed.retryAfterMs, 30_000)
  })
}

test('nothing is posted to a private address unless that is allowed, nor without leave', async (t) => {
  const { url, received } = await endpoint(t, () => ({ status: 200 }))
  const refused = await slackAt(url, false).call(await attemptBy(slackAt(url)))
  assert.equal(refused.kind, 'failed')
  const mayLeave = async () => {
    throw new NotAllowed('another attempt has taken over')
  }
  await assert.rejects(async () => slackAt(url).call(await attemptBy(slackAt(url), { mayLeave })), NotAllowed)
  assert.equal(received.length, 0)
})

test('the same news go to the team by mail', async (t) => {
  const server = await scriptedMailServer(t)
  const sink = teamMailSink({
    smtpUrl: server.url,
    from: 'Shop <shop@shop.example>',
    to: ['ops@shop.example', 'owner@shop.example'],
    publicUrl: 'https://hooks.shop.example',
  })
  assert.equal((await sink.call(await attemptBy(sink))).kind, 'done')
  const [mail] = server.messages
  assert.match(mail!, /^Subject: An order needs you: 1001, overpaid\r$/m)
  assert.match(mail!, /^X-Ordersync-Kind: notice/m)
  assert.match(mail!.replaceAll('=\r\n', ''), /hooks\.shop\.example\/admin\/orders\/ord_1/)
  assert.deepEqual(
    server.commands.filter((line) => line.startsWith('RCPT')),
    ['RCPT TO:<ops@shop.example>', 'RCPT TO:<owner@shop.example>'],
  )
  server.script.message = 'cut'
  assert.equal((await sink.call(await attemptBy(sink))).kind, 'unknown')
})
