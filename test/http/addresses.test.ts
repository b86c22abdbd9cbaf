import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { addressMatcher, addressOf, senderOf, unmapped } from '../../src/http/addresses.ts'

test('a list matches its addresses and blocks, to the edge and not beyond', () => {
  const isListed = addressMatcher([
    '3.18.12.63',
    '10.0.0.0/8',
    '192.0.2.128/25',
    '2001:db8::/33',
    '::1',
    '::ffff:198.51.100.0/120',
  ])
  for (const inside of [
    '3.18.12.63',
    '10.0.0.0',
    '10.255.255.255',
    '192.0.2.128',
    '192.0.2.255',
    '::ffff:10.1.1.1',
    '::FFFF:0a01:0101',
    '2001:db8:7fff:ffff::1',
    '::1',
    '0:0:0:0:0:0:0:1',
    '198.51.100.7',
  ])
    assert.ok(isListed(inside), inside)
  for (const outside of [
    '3.18.12.64',
    '9.255.255.255',
    '11.0.0.0',
    '192.0.2.127',
    '2001:db8:8000::',
    '::2',
    '198.51.101.0',
    '',
    'x',
    '10.0.0',
  ])
    assert.ok(!isListed(outside), outside)
})

test('an entry that is no address is refused, not skipped', () => {
  for (const entry of [
    '',
    '10.0.0',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    '10.0.0.0/a',
    '::/129',
    'localhost',
    '::ffff:1.2.3.4/8',
  ])
    assert.throws(() => addressMatcher([entry]), RangeError, entry)
})

test('an address is the one that the outermost trusted proxy saw', () => {
  const from = (forwarded: string | undefined, hops: number) =>
    addressOf(
      {
        socket: { remoteAddress: '::ffff:127.0.0.1' },
        headers: { 'x-forwarded-for': forwarded },
      } as unknown as IncomingMessage,
      hops,
    )
  assert.equal(from('9.9.9.9', 0), '127.0.0.1', 'nobody is trusted')
  assert.equal(from('9.9.9.9, 1.2.3.4', 1), '1.2.3.4')
  assert.equal(from('9.9.9.9, 1.2.3.4', 2), '9.9.9.9')
  assert.equal(from('1.2.3.4', 2), '127.0.0.1', 'too few entries')
  assert.equal(from(undefined, 1), '127.0.0.1')
  assert.equal(from('garbage', 1), '127.0.0.1')
  assert.equal(from('1.2.3.4:5678', 1), '1.2.3.4')
  assert.equal(from('[2001:db8::1]:5678', 1), '2001:db8::1')
  assert.equal(from('::ffff:1.2.3.4', 1), '1.2.3.4')
})

test('mapped addresses are the v4 ones that they stand for', () => {
  assert.equal(unmapped('::ffff:1.2.3.4'), '1.2.3.4')
  assert.equal(unmapped('::ffff:102:304'), '1.2.3.4')
  assert.equal(unmapped('0:0:0:0:0:ffff:102:304'), '1.2.3.4')
  assert.equal(unmapped('fe80::1%eth0'), 'fe80::1')
  assert.equal(unmapped('2001:db8::1'), '2001:db8::1')
})

test('a v6 network is one sender', () => {
  assert.equal(senderOf('1.2.3.4'), '1.2.3.4')
  assert.equal(senderOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64')
  assert.equal(senderOf('2001:0db8:0001:0002::9'), '2001:db8:1:2::/64')
  assert.equal(senderOf('2001:db8::9'), '2001:db8:0:0::/64')
  assert.equal(senderOf('::1'), '0:0:0:0::/64')
})
