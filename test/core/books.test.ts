import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KnownFact } from '../../src/core/fact.ts'
import { fold } from '../../src/core/fold.ts'
import { defaultBooks, type JournalEntry } from '../../src/core/journal.ts'
import { movements } from '../../src/core/movements.ts'
import { isTaxUnknown, recognition, recognitionTarget } from '../../src/core/recognition.ts'
import { balancesOf, imbalances, printed } from './books.ts'
import { charge, dispute, intent, paidTees, refund, say, session, tees } from './factory.ts'

// The worked examples of the books, to the unit. `+` debits, `−` credits.

function entry(facts: readonly KnownFact[], key: string): string {
  const found = movements(facts, defaultBooks).find((one) => one.key === key)
  return found === undefined ? 'none' : printed(found)
}

function recognised(facts: readonly KnownFact[]): { [account: string]: bigint } {
  return Object.fromEntries(
    [...recognitionTarget(fold(facts), defaultBooks)].sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

function all(facts: readonly KnownFact[]): Map<string, bigint> {
  const entries = movements(facts, defaultBooks)
  const lines = recognition(recognitionTarget(fold(facts), defaultBooks), new Map())
  return balancesOf([...entries.flatMap((one) => one.lines), ...lines])
}

const feeLine = say.line('txn_1', 'charge', { amountMinor: 4080n, feeMinor: 148n }, { of: charge(), at: 1 })
const sale = {
  'Income:Discounts USD': 500n,
  'Income:Sales USD': -4000n,
  'Income:Shipping USD': -400n,
  'Liabilities:Customers USD': 4080n,
  'Liabilities:Tax:US-CA USD': -180n,
}
const refunded = [
  say.refund('succeeded', { amountMinor: 1000n }, { at: 30 }),
  say.refundMoved('refund_moved', { amountMinor: 1000n }, { at: 30 }),
]

test('USD: a capture owes the customer, the fee goes to the provider, the sale stands at list price', () => {
  const facts = [...paidTees(), feeLine]
  assert.equal(
    entry(facts, 'journal:payment_captured:charge:ch_1:4080'),
    'Assets:Clearing:shop USD 4080 · Liabilities:Customers USD -4080',
  )
  assert.equal(
    entry(facts, 'journal:balance_line:transaction:txn_1'),
    'Expenses:Fees:shop USD 148 · Assets:Clearing:shop USD -148',
  )
  assert.deepEqual(recognised(facts), sale)
})

test('USD: a refund without lines goes back pro rata, the missing cent to the goods', () => {
  const facts = [...paidTees(), ...refunded]
  assert.equal(
    entry(facts, 'journal:refund_moved:refund:re_1'),
    'Liabilities:Customers USD 1000 · Assets:Clearing:shop USD -1000',
  )
  const difference = recognition(
    recognitionTarget(fold(facts), defaultBooks),
    recognitionTarget(fold(paidTees()), defaultBooks),
  )
  assert.deepEqual(Object.fromEntries(difference.map((line) => [line.account, line.amountMinor])), {
    'Income:Returns': 956n,
    'Liabilities:Customers': -1000n,
    'Liabilities:Tax:US-CA': 44n,
  })
})

test('USD: a refund that is only announced is owed already, and has not moved', () => {
  const facts = [...paidTees(), say.refund('pending', { amountMinor: 1000n }, { at: 30 })]
  assert.equal(entry(facts, 'journal:refund_moved:refund:re_1'), 'none')
  assert.equal(recognised(facts)['Income:Returns USD'], 956n)
})

test('USD: a refund that fails later comes back, and its returns are mirrored', () => {
  const failed = [
    say.refund('failed', { amountMinor: 1000n }, { at: 90 }),
    say.refundMoved('refund_returned', { amountMinor: 1000n }, { at: 90 }),
  ]
  const facts = [...paidTees(), ...refunded, ...failed]
  assert.equal(
    entry(facts, 'journal:refund_returned:refund:re_1'),
    'Assets:Clearing:shop USD 1000 · Liabilities:Customers USD -1000',
  )
  assert.deepEqual(recognised(facts), sale)
})

const withdrawn = say.line(
  'txn_d1',
  'dispute',
  { amountMinor: -4080n, feeMinor: 1500n },
  { of: dispute(), at: 50 },
)
const reinstated = say.line('txn_d2', 'dispute_reversal', { amountMinor: 4080n }, { of: dispute(), at: 99 })

test('USD: a dispute takes the money and a fee; won, the money comes back and the fee stays', () => {
  const facts = [...paidTees(), withdrawn, say.dispute('open', { amountMinor: 4080n }, { at: 49 })]
  const line = entry(facts, 'journal:balance_line:transaction:txn_d1')
  assert.equal(
    line,
    'Assets:Clearing:shop USD -5580 · Assets:Disputes:shop USD 4080 · Expenses:Fees:Disputes USD 1500',
  )
  const won = [...facts, reinstated, say.dispute('won', { amountMinor: 4080n }, { at: 99 })]
  assert.equal(
    entry(won, 'journal:balance_line:transaction:txn_d2'),
    'Assets:Clearing:shop USD 4080 · Assets:Disputes:shop USD -4080',
  )
  assert.equal(all(won).get('Assets:Disputes:shop USD'), undefined)
  assert.equal(all(won).get('Expenses:Fees:Disputes USD'), 1500n)
})

test('USD: a dispute that is lost costs what is withdrawn; won after that, the cost goes back by the line', () => {
  const lost = [
    ...paidTees(),
    withdrawn,
    say.dispute('open', { amountMinor: 4080n }, { at: 49 }),
    say.dispute('lost', { amountMinor: 4080n }, { at: 80 }),
  ]
  assert.equal(
    entry(lost, 'journal:dispute_lost:txn_d1'),
    'Expenses:Chargebacks USD 4080 · Assets:Disputes:shop USD -4080',
  )
  const won = [...lost, reinstated, say.dispute('won', { amountMinor: 4080n }, { at: 99 })]
  assert.equal(
    entry(won, 'journal:dispute_lost:txn_d2'),
    'Expenses:Chargebacks USD -4080 · Assets:Disputes:shop USD 4080',
  )
  assert.equal(all(won).get('Expenses:Chargebacks USD'), undefined)
  assert.equal(all(won).get('Assets:Disputes:shop USD'), undefined)
})

test('USD: a payout leaves, arrives, and the failed refund and dispute after it leave the balance below zero', () => {
  const paidOut = [
    say.payout('pending', { amountMinor: 2932n }, { at: 40 }),
    say.payout('paid', { amountMinor: 2932n }, { at: 40 }),
  ]
  assert.equal(
    entry(paidOut, 'journal:payout_left:payout:po_1'),
    'Assets:Transit USD 2932 · Assets:Clearing:shop USD -2932',
  )
  assert.equal(
    entry(paidOut, 'journal:payout_arrived:payout:po_1'),
    'Assets:Bank USD 2932 · Assets:Transit USD -2932',
  )
  const before = [...paidTees(), feeLine, ...refunded, ...paidOut]
  assert.equal(all(before).get('Assets:Clearing:shop USD'), undefined)
  const after = [...before, say.refundMoved('refund_returned', { amountMinor: 1000n }), withdrawn]
  assert.equal(all(after).get('Assets:Clearing:shop USD'), -4580n)
})

test('an order that is learned after its payment ends in the same books', () => {
  const payment = [say.captured({ amountMinor: 4080n }, { intentId: 'pi_1', at: 1 })]
  const whole = [...payment, ...tees()]
  const first = recognition(recognitionTarget(fold(payment), defaultBooks), new Map())
  const later = recognition(recognitionTarget(fold(whole), defaultBooks), balancesOf(first))
  assert.deepEqual(Object.fromEntries(balancesOf([...first, ...later])), sale)
  assert.equal(all(whole).get('Liabilities:Customers USD'), undefined)
})

test('a payment that names no order moves money and recognises nothing', () => {
  const facts = [refunded[1]!, feeLine]
  assert.equal(fold(facts).isAttached, false)
  assert.deepEqual(recognised(facts), {})
  assert.equal(all(facts).get('Liabilities:Customers USD'), 1000n)
})

test('JPY: no decimals, and a tax that the prices contain', () => {
  const facts = [
    say.total({ amountMinor: 5000n, currency: 'JPY' }),
    say.lines([{ id: '1', sku: 'A', quantity: 1, unitPriceMinor: 5000n }], 'session', { currency: 'JPY' }),
    say.components(
      { taxMinor: 455n, taxIncluded: true, taxes: [{ jurisdiction: 'JP', amountMinor: 455n }] },
      { currency: 'JPY' },
    ),
    say.captured({ amountMinor: 5000n, currency: 'JPY' }),
    say.line('txn_1', 'charge', { amountMinor: 5000n, feeMinor: 180n, currency: 'JPY' }, { of: charge() }),
  ]
  assert.deepEqual(recognised(facts), {
    'Income:Sales JPY': -4545n,
    'Liabilities:Customers JPY': 5000n,
    'Liabilities:Tax:JP JPY': -455n,
  })
  const after = [...facts, say.refund('succeeded', { amountMinor: 1000n, currency: 'JPY' })]
  assert.deepEqual(recognised(after), {
    'Income:Returns JPY': 909n,
    'Income:Sales JPY': -4545n,
    'Liabilities:Customers JPY': 4000n,
    'Liabilities:Tax:JP JPY': -364n,
  })
})

test('KWD: three decimals; the last refund takes the rest of every component', () => {
  const facts = [
    say.total({ amountMinor: 12340n, currency: 'KWD' }),
    say.lines([{ id: '1', sku: 'A', quantity: 1, unitPriceMinor: 11340n }], 'session', { currency: 'KWD' }),
    say.components({ shippingMinor: 1000n }, { currency: 'KWD' }),
    say.captured({ amountMinor: 12340n, currency: 'KWD' }),
    say.refund('succeeded', { amountMinor: 4110n, currency: 'KWD' }),
  ]
  assert.deepEqual(
    fold(facts).parts.map((part) => part.amountMinor),
    [11340n, 1000n],
  )
  assert.deepEqual(recognised(facts), {
    'Income:Returns KWD': 4110n,
    'Income:Sales KWD': -11340n,
    'Income:Shipping KWD': -1000n,
    'Liabilities:Customers KWD': 8230n,
  })
  const rest = [...facts, say.refund('succeeded', { amountMinor: 8230n, currency: 'KWD' }, { id: 're_2' })]
  assert.deepEqual(recognised(rest), {
    'Income:Returns KWD': 12340n,
    'Income:Sales KWD': -11340n,
    'Income:Shipping KWD': -1000n,
  })
})

test('a gift card that is sold is a liability, and no income', () => {
  const facts = [
    say.total({ amountMinor: 5000n }),
    say.lines([{ id: '1', quantity: 1, unitPriceMinor: 5000n, requiresShipping: false, isGiftCard: true }]),
    say.captured({ amountMinor: 5000n }),
  ]
  assert.deepEqual(recognised(facts), {
    'Liabilities:Customers USD': 5000n,
    'Liabilities:GiftCards USD': -5000n,
  })
})

test('70.00 paid with a gift card of 50.00 and a charge of 20.00 is captured in full by both', () => {
  const facts = [
    say.total({ amountMinor: 7000n }, 'declared'),
    say.captured({ amountMinor: 5000n }, { on: { kind: 'transaction', id: 'gc_1' }, tender: 'gift_card' }),
    say.captured({ amountMinor: 2000n }),
  ]
  assert.equal(fold(facts).totals.capturedMinor, 7000n)
  assert.equal(fold(facts).paymentStatus, 'paid')
  assert.equal(
    entry(facts, 'journal:payment_captured:transaction:gc_1:5000'),
    'Liabilities:GiftCards USD 5000 · Liabilities:Customers USD -5000',
  )
  assert.deepEqual(recognised(facts), { 'Income:Sales USD': -7000n, 'Liabilities:Customers USD': 7000n })
  const back = say.refundMoved(
    'refund_moved',
    { amountMinor: 5000n },
    { id: 're_gc', paymentId: 'gc_1', tender: 'gift_card' },
  )
  assert.equal(
    entry([back], 'journal:refund_moved:refund:re_gc'),
    'Liabilities:Customers USD 5000 · Liabilities:GiftCards USD -5000',
  )
})

test('several currencies in one payout: both amounts as stated, the exchange result only on what went back', () => {
  const eur = [
    say.total({ amountMinor: 10000n, currency: 'EUR' }),
    say.captured({ amountMinor: 10000n, currency: 'EUR' }),
    say.line('txn_e', 'charge', { amountMinor: 10753n, feeMinor: 342n }, { of: charge() }),
    say.refund('succeeded', { amountMinor: 4000n, currency: 'EUR' }),
    say.refundMoved('refund_moved', { amountMinor: 4000n, currency: 'EUR' }),
    say.line('txn_r', 'refund', { amountMinor: -4336n }, { of: refund() }),
  ]
  const jpy = [
    say.total({ amountMinor: 15000n, currency: 'JPY' }, 'session', { on: session('cs_2') }),
    say.captured({ amountMinor: 15000n, currency: 'JPY' }, { on: charge('ch_2') }),
    say.line('txn_j', 'charge', { amountMinor: 9840n, feeMinor: 315n }, { of: charge('ch_2') }),
  ]
  const account = [say.payout('in_transit', { amountMinor: 15600n })]
  assert.equal(
    entry(eur, 'journal:conversion:txn_e:10000'),
    'Assets:Clearing:shop EUR -10000 · Equity:Conversion EUR 10000 · Assets:Clearing:shop USD 10753 · Equity:Conversion USD -10753',
  )
  assert.equal(
    entry(eur, 'journal:conversion:txn_r'),
    'Assets:Clearing:shop EUR 4000 · Equity:Conversion EUR -4000 · Assets:Clearing:shop USD -4336 · Equity:Conversion USD 4336',
  )
  assert.equal(recognised(eur)['Expenses:Exchange USD'], 35n)
  assert.equal(recognised(eur)['Equity:Conversion USD'], -35n)
  const entries = [eur, jpy, account].flatMap((facts) => movements(facts, defaultBooks))
  const result = [eur, jpy].flatMap((facts) =>
    recognition(recognitionTarget(fold(facts), defaultBooks), new Map()),
  )
  const balances = balancesOf([...entries.flatMap((one) => one.lines), ...result])
  for (const currency of ['EUR', 'JPY', 'USD'])
    assert.equal(balances.get(`Assets:Clearing:shop ${currency}`), undefined)
  assert.equal(balances.get('Equity:Conversion EUR'), 6000n)
  assert.equal(balances.get('Equity:Conversion JPY'), 15000n)
  assert.equal(balances.get('Equity:Conversion USD'), -6452n - 9840n)
})

test('a part of the price is recognised as that part of each component, and growth adds the rest', () => {
  const half = [...tees(), say.captured({ amountMinor: 2040n })]
  const target = recognitionTarget(fold(half), defaultBooks)
  assert.equal(target.get('Liabilities:Customers USD'), 2040n)
  assert.equal(target.get('Income:Sales USD'), -2000n)
  assert.equal(target.get('Income:Discounts USD'), 250n)
  assert.equal(target.get('Liabilities:Tax:US-CA USD'), -90n)
  assert.deepEqual(recognised([...half, say.captured({ amountMinor: 4080n })]), sale)
})

test('what was paid above the total stays with the customer, and a refund takes it first', () => {
  const over = [...paidTees(), say.captured({ amountMinor: 4080n }, { on: charge('ch_2') })]
  assert.deepEqual(recognised(over), sale)
  assert.deepEqual(
    recognised([...over, say.refund('succeeded', { amountMinor: 4080n }, { paymentId: 'ch_2' })]),
    sale,
  )
})

test('a cancelled order recognises nothing, though it was paid; a late failure leaves the sale and a debt', () => {
  assert.deepEqual(recognised([...paidTees(), say.cancelled({ at: 5 })]), {})
  const returned = [...paidTees(), say.attempt('payment_returned', { amountMinor: 4080n }, { at: 9 })]
  assert.deepEqual(recognised(returned), sale)
  assert.equal(
    entry(returned, 'journal:payment_returned:charge:ch_1'),
    'Liabilities:Customers USD 4080 · Assets:Clearing:shop USD -4080',
  )
  assert.equal(all(returned).get('Liabilities:Customers USD'), 4080n)
})

test('tax that nobody broke down is a liability of no jurisdiction; a total that nobody broke down is all sales', () => {
  const facts = [say.total({ amountMinor: 1180n }), say.captured({ amountMinor: 1180n })]
  assert.deepEqual(recognised(facts), { 'Income:Sales USD': -1180n, 'Liabilities:Customers USD': 1180n })
  assert.equal(isTaxUnknown(fold(facts)), true)
  assert.equal(isTaxUnknown(fold(paidTees())), false)
  const known = [...facts, say.components({ subtotalMinor: 1000n, taxMinor: 180n, taxIncluded: false })]
  assert.equal(recognised(known)['Liabilities:Tax:unknown USD'], -180n)
})

test('a fee with tax on it, a fee given back, and lines of the account find their accounts', () => {
  const printedLine = (category: string, sums: Parameters<typeof say.line>[2]) =>
    entry([say.line('t', category, sums)], 'journal:balance_line:transaction:t')
  assert.equal(
    printedLine('charge', { amountMinor: 1n, feeMinor: 120n, taxMinor: 20n }),
    'Expenses:Fees:shop USD 100 · Assets:Clearing:shop USD -120 · Assets:InputTax USD 20',
  )
  assert.equal(
    printedLine('refund', { amountMinor: -500n, feeMinor: -15n }),
    'Expenses:Fees:shop USD -15 · Assets:Clearing:shop USD 15',
  )
  assert.equal(
    printedLine('payout', { amountMinor: -500n, feeMinor: 5n }),
    'Expenses:Fees:shop USD 5 · Assets:Clearing:shop USD -5',
  )
  assert.equal(
    printedLine('fee', { amountMinor: -700n }),
    'Assets:Clearing:shop USD -700 · Expenses:Fees:shop USD 700',
  )
  assert.equal(
    printedLine('risk_reserved_funds', { amountMinor: -700n }),
    'Assets:Clearing:shop USD -700 · Assets:Reserves:shop USD 700',
  )
  assert.equal(
    printedLine('transfer', { amountMinor: -700n }),
    'Assets:Clearing:shop USD -700 · Liabilities:Connected USD 700',
  )
  assert.equal(
    printedLine('platform_earning', { amountMinor: 700n }),
    'Assets:Clearing:shop USD 700 · Income:PlatformFees USD -700',
  )
  assert.equal(
    printedLine('other_adjustment', { amountMinor: 700n }),
    'Assets:Clearing:shop USD 700 · Expenses:ProviderAdjustments USD -700',
  )
  assert.equal(
    printedLine('topup', { amountMinor: 700n }),
    'Assets:Clearing:shop USD 700 · Assets:Bank USD -700',
  )
  assert.equal(
    printedLine('moon_tax', { amountMinor: -700n }),
    'Assets:Clearing:shop USD -700 · Assets:Suspense:shop USD 700',
  )
})

test('a payout that failed after it arrived leaves the bank again; a negative one runs the other way', () => {
  const failed = [say.payout('paid', { amountMinor: 2861n }), say.payout('failed', { amountMinor: 2861n })]
  assert.deepEqual(all(failed), new Map())
  assert.deepEqual(
    movements(failed, defaultBooks).map((one) => one.key.split(':')[1]),
    ['payout_arrived', 'payout_back', 'payout_bounced', 'payout_left'],
  )
  assert.equal(
    entry([say.payout('pending', { amountMinor: -500n })], 'journal:payout_left:payout:po_1'),
    'Assets:Transit USD -500 · Assets:Clearing:shop USD 500',
  )
})

test('captures of one charge that grew post each rise once, also when a smaller one is learned last', () => {
  const [small, large] = [
    say.captured({ amountMinor: 1000n }),
    say.captured({ amountMinor: 4080n }, { at: 2 }),
  ]
  const inOrder = movements([small, large], defaultBooks).map(printed)
  assert.deepEqual(inOrder, [
    'Assets:Clearing:shop USD 1000 · Liabilities:Customers USD -1000',
    'Assets:Clearing:shop USD 3080 · Liabilities:Customers USD -3080',
  ])
  const posted = new Set(['journal:payment_captured:charge:ch_1:4080'])
  assert.deepEqual(
    movements([small, large], defaultBooks, posted).filter((one) => !posted.has(one.key)),
    [],
  )
})

test('two connections of one account share its clearing account', () => {
  const one = { ...say.captured({ amountMinor: 100n }, { connection: 'a' }), scope: 'acct_1' }
  const two = {
    ...say.captured({ amountMinor: 200n }, { connection: 'b', on: charge('ch_2') }),
    scope: 'acct_1',
  }
  assert.equal(
    balancesOf(movements([one, two] as KnownFact[], defaultBooks).flatMap((entries) => entries.lines)).get(
      'Assets:Clearing:acct_1 USD',
    ),
    300n,
  )
})

test('every entry of every example balances in each currency', () => {
  const entries: JournalEntry[] = movements(
    [...paidTees(), feeLine, ...refunded, withdrawn, reinstated, say.dispute('lost', { amountMinor: 4080n })],
    defaultBooks,
  )
  for (const one of entries) assert.deepEqual(imbalances(one.lines), [], one.key)
})

test('a capture of which only the intent is known is booked, and goes back when its charge says the same', () => {
  const full = { amountMinor: 4080n }
  const early = [...tees(), say.captured(full, { on: intent() })]
  assert.equal(all(early).get('Assets:Clearing:shop USD'), 4080n)
  const both = [...early, say.captured(full, { intentId: 'pi_1' })]
  assert.equal(all(both).get('Assets:Clearing:shop USD'), 4080n)
  assert.equal(all(both).get('Income:Sales USD'), all(early).get('Income:Sales USD'))
  const keys = (facts: readonly KnownFact[]) => movements(facts, defaultBooks).map((one) => one.key)
  assert.ok(keys(early).every((key) => keys(both).includes(key)))
  assert.deepEqual(keys(both.toReversed()), keys(both))
})

test('a provider that takes its fee before it converts: what is converted is the net', () => {
  const eur = (amountMinor: bigint) => ({ amountMinor, currency: 'EUR' })
  const facts = [
    say.total(eur(4080n)),
    say.captured(eur(4080n)),
    say.line('t_1', 'payment', { ...eur(4080n), feeMinor: 177n }, { of: charge() }),
    say.line('t_2', 'conversion', eur(-3903n)),
    say.line('t_3', 'conversion', { amountMinor: 4197n }),
  ]
  assert.deepEqual(Object.fromEntries(all(facts)), {
    'Assets:Clearing:shop USD': 4197n,
    'Equity:Conversion EUR': 3903n,
    'Equity:Conversion USD': -4197n,
    'Expenses:Fees:shop EUR': 177n,
    'Income:Sales EUR': -4080n,
  })
})
