import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountingDay, bookingOf, endOf, lastDayOf, monthAfter } from '../../src/core/periods.ts'

const late = '2026-03-31T23:30:00.000Z'

test('a day is counted where the books are kept', () => {
  assert.equal(accountingDay(late, 'UTC'), '2026-03-31')
  assert.equal(accountingDay(late, 'Europe/Warsaw'), '2026-04-01')
  assert.equal(accountingDay(late, 'America/New_York'), '2026-03-31')
})

test('what belongs to a closed month stands under the first open day and names its month', () => {
  const at = (closedThrough: string | undefined) => bookingOf(late, { timezone: 'UTC', closedThrough })
  assert.deepEqual(at(undefined), { day: '2026-03-31', lateInto: null })
  assert.deepEqual(at('2026-02'), { day: '2026-03-31', lateInto: null })
  assert.deepEqual(at('2026-03'), { day: '2026-04-01', lateInto: '2026-03' })
  assert.deepEqual(at('2026-12'), { day: '2027-01-01', lateInto: '2026-03' })
})

test('months follow each other, and end at midnight where the books are kept', () => {
  assert.equal(monthAfter('2026-12'), '2027-01')
  assert.equal(lastDayOf('2028-02'), '2028-02-29')
  assert.equal(endOf('2026-03', 'UTC'), '2026-04-01T00:00:00.000Z')
  assert.equal(endOf('2026-03', 'Europe/Warsaw'), '2026-03-31T22:00:00.000Z')
  assert.equal(endOf('2026-12', 'Asia/Kathmandu'), '2026-12-31T18:15:00.000Z')
  assert.equal(endOf('2026-06', 'Pacific/Kiritimati'), '2026-06-30T10:00:00.000Z')
})
