import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chargeOf, intentOf, stripeEvent } from '../../support/stripe-events.ts'
import { type Admin, paidSale, refundedSale, startAdmin } from './support.ts'

type Row = {
  id: string
  at: string
  recorded_at: string
  kind: string
  type: string
  source: string
  event_id: string | null
  summary: string
  before: any
  after: any
  deliveries: number
  witnesses: number
  entries: string[]
}

async function historyOf(admin: Admin, id: string, query = ''): Promise<Row[]> {
  return (await admin.get(`/orders/${id}/history?limit=200${query}`)).body.data
}

/** A row without what may go on counting: deliveries of its event, further accounts of its fact. */
function lasting({ deliveries: _deliveries, witnesses: _witnesses, ...row }: Row) {
  return row
}

test('history tells what happened, in the order in which we learned it, with what each thing changed', async (t) => {
  const admin = await startAdmin(t)
  const events = await admin.learn(...paidSale({ n: 1 }), refundedSale({ n: 1 }, 1000))
  const id = (await admin.get('/orders')).body.data[0].id
  const rows = await historyOf(admin, id)
  assert.deepEqual(
    rows.map((row) => row.recorded_at),
    rows.map((row) => row.recorded_at).toSorted(),
  )
  const captured = rows.filter((row) => row.type === 'payment_captured')
  assert.equal(captured.length, 1, 'one row a fact, not one a delivery')
  assert.equal(captured[0]!.kind, 'fact')
  assert.equal(captured[0]!.source, 'webhook')
  assert.equal(captured[0]!.event_id, events[0])
  assert.match(captured[0]!.summary, /40\.80 USD/)
  assert.equal(captured[0]!.before.payment_status, 'pending')
  assert.equal(captured[0]!.after.payment_status, 'paid')
  assert.deepEqual(captured[0]!.after.totals.captured, { amount: '40.80', currency: 'USD' })
  assert.ok(!('refunded' in captured[0]!.after.totals), 'only what changed')
  assert.ok(captured[0]!.entries.length > 0)
  const refund = rows.find((row) => row.type === 'refund_succeeded')!
  assert.deepEqual(refund.after.totals.refunded, { amount: '10.00', currency: 'USD' })
  assert.equal(refund.before.payment_status, 'paid')
  assert.ok(rows.some((row) => row.kind === 'effect' && row.type === 'receipt_due'))
})

test('what each row changed, taken together, is the order', async (t) => {
  const admin = await startAdmin(t)
  await admin.learn(
    refundedSale({ n: 1 }, 1000),
    ...paidSale({ n: 1, items: [{ sku: 'A', quantity: 1, unit_price: '40.80' }] }),
  )
  const { body: order } = await admin.get(`/orders/${(await admin.get('/orders')).body.data[0].id}`)
  const built: any = { totals: {} }
  for (const row of await historyOf(admin, order.id)) {
    for (const [name, value] of Object.entries(row.before)) {
      if (name in built && name !== 'totals')
        assert.deepEqual(built[name], value, `${row.type} begins where the row before ended: ${name}`)
    }
    const { totals, ...rest } = row.after
    Object.assign(built, rest)
    Object.assign(built.totals, totals)
  }
  for (const name of [
    'number',
    'payment_status',
    'totals',
    'line_items',
    'customer',
    'references',
    'refunds',
    'needs_review',
    'version',
    'placed_at',
  ]) {
    assert.deepEqual(built[name], order[name], name)
  }
})

test('later facts, repeats and replays change no earlier row', async (t) => {
  const admin = await startAdmin(t)
  const [first] = await admin.learn(...paidSale({ n: 1 }))
  const id = (await admin.get('/orders')).body.data[0].id
  const before = await historyOf(admin, id)
  await admin.learn(refundedSale({ n: 1, created: 1_600_000_000 }, 1000))
  await admin.ask('POST', `/events/${first}/replay`, { body: { dry_run: false } })
  const after = await historyOf(admin, id)
  assert.deepEqual(after.slice(0, before.length).map(lasting), before.map(lasting))
  assert.ok(after.length > before.length)
  const byTime = await historyOf(admin, id, '&sort=at')
  assert.equal(byTime[0]!.type, 'refund_succeeded', 'the provider dates the refund first')
  assert.deepEqual(
    byTime.map((row) => row.at),
    byTime.map((row) => row.at).toSorted(),
  )
  assert.deepEqual(byTime.map((row) => row.id).toSorted(), after.map((row) => row.id).toSorted())
})

