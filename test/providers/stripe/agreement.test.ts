import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { changesOf } from '../../../src/core/diff.ts'
import { canonicalFact, encodeData, type KnownFact, type Statement } from '../../../src/core/fact.ts'
import { fold } from '../../../src/core/fold.ts'
import type { Order } from '../../../src/core/order.ts'
import type { Api, ConnectionSettings } from '../../../src/providers/provider.ts'
import { stripe } from '../../../src/providers/stripe/index.ts'
import { startTwin, type Twin, type World } from '../../../src/sandbox/index.ts'
import { bytes, stored } from '../../conformance/subject.ts'
import { settings } from './subject.ts'

/**
 * Whole lives in the twin's account, told twice: by every webhook, and by the lists alone. Both must come to the same
 * order, and to somebody who got every webhook the lists must be no news (else each reconciliation would find ghosts).
 */
const cart = { amount: 4080, currency: 'usd', orderNumber: '1001' }
const shop = { ...cart, items: [{ sku: 'TEE-M', quantity: 2, unitAmount: 2000 }], shipping: 80 }

const lives: readonly (readonly [name: string, live: (world: World) => void, expected: Partial<Order>])[] = [
  ['a checkout', (w) => void w.pay(shop), { paymentStatus: 'paid', number: '1001' }],
  [
    'a plain intent, at the third attempt',
    (w) => void w.pay({ ...cart, declines: 2 }),
    { paymentStatus: 'paid' },
  ],
  ['a declined one', (w) => void w.fail(cart), { paymentStatus: 'failed' }],
  ['an authorization', (w) => void w.authorize(cart), { paymentStatus: 'authorized' }],
  [
    'a partial capture',
    (w) => void w.capture(w.authorize(cart).intent, { amount: 3000 }),
    { paymentStatus: 'partially_paid' },
  ],
  [
    'a multicapture',
    (w) => {
      const { intent } = w.authorize(cart)
      w.capture(intent, { amount: 1000, isFinal: false })
      w.capture(intent, { amount: 3080 })
    },
    { paymentStatus: 'paid' },
  ],
  [
    'a cancelled authorization',
    (w) => void w.cancel(w.authorize(cart).intent),
    { paymentStatus: 'voided', status: 'cancelled' },
  ],
  ['an expired authorization', (w) => void w.expire(w.authorize(cart).intent), { paymentStatus: 'voided' }],
  [
    'a partial refund',
    (w) => void w.refund(w.pay(shop).charge, { amount: 1000 }),
    { paymentStatus: 'partially_refunded' },
  ],
  [
    'a refund in two parts, to the end',
    (w) => {
      const { charge } = w.pay(shop)
      w.refund(charge, { amount: 1000 })
      w.refund(charge, { amount: 3080 })
    },
    { paymentStatus: 'refunded' },
  ],
  [
    'a refund that fails after it succeeded',
    (w) => void w.refundFails(w.refund(w.pay(shop).charge, { amount: 1000 })),
    { paymentStatus: 'paid' },
  ],
  [
    'a dispute that is won',
    (w) => {
      const dispute = w.dispute(w.pay(shop).charge)
      w.respond(dispute)
      w.closeDispute(dispute, 'won')
    },
    { disputeStatus: 'won', paymentStatus: 'paid' },
  ],
  [
    'a dispute that is lost',
    (w) => w.closeDispute(w.dispute(w.pay(shop).charge), 'lost'),
    { disputeStatus: 'lost' },
  ],
  ['a bank debit that clears', (w) => void w.clear(w.startDebit(shop).intent), { paymentStatus: 'paid' }],
  ['a bank debit that bounces', (w) => void w.bounce(w.startDebit(shop).intent), { paymentStatus: 'failed' }],
  [
    'a bank debit that comes back after it cleared',
    (w) => void w.failLate(w.clear(w.startDebit(shop).intent)),
    { paymentStatus: 'failed' },
  ],
  [
    'yen',
    (w) => void w.pay({ ...cart, currency: 'jpy', amount: 5940 }),
    { paymentStatus: 'paid', currency: 'JPY' },
  ],
  [
    'dinars',
    (w) => void w.pay({ ...cart, currency: 'kwd', amount: 12340 }),
    { paymentStatus: 'paid', currency: 'KWD' },
  ],
  [
    'a payout',
    (w) => {
      w.pay(shop)
      w.payoutArrives(w.payout())
    },
    { paymentStatus: 'paid' },
  ],
]

