import assert from 'node:assert/strict'
import { test } from 'node:test'
import { post } from '../support/stripe-events.ts'
import { lineSecret } from '../support/line.ts'
import { charged, openWitnesses, purchase } from './witnesses.ts'

const orders = 200

test('C01 payment and shop speak in the same instant, in either order, 200 times: always paid, one receipt each', async (t) => {
  const { line, shop, quiet } = await openWitnesses(t, { sku: { 'TEE-M': 1000 } })
  shop.deliver.hold()
  const numbers = Array.from({ length: orders }, (_, n) => String(2001 + n))
  for (const number of numbers) shop.steps.tag(shop.steps.place({ ...purchase, number }).id, 'reviewed')
  const url = `${line.running.url}/webhooks/stripe/card`
  const pay = (number: string) => post(url, charged(number, { orderNumber: number }), lineSecret)
  const early = numbers.filter((_, n) => n % 2 === 0).map(pay)
  shop.deliver.release()
  const late = numbers.filter((_, n) => n % 2 === 1).map(pay)
  for (const answer of await Promise.all([...early, ...late])) assert.equal(answer?.status, 200)
  await quiet()
  const { rows } = await line.running.system.db.web.query(
    `select payment_status, status, count(*)::int as orders from orders where is_attached and alias_of is null group by 1, 2`,
  )
  assert.deepEqual(rows, [{ payment_status: 'paid', status: 'open', orders }])
  assert.equal(line.recorders.mails.size, orders)
  assert.equal(line.recorders.requestsByOrder.size, orders)
  assert.ok([...line.recorders.requestsByOrder.values()].every((ids) => ids.size === 1))
  assert.equal((await line.get('/inventory/TEE-M')).committed, orders * 2)
})
