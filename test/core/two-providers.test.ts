import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Policy } from '../../src/core/effect.ts'
import type { KnownFact } from '../../src/core/fact.ts'
import type { FoldContext } from '../../src/core/fold.ts'
import { recognition } from '../../src/core/recognition.ts'
import { property, seed } from '../support/property.ts'
import { balancesOf, canonical, imbalances } from './books.ts'
import { policy as effectPolicy } from './factory.ts'
import { batches, content, Learner, result } from './learner.ts'
import { retold, shownFacts } from './lives.ts'
import type { Life } from './story.ts'
import { lifeOfTwo } from './two-providers.ts'

/** The shop speaks for order and goods, who takes the money for payment: none for the other. */
const context: FoldContext = {
  speaksFor: (connection, part) => (connection === 'shop') !== (part === 'payment'),
}
const policy: Policy = { ...effectPolicy, tracking: [{ connection: 'wallet', scope: 'wallet' }] }
const deciding = { context, policy }

/** A life of two providers with its facts in some order, some of them told again, cut into batches somewhere. */
const told = lifeOfTwo().chain((life) => {
  const all = [...life.facts, ...retold(life.facts), ...life.facts.slice(0, 4)]
  return fc.record({
    life: fc.constant(life),
    told: fc.shuffledSubarray(all, { minLength: all.length }),
    cuts: fc.array(fc.integer({ min: 0, max: all.length }), { maxLength: 6 }),
  })
})
const shownStory = (story: { told: readonly KnownFact[]; cuts: readonly number[] }) =>
  `${shownFacts(story.told)}\n  cut at ${story.cuts}`
const shownLife = ({ facts }: Life) => shownFacts(facts)

property(
  'two providers tell of one order in any order, repetition and mixture: the same order, effects, stock and books',
  told,
  (story) => {
    assert.equal(canonical(result(story.told, deciding)), canonical(result(story.life.facts, deciding)))
  },
  { runs: 150, show: shownStory },
)

property(
  'in whatever batches they are heard the entries, balances and stock end the same',
  told,
  (story) => {
    const books = new Learner(deciding)
    for (const batch of batches(story.told, story.cuts)) {
      books.learn(batch)
      assert.deepEqual(imbalances(books.lines()), [])
    }
    const whole = result(story.life.facts, deciding)
    const entries = [...books.entries.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
    assert.equal(canonical(entries.map(content)), canonical(whole.entries.map(content)))
    assert.deepEqual(balancesOf(books.recognised), balancesOf(recognition(whole.recognised, new Map())))
    assert.equal(canonical(books.stock), canonical(whole.stock))
    assert.equal(new Set(books.effects.map(({ key }) => key)).size, books.effects.length)
  },
  { runs: 150, show: shownStory },
)

property(
  'money counts once, whoever tells of it: totals are what the life was made from',
  lifeOfTwo(),
  ({ facts, truth }) => {
    const { order, entries } = result(facts, deciding)
    assert.equal(order.totals.orderedMinor, truth.orderedMinor)
    assert.equal(order.totals.capturedMinor, truth.capturedMinor)
    assert.equal(order.totals.refundedMinor, truth.refundedMinor)
    assert.equal(order.number, '1001')
    assert.deepEqual(order.resource, facts.find(({ kind }) => kind === 'order_snapshot')!.subject)
    const balances = balancesOf(entries.flatMap((entry) => entry.lines))
    assert.equal(balances.get('Assets:Clearing:shop USD'), undefined)
  },
  { runs: 150, show: shownLife },
)

test('C23 a life told in six pieces, in all 720 orders, ends in one state', () => {
  const [life] = fc.sample(lifeOfTwo(), { seed, numRuns: 1 })
  const { facts } = life!
  const size = Math.ceil(facts.length / 6)
  const pieces = Array.from({ length: 6 }, (_, n) => facts.slice(n * size, (n + 1) * size))
  const ends = new Set<string>()
  let orders = 0
  for (const order of permutations(pieces)) {
    const books = new Learner(deciding)
    for (const piece of order) books.learn(piece)
    const { order: end } = result(books.known, deciding)
    ends.add(canonical({ end, stock: books.stock, recognised: balancesOf(books.recognised) }))
    orders += 1
  }
  assert.deepEqual([orders, ends.size], [720, 1])
})

function* permutations<T>(items: readonly T[]): Generator<T[]> {
  if (items.length === 0) yield []
  for (const [index, first] of items.entries())
    for (const rest of permutations(items.toSpliced(index, 1))) yield [first, ...rest]
}
