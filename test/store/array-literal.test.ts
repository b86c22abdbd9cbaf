import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import pg from 'pg'
import { arrayLiteral } from '../../src/store/array-literal.ts'
import { emptyDatabase } from '../support/database.ts'
import { seed } from '../support/property.ts'

// What a column of text can hold: no NUL, no half of a pair.
const text = fc.string({ unit: 'binary' }).filter((value) => value.isWellFormed() && !value.includes('\0'))
const awkward = fc.constantFrom('', 'NULL', '"', '\\', '{a,b}', ' a ', ',')
const orNone = <T>(value: fc.Arbitrary<T>) => fc.array(fc.option(value, { nil: null }))

test('the database reads back what went in', async (t) => {
  const client = new pg.Client({ connectionString: await emptyDatabase(t) })
  await client.connect()
  try {
    await readsBack(t, client)
  } finally {
    await client.end()
  }
})

async function readsBack(t: TestContext, client: pg.Client): Promise<void> {
  const back = async (type: string, values: readonly unknown[]) => {
    const { rows } = await client.query({
      text: `select $1::${type}[] as it`,
      values: [arrayLiteral(values)],
    })
    return (rows[0] as { it: unknown }).it
  }
  const columns = fc.record({
    texts: orNone(fc.oneof(text, awkward)),
    numbers: orNone(fc.maxSafeInteger()),
    bigints: orNone(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    booleans: orNone(fc.boolean()),
    bytes: orNone(fc.uint8Array()),
  })
  t.diagnostic(`seed ${seed}`)
  const held = fc.asyncProperty(columns, async ({ texts, numbers, bigints, booleans, bytes }) => {
    assert.deepEqual(await back('text', texts), texts)
    assert.deepEqual(
      await back('bigint', numbers),
      numbers.map((value) => value?.toString() ?? null),
    )
    assert.deepEqual(
      await back('bigint', bigints),
      bigints.map((value) => value?.toString() ?? null),
    )
    assert.deepEqual(await back('boolean', booleans), booleans)
    assert.deepEqual(
      await back('bytea', bytes),
      bytes.map((value) => value && Buffer.from(value)),
    )
  })
  await fc.assert(held, { seed, numRuns: 100 })
  assert.deepEqual(await back('text', [undefined, 'a']), [null, 'a'])
}

test('what no array of ours holds is refused', () => {
  assert.throws(() => arrayLiteral([['a']]), TypeError)
  assert.throws(() => arrayLiteral([new Date(0)]), TypeError)
})