for (const [name, live, expected] of lives) {
  test(`webhooks and lists agree on ${name}`, async (t) => {
    const twin = await startTwin({ seed: name })
    t.after(() => twin.stop())
    live(twin.world)
    const [told, listed] = [byWebhooks(twin), await byLists(twin)]
    const [order, polled] = [fold(known(told)), fold(known(listed))]
    for (const [key, value] of Object.entries(expected)) assert.equal(order[key as keyof Order], value, key)
    const visible = ({ totals, paymentStatus, disputeStatus, status, currency, number }: Order) => ({
      totals: { ...totals, feesMinor: 0n, netMinor: 0n }, // webhooks do not tell fees: they are read
      paymentStatus,
      disputeStatus,
      status,
      currency,
      number,
    })
    assert.deepEqual(visible(polled), visible(order))
    const held = new Map<string, { rank: number; data: string; occurredAt: string }[]>()
    for (const { fact } of told)
      held.set(fact.id, [
        ...(held.get(fact.id) ?? []),
        { rank: fact.rank, data: encodeData(fact.data), occurredAt: fact.occurredAt },
      ])
    const news = changesOf(listed, held).filter(({ fact }) => fact.kind !== 'balance_line')
    assert.deepEqual(
      news.map(({ fact, how }) => `${how} ${fact.id} ${encodeData(fact.data)}`),
      [],
    )
  })
}

const billing = {
  customer: 'cus_coffee1',
  currency: 'usd',
  subscription: 'sub_coffee',
  items: [{ sku: 'COFFEE', quantity: 1, unitAmount: 2000 }],
}

const invoices: readonly (readonly [name: string, live: (world: World) => void, expected: Partial<Order>])[] =
  [
    ['billed', (w) => void w.bill(billing), { paymentStatus: 'pending' }],
    ['paid', (w) => void w.payInvoice(w.bill(billing)), { paymentStatus: 'paid' }],
    [
      'failed',
      (w) => void w.payInvoice(w.bill(billing), { outcome: 'failed' }),
      { paymentStatus: 'failed', status: 'open' },
    ],
    [
      'failed, then paid',
      (w) => {
        const bill = w.bill(billing)
        w.payInvoice(bill, { outcome: 'failed' })
        w.payInvoice(bill)
      },
      { paymentStatus: 'paid' },
    ],
    ['voided', (w) => void w.closeInvoice(w.bill(billing), 'void'), { status: 'cancelled' }],
  ]

for (const [name, live, expected] of invoices) {
  test(`an invoice that is ${name}`, async (t) => {
    const twin = await startTwin({ seed: name })
    t.after(() => twin.stop())
    live(twin.world)
    const order = fold(known(byWebhooks(twin)))
    for (const [key, value] of Object.entries(expected)) assert.equal(order[key as keyof Order], value, key)
  })
}

test('an invoice paid by hand shows it when it is read: it is paid, and no payment of it is known', async (t) => {
  const twin = await startTwin({ seed: 'by hand' })
  t.after(() => twin.stop())
  const { id } = twin.world.payOutOfBand(twin.world.bill(billing))
  const { type, body } = await stripe.read({ kind: 'invoice', id }, apiOf(twin))
  const order = fold(known([...byWebhooks(twin), ...statements(type, body)]))
  assert.equal(order.paymentStatus, 'paid')
  assert.deepEqual(
    order.payments.map(({ tender }) => tender),
    ['manual'],
  )
})

test('what an order wants is in the answers: after reading it, nothing is wanted any more', async (t) => {
  const twin = await startTwin({ seed: 'wants' })
  t.after(() => twin.stop())
  const { charge } = twin.world.pay(shop)
  twin.world.refund(charge, { amount: 1000 })
  const told = byWebhooks(twin).filter(({ fact }) => !fact.kind.startsWith('refund_'))
  const wants = fold(known(told)).wants
  assert.deepEqual(wants.map(({ reason }) => reason).sort(), ['fee', 'lines', 'refunds'])
  const answers: Statement[] = []
  for (const { resource } of wants) {
    const { type, body } = await stripe.read(resource, apiOf(twin))
    answers.push(...statements(type, body))
  }
  assert.deepEqual(fold(known([...told, ...answers])).wants, [])
})

