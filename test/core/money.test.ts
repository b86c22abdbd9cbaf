import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  currencies,
  exponentOf,
  parseDecimal,
  printDecimal,
  shareHalfEven,
  splitByWeight,
} from '../../src/core/money.ts'
import { property } from '../support/property.ts'

test('currencies have none, two, three or four decimals, each its own', () => {
  assert.deepEqual(['JPY', 'KRW', 'USD', 'EUR', 'KWD', 'BHD', 'CLF'].map(exponentOf), [0, 0, 2, 2, 3, 3, 4])
  assert.equal(exponentOf('usd'), undefined)
  assert.equal(exponentOf('XXX'), undefined)
})

test('decimals are read and printed exactly', () => {
  assert.equal(parseDecimal('19.99', 'USD'), 1999n)
  assert.equal(parseDecimal('-0.05', 'USD'), -5n)
  assert.equal(parseDecimal('408.0', 'JPY'), 408n)
  assert.equal(parseDecimal('125.375', 'KWD'), 125375n)
  assert.equal(parseDecimal('1', 'KWD'), 1000n)
  assert.equal(printDecimal({ amountMinor: -5n, currency: 'USD' }), '-0.05')
  assert.equal(printDecimal({ amountMinor: 5000n, currency: 'JPY' }), '5000')
  assert.equal(printDecimal({ amountMinor: 5n, currency: 'KWD' }), '0.005')
})

test('what cannot be represented is no amount', () => {
  for (const text of ['19.999', '1e3', '', '.5', '5.', '+5', ' 5', '1,000', 'NaN', '0x10', '١'])
    assert.equal(parseDecimal(text, 'USD'), undefined, text)
  assert.equal(parseDecimal('1.5', 'JPY'), undefined)
  assert.equal(parseDecimal('1', 'XXX'), undefined)
  assert.throws(() => printDecimal({ amountMinor: 1n, currency: 'XXX' }), RangeError)
})

test('halves go to the even neighbour, on either side of zero', () => {
  const halves = [1n, 3n, 5n, -1n, -3n, -5n].map((part) => shareHalfEven(part, 1n, 2n))
  assert.deepEqual(halves, [0n, 2n, 2n, 0n, -2n, -2n])
  assert.equal(shareHalfEven(7n, -1n, 2n), -4n)
  assert.equal(shareHalfEven(10753n, 4000n, 10000n), 4301n)
})

test('a split gives the missing units to the largest remainders, the earlier first', () => {
  assert.deepEqual(splitByWeight(1000n, [3500n, 400n, 180n]), [858n, 98n, 44n])
  assert.deepEqual(splitByWeight(1n, [1n, 1n]), [1n, 0n])
  assert.deepEqual(splitByWeight(-3n, [1n, 1n]), [-2n, -1n])
  assert.deepEqual(splitByWeight(5n, [0n, 0n]), [5n, 0n])
  assert.deepEqual(splitByWeight(5n, []), [])
})

const amount = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n })

property(
  'what is printed is read back as the same amount',
  fc.tuple(amount, fc.constantFrom(...currencies())),
  ([amountMinor, currency]) => {
    assert.equal(parseDecimal(printDecimal({ amountMinor, currency }), currency), amountMinor)
  },
)

property(
  'the parts of a split sum to the whole and lie within one unit of their share',
  fc.tuple(amount, fc.array(fc.bigInt({ min: 0n, max: 10n ** 9n }), { minLength: 1, maxLength: 8 })),
  ([total, weights]) => {
    const parts = splitByWeight(total, weights)
    const sum = weights.reduce((a, b) => a + b, 0n)
    assert.equal(
      parts.reduce((a, b) => a + b, 0n),
      total,
    )
    if (sum === 0n) return
    parts.forEach((part, index) => {
      const distance = part * sum - total * weights[index]!
      assert.ok(distance < sum && distance > -sum)
    })
  },
)
