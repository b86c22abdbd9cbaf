import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type Change,
  changesOf,
  Differences,
  keyOf,
  type Sighting,
  type Witness,
} from '../../src/core/diff.ts'
import { encodeData, type Fact, type FactData, type FactKind, factId, type Ref } from '../../src/core/fact.ts'

const ch1: Ref = { kind: 'charge', id: 'ch_1' }
const pi1: Ref = { kind: 'payment_intent', id: 'pi_1' }
const cs1: Ref = { kind: 'checkout_session', id: 'cs_1' }
const re1: Ref = { kind: 'refund', id: 're_1' }

function fact<K extends FactKind>(
  kind: K,
  subject: Ref,
  data: FactData[K],
  { rank = 0, apart = '' } = {},
): Fact {
  return {
    id: factId(kind, subject, apart),
    kind,
    subject,
    occurredAt: '2026-11-25T00:00:00.000Z',
    rank,
    data,
  } as Fact
}

const captured = (rank = 2) =>
  fact(
    'payment_captured',
    ch1,
    { amountMinor: 4080n, currency: 'USD', tender: 'provider' },
    { rank, apart: '4080' },
  )
const started = fact('payment_started', pi1, { amountMinor: 4080n, currency: 'USD' }, { apart: '4080' })
const placed = fact('order_placed', cs1, {})
const refunded = fact('refund_succeeded', re1, { amountMinor: 1000n, currency: 'USD', paymentId: 'ch_1' })
const refundsTotal = fact('refunds_total', ch1, { amountMinor: 1000n, currency: 'USD' }, { apart: '1000' })
const line = (source: Ref, id = 'txn_1') =>
  fact(
    'balance_line',
    { kind: 'transaction', id },
    {
      category: 'charge',
      type: 'charge',
      amountMinor: 4080n,
      feeMinor: 148n,
      netMinor: 3932n,
      currency: 'USD',
      fees: [],
      source,
    },
  )

function change(of: Fact, joins: Ref[] = [], how: Change['how'] = 'unknown'): Change {
  return { fact: of, joins, how }
}

function sighting(
  changes: Change[],
  { known = [] as Ref[], eventId = 'evt_1', linesBefore = '2020-01-01T00:00:00.000Z' } = {},
): Sighting {
  const keys = new Set(known.map(keyOf))
  return { changes, eventId, isKnown: (ref) => keys.has(keyOf(ref)), linesBefore }
}

function differencesOf(...sightings: Sighting[]) {
  const differences = new Differences()
  for (const each of sightings) differences.add(each)
  return differences.all
}

const witness = (of: Fact): Witness => ({
  rank: of.rank,
  data: encodeData(of.data),
  occurredAt: of.occurredAt,
})

test('a reading of the state that a webhook told is nothing new, whichever reading it is', () => {
  const order: Ref = { kind: 'order', id: '5001' }
  const version = '2026-11-25T00:00:00.000Z'
  const snapshot = (readNo?: string, financialStatus = 'paid') => {
    const read = readNo === undefined ? {} : { readNo }
    const data = {
      version,
      currency: 'USD',
      totalMinor: 1n,
      components: {},
      lines: [],
      gateways: [],
      financialStatus,
      ...read,
    }
    return fact('order_snapshot', order, data, { rank: readNo === undefined ? 0 : 1, apart: version })
  }
  const held = (one: Fact) =>
    new Map([[one.id, [{ rank: one.rank, data: encodeData(one.data), occurredAt: one.occurredAt }]]])
  const news = (polled: Fact, known: Fact) =>
    changesOf([{ fact: polled, joins: [] }], held(known)).map(({ how }) => how)
  assert.deepEqual(news(snapshot('7'), snapshot()), [])
  assert.deepEqual(news(snapshot('8'), snapshot('7')), [])
  assert.deepEqual(news(snapshot('7', 'refunded'), snapshot()), ['newer'])
})

test('a fact that nobody told us is unknown', () => {
  assert.deepEqual(
    changesOf([{ fact: captured(), joins: [] }], new Map()).map((c) => c.how),
    ['unknown'],
  )
})

test('a fact that any witness of ours says already is no change, whoever knows better', () => {
  for (const rank of [0, 2, 5]) {
    const held = new Map([[captured().id, [witness(captured(rank))]]])
    assert.deepEqual(changesOf([{ fact: captured(), joins: [] }], held), [])
  }
})

test('a better witness that says otherwise is newer, an equal one differs, a lesser one is not believed', () => {
  const theirs = captured(2)
  const other = (rank: number) =>
    new Map([
      [theirs.id, [{ ...witness(theirs), rank, data: encodeData({ ...theirs.data, currency: 'EUR' }) }]],
    ])
  assert.equal(changesOf([{ fact: theirs, joins: [] }], other(1))[0]?.how, 'newer')
  assert.equal(changesOf([{ fact: theirs, joins: [] }], other(2))[0]?.how, 'differs')
  assert.deepEqual(changesOf([{ fact: theirs, joins: [] }], other(3)), [])
})

test('one lost payment is one difference, named by its charge, however many resources tell of it', () => {
  const all = differencesOf(
    sighting([change(started)], { eventId: 'evt_1' }),
    sighting([change(placed, [pi1])], { eventId: 'evt_2' }),
    sighting([change(captured(), [pi1])], { eventId: 'evt_3' }),
    sighting([change(line(ch1))], { eventId: 'evt_4' }),
  )
  assert.equal(all.length, 1)
  assert.deepEqual(all[0]!.resource, ch1)
  assert.equal(all[0]!.kind, 'missing')
  assert.equal(all[0]!.reason, 'payment')
  assert.deepEqual(all[0]!.events, ['evt_1', 'evt_2', 'evt_3', 'evt_4'])
  assert.deepEqual(all[0]!.amount, { amountMinor: 4080n, currency: 'USD' })
})

