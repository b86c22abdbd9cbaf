import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { company, credentials, startAccounting } from '../../../src/sandbox/accounting/index.ts'
import { accountingSink, type AccountingSettings } from '../../../src/sinks/accounting/index.ts'
import type { Tokens, TokenStore } from '../../../src/sinks/accounting/oauth.ts'
import { bodyOf, type Summary, summaryOf, theirAccount } from '../../../src/sinks/accounting/summary.ts'
import type { Performed } from '../../../src/sinks/sink.ts'
import { attemptOf, itemOf } from '../support.ts'

const accounts = { Assets: '35', 'Assets:Bank': '36', Liabilities: '33', Income: '79', Expenses: '7' }

const summary: Summary = {
  id: 'os-4c1f09ab77-USD',
  group: 'day:2026-03-05',
  part: 1,
  date: '2026-03-05',
  currency: 'USD',
  text: 'ordersync day 2026-03-05',
  lines: [
    { account: 'Assets:Clearing:shop', amountMinor: 3932n },
    { account: 'Expenses:Fees:shop', amountMinor: 148n },
    { account: 'Income:Sales', amountMinor: -4080n },
  ],
}

/** Tokens in memory, as the database keeps them for several processes. */
function memory(): TokenStore & { held: Tokens | undefined; isTaken: boolean } {
  return {
    held: undefined,
    isTaken: false,
    async load() {
      return this.held
    },
    async claim() {
      return !this.isTaken
    },
    async save(tokens) {
      this.held = tokens
    },
  }
}

async function stage(t: TestContext, to: AccountingSettings['to'], over: Partial<AccountingSettings> = {}) {
  const program = await startAccounting(to)
  t.after(() => program.stop())
  const tokens = memory()
  const settings: AccountingSettings = {
    to,
    mode: 'test',
    baseCurrency: 'USD',
    ...credentials,
    company,
    accounts,
    apiBaseUrl: program.url,
    tokens,
    now: () => new Date(),
    ...over,
  }
  const sink = accountingSink(settings)
  const prepare = (given: Summary = summary) => sink.prepare(itemOf({ kind: 'summary', body: bodyOf(given) }))
  const call = async (attempts = 1, given: Summary = summary): Promise<Performed> => {
    const prepared = await prepare(given)
    assert.equal(prepared.kind, 'send')
    const { bytes } = prepared as { bytes: Uint8Array }
    return sink.call(attemptOf({ id: `eff_${given.id}`, attempts, bytes }))
  }
  return { program, tokens, sink, prepare, call }
}

test('a summary survives its effect, and names stand for what is below them', () => {
  assert.deepEqual(summaryOf(bodyOf(summary)), summary)
  assert.equal(theirAccount(accounts, 'Assets:Bank'), '36')
  assert.equal(theirAccount(accounts, 'Assets:Bank:EUR'), '36')
  assert.equal(theirAccount(accounts, 'Assets:Banking'), '35')
  assert.equal(theirAccount(accounts, 'Equity:Conversion'), undefined)
})

test('QuickBooks gets a journal entry with both sides, its number and its day', async (t) => {
  const { program, call } = await stage(t, 'quickbooks')
  assert.deepEqual(await call(), { kind: 'done', reference: '1' })
  const line = (value: string, type: string, amount: number, description: string) => ({
    DetailType: 'JournalEntryLineDetail',
    Description: description,
    Amount: amount,
    JournalEntryLineDetail: { PostingType: type, AccountRef: { value } },
  })
  assert.deepEqual(program.journals[0]!.body, {
    DocNumber: 'os-4c1f09ab77-USD',
    TxnDate: '2026-03-05',
    PrivateNote: 'ordersync day 2026-03-05',
    Line: [
      line('35', 'Debit', 39.32, 'Assets:Clearing:shop'),
      line('7', 'Debit', 1.48, 'Expenses:Fees:shop'),
      line('79', 'Credit', 40.8, 'Income:Sales'),
    ],
  })
})

test('another currency than the company’s is named; yen and dinars keep their decimals', async (t) => {
  const { program, call } = await stage(t, 'quickbooks')
  const lines = (amountMinor: bigint) => [
    { account: 'Assets:Clearing:shop', amountMinor },
    { account: 'Income:Sales', amountMinor: -amountMinor },
  ]
  await call(1, { ...summary, id: 'os-1-JPY', currency: 'JPY', lines: lines(5000n) })
  await call(1, { ...summary, id: 'os-1-KWD', currency: 'KWD', lines: lines(12_340n) })
  const [yen, dinars] = program.journals.map(
    ({ body }) => body as { CurrencyRef: object; Line: { Amount: number }[] },
  )
  assert.deepEqual([yen!.CurrencyRef, yen!.Line[0]!.Amount], [{ value: 'JPY' }, 5000])
  assert.deepEqual([dinars!.CurrencyRef, dinars!.Line[0]!.Amount], [{ value: 'KWD' }, 12.34])
})

test('Xero gets a posted manual journal, debits positive; other currencies stay out of it', async (t) => {
  const { program, call, prepare } = await stage(t, 'xero')
  assert.deepEqual(await call(), { kind: 'done', reference: '5f3e0000-0000-4000-8000-000000000001' })
  const line = (code: string, amount: number, description: string) => ({
    LineAmount: amount,
    AccountCode: code,
    Description: description,
  })
  assert.deepEqual(program.journals[0]!.body, {
    Narration: 'ordersync day 2026-03-05 (os-4c1f09ab77-USD)',
    Date: '2026-03-05',
    Status: 'POSTED',
    LineAmountTypes: 'NoTax',
    JournalLines: [
      line('35', 39.32, 'Assets:Clearing:shop'),
      line('7', 1.48, 'Expenses:Fees:shop'),
      line('79', -40.8, 'Income:Sales'),
    ],
  })
  assert.deepEqual(await prepare({ ...summary, currency: 'EUR' }), {
    kind: 'cancelled',
    reason: 'its manual journals know USD only: export EUR instead',
  })
})

