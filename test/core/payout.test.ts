import assert from 'node:assert/strict'
import { test } from 'node:test'
import { payoutsOf } from '../../src/core/payout.ts'
import { charge, dispute, refund, say } from './factory.ts'

const usd = (amountMinor: bigint) => ({ amountMinor })
const lines = [
  say.line('txn_1', 'charge', { amountMinor: 4080n, feeMinor: 148n }, { of: charge(), payout: 'po_1' }),
  say.line('txn_2', 'refund', usd(-1000n), { of: refund(), payout: 'po_1' }),
  say.line('txn_3', 'dispute', { amountMinor: -1n, feeMinor: 0n }, { of: dispute(), payout: 'po_2' }),
  say.line('txn_po', 'payout', usd(-2932n), { payout: 'po_1' }),
]

test('a payout is made up of its lines to the unit; its own line is none of them', () => {
  const [payout] = payoutsOf([...lines, say.payout('paid', usd(2932n))])
  assert.deepEqual(
    payout?.lines.map((line) => [line.ref.id, line.netMinor]),
    [
      ['txn_1', 3932n],
      ['txn_2', -1000n],
    ],
  )
  assert.equal(payout?.differenceMinor, 0n)
  assert.equal(payout?.linesBasis, 'provider')
})

test('a line that is missing shows as the difference', () => {
  const [payout] = payoutsOf([lines[0]!, say.payout('paid', usd(2932n))])
  assert.equal(payout?.differenceMinor, -1000n)
})

test('a payout that failed after it was paid has failed, whichever came last', () => {
  const states = [
    say.payout('paid', usd(1n)),
    say.payout('failed', usd(1n)),
    say.payout('in_transit', usd(1n)),
  ]
  assert.equal(payoutsOf(states)[0]?.state, 'failed')
  assert.equal(payoutsOf([...states].reverse())[0]?.state, 'failed')
})

test('a payout that somebody asked for has no lines of its own to differ from', () => {
  const [payout] = payoutsOf([say.payout('paid', usd(2932n), { automatic: false })])
  assert.equal(payout?.linesBasis, 'balance')
  assert.equal(payout?.differenceMinor, undefined)
})

test('a payout that no line names yet differs from nothing', () => {
  assert.equal(payoutsOf([say.payout('paid', usd(2932n))])[0]?.differenceMinor, undefined)
})

test('payouts come newest first, each connection’s own', () => {
  const facts = [
    say.payout('paid', usd(1n), { at: 1 }),
    say.payout('paid', usd(2n), { at: 9, id: 'po_2' }),
    say.payout('paid', usd(3n), { at: 5, connection: 'other' }),
  ]
  assert.deepEqual(
    payoutsOf(facts).map((payout) => [payout.ref.id, payout.connection]),
    [
      ['po_2', 'shop'],
      ['po_1', 'shop'],
    ],
  )
})
