import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import type { ConnectionSettings, RawRequest } from '../../../src/providers/provider.ts'
import { stripe } from '../../../src/providers/stripe/index.ts'
import { bytes, type Fixture, fixturesIn, type Subject } from '../../conformance/subject.ts'
import { listAnswer, withApi } from './api.ts'

/** A connection that is the whole shop, as the zero-configuration default is. */
export const settings: ConnectionSettings = {
  id: 'stripe-main',
  provider: 'stripe',
  mode: 'test',
  speaksFor: ['order', 'payment'],
  account: 'stripe-main',
  webhookSecrets: ['whsec_current_one', 'whsec_next_one'],
  apiKey: 'sk_test_notakey',
  toleranceSeconds: 300,
  orderReference: [],
  accept: {},
  ordersFrom: [],
  extra: {},
}

/** When every delivery of these tests arrives; half a second in, as clocks are. */
export const now = new Date('2026-03-01T12:00:00.500Z')

/** Our own examples, each with exactly what it states. */
export const fixtures = fixturesIn(join(import.meta.dirname, '../../fixtures/stripe'))

/** A copy of one of them, to be changed at will. */
export function fixture(
  name: string,
): Fixture & { body: { [key: string]: unknown; data: { object: { [key: string]: unknown } } } } {
  const found = fixtures.find((one) => one.name === name)
  if (found === undefined) throw new Error(`no fixture ${name}`)
  return structuredClone(found) as ReturnType<typeof fixture>
}

/** A fixture's object with some of its fields set otherwise; undefined takes one away. */
export function changed(name: string, fields: { [key: string]: unknown }): Uint8Array {
  const { body } = fixture(name)
  Object.assign(body.data.object, fields)
  return bytes(body)
}

/** Signs as they do: `t.body`, the v0 that test deliveries carry, and one v1 for each secret. */
export function deliver(
  body: Uint8Array,
  {
    secrets = settings.webhookSecrets.slice(0, 1),
    at = now,
  }: { secrets?: readonly string[]; at?: Date } = {},
): RawRequest {
  const t = Math.floor(at.getTime() / 1000)
  const v1 = secrets.map(
    (secret) => `v1=${createHmac('sha256', secret).update(`${t}.`).update(body).digest('hex')}`,
  )
  const value = [`t=${t}`, `v0=${'0'.repeat(64)}`, ...v1].join(',')
  return {
    method: 'POST',
    path: '/webhooks/stripe',
    headers: [
      ['host', 'shop.example'],
      ['stripe-signature', value],
    ],
    body,
  }
}

const charge = fixture('charge.succeeded')
const big = Buffer.from(JSON.stringify(charge.body))
  .toString()
  .replace('"amount":5940', '"amount":9007199254740993')

