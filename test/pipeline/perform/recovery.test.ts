import assert from 'node:assert/strict'
import { performance } from 'node:perf_hooks'
import { test } from 'node:test'
import { sinksOf } from '../../../src/pipeline/perform.ts'
import { Running } from '../../../src/pipeline/perform/attempt.ts'
import { claim } from '../../../src/pipeline/perform/claim.ts'
import type { System } from '../../../src/pipeline/system.ts'
import type { Attempt, Performed, Sink } from '../../../src/sinks/sink.ts'
import { endpoint, scriptedMailServer } from '../../sinks/support.ts'
import { until } from '../../support/wait.ts'
import { buy, mailServer, perform, performedFacts, rows, secret, settled, systemWith } from './support.ts'

const receipt = { smtpUrl: 'smtp://127.0.0.1:1', from: 'shop@shop.example', waitForMs: 0 }

/** A sink of the tests' own: what one attempt does is a parameter, everything else as for receipts. */
function sinkThat(call: (attempt: Attempt) => Promise<Performed>, over: Partial<Sink> = {}): Sink {
  return {
    name: 'receipt',
    concurrency: 4,
    isRepeatable: false,
    keepsRequest: false,
    attemptsMax: 10,
    backoff: { baseMs: 20, capMs: 40 },
    prepare: () => ({ kind: 'send', bytes: Buffer.from('{}') }),
    call,
    ...over,
  }
}

/** Leaves effects as a process does that was killed after committing `performing` (and `reference`, when it was to leave). */
async function abandon(system: System, sink: Sink, reference: string | null): Promise<void> {
  const { sending } = await claim(system, sink, 100, 10_000)
  assert.ok(sending.length > 0)
  await system.db.web.query(
    `update effects set lease_until = now() - interval '1 second', reference = $1 where state = 'performing'`,
    [reference],
  )
}

test('a mail whose process died before the final dot goes out once after the restart', async (t) => {
  const mail = await mailServer(t)
  const system = await systemWith(t, { receipt: { ...mail, waitForMs: 0 } })
  await buy(system, { number: '1' })
  await abandon(system, sinksOf(system)[0]!, null)
  perform(system, sinksOf(system))
  const [row] = await settled(system)
  assert.deepEqual([row!.state, row!.attempts], ['done', 2])
  assert.equal(mail.messages.length, 1)
})

test('a mail whose process died after the dot may have left is unknown, and no mail goes', async (t) => {
  const mail = await mailServer(t)
  const system = await systemWith(t, { receipt: { ...mail, waitForMs: 0 } })
  await buy(system, { number: '1' })
  await abandon(system, sinksOf(system)[0]!, '<abc@shop.example>')
  perform(system, sinksOf(system))
  const [row] = await settled(system)
  assert.deepEqual([row!.state, row!.attempts, row!.reference], ['unknown', 1, '<abc@shop.example>'])
  assert.deepEqual(
    (await performedFacts(system)).map(({ state }) => state),
    ['unknown'],
  )
  assert.equal(mail.messages.length, 0)
})

test('a request whose process died is repeated with the very same bytes and id', async (t) => {
  const warehouse = await endpoint(t, () => ({ status: 200 }))
  const system = await systemWith(t, { fulfillment: { url: warehouse.url, secret, atMostOnce: false } })
  await buy(system, { number: '1' })
  await abandon(system, sinksOf(system)[0]!, null)
  const [before] = await rows(system)
  perform(system, sinksOf(system))
  const [row] = await settled(system)
  assert.deepEqual([row!.state, row!.attempts], ['done', 2])
  assert.ok(warehouse.received[0]!.body.equals(before!.request!))
  assert.equal(warehouse.received[0]!.headers['webhook-id'], before!.id)
})

