import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Known } from '../../src/core/evidence.ts'
import type { KnownFact } from '../../src/core/fact.ts'
import { payoutOf, rolledForward, settlementReview } from '../../src/core/payout.ts'
import { at, charge, refund, say } from './factory.ts'

const usd = (amountMinor: bigint) => ({ amountMinor })
const states = (...facts: KnownFact[]) => facts as Known<'payout_state'>[]
const lines = [
  say.line('txn_1', 'charge', { amountMinor: 4080n, feeMinor: 148n }, { of: charge(), payout: 'po_1' }),
  say.line('txn_2', 'refund', usd(-1000n), { of: refund(), payout: 'po_1' }),
  say.line('txn_po', 'payout', usd(-2932n), { payout: 'po_1' }),
] as Known<'balance_line'>[]

test('a payout is made up of its lines to the unit; its own line is none of them', () => {
  const payout = payoutOf(states(say.payout('paid', usd(2932n))), lines)
  assert.deepEqual(
    payout?.lines.map((line) => [line.subject.id, line.data.netMinor]),
    [
      ['txn_1', 3932n],
      ['txn_2', -1000n],
    ],
  )
  assert.equal(payout?.differenceMinor, 0n)
  assert.equal(payout?.linesBasis, 'provider')
  assert.equal(payout?.arrivalDate, at(48))
})

test('a line that is missing shows as the difference; while none names the payout there is nothing to differ from', () => {
  const paid = states(say.payout('paid', usd(2932n)))
  assert.equal(payoutOf(paid, lines.slice(0, 1))?.differenceMinor, -1000n)
  assert.equal(payoutOf(paid, [])?.differenceMinor, undefined)
})

test('a payout that arrived and is not its lines is under review, and so is one with a line that nobody has mapped', () => {
  const po = { kind: 'payout', id: 'po_1' } as const
  const review = (...known: Parameters<typeof payoutOf<(typeof lines)[number]>>) =>
    settlementReview(payoutOf(...known)!, po)
  const paid = states(say.payout('paid', usd(2932n)))
  assert.equal(review(paid, lines), undefined)
  assert.equal(review(paid, []), undefined)
  assert.equal(review(states(say.payout('in_transit', usd(2932n))), lines.slice(0, 1)), undefined)
  const off = review(paid, lines.slice(0, 1))!
  assert.equal(off.code, 'settlement_mismatch')
  assert.equal(off.detail, '29.32 USD was paid, and its lines come to 39.32 USD.')
  const odd = say.line('txn_9', 'moon_tax', usd(0n), { payout: 'po_1' }) as Known<'balance_line'>
  const unmapped = review(paid, [...lines, odd])!
  assert.equal(unmapped.detail, 'nobody has mapped lines of type moon_tax.')
  assert.deepEqual(
    unmapped.refs.map(({ id }) => id),
    ['po_1', 'txn_9'],
  )
})

test('a payout that failed after it was paid has failed, whichever was learned last', () => {
  const known = states(
    say.payout('paid', usd(1n)),
    say.payout('failed', usd(1n)),
    say.payout('in_transit', usd(1n)),
  )
  assert.equal(payoutOf(known, [])?.state, 'failed')
  assert.equal(payoutOf(known.toReversed(), [])?.state, 'failed')
})

test('a payout that somebody asked for has no lines of its own to differ from', () => {
  const payout = payoutOf(states(say.payout('paid', usd(2932n), { automatic: false })), lines)
  assert.equal(payout?.linesBasis, 'balance')
  assert.equal(payout?.differenceMinor, undefined)
})

test('a payout whose lines nobody names has those since the one before, from opening to closing balance', () => {
  const payout = payoutOf(states(say.payout('paid', usd(2932n), { automatic: false })), [] as typeof lines)!
  const rolled = rolledForward(payout, lines, 500n)
  assert.deepEqual(
    rolled.lines.map(({ subject }) => subject.id),
    ['txn_1', 'txn_2'],
  )
  assert.deepEqual(rolled.balance, { openingMinor: 500n, closingMinor: 500n })
  assert.equal(rolled.differenceMinor, 0n)
  assert.equal(rolledForward(payout, lines.slice(0, 2), 500n).differenceMinor, undefined)
  const other = say.line('txn_po', 'payout', usd(-2900n)) as (typeof lines)[number]
  assert.equal(rolledForward(payout, [other], 0n).differenceMinor, 32n)
})

test('a payout of which no state is known is none', () => {
  assert.equal(payoutOf([], lines), undefined)
})
