import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { KnownFact } from '../../src/core/fact.ts'
import { fold } from '../../src/core/fold.ts'
import { type Books, defaultBooks, type JournalLine } from '../../src/core/journal.ts'
import { recognition, recognitionTarget } from '../../src/core/recognition.ts'
import { property } from '../support/property.ts'
import { balancesOf, canonical, imbalances } from './books.ts'
import { batches, content, Learner, result } from './learner.ts'
import { isAccountLevel, type Life, life, retold, shownFacts } from './lives.ts'

/** The default, and everything decided otherwise: a payment is a deposit, a lost dispute a return. */
const policies: readonly Books[] = [
  defaultBooks,
  { ...defaultBooks, recognise: 'fulfillment', discounts: 'net', lostDisputes: 'returns', feeTax: 'fees' },
  { ...defaultBooks, recognise: 'fulfillment', taxAt: 'capture' },
]

/** A life with its facts in some order, some of them told again, cut into batches somewhere. */
function lived(
  options: { withGrowth?: boolean } = {},
): fc.Arbitrary<{ life: Life; told: readonly KnownFact[]; cuts: readonly number[]; policy: Books }> {
  return life(options).chain((one) => {
    const all = [...one.facts, ...retold(one.facts), ...one.facts.slice(0, 4)]
    return fc.record({
      life: fc.constant(one),
      told: fc.shuffledSubarray(all, { minLength: all.length }),
      policy: fc.constantFrom(...policies),
      cuts: fc.array(fc.integer({ min: 0, max: all.length }), { maxLength: 6 }),
    })
  })
}

const shownLife = ({ facts }: Life) => shownFacts(facts)
const shownStory = ({ told, cuts }: { told: readonly KnownFact[]; cuts: readonly number[] }) =>
  `${shownFacts(told)}\n  cut at ${cuts}`

property(
  'any order, repetition and other witness of the same facts gives the same order, effects, stock and books',
  lived({ withGrowth: true }),
  ({ life, told, policy }) => {
    assert.equal(canonical(result(told, { books: policy })), canonical(result(life.facts, { books: policy })))
  },
  { runs: 300, show: shownStory },
)

property(
  'any split into batches ends in the same entries, balances and stock, and balances at every prefix',
  lived(),
  ({ life, told, cuts, policy }) => {
    const books = new Learner({ books: policy })
    for (const batch of batches(told, cuts)) {
      books.learn(batch)
      assert.deepEqual(imbalances(books.lines()), [])
      for (const entry of books.entries.values()) assert.deepEqual(imbalances(entry.lines), [], entry.key)
    }
    const whole = result(life.facts, { books: policy })
    const entries = [...books.entries.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
    assert.equal(canonical(entries.map(content)), canonical(whole.entries.map(content)))
    assert.deepEqual(balancesOf(books.recognised), balancesOf(recognition(whole.recognised, new Map())))
    assert.equal(canonical(books.stock), canonical(whole.stock))
  },
  { runs: 300, show: shownStory },
)

property(
  'a charge that grew ends in the same balances, whichever of its captures was learned first',
  lived({ withGrowth: true }),
  ({ life, told, cuts }) => {
    const books = new Learner()
    for (const batch of batches(told, cuts)) books.learn(batch)
    const whole = result(life.facts)
    const accounts = (lines: Iterable<JournalLine>) =>
      [...balancesOf(lines)].filter(
        ([account]) => account.startsWith('Assets:Clearing') || account.startsWith('Liabilities:Customers'),
      )
    assert.deepEqual(
      accounts(books.lines()),
      accounts([
        ...whole.entries.flatMap((entry) => entry.lines),
        ...recognition(whole.recognised, new Map()),
      ]),
    )
  },
  { runs: 200, show: shownStory },
)

property(
  'what is asked of the warehouse nets to the same, whatever it was told on the way',
  lived(),
  ({ life, told, cuts }) => {
    const { order, due } = result(life.facts)
    const isHeld = order.reviews.some((review) => review.holds)
    const hasShipped = order.lineItems.some((line) => line.fulfilledQuantity > 0)
    fc.pre(!isHeld && !hasShipped) // by contract a review recalls nothing, and what has shipped is not recalled either
    const books = new Learner()
    for (const batch of batches(told, cuts)) books.learn(batch)
    assert.equal(books.openRequests(), due.filter((effect) => effect.kind === 'request').length)
    assert.equal(new Set(books.effects.map((effect) => effect.key)).size, books.effects.length)
  },
  { runs: 300, show: shownStory },
)

property(
  'totals are what the life was made from',
  life(),
  ({ facts, truth }) => {
    const { totals } = fold(facts.filter((one) => !isAccountLevel(one)))
    assert.equal(totals.orderedMinor, truth.orderedMinor)
    assert.equal(totals.capturedMinor, truth.capturedMinor)
    assert.equal(totals.refundedMinor, truth.refundedMinor)
    assert.equal(totals.returnedMinor, truth.returnedMinor)
    assert.equal(
      totals.netMinor,
      totals.capturedMinor -
        totals.refundedMinor -
        totals.returnedMinor -
        totals.disputedMinor -
        totals.feesMinor,
    )
  },
  { runs: 300, show: shownLife },
)

property(
  'clearing is what the provider says it holds, in every currency, to the unit',
  life(),
  ({ facts, truth, currency }) => {
    const balances = balancesOf(result(facts).entries.flatMap((entry) => entry.lines))
    for (const settlement of new Set([currency, ...truth.balance.keys()])) {
      const known = truth.balance.get(settlement) ?? 0n
      assert.equal(balances.get(`Assets:Clearing:shop ${settlement}`) ?? 0n, known, settlement)
    }
  },
  { runs: 300, show: shownLife },
)

property(
  'an order and its money settle between the buyer and us: nothing is owed where all of it was paid and kept',
  life(),
  ({ facts }) => {
    const { order, entries, recognised } = result(facts)
    const balances = balancesOf([
      ...entries.flatMap((entry) => entry.lines),
      ...recognition(recognised, new Map()),
    ])
    const { orderedMinor, capturedMinor, refundedMinor, returnedMinor } = order.totals
    const isPending = order.refunds.some((refund) => refund.state === 'pending')
    fc.pre(
      order.status !== 'cancelled' && capturedMinor === orderedMinor && returnedMinor === 0n && !isPending,
    )
    assert.equal(balances.get(`Liabilities:Customers ${order.currency}`), undefined)
    assert.ok(refundedMinor <= capturedMinor * 2n)
  },
  { runs: 300, show: shownLife },
)

property(
  'a refund in full takes back every part of the sale',
  life(),
  ({ facts, currency, truth }) => {
    fc.pre(truth.capturedMinor === truth.orderedMinor)
    const order = fold(facts.filter((one) => !isAccountLevel(one)))
    const all = {
      ...order,
      status: 'open' as const,
      exchange: [],
      totals: { ...order.totals, refundedMinor: order.totals.capturedMinor },
    }
    const lines = recognition(recognitionTarget(all, defaultBooks), new Map())
    const income = lines.filter((line) => line.account.startsWith('Income:') && line.currency === currency)
    assert.equal(
      income.reduce((sum, line) => sum + line.amountMinor, 0n),
      0n,
    )
    assert.deepEqual(
      lines.filter((line) => line.account.startsWith('Liabilities:')),
      [],
    )
  },
  { runs: 200, show: shownLife },
)
