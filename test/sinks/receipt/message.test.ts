import assert from 'node:assert/strict'
import { test } from 'node:test'
import { currencies } from '../../../src/core/money.ts'
import { printAmount } from '../../../src/sinks/receipt/amount.ts'
import { messageIdOf, prepareMail, senderOf } from '../../../src/sinks/receipt/message.ts'
import { itemOf, orderOf } from '../support.ts'

const from = 'Shop <shop@shop.example>'

async function mail(over: Parameters<typeof itemOf>[0] = {}) {
  const prepared = await prepareMail(itemOf(over), from)
  if (prepared.kind !== 'send') return { prepared, head: '', body: '' }
  const text = Buffer.from(prepared.bytes).toString('utf8')
  const [head, ...rest] = text.split('\r\n\r\n')
  // Quoted-printable undone, so that a test reads what a buyer reads.
  const raw = rest.join('\r\n\r\n').replace(/=\r\n/g, '')
  const body = Buffer.from(
    raw.replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  ).toString('utf8')
  return { prepared, head: head!.replace(/\r\n\s+/g, ' '), body }
}

test('a receipt names the order in its subject, the lines and the sum, as text and as HTML', async () => {
  const { prepared, head, body } = await mail()
  assert.deepEqual(prepared.kind === 'send' && prepared.to, ['buyer@example.com'])
  assert.match(head, /^Subject: Your receipt for order 1001$/m)
  assert.match(head, /^X-Ordersync-Kind: receipt$/m)
  assert.match(head, /^From: Shop <shop@shop\.example>$/m)
  assert.match(head, /^Content-Type: multipart\/alternative/m)
  assert.match(body, /2 × T-shirt <M> {2}\$39\.98/)
  assert.match(body, /Paid: \$44\.98/)
  assert.match(body, /Shipping: \$5\.00/)
  assert.match(body, /<td>2 × T-shirt &lt;M&gt;<\/td>/)
})

test('a refund notice is a mail of its own kind and names the refunded amount', async () => {
  const { head, body } = await mail({ kind: 'refund_notice', body: { amount_minor: '500', currency: 'USD' } })
  assert.match(head, /^X-Ordersync-Kind: refund$/m)
  assert.match(head, /^Subject: Your refund for order 1001$/m)
  assert.match(body, /We have refunded \$5\.00 for your order 1001/)
})

test('the Message-ID depends on the effect alone', async () => {
  const first = await mail()
  const later = await mail({ now: '2026-11-26T00:00:00.000Z', order: orderOf({ number: 'WC-7' }) })
  const other = await mail({ key: 'receipt:acct:ch_2:4498' })
  const idOf = ({ head }: { head: string }) => /^Message-ID: (<[0-9a-f]{40}@shop\.example>)$/m.exec(head)?.[1]
  assert.ok(idOf(first))
  assert.equal(idOf(first), idOf(later))
  assert.notEqual(idOf(first), idOf(other))
  assert.equal(idOf(first), messageIdOf('receipt:acct:ch_1:4498', from))
})

test("a buyer's text cannot add a header, a recipient or markup", async () => {
  const { prepared, head, body } = await mail({
    customer: {
      email: 'buyer@example.com',
      name: 'Eve\r\nBcc: victim@example.com\r\n\r\n<script>alert(1)</script>',
    },
    order: orderOf({
      number: '1001\r\nX-Evil: yes',
      lineItems: [{ ...orderOf().lineItems[0]!, title: '"><img src=x onerror=1>' }],
    }),
  })
  assert.deepEqual(prepared.kind === 'send' && prepared.to, ['buyer@example.com'])
  assert.doesNotMatch(head, /^Bcc:/im)
  assert.doesNotMatch(head, /^X-Evil:/im)
  const html = body.slice(body.indexOf('<!doctype html>'))
  assert.doesNotMatch(html, /<script|<img/)
  assert.match(html, /&lt;img/)
  assert.match(body, /^Hello,$/m) // a name that looks like an address to click is not repeated
})

test('without an address there is no mail; with one that cannot be used neither', async () => {
  assert.deepEqual((await mail({ customer: undefined })).prepared, {
    kind: 'cancelled',
    reason: 'no_address',
  })
  assert.deepEqual((await mail({ customer: { email: ' ' } })).prepared, {
    kind: 'cancelled',
    reason: 'no_address',
  })
  for (const email of ['nobody', 'a@b\r\nRCPT TO:<c@d>', 'a b@c', '<a@b>']) {
    assert.equal((await mail({ customer: { email } })).prepared.kind, 'failed', email)
  }
})

test('a receipt without a number goes with what is known', async () => {
  const { head, body } = await mail({ order: orderOf({ number: undefined }) })
  assert.match(head, /^Subject: Your receipt$/m)
  assert.match(body, /We have received \$44\.98\./)
})

test('amounts have exactly the decimals of their currency and lose nothing', () => {
  assert.equal(printAmount(1999n, 'USD'), '$19.99')
  assert.equal(printAmount(5000n, 'JPY'), '¥5,000')
  assert.equal(printAmount(1234n, 'KWD'), 'KWD 1.234')
  assert.equal(printAmount(-500n, 'EUR'), '-€5.00')
  assert.equal(printAmount(12345678901234567890n, 'USD'), '$123,456,789,012,345,678.90')
  for (const currency of currencies()) assert.match(printAmount(123456n, currency), /\d/, currency)
})

test('the envelope takes the bare address of the sender', () => {
  assert.equal(senderOf(from), 'shop@shop.example')
  assert.equal(senderOf('shop@shop.example'), 'shop@shop.example')
})
