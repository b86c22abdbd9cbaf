import assert from 'node:assert/strict'
import { test } from 'node:test'
import { summarise } from '../../src/pipeline/summaries.ts'
import { company, credentials, startAccounting } from '../../src/sandbox/accounting/index.ts'
import { testTwin } from '../sandbox/support.ts'
import { lifo } from '../support/lifo.ts'
import { lineSecret, openLine } from '../support/line.ts'
import { until } from '../support/wait.ts'

const accounts = {
  Assets: '35',
  'Assets:Bank': '36',
  Liabilities: '33',
  Equity: '3',
  Income: '79',
  Expenses: '7',
}

type Journal = {
  PrivateNote: string
  Line: { Amount: number; Description: string; JournalEntryLineDetail: { PostingType: string } }[]
}

test('a payout is made of its lines to the cent, and stands in the accounting program as one journal', async (context) => {
  const t = lifo(context)
  const twin = await testTwin(t)
  const program = await startAccounting('quickbooks')
  t.after(() => program.stop())
  const push = {
    to: 'quickbooks',
    by: 'payout',
    ...credentials,
    company,
    accounts,
    apiBaseUrl: program.url,
    from: '2020-01-01',
  }
  const line = await openLine(t as never, {
    connections: [
      {
        id: 'stripe-test',
        provider: 'stripe',
        mode: 'test',
        speaksFor: ['order', 'payment'],
        webhookSecrets: [lineSecret],
        apiKey: 'sk_test_x',
        apiBaseUrl: twin.url,
      },
    ],
    sinks: { accounting: { kind: 'internal', baseCurrency: 'USD', push } },
  })
  twin.world.ground.addEndpoint(`${line.running.url}/webhooks/stripe/stripe-test`, { secret: lineSecret })
  const sales = [4080, 1999, 725].map((amount, n) =>
    twin.world.pay({ amount, currency: 'usd', orderNumber: `${1001 + n}` }),
  )
  twin.world.refund(sales[1]!.charge, { amount: 500 })
  const payout = twin.world.payout()
  twin.world.payoutArrives(payout.id)
  await twin.deliver.settled()
  const shown = await until('the payout has its lines', async () => {
    const body = await line.get(`/payouts/${payout.id}`)
    return body.lines?.length === 4 ? body : undefined
  })
  await line.quiet()
  assert.deepEqual(
    [shown.status, shown.lines_basis, Number(shown.difference.amount)],
    ['paid', 'provider', 0],
  )
  await summarise(line.running.system)
  await until('the journal is written', () => program.journals.length > 0)
  await line.quiet()
  assert.equal(program.journals.length, 1)
  const journal = program.journals[0]!.body as unknown as Journal
  assert.match(journal.PrivateNote, new RegExp(`^ordersync payout ${payout.id}:`))
  const told = Object.fromEntries(
    journal.Line.map(
      ({ Amount: amount, Description: account, JournalEntryLineDetail: { PostingType: type } }) => [
        account,
        type === 'Debit' ? amount : -amount,
      ],
    ),
  )
  // The deposit is the payout; nothing is left between the provider and us, nor between the buyers and us.
  assert.equal(told['Assets:Bank'], Number(shown.amount.amount))
  assert.deepEqual(
    Object.keys(told).filter((account) => /Clearing|Transit|Customers/.test(account)),
    [],
  )
  assert.equal(told['Income:Sales'], -68.04)
  assert.equal(told['Income:Returns'], 5)
  const { data } = await line.get('/effects?sink=accounting')
  const behind = await line.get(`/ledger/summaries/${program.journals[0]!.name}/entries?limit=200`)
  assert.deepEqual([data[0].state, data[0].reference], ['done', program.journals[0]!.id])
  assert.ok(behind.data.length >= 10)
})