test('C52 an attempt that was superseded writes nothing: neither state nor fact', async (t) => {
  const system = await systemWith(t, { receipt })
  const gate = Promise.withResolvers<void>()
  const calls: string[] = []
  const slow = sinkThat(async (attempt) => {
    calls.push(attempt.id)
    await attempt.mayLeave('<first>')
    await gate.promise
    return { kind: 'done', reference: '<first>' }
  })
  const performing = perform(system, [slow])
  await buy(system, { number: '1' })
  await until('the call is under way', async () => (await rows(system))[0]?.reference === '<first>')
  await system.db.web.query(`update effects set token = 'another'`)
  gate.resolve()
  await performing.stop()
  const [row] = await rows(system)
  assert.deepEqual([row!.state, row!.token, row!.reference], ['performing', 'another', '<first>'])
  assert.deepEqual(await performedFacts(system), [])
  assert.equal(calls.length, 1)
})

test('C52 a worker that froze past its lease sends nothing when it wakes: the one that took over did it, once', async (t) => {
  const system = await systemWith(t, { receipt })
  const gate = Promise.withResolvers<void>()
  const left: number[] = []
  const sink = sinkThat(async (attempt) => {
    if (attempt.attempts === 1) await gate.promise
    await attempt.mayLeave(`<${attempt.attempts}>`)
    left.push(attempt.attempts)
    return { kind: 'done', reference: `<${attempt.attempts}>` }
  })
  const frozen = perform(system, [sink])
  await buy(system, { number: '1' })
  await until('the first is under way', async () => (await rows(system))[0]?.state === 'performing')
  await system.db.web.query(`update effects set lease_until = now() - interval '1 second'`)
  perform(system, [sink])
  await until('it was taken over and done', async () => (await rows(system))[0]?.state === 'done')
  gate.resolve()
  await frozen.stop()
  const [row] = await rows(system)
  assert.deepEqual([row!.state, row!.attempts, row!.reference], ['done', 2, '<2>'])
  assert.deepEqual(left, [2])
  assert.equal((await performedFacts(system)).length, 1)
})

test('nothing leaves once another attempt has taken over, or half of the lease has gone by', async (t) => {
  const system = await systemWith(t, { receipt })
  const left: string[] = []
  const sink = sinkThat(async (attempt) => {
    await attempt.mayLeave('<ref>')
    left.push(attempt.id)
    return { kind: 'done' }
  })
  const outcomes: Performed[] = []
  for (const [number, spoil, age] of [
    ['1', `update effects set token = 'another' where state = 'performing'`, 0],
    ['2', `update effects set lease_until = now() - interval '1 second' where state = 'performing'`, 0],
    ['3', 'select 1', 6_000],
  ] as const) {
    await buy(system, { number })
    const { sending } = await claim(system, sink, 1, 10_000)
    await system.db.web.query(spoil)
    const running = new Running(sending[0]!, { leaseMs: 10_000, leasedAt: performance.now() - age })
    outcomes.push(await running.call(system, sink, new AbortController().signal))
  }
  assert.deepEqual(left, [])
  assert.deepEqual(
    outcomes.map((outcome) => outcome.kind === 'retry' && outcome.error),
    ['another attempt has taken over', 'another attempt has taken over', 'too much of the lease had gone'],
  )
})

test('a long call keeps its lease, so nobody takes it over', async (t) => {
  const system = await systemWith(t, { receipt })
  const gate = Promise.withResolvers<void>()
  let calls = 0
  const slow = sinkThat(async () => {
    calls += 1
    await gate.promise
    return { kind: 'done' }
  })
  perform(system, [slow], { leaseMs: 400 })
  perform(system, [slow], { leaseMs: 400 })
  await buy(system, { number: '1' })
  const leases = new Set<string>()
  await until('the lease was renewed many times over', async () => {
    const result = await system.db.web.query(`select lease_until from effects where state = 'performing'`)
    if (result.rows[0] !== undefined) leases.add(result.rows[0].lease_until)
    return leases.size >= 8
  })
  gate.resolve()
  assert.equal((await settled(system))[0]!.state, 'done')
  assert.equal(calls, 1)
})

