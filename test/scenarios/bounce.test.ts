import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { lineSecret, openLine } from '../support/line.ts'
import { chargeOf, stripeEvent } from '../support/stripe-events.ts'
import { until } from '../support/wait.ts'

const theirs = `whsec_${Buffer.alloc(32, 8).toString('base64')}`
const items = [{ sku: 'TEE-M', quantity: 2, unit_price: '20.40', title: 'T-shirt' }]

test('a receipt that comes back has failed, its order remembers, and it can be sent again', async (t) => {
  const line = await openLine(t, {
    connections: [
      {
        id: 'stripe-test',
        provider: 'stripe',
        mode: 'test',
        speaksFor: ['order', 'payment'],
        webhookSecrets: [lineSecret],
      },
      {
        id: 'mail',
        provider: 'standard-webhooks',
        mode: 'test',
        speaksFor: ['fulfillment'],
        webhookSecrets: [theirs],
      },
    ],
  })
  await line.take(
    stripeEvent('evt_1', 'charge.succeeded', chargeOf({ n: 'one', orderNumber: '1001', items })),
  )
  const receipt = async () => (await line.effects('1001')).find(({ kind }) => kind === 'receipt')
  const { reference, state } = await receipt()
  assert.equal(state, 'done')
  const bounce = async (id: string, messageId: string) => {
    const data = { message_id: messageId, status: '5.1.1', reason: '<buyer-one@shop.example>: no such user' }
    const body = JSON.stringify({ type: 'mail.bounced', timestamp: new Date().toISOString(), data })
    const answer = await fetch(`${line.running.url}/webhooks/standard-webhooks/mail`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
        'webhook-signature': new Webhook(theirs).sign(id, new Date(), body),
      },
      body,
    })
    assert.equal(answer.status, 200)
  }
  await bounce('msg_1', reference.replace(/[<>]/g, ''))
  await until('it has failed', async () => (await receipt()).state === 'failed')
  assert.equal((await receipt()).last_error, 'the mail came back (5.1.1)')
  const history = await line.history('1001')
  assert.equal(history.filter(({ summary }) => /^The receipt is failed/.test(summary)).length, 1)
  await bounce('msg_2', '<of-somebody-else@example.com>')
  await line.quiet()

  const { id } = await line.order('1001')
  const again = await line.call('POST', `/orders/${id}/receipts`, {})
  assert.equal(again.status, 200)
  await line.quiet()
  const resent = (await line.effects('1001')).find(({ kind }) => kind === 'resend')
  assert.equal(resent.state, 'done')
  assert.notEqual(resent.reference, reference, 'a Message-ID of its own')
})
