import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Config, PushTarget } from '../../src/config.ts'
import type { Fact, KnownFact, Statement } from '../../src/core/fact.ts'
import { defaultBooks } from '../../src/core/journal.ts'
import { sinksOf } from '../../src/pipeline/perform.ts'
import { claim } from '../../src/pipeline/perform/claim.ts'
import { record } from '../../src/pipeline/record.ts'
import { summarise } from '../../src/pipeline/summaries.ts'
import type { System } from '../../src/pipeline/system.ts'
import { type Accounting, company, credentials, startAccounting } from '../../src/sandbox/accounting/index.ts'
import { entriesOfSummary } from '../../src/store/reading/ledger.ts'
import { summaryOf } from '../../src/sinks/accounting/summary.ts'
import { charge, paidTees, refund, say } from '../core/factory.ts'
import { isAccountLevel } from '../core/lives.ts'
import { attemptOf } from '../sinks/support.ts'
import { until } from '../support/wait.ts'
import { perform, systemWith } from './perform/support.ts'

const accounts = { Assets: '35', Liabilities: '33', Equity: '3', Income: '79', Expenses: '7' }

async function stage(t: TestContext, push: Partial<PushTarget> & Pick<PushTarget, 'by'>) {
  const program = await startAccounting('quickbooks')
  t.after(() => program.stop())
  const accounting: Config['sinks']['accounting'] = {
    kind: 'internal',
    baseCurrency: 'USD',
    timezone: 'UTC',
    ...defaultBooks,
    push: {
      to: 'quickbooks',
      ...credentials,
      company,
      accounts,
      apiBaseUrl: program.url,
      from: '2026-01-01',
      ...push,
    },
  }
  const system = await systemWith(t, { accounting })
  return { system, program, accounting }
}

/** Facts as a provider's event would tell them, all of one order. */
async function learn(system: System, ...facts: readonly KnownFact[]): Promise<void> {
  const statements = facts.map((known): Statement => {
    const { digest: _digest, connection: _connection, scope: _scope, source: _source, ...fact } = known
    const isAccount = isAccountLevel(known)
    const joins = isAccount ? [] : [{ kind: 'checkout_session' as const, id: 'cs_1' }]
    return { fact: fact as Fact, joins, level: isAccount ? 'account' : 'order' }
  })
  const [connection] = system.config.connections
  await record(system, { items: [{ connection: connection!.id, source: 'webhook', statements }] })
}

async function all(system: System): Promise<void> {
  while (await summarise(system));
}

async function effects(system: System) {
  const { rows } = await system.db.web.query(
    "select key, state, body from effects where sink = 'accounting' order by seq",
  )
  return (rows as { key: string; state: string; body: string }[]).map((row) => ({
    ...row,
    summary: summaryOf(JSON.parse(row.body)),
  }))
}

/** The sums that were made, by account, as text. */
function sums({ lines }: { lines: readonly { account: string; amountMinor: bigint }[] }): {
  [account: string]: bigint
} {
  return Object.fromEntries(lines.map(({ account, amountMinor }) => [account, amountMinor]))
}

const line = (options: { payout?: string } = {}) =>
  say.line('txn_1', 'charge', { amountMinor: 4080n, feeMinor: 148n }, { of: charge(), at: 1, ...options })
async function written(program: Accounting, count: number): Promise<void> {
  await until(`${count} journals are written`, () => program.journals.length >= count)
}

test('a day that is over is summed up once; what comes later for it is its next part', async (t) => {
  const { system, program } = await stage(t, { by: 'day' })
  await learn(system, ...paidTees(), line())
  await all(system)
  await all(system)
  const [first, ...more] = await effects(system)
  assert.equal(more.length, 0)
  assert.deepEqual([first!.summary.date, first!.summary.currency], ['2026-03-01', 'USD'])
  const clearing = Object.keys(sums(first!.summary)).find((account) => account.startsWith('Assets:Clearing'))!
  assert.equal(sums(first!.summary)[clearing], 3932n)
  assert.equal(sums(first!.summary)['Income:Sales'], -4000n)
  assert.equal(sums(first!.summary)['Liabilities:Customers'], undefined)
  await learn(system, say.line('txn_2', 'fee', { amountMinor: -70n }, { of: charge(), at: 2 }))
  await all(system)
  const [, second] = await effects(system)
  assert.equal(second!.key, `${first!.key}-2`)
  const behind = async (key: string) =>
    (await entriesOfSummary(system.db.web, key, 1_000_000n, 50)).map((entry) => entry.key)
  assert.deepEqual(await behind(second!.key), ['journal:balance_line:transaction:txn_2'])
  assert.equal((await behind(first!.key)).length, 3)
  perform(system, sinksOf(system))
  await written(program, 2)
  assert.deepEqual(
    program.journals.map(({ name }) => name),
    [first!.summary.id, second!.summary.id],
  )
})