for (const to of ['quickbooks', 'xero'] as const) {
  test(`${to}: an answer that never came is asked for, and nothing is written twice`, async (t) => {
    const { program, call } = await stage(t, to)
    program.trouble('lose')
    assert.equal((await call()).kind, 'retry')
    assert.equal(program.journals.length, 1)
    // Even when the program has forgotten the key by then: the repeat looks before it writes.
    program.trouble('forget')
    assert.deepEqual(await call(2), { kind: 'done', reference: program.journals[0]!.id })
    assert.equal(program.journals.length, 1)
  })

  test(`${to}: what never arrived is written at the next try, once`, async (t) => {
    const { program, call } = await stage(t, to)
    program.trouble('cut')
    assert.equal((await call()).kind, 'retry')
    assert.equal(program.journals.length, 0)
    assert.equal((await call(2)).kind, 'done')
    assert.equal(program.journals.length, 1)
  })

  test(`${to}: the same first try under the same id is known by the program itself`, async (t) => {
    const { program, call } = await stage(t, to)
    await call()
    assert.equal((await call()).kind, 'done')
    assert.equal(program.journals.length, 1)
  })

  test(`${to}: a repeat that cannot look does not write`, async (t) => {
    const { program, call } = await stage(t, to)
    program.trouble('lose', 'down')
    await call()
    const performed = await call(2)
    assert.deepEqual([performed.kind, program.journals.length], ['retry', 1])
  })

  test(`${to}: too many calls keep it quiet for as long as it says`, async (t) => {
    let now = new Date('2026-03-06T00:00:00Z')
    const { program, call } = await stage(t, to, { now: () => now })
    program.trouble('busy')
    const busy = { kind: 'retry', error: 'answered 429', isDown: true, retryAfterMs: 2_000 }
    assert.deepEqual(await call(), busy)
    const calls = program.calls.length
    now = new Date(now.getTime() + 500)
    assert.deepEqual(await call(2), {
      kind: 'retry',
      error: 'too many calls',
      isDown: true,
      retryAfterMs: 1_500,
    })
    assert.equal(program.calls.length, calls)
    now = new Date(now.getTime() + 1_500)
    assert.equal((await call(3)).kind, 'done')
  })

  test(`${to}: tokens are renewed when they end, and the next refresh token is kept`, async (t) => {
    let now = new Date('2026-03-06T00:00:00Z')
    const { program, tokens, call } = await stage(t, to, { now: () => now })
    await call()
    assert.equal(tokens.held!.refreshToken, 'refresh-1')
    await call(1, { ...summary, id: 'os-2-USD' })
    assert.equal(program.tokens.renewals, 1)
    now = new Date(now.getTime() + 3_550_000)
    await call(1, { ...summary, id: 'os-3-USD' })
    assert.deepEqual([program.tokens.renewals, tokens.held!.refreshToken], [2, 'refresh-2'])
    assert.equal(program.tokens.refusals, 0)
  })

  test(`${to}: an access token that is refused before its time is renewed`, async (t) => {
    const { program, call } = await stage(t, to)
    await call()
    program.tokens.revoke()
    assert.equal((await call(1, { ...summary, id: 'os-2-USD' })).kind, 'retry')
    assert.equal((await call(2, { ...summary, id: 'os-2-USD' })).kind, 'done')
    assert.equal(program.tokens.renewals, 2)
  })
}

test('while another process renews the tokens nobody else does', async (t) => {
  const { program, tokens, call } = await stage(t, 'quickbooks')
  tokens.isTaken = true
  const performed = await call()
  assert.deepEqual(
    [performed.kind, (performed as { error: string }).error],
    ['retry', 'tokens are being renewed'],
  )
  assert.equal(program.tokens.renewals, 0)
})

test('a refresh token that is worth nothing asks for a new authorisation, and says no secret', async (t) => {
  const { call } = await stage(t, 'quickbooks', { refreshToken: 'refresh-stale' })
  const performed = (await call()) as { kind: string; error: string }
  assert.equal(performed.error, 'tokens were not renewed: answered 400: authorise anew and set refreshToken')
})

test('an account without a name in the program is named, and nothing is sent', async (t) => {
  const { prepare } = await stage(t, 'quickbooks', { accounts: { Assets: '35', Expenses: '7' } })
  assert.deepEqual(await prepare(), {
    kind: 'failed',
    reason: 'push.accounts names no account for Income:Sales',
  })
})

test('what the program refuses fails with its words', async (t) => {
  const { call } = await stage(t, 'quickbooks')
  const name = 'os-4c1f09ab77-USD-is-too-long'
  const performed = await call(1, { ...summary, id: name })
  assert.deepEqual(performed, {
    kind: 'failed',
    error: 'answered 400: 6000 DocNumber is longer than 21 characters',
  })
  const unequal = [{ account: 'Income:Sales', amountMinor: -1n }, ...summary.lines]
  assert.match(((await call(1, { ...summary, lines: unequal })) as { error: string }).error, /not equal/)
})
