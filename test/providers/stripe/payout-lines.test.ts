import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Known } from '../../../src/core/evidence.ts'
import { type KnownFact, bestWitnesses } from '../../../src/core/fact.ts'
import { payoutOf } from '../../../src/core/payout.ts'
import type { Api, Reading } from '../../../src/providers/provider.ts'
import { stripe } from '../../../src/providers/stripe/index.ts'
import { testTwin } from '../../sandbox/support.ts'
import { settings } from './subject.ts'

function factsIn(reading: Reading): KnownFact[] {
  const outcome = stripe.normalize(
    { type: reading.type, body: reading.body, occurredAt: undefined } as never,
    settings,
  )
  assert.equal(outcome.kind, 'processed')
  const { statements } = outcome as { statements: readonly { fact: object }[] }
  return statements.map(
    ({ fact }) => ({ ...fact, digest: '', scope: 's', connection: 'c', source: 'reread' }) as never,
  )
}

test('a payout that is paid comes with every line that it pays, and they come to it', async (t) => {
  const twin = await testTwin(t)
  const api: Api = {
    connection: { ...settings, apiBaseUrl: twin.url },
    signal: AbortSignal.timeout(20_000),
    timeoutMs: 5_000,
  }
  const { world } = twin
  // More than one page of lines, and a refund among them.
  const sales = Array.from({ length: 120 }, (_, n) => world.pay({ amount: 1000 + n, currency: 'usd' }))
  world.refund(sales[0]!.charge, { amount: 400 })
  const payout = world.payout()
  const pending = await stripe.read({ kind: 'payout', id: payout.id }, api)
  assert.equal(pending.type, 'resource.payout')
  world.payoutArrives(payout.id)
  const facts = factsIn(await stripe.read({ kind: 'payout', id: payout.id }, api))
  const states = facts.filter((fact): fact is Known<'payout_state'> => fact.kind === 'payout_state')
  const lines = facts.filter((fact): fact is Known<'balance_line'> => fact.kind === 'balance_line')
  assert.ok(lines.every(({ data }) => data.payout === payout.id))
  const told = payoutOf(states, lines)!
  assert.deepEqual([told.state, told.lines.length, told.differenceMinor], ['paid', 121, 0n])
  // The same line from elsewhere is the same fact, and a worse witness of it.
  const id = sales[0]!.charge.balance_transaction!
  const alone = factsIn(await stripe.read({ kind: 'transaction', id }, api))
  const both = bestWitnesses([...alone, ...lines.filter((line) => line.id === alone[0]!.id)])
  assert.deepEqual(
    both.map((fact) => (fact as Known<'balance_line'>).data.payout),
    [payout.id],
  )
})

test('a payout by hand has no list of its own', async (t) => {
  const twin = await testTwin(t)
  const api: Api = {
    connection: { ...settings, apiBaseUrl: twin.url },
    signal: AbortSignal.timeout(20_000),
    timeoutMs: 5_000,
  }
  twin.world.pay({ amount: 1000, currency: 'usd' })
  const payout = twin.world.payout({ amount: 500 })
  twin.world.payoutArrives(payout.id)
  assert.equal((await stripe.read({ kind: 'payout', id: payout.id }, api)).type, 'resource.payout')
})
