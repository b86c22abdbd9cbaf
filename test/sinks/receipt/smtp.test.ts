import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sendOnce } from '../../../src/sinks/receipt/smtp.ts'
import { NotAllowed } from '../../../src/sinks/sink.ts'
import { attemptOf, type Script, scriptedMailServer } from '../support.ts'

const id = '<abc@shop.example>'

async function trial(t: Parameters<typeof scriptedMailServer>[0], script: Script, over = {}) {
  const server = await scriptedMailServer(t, script)
  const attempt = attemptOf(over)
  const settings = { url: server.url, sender: 'shop@shop.example', stepTimeoutMs: 500, replyTimeoutMs: 800 }
  return { server, attempt, run: () => sendOnce(attempt, id, settings) }
}

test('a message that the server takes is done, and passes every point in order', async (t) => {
  const { server, attempt, run } = await trial(t, {})
  assert.deepEqual(await run(), { kind: 'done', reference: id })
  assert.equal(server.messages.length, 1)
  assert.deepEqual(attempt.seen, [
    'smtp.after_mail_from',
    `leaving ${id}`,
    'smtp.before_final_dot',
    'smtp.after_final_dot',
    'sent',
    'smtp.after_250',
  ])
})

test('a line that is a dot does not end the message early', async (t) => {
  const { server, run } = await trial(t, {}, { bytes: Buffer.from('Subject: x\r\n\r\na\r\n.\r\nb\r\n') })
  assert.equal((await run()).kind, 'done')
  assert.match(server.messages[0]!, /a\r\n\.\.\r\nb/)
})

for (const [name, script, isDown] of [
  ['450 to the recipient', { rcpt: '450 greylisted' }, false],
  ['451 to the sender', { mail: '451 later' }, false],
  ['452 to DATA', { data: '452 full' }, false],
  ['421 to the whole message', { message: '421 closing' }, true],
  ['451 to the whole message', { message: '451 later' }, false],
  ['421 as a greeting', { greeting: '421 busy' }, true],
  ['554 as a greeting', { greeting: '554 go away' }, true],
  ['a connection cut at the greeting', { greeting: 'cut' }, true],
  ['a connection cut at the recipient', { rcpt: 'cut' }, true],
  ['a connection cut at DATA', { data: 'cut' }, true],
  ['a server that never greets', { greeting: 'silent' }, true],
  ['a server silent after the recipient', { rcpt: 'silent' }, true],
] as const) {
  test(`${name}: it certainly did not go, so it is tried again`, async (t) => {
    const { server, run } = await trial(t, script)
    const outcome = await run()
    assert.equal(outcome.kind, 'retry', JSON.stringify(outcome))
    assert.equal(outcome.kind === 'retry' && outcome.isDown, isDown, JSON.stringify(outcome))
    if (!('message' in script)) assert.equal(server.messages.length, 0)
  })
}

for (const [name, script] of [
  ['to the recipient', { rcpt: '550 no such user' }],
  ['to the sender', { mail: '553 not you' }],
  ['to DATA', { data: '554 no' }],
  ['to the whole message', { message: '552 too large' }],
] as const) {
  test(`5xx ${name} is final`, async (t) => {
    const { run } = await trial(t, script)
    assert.equal((await run()).kind, 'failed')
  })
}

for (const message of ['cut', 'silent'] as const) {
  test(`a final dot that is answered by ${message === 'cut' ? 'a cut' : 'silence'} leaves doubt`, async (t) => {
    const { server, run } = await trial(t, { message })
    const outcome = await run()
    assert.equal(outcome.kind, 'unknown', JSON.stringify(outcome))
    assert.equal(server.messages.length, 1)
  })
}

test('a connection cut within the message, before the dot, is tried again', async (t) => {
  const never = new Promise<void>(() => {})
  const { server, run } = await trial(
    t,
    { cutInMessage: true },
    { bytes: Buffer.alloc(100_000, 'x'), mayLeave: () => never },
  )
  assert.equal((await run()).kind, 'retry')
  assert.equal(server.messages.length, 0)
})

test('no dot is sent when the attempt has lost its right to go on', async (t) => {
  const refusal = new NotAllowed('another attempt has taken over')
  const { server, run } = await trial(t, {}, { mayLeave: () => Promise.reject(refusal) })
  await assert.rejects(run(), refusal)
  assert.equal(server.messages.length, 0)
})

test('nobody listening is a repeat, and the error names no address of a person', async (t) => {
  const server = await scriptedMailServer(t)
  const settings = {
    url: 'smtp://127.0.0.1:1',
    sender: 'shop@shop.example',
    stepTimeoutMs: 500,
    replyTimeoutMs: 800,
  }
  const outcome = await sendOnce(attemptOf(), id, settings)
  assert.equal(outcome.kind, 'retry')
  assert.ok(!JSON.stringify(outcome).includes('@'))
  assert.equal(server.messages.length, 0)
})

test('an abort before the dot sends nothing; after it there is doubt', async (t) => {
  const before = new AbortController()
  const waiting = await trial(
    t,
    {},
    { signal: before.signal, mayLeave: async () => new Promise<void>(() => before.abort()) },
  )
  assert.equal((await waiting.run()).kind, 'retry')
  assert.equal(waiting.server.messages.length, 0)
  const after = new AbortController()
  const silent = await trial(t, { message: 'silent' }, { signal: after.signal, sent: () => after.abort() })
  assert.equal((await silent.run()).kind, 'unknown')
})
