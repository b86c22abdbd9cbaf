import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import Stripe from 'stripe'
import { exampleEvent } from '../../src/sandbox/stripe/trigger.ts'
import { trigger, triggerTypes as allTypes } from '../../src/sandbox/trigger.ts'
import { testReceiver } from './support.ts'

const triggerTypes = allTypes.get('stripe')!
const stripe = { provider: 'stripe', webhookSecrets: ['whsec_a'], extra: {} }
const now = new Date('2026-01-01T12:00:00Z')
const sequences = new URL('../../../shared/fixtures/stripe/cli-trigger-sequences.json', import.meta.url)

for (const type of triggerTypes) {
  test(`there is an example of ${type}`, () => {
    const event = exampleEvent(type, { seed: 1, now })
    assert.equal(event?.type, type)
    assert.equal(event?.pending_webhooks, 1)
  })
}

test('an event is signed and sent, and the answer given back', async (t) => {
  const { url, received } = await testReceiver(t)
  const sent = await trigger('charge.succeeded', { url, connection: stripe })
  assert.equal(sent!.status, 200)
  const event = Stripe.webhooks.constructEvent(received[0]!.body, received[0]!.signature!, 'whsec_a')
  assert.equal(event.id, sent!.id)
})

test('an unknown type sends nothing', async (t) => {
  const { url, received } = await testReceiver(t)
  assert.equal(await trigger('charge.sneezed', { url, connection: stripe }), undefined)
  assert.equal(received.length, 0)
})

test('two calls are two purchases', () => {
  const at = (ms: number) => exampleEvent('charge.succeeded', { seed: `trigger:${ms}`, now: new Date(ms) })!
  assert.notEqual(at(1).data.object.id, at(2).data.object.id)
})

// Their triggers for kinds that no order is made of, or that need products of Stripe that the twin has not.
const others =
  /^(account|balance|billing|capability|charge\.dispute\.updated|checkout\.session\.async|coupon|credit_note|customer\.(updated|deleted|source|subscription|discount|tax)|invoice\.(updated|payment_action)|invoiceitem|issuing|identity|payment_intent\.(requires_action|partially_funded)|payment_link|payment_method|person|plan|price|product|promotion_code|quote|refund\.|reporting|setup_intent|subscription|tax_rate|terminal|test_helpers|transfer|v1|v2)/

test('the payment types that Stripe’s own command line triggers are known here', {
  skip: existsSync(sequences) ? false : 'the published sequences are not beside this checkout',
}, () => {
  const theirs = Object.keys(JSON.parse(readFileSync(sequences, 'utf8')) as object).filter(
    (type) => !others.test(type),
  )
  assert.deepEqual(
    theirs.filter((type) => !triggerTypes.includes(type)),
    [],
  )
})
