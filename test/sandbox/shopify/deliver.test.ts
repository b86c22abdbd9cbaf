import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { ask, openTwin, purchase } from './support.ts'
import { createSubscription } from '../../../src/providers/shopify/queries.ts'

type Got = { readonly headers: IncomingHttpHeaders; readonly body: string }

async function receiver(t: TestContext, answer: (count: number) => number = () => 200) {
  const got: Got[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    got.push({ headers: request.headers, body: Buffer.concat(chunks).toString() })
    response.writeHead(answer(got.length)).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, got }
}

test('the body is signed, ids keep their digits, and the rest stands in headers', async (t) => {
  const { twin } = await openTwin(t)
  const { url, got } = await receiver(t)
  twin.subscribe(url, ['orders/create'])
  const { id } = twin.steps.place(purchase)
  twin.steps.tag(id, 'not subscribed')
  await twin.deliver.settled()
  assert.equal(got.length, 1)
  const { headers, body } = got[0]!
  assert.equal(
    headers['x-shopify-hmac-sha256'],
    createHmac('sha256', twin.secret).update(body).digest('base64'),
  )
  assert.equal(headers['x-shopify-topic'], 'orders/create')
  assert.ok(body.startsWith(`{"id":${id},`))
  assert.ok(BigInt(id) > 2n ** 53n)
})

test('C17 two subscriptions to one topic get two deliveries of one event', async (t) => {
  const { twin } = await openTwin(t)
  const [one, two] = [await receiver(t), await receiver(t)]
  for (const { url } of [one, two]) twin.subscribe(url, ['orders/create'])
  twin.steps.place(purchase)
  await twin.deliver.settled()
  const headers = [one.got[0]!.headers, two.got[0]!.headers]
  assert.equal(new Set(headers.map((each) => each['x-shopify-event-id'])).size, 1)
  assert.equal(new Set(headers.map((each) => each['x-shopify-webhook-id'])).size, 2)
})

test('what is not taken is sent again with the same ids and body, as it was when it happened', async (t) => {
  const { twin } = await openTwin(t, { timeScale: 1_000_000 })
  const { url, got } = await receiver(t, (count) => (count < 3 ? 503 : 200))
  twin.subscribe(url, ['orders/create'])
  const { id } = twin.steps.place(purchase)
  twin.steps.cancel(id)
  await twin.deliver.settled()
  assert.equal(got.length, 3)
  assert.equal(new Set(got.map(({ headers, body }) => `${headers['x-shopify-webhook-id']} ${body}`)).size, 1)
  assert.equal(JSON.parse(got[2]!.body).cancelled_at, null)
})

test('after eight retries a subscription made by the API is gone; one of the configuration stays', async (t) => {
  const { twin } = await openTwin(t, { timeScale: 1_000_000 })
  const { url, got } = await receiver(t, () => 500)
  await ask(twin, createSubscription, { topic: 'ORDERS_CREATE', uri: url })
  twin.subscribe(url, ['orders/updated'])
  twin.steps.tag(twin.steps.place(purchase).id, 'a')
  await twin.deliver.settled()
  assert.equal(got.length, 2 * 9)
  assert.deepEqual(
    [...twin.world.subscriptions.values()].map(({ topic }) => topic),
    ['ORDERS_UPDATED'],
  )
})

test('deliveries are lost, doubled and turned round as it is told', async (t) => {
  const { twin } = await openTwin(t)
  const { url, got } = await receiver(t)
  twin.subscribe(url, ['orders/create', 'orders/updated', 'orders/cancelled'])
  twin.deliver.fate = ({ topic }) => ({
    lose: topic === 'orders/create',
    copies: topic === 'orders/cancelled' ? 2 : 1,
  })
  twin.deliver.hold()
  twin.steps.cancel(twin.steps.place(purchase).id)
  twin.deliver.release('reversed')
  await twin.deliver.settled()
  assert.deepEqual(got.map(({ headers }) => headers['x-shopify-topic']).sort(), [
    'orders/cancelled',
    'orders/cancelled',
    'orders/updated',
  ])
})