test('a day that is not over is not summed up', async (t) => {
  const { system } = await stage(t, { by: 'day' })
  await learn(system, ...paidTees(), line())
  const then = { ...system, now: () => new Date('2026-03-01T23:59:59Z') }
  await all(then)
  assert.deepEqual(await effects(then), [])
  await all({ ...system, now: () => new Date('2026-03-02T00:00:00Z') })
  assert.equal((await effects(system)).length, 1)
})

test('by order each order has its own, at once', async (t) => {
  const { system } = await stage(t, { by: 'order' })
  await learn(system, ...paidTees())
  await all(system)
  const [only] = await effects(system)
  assert.match(only!.summary.text, /^ordersync order ord_/)
  assert.equal(sums(only!.summary)['Income:Sales'], -4000n)
})

test('by payout an order waits until its money has arrived; then clearing is even and the bank has the deposit', async (t) => {
  const { system } = await stage(t, { by: 'payout' })
  const paid = { amountMinor: 2932n }
  const given = [
    say.refund('succeeded', { amountMinor: 1000n }, { at: 30 }),
    say.refundMoved('refund_moved', { amountMinor: 1000n }, { at: 30 }),
    say.line('txn_r', 'refund', { amountMinor: -1000n }, { of: refund(), at: 30, payout: 'po_1' }),
  ]
  await learn(system, say.payout('in_transit', paid, { at: 40 }))
  await learn(system, ...paidTees(), line({ payout: 'po_1' }), ...given)
  const march = { ...system, now: () => new Date('2026-03-10T00:00:00Z') }
  await all(march)
  assert.deepEqual(await effects(system), [])
  await learn(system, say.payout('paid', paid, { at: 40 }))
  await all(march)
  const [only, ...more] = await effects(system)
  assert.equal(more.length, 0)
  assert.equal(only!.summary.text, 'ordersync payout po_1:2026-03')
  const told = sums(only!.summary)
  assert.equal(told['Assets:Bank'], 2932n)
  assert.deepEqual(
    Object.keys(told).filter((account) => /Clearing|Transit|Customers/.test(account)),
    [],
  )
  assert.equal(told['Income:Returns'], 956n)
})

test('a refund goes with the payout of its own line, and waits while that is in none', async (t) => {
  const { system } = await stage(t, { by: 'payout' })
  const march = { ...system, now: () => new Date('2026-03-10T00:00:00Z') }
  const amountMinor = 1000n
  const given = [
    say.refund('succeeded', { amountMinor }, { at: 60 }),
    say.refundMoved('refund_moved', { amountMinor }, { at: 60 }),
  ]
  const back = (options: { payout?: string }) =>
    say.line('txn_r', 'refund', { amountMinor: -amountMinor }, { of: refund(), at: 60, ...options })
  await learn(system, say.payout('paid', { amountMinor: 3932n }, { at: 40, id: 'po_2' }))
  await learn(system, ...paidTees(), line({ payout: 'po_2' }))
  await all(march)
  assert.equal((await effects(system)).length, 1)
  await learn(system, ...given, back({}))
  await all(march)
  assert.equal((await effects(system)).length, 1)
  await learn(system, { ...back({ payout: 'po_1' }), rank: 1, digest: 'other' } as KnownFact)
  await learn(system, say.payout('paid', { amountMinor: -1000n }, { at: 70, id: 'po_1' }))
  await all(march)
  const [, second, ...more] = await effects(system)
  assert.equal(more.length, 0)
  assert.equal(second!.summary.text, 'ordersync payout po_1:2026-03')
  assert.deepEqual(
    Object.keys(sums(second!.summary)).filter((account) => /Clearing|Transit|Customers/.test(account)),
    [],
  )
})

