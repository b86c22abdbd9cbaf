import assert from 'node:assert/strict'
import type { LookupAddress, lookup } from 'node:dns'
import { test } from 'node:test'
import { isPublicAddress } from '../../src/sinks/public-address.ts'
import { post, type TargetSettings } from '../../src/sinks/target.ts'
import { endpoint, type Reply } from './support.ts'

/** A resolver that gives one answer after the other, the last one for ever. */
function resolver(...answers: string[][]): typeof lookup {
  let asked = 0
  const resolve = (
    _name: string,
    _options: unknown,
    callback: (error: Error | null, found: LookupAddress[]) => void,
  ) => {
    const found = answers[Math.min(asked++, answers.length - 1)]!
    callback(
      null,
      found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }
  return resolve as unknown as typeof lookup
}

function call(url: string, over: Partial<TargetSettings> = {}, request = {}) {
  const seen: string[] = []
  const answer = post(
    {
      url,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from('{}'),
      signal: new AbortController().signal,
      beforeSend: async () => void seen.push('before'),
      afterSend: () => void seen.push('after'),
      ...request,
    },
    { allowPrivate: true, timeoutMs: 2_000, ...over },
  )
  return { answer, seen }
}

test('what anybody can reach is public, and nothing else is', () => {
  for (const address of ['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00::1'])
    assert.ok(isPublicAddress(address), address)
  const others =
    '127.0.0.1 127.9.9.9 0.0.0.0 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1 192.0.2.1 198.18.0.1 ' +
    '224.0.0.1 255.255.255.255 ::1 :: ::ffff:127.0.0.1 ::ffff:8.8.8.8 64:ff9b::7f00:1 fe80::1 fc00::1 fd00:ec2::254 ff02::1 ' +
    '2001:db8::1 2001::1 2002:7f00:1::1 localhost'
  for (const address of others.split(' ')) assert.ok(!isPublicAddress(address), address)
})

test('C56 addresses that are private in any spelling are refused before a connection is made', async (t) => {
  const { port, received } = await endpoint(t, () => ({ status: 200 }))
  const hosts = [
    '127.0.0.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '169.254.169.254',
    '[::ffff:169.254.169.254]',
    '0x7f000001',
    '2130706433',
    '0177.0.0.1',
    '127.1',
    '0.0.0.0',
  ]
  for (const host of hosts) {
    for (const url of [
      `https://${host}/hook`,
      `https://${host}:8443/hook`,
      `http://${host}:${port}/hook`,
      `https://${host}:${port}/hook`,
    ]) {
      const { answer, seen } = call(url, { allowPrivate: false })
      assert.equal((await answer).kind, 'refused', url)
      assert.deepEqual(seen, [])
    }
  }
  // A public name of the kind that says what it resolves to.
  const resolve = resolver(['127.0.0.1'])
  const { answer } = call('https://127.0.0.1.nip.io:8443/hook', { allowPrivate: false, resolve })
  assert.equal((await answer).kind, 'refused')
  assert.equal(received.length, 0)
})

test('C56 a name is refused when any of its addresses is private, and judged anew at each call', async () => {
  for (const addresses of [
    ['127.0.0.1'],
    ['169.254.169.254'],
    ['8.8.8.8', '10.0.0.1'],
    ['::ffff:169.254.169.254'],
    ['100.64.1.1'],
    ['224.0.0.5'],
  ]) {
    const { answer, seen } = call('https://wms.example/hook', {
      allowPrivate: false,
      resolve: resolver(addresses),
    })
    assert.deepEqual(await answer, {
      kind: 'refused',
      reason: 'the name resolves to an address that is not a public one',
    })
    assert.deepEqual(seen, [])
  }
  // The first answer is public (a documentation-free address that nothing answers on), the second is not.
  const turning = resolver(['8.8.8.8'], ['127.0.0.1'])
  const stop = AbortSignal.timeout(50)
  assert.equal(
    (
      await call('https://wms.example/hook', { allowPrivate: false, resolve: turning }, { signal: stop })
        .answer
    ).kind,
    'broken',
  )
  assert.equal(
    (await call('https://wms.example/hook', { allowPrivate: false, resolve: turning }).answer).kind,
    'refused',
  )
})

test('plain http, odd ports, passwords and other schemes are refused where only public targets are allowed', async () => {
  for (const url of [
    'http://wms.example/',
    'https://wms.example:22/',
    'https://u:p@wms.example/',
    'ftp://wms.example/',
    'file:///etc/passwd',
    'nonsense',
  ]) {
    assert.equal(
      (await call(url, { allowPrivate: false, resolve: resolver(['8.8.8.8']) }).answer).kind,
      'refused',
      url,
    )
  }
})

test('the address that was checked is the one that is dialled', async (t) => {
  const { port, received } = await endpoint(t, () => ({ status: 204 }))
  const answer = await call(`http://wms.example:${port}/hook`, { resolve: resolver(['127.0.0.1']) }).answer
  assert.equal(answer.kind === 'answered' && answer.status, 204)
  assert.equal(received[0]!.headers.host, `wms.example:${port}`)
})

test('C56 a redirect is an answer and is not followed', async (t) => {
  const elsewhere = await endpoint(t, () => ({ status: 200 }))
  const first = await endpoint(t, () => ({ status: 307, headers: { location: elsewhere.url } }))
  const answer = await call(first.url).answer
  assert.equal(answer.kind === 'answered' && answer.status, 307)
  assert.equal(elsewhere.received.length, 0)
})

test('no byte leaves when the last gate says no, and its reason comes back', async (t) => {
  const { url, received } = await endpoint(t, () => ({ status: 200 }))
  const refusal = new Error('superseded')
  await assert.rejects(call(url, {}, { beforeSend: () => Promise.reject(refusal) }).answer, refusal)
  assert.equal(received.length, 0)
})

test('what broke before the request left is told from what broke after', async (t) => {
  const nobody = await call('http://127.0.0.1:1/').answer
  assert.deepEqual(nobody, { kind: 'broken', reason: 'the connection failed: ECONNREFUSED', hasLeft: false })
  const cutting = await endpoint(t, () => 'cut')
  const { answer, seen } = call(cutting.url)
  assert.equal((await answer).kind === 'broken' && ((await answer) as { hasLeft: boolean }).hasLeft, true)
  assert.deepEqual(seen, ['before', 'after'])
})

test('a silent receiver is given up at the deadline', async (t) => {
  const { url } = await endpoint(t, () => 'silent')
  assert.deepEqual(await call(url, { timeoutMs: 100 }).answer, {
    kind: 'broken',
    reason: 'no answer within 100 ms',
    hasLeft: true,
  })
})

test('an endless answer is cut off and its status counts', async (t) => {
  const { url } = await endpoint(t, () => ({ status: 200, body: 'x'.repeat(50_000_000) }))
  const answer = await call(url).answer
  assert.ok(answer.kind === 'answered' && answer.status === 200 && answer.body.length <= 64 * 1024)
})

test('Retry-After is understood in seconds and as a date, and nonsense is no wish', async (t) => {
  const values: Reply[] = ['120', 'Wed, 25 Nov 2026 10:02:00 GMT', 'soon', '99999999'].map((value) => ({
    status: 429,
    headers: { 'retry-after': value, date: 'Wed, 25 Nov 2026 10:00:00 GMT' },
  }))
  const { url } = await endpoint(t, () => values.shift()!)
  const waits: (number | undefined)[] = []
  for (let i = 0; i < 4; i += 1) {
    const answer = await call(url).answer
    waits.push(answer.kind === 'answered' ? answer.retryAfterMs : -1)
  }
  assert.deepEqual(waits, [120_000, 120_000, undefined, 24 * 3_600_000])
})
