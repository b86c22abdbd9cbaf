import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countsIn } from '../../../src/http/admin/stock-file.ts'

test('a file as spreadsheets write it: any order of columns, quotes, a mark at its start, empty lines', () => {
  const file = '\ufeffTitle,SKU,On_Hand\r\n"Shirt, blue","TEE ""M""",12\r\n\r\nMug,MUG,0\n'
  assert.deepEqual(countsIn(file), [
    { sku: 'TEE "M"', onHand: 12 },
    { sku: 'MUG', onHand: 0 },
  ])
})

for (const [file, words] of [
  ['name,count\nTEE,1', /must name the columns sku and on_hand/],
  ['sku,on_hand\nTEE,1\nMUG,-1', /Row 3: on_hand is no whole number/],
  ['sku,on_hand\nTEE,1.5', /Row 2/],
  ['sku,on_hand\nTEE,9999999999999', /Row 2/],
  ['sku,on_hand\nTEE', /Row 2/],
  ['sku,on_hand\n,4', /A SKU has 1 to 200 characters/],
  ['sku,on_hand\nTEE,1\nTEE,2', /Row 3: the SKU stands twice/],
] as const) {
  test(`refused: ${JSON.stringify(file)}`, () => {
    assert.throws(() => countsIn(file), words)
  })
}