test('what no payout takes in forty days is summed up by its day', async (t) => {
  const { system } = await stage(t, { by: 'payout' })
  await learn(system, say.payout('in_transit', { amountMinor: 1n }, { at: 0, id: 'po_9' }))
  await learn(system, ...paidTees(), line())
  await all({ ...system, now: () => new Date('2026-04-09T00:00:00Z') })
  assert.deepEqual(await effects(system), [])
  await all({ ...system, now: () => new Date('2026-04-12T00:00:00Z') })
  assert.equal((await effects(system)).length, 1)
})

test('where no payout names its lines, the day is what is summed up', async (t) => {
  const { system } = await stage(t, { by: 'payout' })
  await learn(system, ...paidTees(), line())
  await all(system)
  assert.equal((await effects(system))[0]!.summary.text, 'ordersync day 2026-03-01')
})

test('without a first day, what was recorded before stays out of the program', async (t) => {
  const { system } = await stage(t, { by: 'day', from: undefined })
  await learn(system, ...paidTees())
  await all(system)
  await learn(system, line())
  await all(system)
  const made = await effects(system)
  assert.deepEqual(
    made.flatMap(({ summary }) =>
      Object.keys(sums(summary)).filter((account) => account.startsWith('Income')),
    ),
    [],
  )
  assert.equal(made.length, 1)
})

test('two processes sum up at once, and each entry is in one summary', async (t) => {
  const { system } = await stage(t, { by: 'day' })
  await learn(system, ...paidTees(), line())
  await Promise.all([all(system), all(system), all(system)])
  assert.equal((await effects(system)).length, 1)
})

test('answers that are lost, refusals for too many calls and errors end in one journal each', async (t) => {
  const { system, program } = await stage(t, { by: 'order' })
  program.trouble('lose', 'down', 'cut', 'forget')
  await learn(system, ...paidTees(), line())
  await all(system)
  perform(system, sinksOf(system))
  await until('the summary is written', async () => (await effects(system))[0]?.state === 'done')
  assert.equal(program.journals.length, 1)
  const { rows } = await system.db.web.query(
    "select reference, attempts from effects where sink = 'accounting'",
  )
  assert.equal(rows[0].reference, '1')
  assert.ok(rows[0].attempts >= 3)
})

test('the newest refresh token outlives the process', async (t) => {
  const { system, program } = await stage(t, { by: 'order' })
  await learn(system, ...paidTees())
  await all(system)
  const first = perform(system, sinksOf(system))
  await written(program, 1)
  await first.stop()
  await learn(system, line())
  await all(system)
  const later = { ...system, now: () => new Date(Date.now() + 2 * 3_600_000) }
  const [sink] = sinksOf(later)
  perform(system, [sink!])
  await written(program, 2)
  assert.deepEqual([program.tokens.renewals, program.tokens.refusals], [2, 0])
})

for (const died of [
  'before the journal was written',
  'after it was written and before anybody knew',
] as const) {
  test(`a process that died ${died} leaves one journal in the end`, async (t) => {
    const { system, program } = await stage(t, { by: 'order' })
    await learn(system, ...paidTees())
    await all(system)
    const [sink] = sinksOf(system)
    const { sending } = await claim(system, sink!, 1, 10_000)
    const [{ rows, bytes }] = sending as [(typeof sending)[0]]
    if (died.startsWith('after')) await sink!.call(attemptOf({ id: rows[0].id, attempts: 1, bytes }))
    // Long after: the program remembers no key of it any more.
    program.trouble('forget')
    await system.db.web.query(
      "update effects set lease_until = now() - interval '1 second' where state = 'performing'",
    )
    perform(system, sinksOf(system))
    await until('the summary is settled', async () => (await effects(system))[0]?.state === 'done')
    assert.equal(program.journals.length, 1)
    assert.equal(program.journals[0]!.name, (await effects(system))[0]!.summary.id)
  })
}
