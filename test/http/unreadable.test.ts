import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endpoint, raw } from './webhook-client.ts'

for (const [what, text, status, code] of [
  ['what is no HTTP', 'GARBAGE\r\n\r\n', '400 Bad Request', 'invalid_request'],
  [
    'headers without end',
    `POST /webhooks/acme/acme-main HTTP/1.1\r\nHost: x\r\nX-Signature: ${'a'.repeat(20_000)}\r\n\r\n`,
    '431 Request Header Fields Too Large',
    'headers_too_large',
  ],
] as const) {
  test(`${what} is answered with a problem as well`, async (t) => {
    const answer = await raw((await endpoint(t)).port, text)
    const [head = '', body = ''] = answer.split('\r\n\r\n')
    assert.ok(head.startsWith(`HTTP/1.1 ${status}\r\n`), head)
    assert.match(head, /content-type: application\/problem\+json/i)
    assert.equal(JSON.parse(body).code, code)
  })
}
