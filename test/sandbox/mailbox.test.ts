import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTransport } from 'nodemailer'
import { Webhook } from 'standardwebhooks'
import { startMailbox } from '../../src/sandbox/mailbox.ts'
import { startWarehouse } from '../../src/sandbox/warehouse.ts'

test('the mailbox keeps what nodemailer sends', async (t) => {
  const mailbox = await startMailbox()
  t.after(() => mailbox.stop())
  const transport = createTransport(mailbox.url)
  t.after(() => transport.close())
  await transport.sendMail({
    from: 'Shop <shop@shop.example>',
    to: ['a@example.com', 'b@example.com'],
    subject: 'Order 1001',
    text: 'first\n.a line that begins with a dot\n..and two\nlast\n',
    headers: { 'X-Ordersync-Kind': 'receipt' },
  })
  const [mail] = mailbox.mails
  assert.deepEqual([mail!.from, mail!.to], ['shop@shop.example', ['a@example.com', 'b@example.com']])
  assert.deepEqual([mail!.subject, mail!.headers.get('x-ordersync-kind')], ['Order 1001', 'receipt'])
  assert.match(mail!.raw, /\r\n\.a line that begins with a dot\r\n\.\.and two\r\nlast/)
})

test('several mails come over one connection, large ones in pieces', async (t) => {
  const seen: string[] = []
  const mailbox = await startMailbox({ onMail: (mail) => seen.push(mail.subject) })
  t.after(() => mailbox.stop())
  const transport = createTransport({ url: mailbox.url, pool: true, maxConnections: 1 } as object)
  t.after(() => transport.close())
  for (const subject of ['one', 'two', 'three']) {
    await transport.sendMail({
      from: 'a@example.com',
      to: 'b@example.com',
      subject,
      text: 'x'.repeat(200_000),
    })
  }
  assert.deepEqual(seen, ['one', 'two', 'three'])
  assert.ok(mailbox.mails.every(({ raw }) => raw.length > 200_000))
})

test('an unknown command is refused, and the conversation goes on', async (t) => {
  const mailbox = await startMailbox()
  t.after(() => mailbox.stop())
  const { connect } = await import('node:net')
  const socket = connect(Number(new URL(mailbox.url).port), '127.0.0.1')
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  socket.write('TURN\r\nQUIT\r\n')
  await new Promise((resolve) => socket.once('close', resolve))
  assert.match(text, /^220 .*\r\n502 .*\r\n221 /)
})

test('the warehouse takes signed requests once, and refuses the others', async (t) => {
  const warehouse = await startWarehouse()
  t.after(() => warehouse.stop())
  const webhook = new Webhook(warehouse.secret)
  const send = async (id: string, body: string, signed = body) => {
    const at = new Date()
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': webhook.sign(id, at, signed),
    }
    return (await fetch(warehouse.url, { method: 'POST', headers, body })).status
  }
  const body = JSON.stringify({ type: 'fulfillment.requested', data: { order_id: 'ord_1' } })
  assert.equal(await send('msg_1', body), 200)
  assert.equal(await send('msg_1', body), 200)
  assert.equal(await send('msg_1', `${body} `), 409)
  assert.equal(await send('msg_2', body, `${body} `), 401)
  assert.equal((await fetch(warehouse.url, { method: 'POST', body })).status, 401)
  assert.deepEqual([warehouse.requests.size, warehouse.repeats, warehouse.refused], [1, 1, 3])
  assert.deepEqual(warehouse.requests.get('msg_1')!.data, { order_id: 'ord_1' })
})
