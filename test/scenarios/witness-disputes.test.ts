import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openWitnesses, purchase, type Witnesses } from './witnesses.ts'

/** The shop's order paid through the wallet. */
async function paidByWallet(witnesses: Witnesses): Promise<string> {
  witnesses.shop.steps.place(purchase)
  await witnesses.quiet()
  const { capture } = witnesses.paypal.steps.pay({ amountMinor: 4080n, number: '1001' })
  await witnesses.quiet()
  return capture.id
}

const seen = (order: any) => ({
  dispute: order.dispute_status,
  disputed: order.totals.disputed.amount,
  reviews: order.needs_review.map(({ code, holds }: any) => `${code}${holds ? ' holds' : ''}`),
})

test('an inquiry holds the goods and moves no money; when it is closed nothing is left of it', async (t) => {
  const all = await openWitnesses(t)
  const { line, paypal, quiet } = all
  all.shop.steps.place(purchase)
  await quiet()
  const placed = paypal.steps.order({ amountMinor: 4080n, number: '1001' })
  const capture = paypal.steps.capture(placed.id)
  const dispute = paypal.after.dispute(capture.id)
  await quiet()
  const asked = await line.order('1001')
  assert.deepEqual(seen(asked), { dispute: 'inquiry', disputed: '0.00', reviews: ['dispute_open holds'] })
  assert.equal(asked.payment_status, 'paid')
  assert.ok(asked.disputes[0].due_by !== null)
  paypal.after.resolve(dispute.dispute_id, 'CANCELED_BY_BUYER')
  await quiet()
  const order = await line.order('1001')
  assert.deepEqual(order.needs_review, [])
  assert.notEqual(order.dispute_status, 'inquiry')
  assert.equal(order.fulfillment_status, 'requested')
})

test('a reversal without a case is money that the bank took back, for a person, with the goods stopped', async (t) => {
  const all = await openWitnesses(t)
  const captureId = await paidByWallet(all)
  const { line, paypal, quiet } = all
  paypal.after.reverse(captureId)
  await quiet()
  const order = await line.order('1001')
  assert.deepEqual(seen(order), { dispute: 'none', disputed: '0.00', reviews: ['payment_reversed holds'] })
  assert.deepEqual([order.payment_status, order.totals.returned.amount], ['failed', '40.80'])
  const sent = (await line.effects('1001')).filter(({ sink }) => sink === 'fulfillment')
  assert.deepEqual(sent.map(({ kind }) => kind).sort(), ['cancellation', 'request'])
})

test('C29 a dispute on an order that was cancelled and refunded reopens nothing and moves no stock', async (t) => {
  const all = await openWitnesses(t)
  const captureId = await paidByWallet(all)
  const { line, shop, paypal, quiet } = all
  const [id] = shop.world.orders.keys()
  shop.steps.cancel(id!)
  paypal.after.refund(captureId)
  await quiet()
  assert.equal((await line.order('1001')).status, 'cancelled')
  const stock = await line.get('/inventory/TEE-M')
  assert.deepEqual([stock.on_hand, stock.committed], [100, 0])
  paypal.after.dispute(captureId, 'CHARGEBACK')
  await quiet()
  const order = await line.order('1001')
  assert.deepEqual([order.status, order.dispute_status], ['cancelled', 'open'])
  assert.ok(order.needs_review.some(({ code }: any) => code === 'dispute_open'))
  assert.deepEqual(await line.get('/inventory/TEE-M'), stock)
})

test("the shop's word on a dispute is evidence where another speaks for payment", async (t) => {
  const all = await openWitnesses(t)
  await paidByWallet(all)
  const { line, shop, quiet } = all
  const [id] = shop.world.orders.keys()
  shop.after.dispute(id!, { amountMinor: 4080n })
  await quiet()
  const order = await line.order('1001')
  assert.equal(order.totals.disputed.amount, '0.00')
  assert.equal(order.payment_status, 'paid')
})
