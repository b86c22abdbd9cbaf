import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Event } from '../../src/sandbox/stripe/types.ts'
import { testWorld } from '../sandbox/support.ts'
import { type Line, openLine } from '../support/line.ts'
import { chargeOf, intentOf, refundOf, type StripeEvent, stripeEvent } from '../support/stripe-events.ts'
import { until } from '../support/wait.ts'

const items = [{ sku: 'TEE-M', quantity: 2, unit_price: '20.40' }]

const rowsOf = async (line: Line, text: string, values: unknown[] = []): Promise<any[]> =>
  (await line.running.system.db.web.query(text, values)).rows

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]]
  return items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map((rest) => [item, ...rest]))
}

const signed = (event: Event): StripeEvent => ({
  id: event.id,
  type: event.type,
  body: Buffer.from(JSON.stringify(event)),
})

test('C21 an authorization that lapses is voided, and its goods are released once, in either order and told twice', async (t) => {
  const line = await openLine(t, { sinks: { inventory: { kind: 'internal', commitOn: 'authorized' } } })
  await line.call('PUT', '/inventory/TEE-M', { on_hand: 100 })
  for (const [n, isTurned] of [
    ['21a', false],
    ['21b', true],
  ] as const) {
    const world = testWorld({ seed: n })
    const sale = { amount: 4080, currency: 'usd', orderNumber: n, via: 'intent' } as const
    const { intent } = world.authorize({ ...sale, items: [{ sku: 'TEE-M', quantity: 2, unitAmount: 2040 }] })
    const held = world.events().map(signed)
    world.expire(intent)
    const ended = world.events().slice(held.length).map(signed)
    assert.deepEqual(
      ended.map(({ type }) => type),
      ['charge.expired', 'payment_intent.canceled'],
    )
    await line.take(...held)
    assert.equal((await line.order(n)).payment_status, 'authorized')
    assert.equal((await line.get('/inventory/TEE-M')).committed, 2)
    const told = isTurned ? ended.toReversed() : ended
    for (const event of [...told, ...told]) await line.take(event)
    const order = await line.order(n)
    assert.deepEqual([order.payment_status, order.status], ['voided', 'cancelled'])
    const stock = { sku: 'TEE-M', on_hand: 100, committed: 0, available: 100 }
    assert.deepEqual(await line.get('/inventory/TEE-M'), stock)
    const moves = await rowsOf(
      line,
      'select committed_delta from stock_moves where order_id = $1 order by seq',
      [order.id],
    )
    assert.deepEqual(
      moves.map((move) => Number(move.committed_delta)),
      [2, -2],
    )
  }
})

test('C54 whatever comes first, nothing waits for a time: each waits for its reference and goes on with it', async (t) => {
  const line = await openLine(t)
  await line.call('PUT', '/inventory/TEE-M', { on_hand: 100 })
  const lives = permutations(['charge', 'intent', 'refund', 'dispute'] as const)
  const events = (n: string) => ({
    charge: stripeEvent(`evt_${n}_c`, 'charge.succeeded', chargeOf({ n, items })),
    intent: stripeEvent(`evt_${n}_i`, 'payment_intent.succeeded', intentOf({ n, items })),
    refund: stripeEvent(`evt_${n}_r`, 'refund.created', refundOf({ n }, 1000, { payment_intent: null })),
    dispute: stripeEvent(`evt_${n}_d`, 'charge.dispute.created', {
      id: `du_${n}`,
      object: 'dispute',
      amount: 500,
      balance_transactions: [],
      charge: `ch_${n}`,
      created: 1_767_272_400,
      currency: 'usd',
      evidence_details: { due_by: null },
      payment_intent: null,
      reason: 'fraudulent',
      status: 'needs_response',
    }),
  })
  for (let at = 0; at < 4; at += 1) {
    await line.take(...lives.map((life, n) => events(`54-${n}`)[life[at]!]))
    // Quiet is that nothing can be worked on now; nor may anything be set for later.
    assert.deepEqual(
      await rowsOf(line, "select type, next_at from events where status = 'pending' and next_at is not null"),
      [],
    )
    const waiting = lives.filter(
      (life) => !life.slice(0, at + 1).some((one) => one === 'charge' || one === 'intent'),
    )
    const { data } = await line.get('/events?status=pending&limit=200')
    assert.equal(data.length, waiting.length * (at + 1))
    for (const event of data) assert.match(event.status_reason, /^waiting for charge ch_54-\d+$/)
  }
  for (const n of lives.keys()) {
    const order = await line.order(`T-54-${n}`)
    const { captured, refunded } = order.totals
    assert.deepEqual(
      [order.payment_status, order.dispute_status, captured.amount, refunded.amount],
      ['partially_refunded', 'open', '40.80', '10.00'],
      lives[n]!.join(', '),
    )
  }
})

