import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { effectsDue } from '../../src/core/due.ts'
import { stockWritesDue } from '../../src/core/due-write-back.ts'
import type { Policy } from '../../src/core/effect.ts'
import type { KnownFact } from '../../src/core/fact.ts'
import { fold } from '../../src/core/fold.ts'
import { fact, policy, say } from './factory.ts'
import { shop, snapshot, tees, withWarehouse } from './shop-factory.ts'

const toShop = { connection: 'shop', scope: 'shop' }
const toPay = { connection: 'pay', scope: 'pay' }
const paid = [
  shop.placed(),
  shop.numbered(),
  snapshot(1, { lines: [tees(2), tees(1, 'li_2')], totalMinor: 4080n }),
  say.captured({ amountMinor: 4080n }, { connection: 'pay', at: 1 }),
]
const byWarehouse = { connection: 'wms', at: 2 }

function due(
  facts: readonly KnownFact[],
  tracking: NonNullable<Policy['tracking']>,
  existing: { key: string; state: string }[] = [],
) {
  return effectsDue(
    fold([...paid, ...facts], withWarehouse),
    { ...policy, tracking },
    existing,
    'shop',
  ).filter(({ sink }) => sink === 'provider')
}

describe('tracking', () => {
  test("the warehouse's parcels are told to the shop, each with the lines that it adds", () => {
    const parcel = (id: string, quantity: number) =>
      fact(
        'fulfillment_state',
        { kind: 'fulfillment', id },
        {
          version: `2026-03-01T0${id.at(-1)}`,
          state: 'shipped',
          lines: [{ lineId: 'TEE-M', quantity }],
          number: id,
        },
        { ...byWarehouse, at: Number(id.at(-1)) },
      )
    const told = due([parcel('w1', 1), parcel('w2', 2)], [toShop])
    assert.deepEqual(
      told.map(({ key, body }) => [key, body.number, body.lines]),
      [
        ['tracking:shop:wms:w1', 'w1', [{ lineId: 'li_1', quantity: 1 }]],
        [
          'tracking:shop:wms:w2',
          'w2',
          [
            { lineId: 'li_1', quantity: 1 },
            { lineId: 'li_2', quantity: 1 },
          ],
        ],
      ],
    )
    assert.equal(told[0]!.body.order, '5001')
    const held = [{ key: 'tracking:shop:wms:w1', state: 'done' }]
    assert.deepEqual(due([parcel('w1', 1)], [toShop], held), [])
  })

  test('a shop is not told its own parcels; who took the money is, once there is a number', () => {
    assert.deepEqual(due([shop.shipped(1)], [toShop, toPay]), [])
    const [told, ...more] = due([shop.shipped(1, { number: 'Z1' })], [toShop, toPay])
    assert.deepEqual(more, [])
    assert.deepEqual([told!.key, told!.body.capture], ['tracking:pay:ch_1:ful_9', 'ch_1'])
  })

  test('what was recalled before it left is told to nobody', () => {
    assert.deepEqual(due([shop.shipped(1, { number: 'Z1', state: 'cancelled' })], [toShop, toPay]), [])
  })
})

test('a shop that keeps our stock is told of moves for orders that are not its own', () => {
  const order = fold(paid, withWarehouse)
  const move = { sku: 'TEE-M', onHandDelta: 0, committedDelta: 3, reason: 'commit' as const }
  const ship = { sku: 'TEE-M', onHandDelta: -3, committedDelta: -3, reason: 'ship' as const }
  const moves = [
    { key: 'stock:ord_1:1', ...move },
    { key: 'stock:ord_1:2', ...ship },
  ]
  const stock = { connection: 'other-shop', scope: 'other-shop' }
  const told = stockWritesDue(order, moves, { ...policy, stock })
  assert.deepEqual(
    told.map(({ key, body }) => [key, body.sku, body.delta]),
    [['stock:other-shop:ord_1:1', 'TEE-M', -3]],
  )
  assert.deepEqual(stockWritesDue(order, moves, { ...policy, stock: toShop }), [])
  assert.deepEqual(stockWritesDue(order, moves, policy), [])
})