/** Stripe, for the suite that holds every provider. */
export const subject: Subject = {
  provider: stripe,
  settings,
  now,
  deliver,
  signatureHeader: 'stripe-signature',
  signsTime: true,
  fixtures,
  body: bytes(fixture('charge.succeeded.unicode').body),
  otherMode: bytes({ ...charge.body, livemode: true }),
  otherAccount: bytes({ ...charge.body, account: 'acct_of_somebody_else' }),
  malformed: [
    { name: 'not JSON', body: bytes('payment=ok') },
    { name: 'empty', body: bytes('') },
    { name: 'an array', body: bytes('[]') },
    { name: 'null', body: bytes('null') },
    { name: 'no id', body: bytes('{"type":"charge.succeeded","livemode":false}') },
    { name: 'an id with NUL', body: bytes('{"id":"evt_\\u0000","type":"charge.succeeded"}') },
    { name: 'no type', body: bytes('{"id":"evt_1","livemode":false}') },
    {
      name: 'invalid UTF-8',
      body: Buffer.from([...bytes('{"id":"evt_1","type":"x","name":"'), 0xff, ...bytes('"}')]),
    },
    {
      name: 'a byte order mark',
      body: Buffer.from([0xef, 0xbb, 0xbf, ...bytes('{"id":"evt_1","type":"x"}')]),
    },
  ],
  unknownType: {
    type: 'treasury.credit_reversal.posted',
    body: bytes({
      id: 'evt_1',
      object: 'event',
      type: 'treasury.credit_reversal.posted',
      data: { object: {} },
    }),
  },
  unreadable: [
    {
      name: 'a currency that hides in a prototype',
      type: 'charge.succeeded',
      body: bytes(JSON.stringify(charge.body).replace('"currency":"eur"', '"__proto__":{"currency":"eur"}')),
      path: 'data.object.currency',
    },
    {
      name: 'no currency',
      type: 'charge.succeeded',
      body: changed('charge.succeeded', { currency: undefined }),
      path: 'data.object.currency',
    },
    {
      name: 'an unknown currency',
      type: 'charge.succeeded',
      body: changed('charge.succeeded', { currency: 'xxq' }),
      path: 'data.object.currency',
    },
    {
      name: 'no amount',
      type: 'payment_intent.created',
      body: changed('payment_intent.created', { amount: undefined }),
      path: 'data.object.amount',
    },
    {
      name: 'a negative amount',
      type: 'refund.created',
      body: changed('refund.created', { amount: -1000 }),
      path: 'data.object.amount',
    },
    {
      name: 'a fraction of a minor unit',
      type: 'refund.created',
      body: changed('refund.created', { amount: 10.5 }),
      path: 'data.object.amount',
    },
    {
      name: 'an absurd amount',
      type: 'charge.succeeded',
      body: changed('charge.succeeded', { amount: 1e15 + 1 }),
      path: 'data.object.amount',
    },
    { name: 'an amount past 2^53', type: 'charge.succeeded', body: bytes(big), path: 'data.object.amount' },
    {
      name: 'an amount as text',
      type: 'charge.succeeded',
      body: changed('charge.succeeded', { amount: '5940' }),
      path: 'data.object.amount',
    },
    {
      name: 'part of a krona',
      type: 'charge.succeeded',
      body: changed('charge.succeeded.isk', { amount: 500050 }),
      path: 'data.object.amount',
    },
    {
      name: 'a thousandth of a dinar',
      type: 'charge.succeeded',
      body: changed('charge.succeeded.kwd', { amount: 12345 }),
      path: 'data.object.amount',
    },
    {
      name: 'no id',
      type: 'charge.succeeded',
      body: changed('charge.succeeded', { id: undefined }),
      path: 'data.object.id',
    },
    {
      name: 'a number for an id',
      type: 'charge.succeeded',
      body: changed('charge.succeeded', { id: 9007199254740993n.toString().length }),
      path: 'data.object.id',
    },
    {
      name: 'an intent id with NUL',
      type: 'charge.succeeded',
      body: changed('charge.succeeded', { payment_intent: 'pi_\0' }),
      path: 'data.object.payment_intent',
    },
    {
      name: 'no time',
      type: 'charge.succeeded',
      body: changed('charge.succeeded', { created: undefined }),
      path: 'data.object.created',
    },
    {
      name: 'no object',
      type: 'charge.succeeded',
      body: bytes({ id: 'evt_1', type: 'charge.succeeded', data: {} }),
      path: 'data.object',
    },
    {
      name: 'another object than its type says',
      type: 'charge.succeeded',
      body: bytes(fixture('refund.created').body),
      path: 'data.object.object',
    },
    {
      name: 'a refund of nothing',
      type: 'refund.created',
      body: changed('refund.created', { charge: null, payment_intent: null }),
      path: 'data.object.charge',
    },
    {
      name: 'a state of a refund that is new',
      type: 'refund.updated',
      body: changed('refund.created', { status: 'returned_to_sender' }),
      path: 'data.object.status',
    },
    {
      name: 'a state of a dispute that is new',
      type: 'charge.dispute.updated',
      body: changed('charge.dispute.created', { status: 'appealed' }),
      path: 'data.object.status',
    },
    { name: 'not JSON', type: 'charge.succeeded', body: bytes('{'), path: 'body' },
  ],
  listed: [
    { list: 'charges', webhook: charge, object: charge.body.data.object },
    ...(
      [
        'refund.created',
        'charge.dispute.funds_withdrawn',
        'payout.paid',
        'checkout.session.completed',
      ] as const
    ).map((name) => ({
      list: { refund: 'refunds', charge: 'disputes', payout: 'payouts', checkout: 'checkout_sessions' }[
        name.split('.')[0] as 'refund'
      ],
      webhook: fixture(name),
      object: fixture(name).body.data.object,
    })),
    {
      list: 'payment_intents',
      webhook: fixture('payment_intent.succeeded'),
      object: fixture('payment_intent.succeeded').body.data.object,
    },
    { list: 'events', webhook: fixture('charge.refunded'), object: fixture('charge.refunded').body },
  ],
  serve: async (_list, objects, work) => {
    await withApi(
      (call) => listAnswer(call, objects as { id?: unknown; created?: unknown }[]),
      (url) => work({ ...settings, apiBaseUrl: url }),
    )
  },
}
