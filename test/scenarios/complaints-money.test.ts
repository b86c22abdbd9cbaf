import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startSystem } from '../../src/main.ts'
import { makeBalanceTransaction } from '../../src/sandbox/stripe/objects/money.ts'
import type { Dispute, Event } from '../../src/sandbox/stripe/types.ts'
import { testTwin, testWorld } from '../sandbox/support.ts'
import { lifo } from '../support/lifo.ts'
import { type Line, lineSecret, openLine } from '../support/line.ts'
import { chargeOf, post, refundOf, type StripeEvent, stripeEvent } from '../support/stripe-events.ts'
import { until } from '../support/wait.ts'
import { charged, openWitnesses, purchase, today } from './witnesses.ts'

const signed = (event: Event): StripeEvent => ({
  id: event.id,
  type: event.type,
  body: Buffer.from(JSON.stringify(event)),
})

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]]
  return items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map((rest) => [item, ...rest]))
}

/** A paid order whose dispute has ended: what the provider says of the payment, and of the dispute. */
function disputed(number: string, end: 'won' | 'lost' | 'lost, and reinstated all the same') {
  const world = testWorld({ seed: number })
  const { charge } = world.pay({ amount: 4080, currency: 'usd', orderNumber: number })
  const paid = world.events().length
  world.closeDispute(world.dispute(charge), end === 'lost' ? 'lost' : 'won')
  const told = world.events().slice(paid)
  if (end === 'lost, and reinstated all the same') {
    for (const { data } of told) {
      const dispute = data.object as unknown as Dispute
      if (dispute.status === 'won') dispute.status = 'lost'
    }
  }
  return { payment: world.events().slice(0, paid), told }
}

/** Each life's next event, then quiet, then the one after it: within a life they arrive one by one. */
async function inStep(line: Line, lives: readonly (readonly Event[])[]): Promise<void> {
  for (let at = 0; at < Math.max(...lives.map(({ length }) => length)); at += 1) {
    const answers = await Promise.all(
      lives.flatMap((life) => life.slice(at, at + 1).map((event) => line.send(signed(event)))),
    )
    assert.ok(answers.every(({ status }) => status === 200))
    await line.quiet()
  }
}

for (const [end, status, kept] of [
  ['won', 'won', '40.80'],
  ['lost', 'lost', '0.00'],
  ['lost, and reinstated all the same', 'lost', '40.80'],
] as const) {
  test(`C30 a dispute that is ${end} ends so in every order of its events, and its money is as it moved`, async (t) => {
    const line = await openLine(t)
    const count = permutations(disputed('none', end).told).length
    const lives = Array.from({ length: count }, (_, n) => {
      const { payment, told } = disputed(`30-${n}`, end)
      return { number: `30-${n}`, payment, told: permutations(told)[n]! }
    })
    await inStep(
      line,
      lives.map(({ payment }) => payment),
    )
    await inStep(
      line,
      lives.map(({ told }) => told),
    )
    for (const { number, told } of lives) {
      const order = await line.order(number)
      const arrival = told.map(({ type }) => type).join(', ')
      const { captured, disputed, refunded, fees, net } = order.totals
      assert.equal(order.dispute_status, status, arrival)
      const withdrawn = kept === '0.00' ? '40.80' : '0.00'
      assert.deepEqual(
        [captured.amount, disputed.amount, refunded.amount],
        ['40.80', withdrawn, '0.00'],
        arrival,
      )
      assert.equal(Number(net.amount).toFixed(2), (Number(kept) - Number(fees.amount)).toFixed(2), arrival)
    }
    const figures = new Set<string>()
    for (const { number } of lives) {
      const { data } = await line.get(`/orders/${(await line.order(number)).id}/ledger?limit=200`)
      figures.add(JSON.stringify(sumsOf(data)))
    }
    assert.equal(figures.size, 1, 'the books say the same of each')
  })
}

/** Balance of each account over these entries, in minor units. */
function sumsOf(entries: any[]): [string, number][] {
  const sums = new Map<string, number>()
  for (const { account, amount } of entries.flatMap(({ lines }) => lines))
    sums.set(account, (sums.get(account) ?? 0) + Math.round(Number(amount.amount) * 100))
  return [...sums].filter(([, sum]) => sum !== 0).sort(([a], [b]) => (a < b ? -1 : 1))
}

function toTwin(url: string) {
  return {
    id: 'stripe-test',
    provider: 'stripe',
    mode: 'test',
    speaksFor: ['order', 'payment'],
    webhookSecrets: [lineSecret],
    apiKey: 'sk_test_x',
    apiBaseUrl: url,
  }
}