test('several processes perform each effect once', async (t) => {
  const system = await systemWith(t, { receipt })
  const calls = new Map<string, number>()
  const sink = sinkThat(async (attempt) => {
    await attempt.mayLeave(attempt.id)
    calls.set(attempt.key, (calls.get(attempt.key) ?? 0) + 1)
    return { kind: 'done', reference: attempt.id }
  })
  for (let i = 0; i < 3; i += 1) perform(system, [sink])
  await Promise.all(Array.from({ length: 40 }, (_, i) => buy(system, { number: `n${i}` })))
  assert.ok((await settled(system)).every(({ state }) => state === 'done'))
  assert.equal(calls.size, 40)
  assert.ok([...calls.values()].every((count) => count === 1))
})

test('a sink that is down is tried a few times, not once for everything that is due; and all goes when it works again', async (t) => {
  const system = await systemWith(t, { receipt })
  let isDown = true
  let calls = 0
  const sink = sinkThat(
    async () => {
      calls += 1
      return isDown ? { kind: 'retry', error: 'down', isDown } : { kind: 'done' }
    },
    { attemptsMax: 1_000 },
  )
  for (let i = 0; i < 60; i += 1) await buy(system, { number: `n${i}` })
  const startedAt = performance.now()
  perform(system, [sink])
  // Five failures open the circuit, three more were under way at most; the tenth call has two pauses before it.
  await until('it was tried ten times', () => calls >= 10)
  assert.ok(performance.now() - startedAt >= 50 + 100)
  isDown = false
  assert.ok((await settled(system)).every(({ state }) => state === 'done'))
})

test('an unexpected error of a sink is doubt only where it may have left', async (t) => {
  const system = await systemWith(t, { receipt })
  const sink = sinkThat(async (attempt) => {
    if (attempt.key.includes('ch_left')) await attempt.mayLeave('<ref>')
    if (attempt.attempts === 1) throw new TypeError('a bug')
    return { kind: 'done' }
  })
  await buy(system, { number: 'left' })
  await buy(system, { number: 'not' })
  perform(system, [sink])
  assert.deepEqual(
    (await settled(system)).map(({ state, attempts }) => [state, attempts]),
    [
      ['unknown', 1],
      ['done', 2],
    ],
  )
})

test('a stop lets what is under way end, cuts off what does not, and starts nothing new', async (t) => {
  const server = await scriptedMailServer(t, { rcpt: 'silent' })
  const system = await systemWith(t, { receipt: { ...receipt, smtpUrl: server.url } })
  const performing = perform(system, sinksOf(system), { graceMs: 100 })
  await buy(system, { number: '1' })
  await until('the recipient was named', () => server.commands.some((line) => line.startsWith('RCPT')))
  await performing.stop()
  const [row] = await rows(system)
  assert.deepEqual([row!.state, row!.attempts, row!.reference], ['due', 1, null])
  await buy(system, { number: '2' })
  assert.equal(server.commands.filter((line) => line.startsWith('MAIL')).length, 1)
})

test('C37 an answer that cannot be written down at once is written when the database is back', async (t) => {
  const system = await systemWith(t, { receipt })
  let failures = 0
  let calls = 0
  const connect = system.db.worker.connect.bind(system.db.worker)
  const sink = sinkThat(async () => {
    system.db.worker.connect = ((done?: (error: Error) => void) => {
      failures += 1
      if (failures >= 3) system.db.worker.connect = connect as never
      const away = Object.assign(new Error('away'), { code: 'ECONNREFUSED' })
      return done === undefined ? Promise.reject(away) : done(away)
    }) as never
    calls += 1
    return { kind: 'done', reference: 're_of_the_provider' }
  })
  await buy(system, { number: '1' })
  perform(system, [sink])
  const [row] = await settled(system)
  assert.deepEqual([row!.state, row!.reference], ['done', 're_of_the_provider'])
  assert.equal(calls, 1, 'and the call is not made again for that')
  assert.ok(failures >= 3)
})
