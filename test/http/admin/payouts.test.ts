import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Fact, KnownFact, Statement } from '../../../src/core/fact.ts'
import { record } from '../../../src/pipeline/record.ts'
import { charge, dispute, paidTees, refund, say } from '../../core/factory.ts'
import { isAccountLevel } from '../../core/lives.ts'
import { type Admin, connectionOf, startAdmin } from './support.ts'

async function learn(admin: Admin, ...facts: readonly KnownFact[]): Promise<void> {
  const statements = facts.map((known): Statement => {
    const { digest: _digest, connection: _connection, scope: _scope, source: _source, ...fact } = known
    const isAccount =
      isAccountLevel(known) || (known.kind === 'balance_line' && known.data.source === undefined)
    const joins = isAccount ? [] : [{ kind: 'checkout_session' as const, id: 'cs_1' }]
    return { fact: fact as Fact, joins, level: isAccount ? 'account' : 'order' }
  })
  await record(admin.system, { items: [{ connection: 'stripe-test', source: 'webhook', statements }] })
}

const feeLine = (payout?: string) =>
  say.line(
    'txn_1',
    'charge',
    { amountMinor: 4080n, feeMinor: 148n },
    { of: charge(), at: 1, ...(payout === undefined ? {} : { payout }) },
  )

test('the ledger of a payout has its own entries, those of its lines and the money they are about', async (t) => {
  const admin = await startAdmin(t)
  await learn(
    admin,
    ...paidTees(),
    feeLine('po_1'),
    say.refund('succeeded', { amountMinor: 1000n }, { at: 30 }),
    say.refundMoved('refund_moved', { amountMinor: 1000n }, { at: 30 }),
    say.line('txn_r', 'refund', { amountMinor: -1000n }, { of: refund(), at: 30, payout: 'po_1' }),
    say.line(
      'txn_d',
      'dispute',
      { amountMinor: -500n, feeMinor: 15n },
      { of: dispute(), at: 60, payout: 'po_2' },
    ),
    say.payout('paid', { amountMinor: 2932n }, { at: 40 }),
  )
  const { data } = (await admin.get('/payouts/po_1/ledger')).body
  assert.deepEqual(data.map(({ key }: { key: string }) => key).sort(), [
    'journal:balance_line:transaction:txn_1',
    'journal:payment_captured:charge:ch_1:4080',
    'journal:payout_arrived:payout:po_1',
    'journal:payout_left:payout:po_1',
    'journal:refund_moved:refund:re_1',
  ])
  const first = (await admin.get('/payouts/po_1/ledger?limit=2')).body
  const rest = (await admin.get(`/payouts/po_1/ledger?limit=200&cursor=${first.next_cursor}`)).body
  assert.deepEqual([...first.data, ...rest.data], data)
  assert.equal((await admin.get('/payouts/po_9/ledger')).status, 404)
})

test('a payout by hand has what came since the one before, and both balances', async (t) => {
  const admin = await startAdmin(t)
  const byHand = { automatic: false }
  await learn(
    admin,
    ...paidTees(),
    feeLine(),
    say.payout('paid', { amountMinor: 3000n }, { at: 10, id: 'po_1', ...byHand }),
    say.line('txn_p1', 'payout', { amountMinor: -3000n }, { at: 10 }),
    say.line('txn_a', 'other_adjustment', { amountMinor: 200n }, { at: 20 }),
    say.line('txn_jpy', 'other_adjustment', { amountMinor: 7n, currency: 'JPY' }, { at: 20 }),
    say.payout('in_transit', { amountMinor: 1000n }, { at: 30, id: 'po_2', ...byHand }),
    say.line('txn_p2', 'payout', { amountMinor: -1000n }, { at: 30 }),
    say.line('txn_b', 'other_adjustment', { amountMinor: 9n }, { at: 40 }),
  )
  const shown = async (id: string) => {
    const {
      lines,
      opening_balance: opening,
      closing_balance: closing,
      difference,
    } = (await admin.get(`/payouts/${id}`)).body
    return [lines.map((line: { id: string }) => line.id), opening.amount, closing.amount, difference.amount]
  }
  assert.deepEqual(await shown('po_1'), [['txn_1'], '0.00', '9.32', '0.00'])
  assert.deepEqual(await shown('po_2'), [['txn_a'], '9.32', '1.32', '0.00'])
  const list = (await admin.get('/payouts')).body.data
  assert.deepEqual(
    list.map(({ id, lines_basis: basis }: { id: string; lines_basis: string }) => `${id} ${basis}`).sort(),
    ['po_1 balance', 'po_2 balance'],
  )
})

test('a payout that has arrived is asked for its lines, where the connection can be read; once', async (t) => {
  const admin = await startAdmin(t, { connections: [connectionOf('stripe-test', { apiKey: 'sk_test_x' })] })
  const asked = async () =>
    (await admin.system.db.web.query("select kind, id, reason from rereads where kind = 'payout'")).rows
  await learn(
    admin,
    say.payout('in_transit', { amountMinor: 100n }),
    say.payout('paid', { amountMinor: 9n }, { id: 'po_2', automatic: false }),
  )
  assert.deepEqual(await asked(), [])
  await learn(admin, say.payout('paid', { amountMinor: 100n }))
  await learn(admin, say.payout('paid', { amountMinor: 100n }))
  assert.deepEqual(await asked(), [{ kind: 'payout', id: 'po_1', reason: 'lines' }])
})

test('a payout shows why a person has to look at it', async (t) => {
  const admin = await startAdmin(t)
  await learn(admin, ...paidTees(), feeLine('po_1'), say.payout('paid', { amountMinor: 2932n }, { at: 40 }))
  const { difference, needs_review: reviews } = (await admin.get('/payouts/po_1')).body
  assert.equal(difference.amount, '-10.00')
  assert.deepEqual(
    reviews.map(({ code, holds }: { code: string; holds: boolean }) => [code, holds]),
    [['settlement_mismatch', false]],
  )
})