test('C35 a payout lists every line that makes it up, a reserve and one of a kind nobody knows too, difference zero', async (context) => {
  const t = lifo(context) as unknown as typeof context
  const twin = await testTwin(t)
  const line = await openLine(t, { connections: [toTwin(twin.url)] })
  twin.world.ground.addEndpoint(`${line.running.url}/webhooks/stripe/stripe-test`, { secret: lineSecret })
  const { world } = twin
  const sales = [4080, 1999, 12500].map((amount, n) =>
    world.pay({ amount, currency: 'usd', orderNumber: `35-${n}` }),
  )
  world.refund(sales[1]!.charge, { amount: 500 })
  world.dispute(sales[0]!.charge)
  for (const [type, category, amount] of [
    ['reserve_transaction', 'risk_reserved_funds', -1500],
    ['stripe_fee', 'fee', -200],
    ['lunar_settlement', 'lunar_settlement', -77],
  ] as const) {
    const making = world.ground.making('txn')
    const given = { type, category, amount, currency: 'usd', source: null as never }
    world.ground.save(makeBalanceTransaction(making, given))
  }
  const payout = world.payout()
  world.payoutArrives(payout.id)
  await twin.deliver.settled()
  const shown = await until('the payout has its lines', async () => {
    const body = await line.get(`/payouts/${payout.id}`)
    return body.lines?.length === 8 && body
  })
  await line.quiet()
  const lines: [string, string][] = shown.lines.map((one: any) => [one.type, one.net.amount])
  assert.deepEqual(lines.map(([type]) => type).sort(), [
    'adjustment',
    'charge',
    'charge',
    'charge',
    'lunar_settlement',
    'refund',
    'reserve_transaction',
    'stripe_fee',
  ])
  assert.deepEqual(
    lines.find(([type]) => type === 'lunar_settlement'),
    ['lunar_settlement', '-0.77'],
  )
  const sum = lines.reduce((total, [, net]) => total + Math.round(Number(net) * 100), 0)
  assert.deepEqual([shown.status, sum], ['paid', payout.amount])
  assert.deepEqual(shown.amount, { amount: (payout.amount / 100).toFixed(2), currency: 'USD' })
  assert.deepEqual(shown.difference, { amount: '0.00', currency: 'USD' })
})

test('C36 fees and a reinstatement that come by webhook and by poll are one entry each, whichever came first', async (context) => {
  const t = lifo(context) as unknown as typeof context
  const twin = await testTwin(t, { now: () => new Date(Date.now() - 120_000) })
  const line = await openLine(t, { connections: [toTwin(twin.url)] })
  twin.world.ground.addEndpoint(`${line.running.url}/webhooks/stripe/stripe-test`, { secret: lineSecret })
  const dispute = (number: string) => {
    const before = twin.world.events().length
    const { charge } = twin.world.pay({ amount: 4080, currency: 'usd', orderNumber: number })
    twin.world.closeDispute(twin.world.dispute(charge), 'won')
    return twin.world.events().slice(before)
  }
  dispute('webhook-first')
  await twin.deliver.settled()
  await line.quiet()
  twin.deliver.fate = () => ({ lose: true })
  const lost = dispute('poll-first')
  await line.reconcile('stripe-test')
  await line.quiet()
  for (const event of lost) assert.equal((await line.send(signed(event))).status, 200)
  await line.quiet()
  assert.equal((await line.reconcile('stripe-test')).found, 0)
  await line.quiet()
  const all: string[] = []
  const sums: [string, number][][] = []
  for (const number of ['webhook-first', 'poll-first']) {
    const order = await line.order(number)
    assert.deepEqual([order.dispute_status, order.totals.disputed.amount], ['won', '0.00'])
    const { data } = await line.get(`/orders/${order.id}/ledger?limit=200`)
    all.push(...data.map(({ key }: { key: string }) => key))
    sums.push(sumsOf(data))
  }
  assert.equal(new Set(all).size, all.length)
  assert.deepEqual(sums[0], sums[1])
  const { balance } = twin.world
  assert.equal((await line.balances())['Assets:Clearing:stripe-test'], `${(balance() / 100).toFixed(2)} USD`)
})

test('C36 what came for a connection that is gone is kept, shown to a person, and booked when it is back', async (context) => {
  const t = lifo(context) as unknown as typeof context
  const line = await openLine(t)
  const { config, log } = line.running.system
  const former = { ...config.connections[0]!, id: 'stripe-former', account: 'stripe-former' }
  const connections = [...config.connections, former]
  // A process that still has the connection takes the delivery; whoever works on it has not.
  const before = await startSystem({ ...config, connections }, { log, roles: ['web'] })
  t.after(() => before.stop())
  const event = stripeEvent('evt_36', 'charge.succeeded', chargeOf({ n: '36' }))
  const taken = await post(`${before.url}/webhooks/stripe/stripe-former`, event, lineSecret)
  assert.equal(taken?.status, 200)
  const { id } = taken!.body as { id: string }
  const left = await until('it is left to a person', async () => {
    const found = await line.get(`/events/${id}`)
    return found.status === 'needs_review' && found
  })
  assert.match(left.status_reason, /stripe-former is not configured any more/)
  assert.deepEqual(await line.balances(), {})

  const replayed = await fetch(`${before.url}/api/v1/events/${id}/replay`, {
    method: 'POST',
    headers: { authorization: `Bearer ${line.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ dry_run: false }),
  })
  assert.equal(replayed.status, 200)
  assert.equal((await line.get(`/events/${id}`)).status, 'processed')
  assert.equal((await line.order('ch_36')).payment_status, 'paid')
  assert.equal((await line.balances())['Assets:Clearing:stripe-former'], '40.80 USD')
})

test('C37 a refund keeps its id and its entry where payment and order differ in currency', async (t) => {
  const { line, shop, card, quiet, codes } = await openWitnesses(t)
  shop.steps.place(purchase)
  await quiet()
  await card(charged('37', { currency: 'eur' }))
  assert.deepEqual(await codes('1001'), ['currency_mismatch'])
  const refund = refundOf({ n: '37', currency: 'eur', created: today }, 4080)
  await card(stripeEvent('evt_37_r', 'refund.created', refund, today))
  const order = await line.order('re_37')
  assert.equal(order.number, '1001')
  assert.deepEqual(
    order.references.filter(({ kind }: { kind: string }) => kind === 'refund').map(({ id }: any) => id),
    ['re_37'],
  )
  const { data } = await line.get(`/orders/${order.id}/ledger`)
  const entry = data.find(({ key }: { key: string }) => key === 'journal:refund_moved:refund:re_37')
  assert.ok(entry?.lines.some((one: any) => one.amount.amount === '-40.80' && one.amount.currency === 'EUR'))
})