test('a merchant who subscribes to nothing but completed sessions: the intent is wanted, and its reading pays', async (t) => {
  const twin = await startTwin({ seed: 'sessions only' })
  t.after(() => twin.stop())
  twin.world.pay(shop)
  const session = twin.world.events().filter(({ type }) => type === 'checkout.session.completed')
  const told = session.flatMap((event) => statements(event.type, bytes(event), event.created))
  const { wants } = fold(known(told))
  assert.ok(wants.some(({ reason, resource }) => reason === 'payment' && resource.kind === 'payment_intent'))
  const answers: Statement[] = []
  for (const { resource } of wants) {
    const { type, body } = await stripe.read(resource, apiOf(twin))
    answers.push(...statements(type, body))
  }
  const order = fold(known([...told, ...answers]))
  assert.equal(order.paymentStatus, 'paid')
  assert.deepEqual(
    order.lineItems.map(({ sku }) => sku),
    ['TEE-M'],
  )
  assert.deepEqual(order.wants, [])
})

test('the same of a bank debit: its checkout was unpaid at first, and is paid days later', async (t) => {
  let clock = new Date('2026-01-05T12:00:00Z')
  const twin = await startTwin({ seed: 'debit by sessions only', now: () => clock })
  t.after(() => twin.stop())
  const { intent } = twin.world.startDebit(shop)
  clock = new Date('2026-01-09T12:00:00Z')
  twin.world.clear(intent)
  const sessions = twin.world.events().filter(({ type }) => type.startsWith('checkout.session.'))
  assert.deepEqual(
    sessions.map(({ type }) => type.split('.').at(-1)),
    ['completed', 'async_payment_succeeded'],
  )
  const [first, ...rest] = sessions.map((event) => statements(event.type, bytes(event), event.created))
  assert.equal(fold(known(first!)).paymentStatus, 'pending')
  const told = [...first!, ...rest.flat()]
  const wanted = fold(known(told)).wants.filter(({ reason }) => reason === 'payment')
  assert.equal(wanted.length, 1)
  const { type, body } = await stripe.read(wanted[0]!.resource, apiOf(twin))
  assert.equal(fold(known([...told, ...statements(type, body)])).paymentStatus, 'paid')
})

function connectionTo(twin: Twin): ConnectionSettings {
  return { ...settings, apiBaseUrl: twin.url }
}

function apiOf(twin: Twin): Api {
  return { connection: connectionTo(twin), signal: AbortSignal.timeout(20_000), timeoutMs: 5_000 }
}

function statements(type: string, body: Uint8Array, created?: number): Statement[] {
  const occurredAt = created === undefined ? undefined : new Date(created * 1000).toISOString()
  const outcome = stripe.normalize(stored(type, body, occurredAt), settings)
  assert.notEqual(
    outcome.kind,
    'needs_review',
    `${type}: ${JSON.stringify(outcome, (_k, v) => (typeof v === 'bigint' ? String(v) : v))}`,
  )
  return outcome.kind === 'processed' ? [...outcome.statements] : []
}

function byWebhooks({ world }: Twin): Statement[] {
  return world.events().flatMap((event) => statements(event.type, bytes(event), event.created))
}

async function byLists(twin: Twin): Promise<Statement[]> {
  const window = { since: '2020-01-01T00:00:00.000Z', until: '2040-01-01T00:00:00.000Z' }
  const found: Statement[] = []
  for (const list of stripe.lists.filter((one) => one !== 'events')) {
    for await (const page of stripe.list({ ...window, list }, undefined, apiOf(twin))) {
      for (const { type, body } of page.items) found.push(...statements(type, body))
    }
  }
  return found
}

function known(given: readonly Statement[]): KnownFact[] {
  return given
    .filter(({ level }) => level === 'order')
    .map(({ fact }) => {
      const digest = createHash('sha256').update(canonicalFact(fact)).digest('hex')
      return {
        ...fact,
        digest,
        connection: 'stripe-main',
        scope: 'stripe-main',
        source: 'webhook',
      } as KnownFact
    })
}
