import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRate, rateOf } from '../../src/pipeline/rate.ts'
import type { System } from '../../src/pipeline/system.ts'

const signal = new AbortController().signal

test('a Retry-After is kept as told; an absent, absurd or broken one becomes a wait of ours', () => {
  const cases: [told: number | undefined, waits: number][] = [
    [2_500, 2_500],
    [undefined, 1_000],
    [0, 1_000],
    [-5, 1_000],
    [Number.NaN, 1_000],
    [86_400_000, 60_000],
    [Number.POSITIVE_INFINITY, 60_000],
  ]
  for (const [told, waits] of cases) {
    const rate = createRate(() => 0)
    assert.equal(rate.blocked(told), waits, `${told}`)
    assert.equal(rate.blockedForMs(), waits)
  }
})

test('where the provider does not say, the wait doubles until a call works', () => {
  const rate = createRate(() => 0)
  assert.deepEqual(
    [1, 2, 3, 4].map(() => rate.blocked(undefined)),
    [1_000, 2_000, 4_000, 8_000],
  )
  rate.worked()
  assert.equal(rate.blocked(undefined), 1_000)
})

test('a shorter wait never ends a longer one', () => {
  const rate = createRate(() => 0)
  rate.blocked(30_000)
  rate.blocked(1_000)
  assert.equal(rate.blockedForMs(), 30_000)
})

test('a burst may leave at once; beyond it calls are spaced', async () => {
  let now = 10_000
  const rate = createRate(() => now)
  for (let n = 0; n < 21; n += 1) await rate.acquire(signal)
  let left = false
  const next = rate.acquire(signal).then(() => {
    left = true
  })
  await Promise.resolve()
  assert.equal(left, false)
  now += 60
  await next
})

test('who waits for its turn is let go when asked to stop', async () => {
  const rate = createRate(() => 0)
  rate.blocked(60_000)
  const stop = new AbortController()
  const waiting = assert.rejects(rate.acquire(stop.signal), { name: 'AbortError' })
  stop.abort()
  await waiting
})

test('the reconciler and the re-reads of one connection share a rate; other connections go on', () => {
  const system = { db: {} } as System
  assert.equal(rateOf(system, 'a'), rateOf(system, 'a'))
  rateOf(system, 'a').blocked(60_000)
  assert.equal(rateOf(system, 'b').blockedForMs(), 0)
  assert.notEqual(rateOf({ db: {} } as System, 'a'), rateOf(system, 'a'))
})
