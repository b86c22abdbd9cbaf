import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sinksOf } from '../../../src/pipeline/perform.ts'
import { claim } from '../../../src/pipeline/perform/claim.ts'
import { Settler } from '../../../src/pipeline/perform/settler.ts'
import { buy, mailServer, performedFacts, rows, systemWith } from './support.ts'

test('attempts that end together are written together, and one that was superseded takes none with it', async (t) => {
  const { messages: _, ...mail } = await mailServer(t)
  const system = await systemWith(t, { receipt: { ...mail, waitForMs: 0 } })
  for (let n = 0; n < 6; n += 1) await buy(system, { number: `70${n}` })
  const [sink] = sinksOf(system)
  const { sending } = await claim(system, sink!, 6, 60_000)
  assert.equal(sending.length, 6)
  const superseded = sending[3]!.rows[0].id
  await system.db.web.query("update effects set token = 'another' where id = $1", [superseded])
  const count = async () => Number((await system.db.web.query('select count(*) as n from links')).rows[0].n)
  const before = await count()
  const settler = new Settler(system)
  const settled = await Promise.all(
    sending.map(({ rows: [row], token }) => {
      const ending = { row, token, attempts: row.attempts + 1, reference: '<1@shop.example>' }
      return settler.settle(sink!, ending, { kind: 'done' })
    }),
  )
  assert.deepEqual(
    settled,
    sending.map(({ rows: [row] }) => row.id !== superseded),
  )
  const states = new Map((await rows(system)).map(({ id, state }) => [id, state]))
  for (const {
    rows: [row],
  } of sending)
    assert.equal(states.get(row.id), row.id === superseded ? 'performing' : 'done')
  assert.equal((await performedFacts(system)).length, 5)

  // Of five more that nobody took over, the first goes at once and the rest in one transaction behind it.
  const apart = (await count()) - before
  assert.equal(apart, 5, 'with one that cannot be written each is written by itself')
  for (let n = 0; n < 5; n += 1) await buy(system, { number: `71${n}` })
  const next = await claim(system, sink!, 5, 60_000)
  const from = await count()
  await Promise.all(
    next.sending.map(({ rows: [row], token }) =>
      settler.settle(sink!, { row, token, attempts: 1, reference: '<2@shop.example>' }, { kind: 'done' }),
    ),
  )
  assert.equal((await count()) - from, 2)
})
