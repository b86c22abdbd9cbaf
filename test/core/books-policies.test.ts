import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KnownFact, LineItem } from '../../src/core/fact.ts'
import { fold } from '../../src/core/fold.ts'
import { type Books, defaultBooks } from '../../src/core/journal.ts'
import { movements } from '../../src/core/movements.ts'
import { recognition, recognitionTarget } from '../../src/core/recognition.ts'
import { balancesOf, imbalances, printed } from './books.ts'
import { charge, dispute, paidTees, refund, say, tees } from './factory.ts'
import { shop, snapshot } from './shop-factory.ts'

// What the configuration may decide otherwise. Amounts are those of the books' first example.

function recognised(facts: readonly KnownFact[], books: Partial<Books>): { [account: string]: bigint } {
  const target = recognitionTarget(fold(facts), { ...defaultBooks, ...books })
  assert.deepEqual(imbalances(recognition(target, new Map())), [])
  return Object.fromEntries([...target].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function all(facts: readonly KnownFact[], given: Partial<Books>): Map<string, bigint> {
  const books = { ...defaultBooks, ...given }
  const entries = movements(facts, books)
  for (const one of entries) assert.deepEqual(imbalances(one.lines), [], one.key)
  const lines = recognition(recognitionTarget(fold(facts), books), new Map())
  return balancesOf([...entries.flatMap((one) => one.lines), ...lines])
}

function lineOf(category: string, given: Partial<Books>, sums: Parameters<typeof say.line>[2]): string {
  return movements([say.line('t', category, sums)], { ...defaultBooks, ...given })
    .map(printed)
    .join()
}

const shipped = (quantity: number, hours = 40) => say.shipped([{ lineId: 'li_1', quantity }], { at: hours })
const deposit = { recognise: 'fulfillment' } as const

test('a deposit is a liability and no income until its goods ship', () => {
  const march = [...paidTees()]
  assert.deepEqual(recognised(march, deposit), {})
  assert.deepEqual(
    [...all(march, deposit)],
    [
      ['Assets:Clearing:shop USD', 4080n],
      ['Liabilities:Customers USD', -4080n],
    ],
  )
  assert.deepEqual(recognised([...march, shipped(2)], deposit), {
    'Income:Discounts USD': 500n,
    'Income:Sales USD': -4000n,
    'Income:Shipping USD': -400n,
    'Liabilities:Customers USD': 4080n,
    'Liabilities:Tax:US-CA USD': -180n,
  })
})

test('a line counts as far as it shipped, shipping with the first parcel, tax with what is sold', () => {
  assert.deepEqual(recognised([...paidTees(), shipped(1)], deposit), {
    'Income:Discounts USD': 250n,
    'Income:Sales USD': -2000n,
    'Income:Shipping USD': -400n,
    'Liabilities:Customers USD': 2249n, // 17.50 + 4.00 + 1.80 × 21.50 ÷ 39.00, half even
    'Liabilities:Tax:US-CA USD': -99n,
  })
})

test('where a prepayment is taxed its tax is owed at once, and the rest waits', () => {
  assert.deepEqual(recognised(paidTees(), { ...deposit, taxAt: 'capture' }), {
    'Liabilities:Customers USD': 180n,
    'Liabilities:Tax:US-CA USD': -180n,
  })
})

test('a refund takes back the deposit before the sale', () => {
  const half = [
    say.refund('succeeded', { amountMinor: 2040n }),
    say.refundMoved('refund_moved', { amountMinor: 2040n }),
  ]
  assert.deepEqual(recognised([...paidTees(), ...half], deposit), {})
  const sent = recognised([...paidTees(), ...half, shipped(1)], deposit)
  assert.equal(sent['Income:Returns USD'], 200n) // of the shipping alone: the other tee was never sold
  const whole = [say.refund('succeeded', { amountMinor: 4080n }), shipped(2)]
  const given = recognised([...paidTees(), ...whole], deposit)
  assert.equal(given['Liabilities:Customers USD'], undefined)
  assert.equal(given['Liabilities:Tax:US-CA USD'], undefined)
  assert.equal(given['Income:Returns USD'], 3900n)
})

test('what never ships is sold when it is paid: a download, a gift card', () => {
  const order = (line: Partial<LineItem>) => [
    say.total({ amountMinor: 5000n }),
    say.lines([{ id: '1', quantity: 1, unitPriceMinor: 5000n, ...line }]),
    say.captured({ amountMinor: 5000n }),
  ]
  assert.equal(recognised(order({ requiresShipping: false }), deposit)['Income:Sales USD'], -5000n)
  assert.equal(recognised(order({ isGiftCard: true }), deposit)['Liabilities:GiftCards USD'], -5000n)
  assert.deepEqual(recognised(order({}), deposit), {})
})

test('discounts net of sales leave no contra account', () => {
  const target = recognised(paidTees(), { discounts: 'net' })
  assert.equal(target['Income:Sales USD'], -3500n)
  assert.equal(target['Income:Discounts USD'], undefined)
})

test('a card that was sold at a discount is owed at its face value, and given back it is owed no more', () => {
  const card = [
    say.total({ amountMinor: 4500n }),
    say.lines([{ id: '1', quantity: 1, unitPriceMinor: 5000n, isGiftCard: true }]),
    say.components({ subtotalMinor: 5000n, discountMinor: 500n }),
    say.captured({ amountMinor: 4500n }),
  ]
  const owed = {
    'Income:Discounts USD': 500n,
    'Liabilities:Customers USD': 4500n,
    'Liabilities:GiftCards USD': -5000n,
  }
  assert.deepEqual(recognised(card, {}), owed)
  assert.deepEqual(recognised(card, { discounts: 'net' }), owed)
  assert.deepEqual(recognised([...card, say.refund('succeeded', { amountMinor: 4500n })], {}), {})
})

const lost = (line: { amountMinor: bigint; currency?: string }) => [
  say.line('txn_d1', 'dispute', { ...line, feeMinor: 1500n }, { of: dispute(), at: 50 }),
  say.dispute('open', { amountMinor: 4080n }, { at: 49 }),
  say.dispute('lost', { amountMinor: 4080n }, { at: 80 }),
]

test('a lost dispute as goods that came back takes back sale and tax, and nobody owes anything', () => {
  const books = all([...paidTees(), ...lost({ amountMinor: -4080n })], { lostDisputes: 'returns' })
  for (const account of [
    'Expenses:Chargebacks',
    'Assets:Disputes:shop',
    'Liabilities:Customers',
    'Liabilities:Tax:US-CA',
  ])
    assert.equal(books.get(`${account} USD`), undefined, account)
  assert.equal(books.get('Income:Returns USD'), 3900n)
  const won = [
    ...lost({ amountMinor: -4080n }),
    say.line('txn_d2', 'dispute_reversal', { amountMinor: 4080n }, { of: dispute(), at: 99 }),
    say.dispute('won', { amountMinor: 4080n }, { at: 99 }),
  ]
  assert.equal(all([...paidTees(), ...won], { lostDisputes: 'returns' }).get('Income:Returns USD'), undefined)
})

test('what a lost dispute took beyond the claim stays a cost, in another currency a conversion', () => {
  const more = all([...paidTees(), ...lost({ amountMinor: -4100n })], { lostDisputes: 'returns' })
  assert.equal(more.get('Expenses:Chargebacks USD'), 20n)
  assert.equal(more.get('Liabilities:Customers USD'), undefined)
  const other = all([...paidTees(), ...lost({ amountMinor: -3700n, currency: 'EUR' })], {
    lostDisputes: 'returns',
  })
  assert.equal(other.get('Equity:Conversion EUR'), 3700n)
  assert.equal(other.get('Equity:Conversion USD'), -4080n)
  assert.equal(other.get('Assets:Disputes:shop EUR'), undefined)
})

test('tax on the fee is part of the fee where it cannot be had back', () => {
  assert.equal(
    lineOf('charge', { feeTax: 'fees' }, { amountMinor: 1n, feeMinor: 120n, taxMinor: 20n }),
    'Expenses:Fees:shop USD 120 · Assets:Clearing:shop USD -120',
  )
  assert.equal(
    lineOf('tax', { feeTax: 'fees' }, { amountMinor: -20n }),
    'Assets:Clearing:shop USD -20 · Expenses:Fees:shop USD 20',
  )
})

const reversed = [
  ...paidTees(),
  say.attempt('payment_returned', { amountMinor: 4080n }, { intentId: 'pi_1', at: 70 }),
]

test('a debt that an operator wrote off is a loss, while the figures stand that were accepted', () => {
  assert.equal(all(reversed, {}).get('Liabilities:Customers USD'), 4080n)
  const figures = fold(reversed).reviews.find(({ code }) => code === 'payment_reversed')!.figures
  const writtenOff = [...reversed, say.resolved('payment_reversed', figures, { as: 'written_off' })]
  assert.equal(all(writtenOff, {}).get('Liabilities:Customers USD'), undefined)
  assert.equal(all(writtenOff, {}).get('Expenses:BadDebt USD'), 4080n)
  const stale = [...reversed, say.resolved('payment_reversed', 'ch_1:1', { as: 'written_off' })]
  assert.equal(all(stale, {}).get('Liabilities:Customers USD'), 4080n)
  // Paid after all, by another way: what was written off comes back.
  const paid = [...writtenOff, say.captured({ amountMinor: 4080n }, { on: charge('ch_2'), at: 90 })]
  assert.equal(all(paid, {}).get('Expenses:BadDebt USD'), undefined)
  assert.equal(all(paid, {}).get('Liabilities:Customers USD'), undefined)
})

test('an overpayment that an operator keeps is income, less what goes back of it', () => {
  const over = [...paidTees(), say.captured({ amountMinor: 500n }, { on: charge('ch_2'), at: 3 })]
  const figures = fold(over).reviews.find(({ code }) => code === 'overpaid')!.figures
  const keptAll = [...over, say.resolved('overpaid', figures, { as: 'keep' })]
  assert.equal(all(keptAll, {}).get('Income:Breakage USD'), -500n)
  assert.equal(all(keptAll, {}).get('Liabilities:Customers USD'), undefined)
  assert.equal(all(over, {}).get('Income:Breakage USD'), undefined)
})

test('import duties are owed apart from taxes', () => {
  const taxes = [
    { jurisdiction: 'US-CA', amountMinor: 180n },
    { jurisdiction: 'duties', amountMinor: 300n },
  ]
  const components = { subtotalMinor: 4000n, shippingMinor: 400n, taxMinor: 480n, taxIncluded: false, taxes }
  const facts = [snapshot(1, { totalMinor: 4880n, components }), shop.paidBy('cash', 4880n)]
  const target = recognised(facts, {})
  assert.equal(target['Liabilities:Duties USD'], -300n)
  assert.equal(target['Liabilities:Tax:US-CA USD'], -180n)
})

test('names of the chart take the place of the defaults everywhere', () => {
  const accounts = { ...defaultBooks.accounts, sales: 'Income:Umsatz', clearing: 'Assets:Geld:{c}' }
  const books = all(
    [...paidTees(), say.line('t', 'charge', { amountMinor: 4080n, feeMinor: 8n }, { of: charge() })],
    { accounts },
  )
  assert.equal(books.get('Income:Umsatz USD'), -4000n)
  assert.equal(books.get('Assets:Geld:shop USD'), 4072n)
  assert.ok([...books.keys()].every((account) => !account.startsWith('Income:Sales')))
})

test('an order of which no line is known is a deposit until it is handed over', () => {
  const plain = [say.total({ amountMinor: 1000n }), say.captured({ amountMinor: 1000n })]
  assert.deepEqual(recognised(plain, deposit), {})
  assert.equal(recognised([...plain, say.shipped([], { at: 9 })], deposit)['Income:Sales USD'], -1000n)
})

test('a deposit that is refunded in full before it ships leaves nothing', () => {
  const back = [
    ...tees(),
    say.captured({ amountMinor: 4080n }),
    say.refund('succeeded', { amountMinor: 4080n }),
  ]
  const moved = say.refundMoved('refund_moved', { amountMinor: 4080n })
  const line = say.line('txn_r', 'refund', { amountMinor: -4080n }, { of: refund() })
  assert.deepEqual([...all([...back, moved, line], deposit)], [])
})
