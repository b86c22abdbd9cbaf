import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { ListedItem } from '../../src/providers/provider.ts'
import type { Guard } from './guards.ts'
import { bytes, type Fixture, printed, stored, type Subject } from './subject.ts'

function run(subject: Subject, { type, body }: { type: string; body: unknown }) {
  const created = (body as { created?: unknown }).created
  const occurredAt = typeof created === 'number' ? new Date(created * 1000).toISOString() : undefined
  return subject.provider.normalize(stored(type, bytes(body), occurredAt), subject.settings)
}

function holdsFixture(subject: Subject, fixture: Fixture): void {
  const outcome = run(subject, fixture)
  if (fixture.facts === undefined) assert.deepEqual(outcome, fixture.outcome, fixture.name)
  else assert.deepEqual(printed(outcome), fixture.facts, fixture.name)
}

/** What a body states, and what it must not. */
export const normalizing: readonly Guard[] = [
  {
    name: 'each example states exactly its facts',
    run: (subject) => {
      for (const fixture of subject.fixtures) holdsFixture(subject, fixture)
    },
  },
  {
    name: 'the same body states the same again, and stays as it was',
    run: (subject) => {
      for (const { type, body } of subject.fixtures) {
        const given = bytes(body)
        const before = createHash('sha256').update(given).digest('hex')
        const event = stored(type, given, '2026-03-01T00:00:00.000Z')
        const first = subject.provider.normalize(event, subject.settings)
        assert.deepEqual(subject.provider.normalize(event, subject.settings), first)
        assert.equal(createHash('sha256').update(given).digest('hex'), before)
      }
    },
  },
  {
    name: 'a type that nobody uses is ignored',
    run: (subject) =>
      assert.equal(
        run(subject, {
          ...subject.unknownType,
          body: JSON.parse(Buffer.from(subject.unknownType.body).toString()),
        }).kind,
        'ignored',
      ),
  },
  {
    name: 'a field that we need and cannot read is a review that names it',
    run: (subject) => {
      for (const { name, type, body, path } of subject.unreadable) {
        const outcome = subject.provider.normalize(
          stored(type, body, '2026-03-01T00:00:00.000Z'),
          subject.settings,
        )
        assert.equal(outcome.kind, 'needs_review', `${name}: ${outcome.kind}`)
        assert.ok(outcome.kind === 'needs_review' && outcome.code === 'payload_unreadable')
        assert.ok(outcome.detail.includes(path), `${name}: ${outcome.detail} names ${path}`)
      }
    },
  },
  {
    name: 'amounts are minor units of ISO 4217, with no, two and three decimals',
    run: (subject) => {
      const currencies = new Map<string, string>()
      for (const fixture of subject.fixtures) {
        for (const { data } of printed(run(subject, fixture))) {
          const { currency, amountMinor } = data as { currency?: string; amountMinor?: string }
          if (currency !== undefined && amountMinor !== undefined) currencies.set(currency, amountMinor)
        }
      }
      const wanted = subject.fixtures
        .flatMap(({ facts }) => facts ?? [])
        .map(({ data }) => data as { currency?: string; amountMinor?: string })
      for (const currency of subject.oddCurrencies ?? ['JPY', 'KWD', 'ISK']) {
        const expected = wanted
          .filter((data) => data.currency === currency && data.amountMinor !== undefined)
          .at(-1)
        assert.equal(currencies.get(currency), expected?.amountMinor, currency)
        assert.ok(expected, `there is an example in ${currency}`)
      }
    },
  },
  {
    name: 'no fact holds what belongs to a person',
    run: (subject) => {
      for (const fixture of subject.fixtures) {
        for (const { id, data, joins, person } of printed(run(subject, fixture))) {
          if (person === undefined) continue
          const fact = JSON.stringify({ id, data, joins })
          for (const word of [
            person.email,
            person.name,
            person.phone,
            person.customerId,
            person.address?.line1,
          ]) {
            assert.ok(word === undefined || !fact.includes(word), `${fixture.name}: ${id} holds ${word}`)
          }
        }
      }
    },
  },
]

/** What a list gives, beside what webhooks bring. */
export const listing: readonly Guard[] = [
  {
    name: 'a list and a webhook state the same of one object',
    run: async (subject) => {
      for (const { list, webhook, object } of subject.listed) {
        const items = await listedItems(subject, list, [object])
        assert.equal(items.length, 1, `${list} gives the object`)
        const polled = printed(
          subject.provider.normalize(
            { ...stored(items[0]!.type, items[0]!.body), source: 'poll' },
            subject.settings,
          ),
        )
        const told = printed(run(subject, webhook))
        const data = (facts: typeof told) =>
          new Map(facts.map((fact) => [fact.id, JSON.stringify(fact.data)]))
        const [byPoll, byWebhook] = [data(polled), data(told)]
        for (const [id, said] of byWebhook) assert.equal(byPoll.get(id), said, `${list}: ${id}`)
      }
    },
  },
  {
    name: 'a listed object comes as the very bytes of the answer',
    run: async (subject) => {
      for (const { list, object } of subject.listed) {
        const items = await listedItems(subject, list, [object])
        const text = JSON.stringify(object)
        assert.equal(Buffer.from(items[0]!.body).toString('utf8'), text)
      }
    },
  },
]

async function listedItems(
  subject: Subject,
  list: string,
  objects: readonly unknown[],
): Promise<ListedItem[]> {
  const items: ListedItem[] = []
  await subject.serve(list, objects, async (settings) => {
    const api = { connection: settings, signal: AbortSignal.timeout(20_000), timeoutMs: 5_000 }
    const window = { list, since: '2026-01-01T00:00:00.000Z', until: '2026-12-31T00:00:00.000Z' }
    for await (const page of subject.provider.list(window, undefined, api)) items.push(...page.items)
  })
  return items
}
