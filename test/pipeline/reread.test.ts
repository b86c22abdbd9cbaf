import assert from 'node:assert/strict'
import { test } from 'node:test'
import { storeEvent } from '../../src/pipeline/receive.ts'
import { wakeParked } from '../../src/pipeline/reread.ts'
import { until } from '../support/wait.ts'
import { openShop, purchase, type Shop } from './running.ts'

type Row = {
  kind: string
  id: string
  reason: string
  state: string
  attempts: number
  asked_by: string | null
  answered_by: string | null
  last_error: string | null
}
const rereadsSql =
  'select kind, id, reason, state, attempts, asked_by, answered_by, last_error from rereads order by seq'

/** An event that waits for a resource to be read, as processing leaves one whose payload is no evidence. */
async function ask(
  shop: Shop,
  resource: { kind: string; id: string },
  eventId = 'evt_thin',
): Promise<string> {
  const { id } = await storeEvent(shop.system, {
    connection: 'stripe-test',
    provider: 'stripe',
    providerEventId: eventId,
    type: 'nothing.we.use',
    mode: 'test',
    source: 'webhook',
    body: Buffer.from('{}'),
    receivedAt: new Date().toISOString(),
    isIdSigned: true,
    ignore: 'a stand-in of the tests',
  })
  await shop.rows("update events set status = 'pending', reason = $2 where id = $1", [
    id,
    `re-reading ${resource.kind} ${resource.id}`,
  ])
  await shop.rows(
    `insert into rereads (connection, scope, kind, id, reason, asked_by) values ('stripe-test', 'stripe-test', $1, $2, 'event', $3)
     on conflict (connection, kind, id, reason) do nothing`,
    [resource.kind, resource.id, id],
  )
  return id
}

async function stateOf(
  shop: Shop,
  id: string,
): Promise<{ status: string; review_code: string | null; reason: string | null }> {
  const [row] = await shop.rows<{ status: string; review_code: string | null; reason: string | null }>(
    'select status, review_code, reason from events where id = $1',
    [id],
  )
  return row!
}

function settled(shop: Shop, id: string) {
  return until('the event that asked is settled', async () => {
    const state = await stateOf(shop, id)
    return state.status === 'pending' ? undefined : state
  })
}

test('the answer becomes an event of its own, and with it the event that asked is processed', async (t) => {
  const shop = await openShop(t, { hasWebhooks: false })
  const { charge } = shop.twin.world.pay(purchase('1001'))
  const asker = await ask(shop, { kind: 'charge', id: charge.id })
  assert.equal((await settled(shop, asker)).status, 'processed')
  const [answer] = await shop.rows<{ source: string; status: string; read_no: bigint; body: Buffer }>(
    "select e.source, e.status, e.read_no, p.body from events e join payloads p on p.event_id = e.id where e.source = 'reread' and provider_event_id like 'charge:%'",
  )
  assert.deepEqual([answer!.source, answer!.status], ['reread', 'processed'])
  assert.ok(answer!.read_no > 0n)
  assert.equal(JSON.parse(answer!.body.toString()).id, charge.id)
  assert.deepEqual(
    await shop.rows('select payment_status from orders where is_attached and alias_of is null'),
    [{ payment_status: 'paid' }],
  )
})

test('every event that waits for one resource is settled by one answer', async (t) => {
  const shop = await openShop(t, { hasWebhooks: false, roles: ['worker'] })
  const { charge } = shop.twin.world.pay(purchase('1001'))
  const askers = [
    await ask(shop, { kind: 'charge', id: charge.id }, 'evt_a'),
    await ask(shop, { kind: 'charge', id: charge.id }, 'evt_b'),
  ]
  await shop.another(['rereader'])
  for (const asker of askers) assert.equal((await settled(shop, asker)).status, 'processed')
  const row = await until('the question is done with', async () => {
    const [first] = await shop.rows<Row>(`${rereadsSql} limit 1`)
    return first!.state === 'done' ? first : undefined
  })
  assert.equal(row.last_error, null)
})

test('who asks after an answer is served by a reading of its own, though it says the very same', async (t) => {
  const shop = await openShop(t, { hasWebhooks: false })
  const { charge } = shop.twin.world.pay(purchase('1001'))
  const first = await ask(shop, { kind: 'charge', id: charge.id }, 'evt_a')
  await settled(shop, first)
  await shop.idle()
  await until('the first is done with', async () => {
    const rows = await shop.rows<Row>(rereadsSql)
    return rows.every((row) => row.state === 'done')
  })
  const second = await ask(shop, { kind: 'charge', id: charge.id }, 'evt_b')
  await shop.rows(
    "update rereads set state = 'due', next_at = now(), answered_by = null where reason = 'event'",
  )
  assert.equal((await settled(shop, second)).status, 'processed')
  const answers = await shop.rows(
    "select id from events where source = 'reread' and provider_event_id like 'charge:%'",
  )
  assert.equal(answers.length, 1, 'the same bytes are the same event')
})

