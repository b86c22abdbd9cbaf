import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Circuit } from '../../../src/pipeline/perform/circuit.ts'

function circuit() {
  const clock = { now: 0 }
  return { clock, circuit: new Circuit({ threshold: 3, baseMs: 1_000, capMs: 4_000, now: () => clock.now }) }
}

function fail(one: Circuit, times: number): void {
  for (let i = 0; i < times; i += 1) {
    one.started()
    one.ended(true)
  }
}

test('it opens after failures in a row, and a success in between starts the count again', () => {
  const { circuit: one } = circuit()
  fail(one, 2)
  one.ended(false)
  fail(one, 2)
  assert.equal(one.permits(), Number.POSITIVE_INFINITY)
  fail(one, 1)
  assert.equal(one.permits(), 0)
  assert.equal(one.waitMs(), 1_000)
})

test('after the pause one call tries it, alone; its success lets all go', () => {
  const { clock, circuit: one } = circuit()
  fail(one, 3)
  clock.now = 1_000
  assert.equal(one.permits(), 1)
  one.started()
  assert.equal(one.permits(), 0)
  one.ended(false)
  assert.equal(one.permits(), Number.POSITIVE_INFINITY)
  assert.equal(one.isOpen, false)
})

test('pauses double up to the cap while the trials fail', () => {
  const { clock, circuit: one } = circuit()
  fail(one, 3)
  const pauses = [one.waitMs()]
  for (let i = 0; i < 4; i += 1) {
    clock.now += one.waitMs()
    fail(one, 1)
    pauses.push(one.waitMs())
  }
  assert.deepEqual(pauses, [1_000, 2_000, 4_000, 4_000, 4_000])
})

test('calls that began before it opened do not lengthen the pause', () => {
  const { circuit: one } = circuit()
  for (let i = 0; i < 10; i += 1) one.started()
  for (let i = 0; i < 10; i += 1) one.ended(true)
  assert.equal(one.waitMs(), 1_000)
})
