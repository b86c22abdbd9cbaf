import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Circuit } from '../../../src/pipeline/perform/circuit.ts'
import type { Performed } from '../../../src/sinks/sink.ts'

function circuit(t: TestContext) {
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 })
  return new Circuit({ threshold: 3, baseMs: 1_000, capMs: 4_000 })
}

const down: Performed = { kind: 'retry', error: 'refused', isDown: true }

async function fail(one: Circuit, times: number): Promise<void> {
  for (let i = 0; i < times; i += 1) await one.call(async () => down)
}

test('it opens after failures in a row, and a success in between starts the count again', async (t) => {
  const one = circuit(t)
  await fail(one, 2)
  await one.call(async () => ({ kind: 'done' }))
  await fail(one, 2)
  assert.equal(one.permits(), Number.POSITIVE_INFINITY)
  await fail(one, 1)
  assert.equal(one.permits(), 0)
  assert.equal(one.waitMs(), 1_000)
})

test('what is about the one effect says nothing of the sink', async (t) => {
  const one = circuit(t)
  for (let i = 0; i < 5; i += 1) await one.call(async () => ({ kind: 'failed', error: '550' }))
  for (let i = 0; i < 5; i += 1) await one.call(async () => ({ ...down, isDown: false }))
  assert.equal(one.isOpen, false)
})

test('after the pause one call tries it, alone; its success lets all go', async (t) => {
  const one = circuit(t)
  await fail(one, 3)
  t.mock.timers.tick(1_000)
  assert.equal(one.permits(), 1)
  await one.call(async () => {
    assert.equal(one.permits(), 0)
    return { kind: 'done' }
  })
  assert.equal(one.permits(), Number.POSITIVE_INFINITY)
  assert.equal(one.isOpen, false)
})

test('pauses double up to the cap while the trials fail', async (t) => {
  const one = circuit(t)
  await fail(one, 3)
  const pauses = [one.waitMs()]
  for (let i = 0; i < 4; i += 1) {
    t.mock.timers.tick(one.waitMs())
    await fail(one, 1)
    pauses.push(one.waitMs())
  }
  assert.deepEqual(pauses, [1_000, 2_000, 4_000, 4_000, 4_000])
})

test('calls that began before it opened do not lengthen the pause', async (t) => {
  const one = circuit(t)
  await Promise.all(Array.from({ length: 10 }, () => one.call(async () => down)))
  assert.equal(one.waitMs(), 1_000)
})

test('while it is open nothing is called, not even what was claimed before it opened', async (t) => {
  const one = circuit(t)
  await fail(one, 3)
  let called = 0
  const performed = await one.call(async () => {
    called += 1
    return { kind: 'done' }
  })
  assert.deepEqual([performed.kind, called], ['retry', 0])
})

test('a clock that is set back does not keep it open for as long', async (t) => {
  const one = circuit(t)
  await fail(one, 3)
  t.mock.timers.setTime(100_000)
  assert.equal(one.waitMs(), 0)
  assert.equal(one.permits(), 1)
  await one.call(async () => down)
  assert.equal(one.waitMs(), 2_000)
})