test('a resource that the provider does not know yet is asked for again, and found', async (t) => {
  const shop = await openShop(t, { hasWebhooks: false })
  const { charge } = shop.twin.world.pay(purchase('1001'))
  shop.twin.faults.add({ kind: 'not_found', path: `/v1/charges/${charge.id}` })
  const asker = await ask(shop, { kind: 'charge', id: charge.id })
  assert.equal((await settled(shop, asker)).status, 'processed')
})

test('one that it never comes to know puts the event under review, saying why, and the team is told', async (t) => {
  const shop = await openShop(t, { hasWebhooks: false, notifyOn: ['needs_review'] })
  const asker = await ask(shop, { kind: 'charge', id: 'ch_never' })
  await until('it was asked once', async () => (await shop.rows<Row>(rereadsSql))[0]!.attempts >= 1)
  await shop.rows('update rereads set attempts = 7, next_at = now()') // instead of waiting for six more
  const state = await settled(shop, asker)
  assert.deepEqual([state.status, state.review_code], ['needs_review', 'payload_unreadable'])
  assert.match(state.reason!, /ch_never could not be re-read/)
  assert.equal((await shop.rows<Row>(rereadsSql))[0]!.state, 'failed')
  const told = await until('the team is told', async () => {
    const rows = await shop.rows<{ key: string }>("select key from effects where sink = 'notify'")
    return rows.length > 0 && rows
  })
  assert.deepEqual(told, [{ key: `notify:payload_unreadable:${asker}` }])
})

test('a refused key parks the connection after one call, and a call that works wakes all of it', async (t) => {
  const shop = await openShop(t, { hasWebhooks: false, roles: ['worker'] })
  const paid = [1, 2, 3].map((n) => shop.twin.world.pay(purchase(`100${n}`)).charge)
  shop.twin.faults.add({ kind: 'unauthorized', times: 1_000 })
  const askers = []
  for (const [n, { id }] of paid.entries()) askers.push(await ask(shop, { kind: 'charge', id }, `evt_${n}`))
  await shop.another(['rereader'])
  await until('everything is parked', async () =>
    (await shop.rows<Row>(rereadsSql)).every((row) => row.state === 'parked'),
  )
  assert.equal(shop.twin.faults.waiting()[0]!.times, 999, 'one call, whatever else was due')
  shop.twin.faults.clear()
  await wakeParked(shop.system, 'stripe-test')
  for (const asker of askers) assert.equal((await settled(shop, asker)).status, 'processed')
})

test('a run whose key works again wakes what is parked', async (t) => {
  const shop = await openShop(t, { hasWebhooks: false, roles: ['worker'] })
  const { charge } = shop.twin.world.pay(purchase('1001'))
  const asker = await ask(shop, { kind: 'charge', id: charge.id })
  await shop.rows("update rereads set state = 'parked'")
  await shop.another(['reconciler', 'rereader'])
  await shop.reconcile()
  assert.equal((await settled(shop, asker)).status, 'processed')
})

test('rate limits and outages use up no patience: the answer comes when the provider is back', async (t) => {
  const shop = await openShop(t, { hasWebhooks: false })
  const { charge } = shop.twin.world.pay(purchase('1001'))
  shop.twin.faults.add({ kind: 'rate_limit', retryAfter: '1', path: '/v1/charges' })
  shop.twin.faults.add({ kind: 'server_error', path: '/v1/charges' })
  const asker = await ask(shop, { kind: 'charge', id: charge.id })
  assert.equal((await settled(shop, asker)).status, 'processed')
})

test('a fee that the provider settles later is asked for again until it is there', async (t) => {
  const shop = await openShop(t)
  const { charge } = shop.twin.world.pay({ ...purchase('1001'), fee: 'later' })
  await shop.twin.deliver.settled()
  await until('it was asked for, in vain', async () =>
    (await shop.rows<Row>(rereadsSql)).some((row) => row.state === 'due' && row.attempts > 0),
  )
  shop.twin.deliver.fate = () => ({ lose: true })
  shop.twin.world.settle(charge)
  await shop.rows('update rereads set next_at = now()') // instead of waiting for its time
  await until(
    'the fee is known',
    async () => (await shop.rows("select 1 from facts where kind = 'balance_line'")).length === 1,
  )
})

test('a connection without an API key is never asked', async (t) => {
  const shop = await openShop(t, { hasWebhooks: false, connection: { apiKey: undefined as never } })
  await ask(shop, { kind: 'charge', id: 'ch_1' })
  await shop.another(['rereader'])
  await shop.another(['rereader']).then((one) => one.stop())
  assert.deepEqual(
    (await shop.rows<Row>(rereadsSql)).map((row) => [row.state, row.attempts, row.last_error]),
    [['due', 0, null]],
  )
})
