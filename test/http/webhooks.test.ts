import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { connect } from 'node:net'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { problems } from '../../src/http/problem.ts'
import { eventId } from '../../src/pipeline/receive.ts'
import { rowsOf, secret, sign, testConnection } from '../pipeline/support.ts'
import { type Answer, deliver, endpoint, event, raw } from './webhook-client.ts'

const problem = (answer: Answer) => {
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/)
  assert.equal(answer.json.status, answer.status)
  assert.equal(answer.json.title, problems[answer.json.code as keyof typeof problems].title)
  return [answer.status, answer.json.code]
}

test('a signed delivery is accepted once, and known afterwards under the same id', async (t) => {
  const to = await endpoint(t)
  const first = await deliver(to, event('ev_1'))
  assert.equal(first.status, 200)
  assert.deepEqual(first.json, { id: eventId('acme-main', 'ev_1'), status: 'accepted' })
  const second = await deliver(to, event('ev_1'))
  assert.deepEqual([second.status, second.json], [200, { ...first.json, status: 'duplicate' }])
  const short = await deliver(to, event('ev_2'), { path: '/webhooks/acme' })
  assert.equal(short.status, 200)
  assert.equal((await deliver(to, event('ev_3'), { path: '/webhooks/acme?a=1' })).status, 200)
})

test('fifty at once over real connections are one event', async (t) => {
  const to = await endpoint(t)
  const answers = await Promise.all(Array.from({ length: 50 }, () => deliver(to, event('ev_1'))))
  assert.ok(answers.every(({ status }) => status === 200))
  assert.equal(answers.filter(({ json }) => json.status === 'accepted').length, 1)
  assert.equal(new Set(answers.map(({ json }) => json.id)).size, 1)
})

test('an answer is as the contract has it for whatever is wrong', async (t) => {
  const to = await endpoint(t, {
    connections: [testConnection(), testConnection({ id: 'closed', allowIps: ['10.0.0.0/8'] })],
    limits: { bodyBytes: 1_000 },
  })
  const refused = async (
    ...call: Parameters<typeof deliver> extends [unknown, ...infer Rest] ? Rest : never
  ) => problem(await deliver(to, ...call))

  assert.deepEqual(await refused('{"a":'), [400, 'malformed_delivery'])
  assert.deepEqual(await refused('{"type":"x"}'), [400, 'malformed_delivery'])
  assert.deepEqual(await refused('{"id":"x\\u0000y","type":"x"}'), [400, 'malformed_delivery'])
  assert.deepEqual(await refused('{"id":"\\ud800","type":"x"}'), [400, 'malformed_delivery'])
  assert.deepEqual(await refused(event('e'.repeat(501))), [400, 'malformed_delivery'])
  assert.deepEqual(await refused(event('e'), { headers: { 'x-signature': sign('other') } }), [
    401,
    'invalid_signature',
  ])
  assert.deepEqual(await refused(event('e'), { headers: { 'x-signature': '' } }), [401, 'invalid_signature'])
  assert.deepEqual(await refused(event('e'), { path: '/webhooks/acme/closed' }), [403, 'address_not_allowed'])
  assert.deepEqual(await refused(event('e', { mode: 'live' })), [403, 'wrong_mode_or_account'])
  assert.deepEqual(
    await refused(event('e'), { path: '/webhooks/acme' }),
    [404, 'no_such_connection'],
    'two connections',
  )
  assert.deepEqual(await refused(event('e'), { path: '/webhooks/acme/nobody' }), [404, 'no_such_connection'])
  assert.deepEqual(await refused(event('e'), { path: '/webhooks/constructor' }), [404, 'no_such_connection'])
  assert.deepEqual(await refused('', { method: 'GET' }), [405, 'method_not_allowed'])
  assert.deepEqual(await refused(event('e'), { method: 'PUT' }), [405, 'method_not_allowed'])
  assert.deepEqual(await refused(event('e', { filler: 'x'.repeat(1_000) })), [413, 'body_too_large'])
  for (const encoding of ['gzip', 'br', 'zstd', 'gzip, gzip']) {
    const answer = await refused(gzipSync(event('e')), { headers: { 'content-encoding': encoding } })
    assert.deepEqual(answer, [415, 'unsupported_encoding'])
  }
  assert.equal((await deliver(to, '', { method: 'GET' })).headers.get('allow'), 'POST')
  assert.equal((await rowsOf(to.system, 'select 1 from events')).length, 0)
})

test('all failures of a verification share one body', async (t) => {
  const to = await endpoint(t)
  const bodies = await Promise.all([
    deliver(to, event('e'), { headers: { 'x-signature': '' } }),
    deliver(to, event('e'), { headers: { 'x-signature': 'ü'.repeat(32) } }),
    deliver(to, '{', { headers: { 'x-signature': createHmac('sha256', 'other').update('{').digest('hex') } }),
  ])
  assert.equal(new Set(bodies.map(({ text }) => text)).size, 1)
})