test('pages of a history join to the whole, by either order', async (t) => {
  const admin = await startAdmin(t)
  await admin.learn(...paidSale({ n: 1 }), refundedSale({ n: 1 }, 1000))
  const id = (await admin.get('/orders')).body.data[0].id
  for (const sort of ['recorded_at', 'at']) {
    const rows: Row[] = []
    let cursor: string | null = null
    do {
      const { body } = await admin.get(
        `/orders/${id}/history?limit=3&sort=${sort}${cursor === null ? '' : `&cursor=${cursor}`}`,
      )
      rows.push(...body.data)
      cursor = body.next_cursor
    } while (cursor !== null)
    assert.deepEqual(rows, await historyOf(admin, id, `&sort=${sort}`))
  }
  assert.equal((await admin.get(`/orders/${id}/history?cursor=bm9uZQ`)).status, 400)
  assert.equal((await admin.get(`/orders/${id}/history?sort=size`)).status, 400)
})

test('orders that prove to be one are one row; both ids answer with the survivor, and earlier times with what was known', async (t) => {
  const admin = await startAdmin(t)
  // A charge that names no intent, then an intent that names the charge: two orders until the second one says so.
  const charge = chargeOf({ n: 1 }, { payment_intent: null, metadata: {} })
  await admin.learn(stripeEvent('evt_a', 'charge.succeeded', charge))
  await admin.learn(
    stripeEvent(
      'evt_b',
      'payment_intent.created',
      intentOf({ n: 1 }, { latest_charge: null, status: 'processing', amount_received: 0 }),
    ),
  )
  const [younger, older] = (await admin.get('/orders')).body.data
  assert.notEqual(younger.id, older.id)
  const asOf = (await admin.get('/status')).body.head.recorded_at
  const [youngerThen, olderThen] = [
    await admin.get(`/orders/${younger.id}?as_of=${asOf}`),
    await admin.get(`/orders/${older.id}?as_of=${asOf}`),
  ]
  const rowsThen = await historyOf(admin, older.id)
  const youngerRows = await historyOf(admin, younger.id)
  await admin.learn(stripeEvent('evt_c', 'payment_intent.succeeded', intentOf({ n: 1 })))

  assert.equal((await admin.get('/orders')).body.data.length, 1)
  assert.deepEqual(
    (await admin.get(`/orders/${younger.id}`)).body,
    (await admin.get(`/orders/${older.id}`)).body,
  )
  assert.equal((await admin.get(`/orders/${younger.id}`)).body.id, older.id, 'the older id lives')
  assert.equal(
    (await admin.get(`/orders/${younger.id}?as_of=${asOf}`)).bytes.toString(),
    youngerThen.bytes.toString(),
  )
  assert.equal(
    (await admin.get(`/orders/${older.id}?as_of=${asOf}`)).bytes.toString(),
    olderThen.bytes.toString(),
  )

  const rows = await historyOf(admin, older.id)
  assert.deepEqual(
    rows.slice(0, rowsThen.length).map(lasting),
    rowsThen.map(lasting),
    'nothing is inserted before an older row',
  )
  const merged = rows.filter((row) => row.type === 'orders_merged')
  assert.equal(merged.length, 1)
  assert.equal(merged[0]!.kind, 'fact')
  assert.match(merged[0]!.summary, new RegExp(younger.id))
  const shown = new Map(rows.map((row) => [row.id, row]))
  assert.ok(youngerRows.length > 0)
  for (const row of youngerRows)
    assert.equal(shown.get(row.id)?.recorded_at, merged[0]!.recorded_at, row.type)
  assert.deepEqual(await historyOf(admin, younger.id), rows)
})

test('a second account of a fact is a count on its row', async (t) => {
  const admin = await startAdmin(t)
  await admin.learn(...paidSale({ n: 1 }))
  const id = (await admin.get('/orders')).body.data[0].id
  const captured = (await historyOf(admin, id)).filter((row) => row.type === 'payment_captured')
  assert.equal(captured.length, 1)
  assert.ok(captured[0]!.witnesses >= 1)
})