test('C26 an event and an effect that are committed late, after later ones were read, are not skipped', async (t) => {
  const line = await openLine(t, { limits: { waitMs: 60_000 } })
  await line.call('PUT', '/inventory/TEE-M', { on_hand: 100 })
  const charge = (n: string) =>
    stripeEvent(`evt_26-${n}`, 'charge.succeeded', chargeOf({ n: `26-${n}`, items }))
  await line.take(charge('before'))
  await rowsOf(
    line,
    `create function hold() returns trigger language plpgsql as $$
     begin perform pg_advisory_xact_lock(26); return null; end $$`,
  )
  await rowsOf(
    line,
    `create constraint trigger hold after insert on events deferrable initially deferred for each row
     when (new.provider_event_id = 'evt_26-late') execute function hold()`,
  )
  // One transaction holds the late event's, at its commit, and has an effect of its own that nobody can see yet.
  const holder = await line.running.system.db.web.connect()
  await holder.query('begin')
  await holder.query('select pg_advisory_xact_lock(26)')
  await holder.query(
    `insert into effects (id, key, sink, kind, state, order_id, connection, body, due_at, tx)
     select 'eff_late', key || ':late', sink, kind, 'due', order_id, connection, body, now(), tx
       from effects where sink = 'fulfillment' and kind = 'request'`,
  )
  const late = line.send(charge('late'))
  await until('its transaction waits', async () => {
    const rows = await rowsOf(
      line,
      "select 1 from pg_locks where locktype = 'advisory' and not granted and objid = 26",
    )
    return rows.length > 0
  })
  await line.take(charge('after-1'), charge('after-2'))
  const { requests } = line.recorders
  await until('the warehouse has what is due', () => requests.size === 3)
  const during = await pages(line)
  assert.deepEqual(during.ids, ['evt_26-after-2', 'evt_26-after-1', 'evt_26-before'])

  await holder.query('commit')
  holder.release()
  assert.equal((await late).body.status, 'accepted')
  await until('the late effect went out as well', () => requests.has('eff_late'))
  await line.quiet()
  const after = await pages(line)
  assert.equal(after.ids.length, 4)
  assert.deepEqual(
    after.ids.filter((id) => id !== 'evt_26-late'),
    during.ids,
    'the others stand where they stood',
  )
  const goingOn = await line.get(`/events?cursor=${during.cursors[1]}`)
  assert.deepEqual(
    goingOn.data.map((event: { provider_event_id: string }) => event.provider_event_id),
    ['evt_26-late', 'evt_26-before'],
    'a reader who was further on finds it below',
  )
  assert.equal((await line.order('T-26-late')).fulfillment_status, 'requested')
  assert.equal(requests.size, 5)
})

/** All events as a reader gets them who takes one at a time. */
async function pages(line: Line): Promise<{ ids: string[]; cursors: string[] }> {
  const ids: string[] = []
  const cursors: string[] = []
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await line.get(`/events?limit=1${cursor === undefined ? '' : `&cursor=${cursor}`}`)
    ids.push(...page.data.map((event: { provider_event_id: string }) => event.provider_event_id))
    cursor = page.next_cursor as string | null
    if (cursor !== null) cursors.push(cursor)
  }
  return { ids, cursors }
}
