import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { endpoint } from '../sinks/support.ts'
import { lifo } from '../support/lifo.ts'
import { type Line, openLine } from '../support/line.ts'
import { chargeOf, refundOf, stripeEvent } from '../support/stripe-events.ts'
import { until } from '../support/wait.ts'

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const items = [{ sku: 'TEE-M', quantity: 1, unit_price: '40.80', title: 'T-shirt' }]
const saleOf = (n: string) => ({ n, orderNumber: n, items })
const paid = (n: string) => stripeEvent(`evt_${n}`, 'charge.succeeded', chargeOf(saleOf(n)))

/** A shop with a warehouse, a channel and an app; `inventory` as the configuration has it. */
async function shopWith(context: TestContext, inventory: object) {
  const t = lifo(context) as TestContext
  const ok = () => ({ status: 200 })
  const [warehouse, slack, app] = [await endpoint(t, ok), await endpoint(t, ok), await endpoint(t, ok)]
  const line = await openLine(t, {
    sinks: {
      inventory: { kind: 'internal', ...inventory },
      fulfillment: { url: warehouse.url, secret },
      notify: { slackWebhookUrl: slack.url },
      outgoing: [{ id: 'crm', url: app.url, secret, events: ['inventory.low'] }],
    },
  })
  const asked = () => warehouse.received.map(({ body }) => JSON.parse(body.toString('utf8')).data.number)
  return { line, asked, slack, app }
}

const stockOf = (line: Line) => line.get('/inventory/TEE-M')
const oversold = async (line: Line, number: string) =>
  (await line.order(number)).needs_review.find(({ code }: { code: string }) => code === 'oversold')

test('the last one sold twice: who came second waits, the team is told, and it goes out once there is more', async (t) => {
  const { line, asked, slack } = await shopWith(t, {})
  await line.call('PUT', '/inventory/TEE-M', { on_hand: 1 })
  await line.take(paid('1001'))
  await line.take(paid('1002'))
  const review = await until('the second order is held', () => oversold(line, '1002'))
  assert.equal(review.detail, '1 of TEE-M were sold and are not there.')
  assert.equal(review.holds, true)
  assert.equal(await oversold(line, '1001'), undefined)
  assert.deepEqual(await stockOf(line), { sku: 'TEE-M', on_hand: 1, committed: 2, available: -1 })
  await until('the team is told', () => slack.received.length === 1)
  assert.match(slack.received[0]!.body.toString('utf8'), /oversold.*1002/)
  await line.quiet()
  assert.deepEqual(asked(), ['1001'])

  await line.call('PUT', '/inventory/TEE-M', { on_hand: 2 })
  await until('the second is asked for', () => asked().includes('1002'))
  assert.equal(await oversold(line, '1002'), undefined)
  const moves = await line.get('/inventory/TEE-M/moves')
  assert.deepEqual(
    moves.data.map((move: { reason: string; on_hand: number; committed: number }) => [
      move.reason,
      move.on_hand,
      move.committed,
    ]),
    [
      ['set', 1, 0],
      ['commit', 0, 1],
      ['commit', 0, 1],
      ['set', 1, 0],
    ],
  )
  assert.equal(moves.data[1].order_id, (await line.order('1002')).id)
})

test('goods that another order gives up go to the one that waits', async (t) => {
  const { line, asked } = await shopWith(t, {})
  await line.call('PUT', '/inventory/TEE-M', { on_hand: 1 })
  await line.take(paid('1001'))
  await line.take(paid('1002'))
  await until('the second order is held', () => oversold(line, '1002'))
  await line.take(stripeEvent('evt_back', 'refund.created', refundOf(saleOf('1001'), 4080)))
  await until('the second is asked for', () => asked().includes('1002'))
  assert.deepEqual(await stockOf(line), { sku: 'TEE-M', on_hand: 1, committed: 1, available: 0 })
})

test('with backorders the request goes out and the review holds nothing', async (t) => {
  const { line, asked } = await shopWith(t, { oversold: 'backorder' })
  await line.call('PUT', '/inventory/TEE-M', { on_hand: 0 })
  await line.take(paid('1001'))
  const review = await until('it is said', () => oversold(line, '1001'))
  assert.equal(review.holds, false)
  assert.deepEqual(asked(), ['1001'])
})

test('a file of counts is taken whole or not at all, and apps are told once of what runs low', async (t) => {
  const { line, app } = await shopWith(t, { lowAt: 2 })
  const bad = await line.call('POST', '/inventory/import', { csv: 'sku,on_hand\nTEE-M,3\nMUG,x' })
  assert.deepEqual([bad.status, bad.body.detail], [400, 'Row 3: on_hand is no whole number'])
  assert.equal((await line.call('GET', '/inventory/TEE-M')).status, 404)
  const good = await line.call('POST', '/inventory/import', { csv: 'sku,on_hand\nTEE-M,3\nMUG,50' })
  assert.deepEqual([good.status, good.body], [200, { imported: 2 }])
  await line.take(paid('1001'))
  await until('the app is told', () => app.received.length === 1)
  assert.deepEqual(JSON.parse(app.received[0]!.body.toString('utf8')).data.inventory, {
    sku: 'TEE-M',
    on_hand: 3,
    committed: 1,
    available: 2,
    threshold: 2,
  })
  await line.take(paid('1002'))
  await line.call('PUT', '/inventory/TEE-M', { on_hand: 9 })
  const isLow = async () => {
    const { rows } = await line.running.system.db.web.query("select is_low from stock where sku = 'TEE-M'")
    return rows[0].is_low
  }
  await until('there is enough again', async () => !(await isLow()))
  await line.call('PUT', '/inventory/TEE-M', { on_hand: 4 })
  await until('the app is told of the next time', () => app.received.length === 2)
})