test('a path in another spelling is another path, and there is nothing at it', async (t) => {
  const to = await endpoint(t)
  for (const path of [
    '/webhooks/acme/acme-main/',
    '/webhooks/acme/',
    '/webhooks/',
    '/webhooks',
    '/Webhooks/acme/acme-main',
    '/webhooks/ACME/acme-main',
    '/webhooks//acme/acme-main',
    '//webhooks/acme/acme-main',
    '/webhooks/acme/%61cme-main',
    '/webhooks/acme/%2e/acme-main',
    '/%77ebhooks/acme/acme-main',
    '/webhooks/acme/../acme/acme-main',
    '/webhooks/acme/acme-main;x',
  ]) {
    const body = event('e')
    const answer = await raw(
      to.port,
      `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Signature: ${sign(body)}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    assert.match(answer, /^HTTP\/1\.1 404 /, path)
    assert.match(answer, /application\/problem\+json/, path)
  }
  assert.equal((await rowsOf(to.system, 'select 1 from events')).length, 0)
})

test('a signature given twice is refused, whichever of them is right', async (t) => {
  const to = await endpoint(t)
  const body = event('e')
  const wrong = 'x'.repeat(64)
  for (const [a, b] of [
    [sign(body), sign(body)],
    [sign(body), wrong],
    [wrong, sign(body)],
  ]) {
    const answer = await raw(
      to.port,
      `POST /webhooks/acme HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Signature: ${a}\r\nx-signature: ${b}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    assert.match(answer, /^HTTP\/1\.1 401 /)
  }
})

test('a request framed in two ways is not taken', async (t) => {
  const to = await endpoint(t)
  const body = event('e')
  const answer = await raw(
    to.port,
    `POST /webhooks/acme HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Signature: ${sign(body)}\r\nContent-Length: ${body.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  )
  assert.match(answer, /^HTTP\/1\.1 400 /)
  assert.equal((await rowsOf(to.system, 'select 1 from events')).length, 0)
})

test('a body over the limit is not read to its end, declared or not', async (t) => {
  const to = await endpoint(t, { limits: { bodyBytes: 1_000 } })
  const declared = await raw(
    to.port,
    'POST /webhooks/acme HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nx',
  )
  assert.match(declared, /^HTTP\/1\.1 413 /)
  assert.match(declared, /connection: close/i)
  const chunk = `${(1_100).toString(16)}\r\n${'x'.repeat(1_100)}\r\n`
  const undeclared = await raw(
    to.port,
    `POST /webhooks/acme HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`,
  )
  assert.match(undeclared, /^HTTP\/1\.1 413 /)
})

test('half a body is no delivery', async (t) => {
  const to = await endpoint(t)
  const body = event('e')
  await new Promise<void>((resolve) => {
    const socket = connect(to.port, '127.0.0.1')
    socket.on('close', () => resolve())
    socket.on('error', () => {})
    socket.resume()
    socket.end(
      `POST /webhooks/acme HTTP/1.1\r\nHost: x\r\nX-Signature: ${sign(body)}\r\nContent-Length: ${body.length + 9}\r\n\r\n${body}`,
    )
  })
  assert.equal((await rowsOf(to.system, 'select 1 from events')).length, 0)
  assert.equal((await deliver(to, body)).json.status, 'accepted')
})

test('either of two secrets verifies while they are rotated', async (t) => {
  const to = await endpoint(t, { connections: [testConnection({ webhookSecrets: ['new', secret] })] })
  assert.equal((await deliver(to, event('a'))).status, 200)
  assert.equal(
    (await deliver(to, event('b'), { headers: { 'x-signature': sign(event('b'), 'new') } })).status,
    200,
  )
  assert.equal(
    (await deliver(to, event('c'), { headers: { 'x-signature': sign(event('c'), 'old') } })).status,
    401,
  )
})

test('a challenge is answered and stores no event', async (t) => {
  const to = await endpoint(t)
  const answer = await deliver(to, '{"challenge":"tell me"}')
  assert.deepEqual([answer.status, answer.text], [200, 'tell me'])
  assert.equal((await rowsOf(to.system, 'select 1 from events')).length, 0)
})

test('an event of the other mode, where one endpoint has both, is accepted and ignored', async (t) => {
  const to = await endpoint(t)
  assert.equal((await deliver(to, event('e', { ignore: 'other_mode' }))).json.status, 'accepted')
  const rows = await rowsOf(to.system, 'select status, reason, mode from events')
  assert.deepEqual(rows, [{ status: 'ignored', reason: 'other_mode', mode: 'live' }])
})

test('another body under an unsigned id is accepted and put under review', async (t) => {
  const to = await endpoint(t)
  const headers = { 'x-event-id': 'h_1' }
  const first = await deliver(to, event('', { header_id: true, n: 1 }), { headers })
  const other = await deliver(to, event('', { header_id: true, n: 2 }), { headers })
  assert.deepEqual([first.json.status, other.json.status], ['accepted', 'accepted'])
  assert.notEqual(first.json.id, other.json.id)
  const rows = await rowsOf(to.system, 'select status, review_code from events order by seq')
  assert.deepEqual(rows[1], { status: 'needs_review', review_code: 'identity_conflict' })
})