test('differences that a later resource joins become one, under the name of the first', () => {
  const apart = [
    sighting([change(started)], { eventId: 'evt_1' }),
    sighting([change(captured())], { eventId: 'evt_2' }),
  ]
  assert.equal(differencesOf(...apart).length, 2)
  const joined = differencesOf(...apart, sighting([change(placed, [pi1, ch1])], { eventId: 'evt_3' }))
  assert.deepEqual(
    joined.map(({ name, resource }) => ({ name, resource })),
    [{ name: `evt_1 ${started.id}`, resource: ch1 }],
  )
})

test('two payments of one order number are two differences', () => {
  const number: Ref = { kind: 'number', id: '1001' }
  const other = fact(
    'payment_started',
    { kind: 'payment_intent', id: 'pi_2' },
    { amountMinor: 100n, currency: 'USD' },
  )
  assert.equal(
    differencesOf(sighting([change(started, [number])]), sighting([change(other, [number])])).length,
    2,
  )
})

test('a state of a known charge that we lack is behind; an equal version that differs is drift', () => {
  const [behind] = differencesOf(sighting([change(captured(), [pi1])], { known: [ch1, pi1] }))
  assert.deepEqual([behind!.kind, behind!.reason], ['behind', 'state'])
  const [drift] = differencesOf(sighting([change(captured(), [pi1], 'differs')], { known: [ch1, pi1] }))
  assert.deepEqual([drift!.kind, drift!.reason, drift!.resource], ['drift', 'amount', ch1])
})

test('a lost refund is one difference: its charge’s total belongs to it, in any order', () => {
  const known = [ch1, pi1]
  const total = sighting([change(refundsTotal, [pi1])], { known, eventId: 'evt_total' })
  const refund = sighting([change(refunded, [ch1])], { known, eventId: 'evt_refund' })
  for (const order of [
    [total, refund],
    [refund, total],
  ]) {
    const all = differencesOf(...order)
    assert.deepEqual(
      all.map(({ kind, resource, reason }) => [kind, resource, reason]),
      [['missing', re1, 'refund']],
    )
    assert.deepEqual([...all[0]!.events].sort(), ['evt_refund', 'evt_total'])
  }
})

test('a lost refund of a lost payment is a difference of its own', () => {
  const all = differencesOf(
    sighting([change(captured(), [pi1]), change(refundsTotal, [pi1]), change(refunded, [ch1])]),
  )
  assert.deepEqual(all.map((each) => keyOf(each.resource)).sort(), ['charge:ch_1', 'refund:re_1'])
})

test('a line of the balance is a difference only when it is a payment’s own and past its lag', () => {
  const known = [ch1, re1]
  const late = '2027-01-01T00:00:00.000Z'
  assert.deepEqual(differencesOf(sighting([change(line(ch1))], { known })), [])
  assert.deepEqual(differencesOf(sighting([change(line(re1))], { known, linesBefore: late })), [])
  const [fee] = differencesOf(sighting([change(line(ch1))], { known, linesBefore: late }))
  assert.deepEqual(
    [fee!.kind, fee!.reason, fee!.resource],
    ['missing', 'fee', { kind: 'transaction', id: 'txn_1' }],
  )
})

test('stock that a shop counts is stored and no difference: nothing of it can be missing', () => {
  const item: Ref = { kind: 'product', id: '808950810' }
  const data = { version: '2026-11-25T00:00:00.000Z', itemId: item.id, locationId: 'all', available: 3 }
  assert.deepEqual(differencesOf(sighting([change(fact('stock_observed', item, data))])), [])
})

test('neither the order of the sightings nor their pages matter to what is found', () => {
  const changes = [
    change(started),
    change(placed, [pi1]),
    change(captured(), [pi1]),
    change(refunded, [ch1]),
    change(refundsTotal, [pi1]),
    change(line(ch1)),
  ]
  fc.assert(
    fc.property(
      fc.shuffledSubarray(changes, { minLength: changes.length }),
      fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
      (order, cuts) => {
        const known = fc.sample(fc.subarray([ch1, pi1]), {
          numRuns: 1,
          seed: cuts.filter(Boolean).length,
        })[0]!
        const [storing, dry] = [new Differences(), new Differences()]
        let page: Change[] = []
        for (const [at, each] of order.entries()) {
          page.push(each)
          dry.add(sighting([each], { known }))
          if (cuts[at] !== true && at < order.length - 1) continue
          storing.add(sighting(page, { known }))
          page = []
        }
        const shown = (of: Differences) =>
          of.all.map(({ kind, resource, reason }) => `${kind} ${keyOf(resource)} ${reason}`)
        assert.deepEqual(shown(storing).sort(), shown(dry).sort())
        assert.deepEqual(dry.all.length, 2)
      },
    ),
    { seed: 20261125, numRuns: 300 },
  )
})

test('a better witness of the same that knows another time is worth storing, and by itself no difference', () => {
  const held = new Map([
    [captured().id, [{ ...witness(captured(1)), occurredAt: '2026-11-20T00:00:00.000Z' }]],
  ])
  const changes = changesOf([{ fact: captured(2), joins: [] }], held)
  assert.deepEqual(
    changes.map((each) => each.how),
    ['timed'],
  )
  assert.deepEqual(differencesOf(sighting(changes, { known: [ch1] })), [])
  const equal = new Map([
    [captured().id, [{ ...witness(captured(2)), occurredAt: '2026-11-20T00:00:00.000Z' }]],
  ])
  assert.deepEqual(changesOf([{ fact: captured(2), joins: [] }], equal), [])
})
