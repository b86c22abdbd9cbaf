import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { ListedItem, Verdict } from '../../src/providers/provider.ts'
import { bytes, type Fixture, printed, stored, type Subject } from './subject.ts'

/** One rule that every provider must keep: it returns when the rule holds, and throws when it does not. */
export type Guard = { readonly name: string; readonly run: (subject: Subject) => void | Promise<void> }

async function verdict(
  subject: Subject,
  request: Parameters<Subject['provider']['verify']>[0],
  at = subject.now,
): Promise<Verdict> {
  return await subject.provider.verify(request, subject.settings, at)
}

async function expectKind(
  subject: Subject,
  body: Uint8Array,
  kind: Verdict['kind'],
  why: string,
): Promise<void> {
  const found = await verdict(subject, subject.deliver(body))
  assert.equal(found.kind, kind, `${why}: ${JSON.stringify(found)}`)
}

const secretsOf = (subject: Subject) => subject.settings.webhookSecrets

const verifying: readonly Guard[] = [
  {
    name: 'a delivery signed with any current secret is verified',
    run: async (subject) => {
      for (const secret of secretsOf(subject)) {
        const found = await verdict(subject, subject.deliver(subject.body, { secrets: [secret] }))
        assert.equal(found.kind, 'verified')
      }
      assert.ok(secretsOf(subject).length >= 2, 'the subject has two secrets, so that rotation is tried')
    },
  },
  {
    name: 'while the sender rolls its secret, one of its signatures is enough',
    run: async (subject) => {
      for (const secrets of [
        ['not ours', secretsOf(subject)[0]!],
        [secretsOf(subject)[1]!, 'not ours'],
      ]) {
        assert.equal((await verdict(subject, subject.deliver(subject.body, { secrets }))).kind, 'verified')
      }
    },
  },
  {
    name: 'a delivery signed with another secret is forged',
    run: async (subject) => {
      const found = await verdict(
        subject,
        subject.deliver(subject.body, { secrets: ['whsec_of_somebody_else'] }),
      )
      assert.equal(found.kind, 'forged')
    },
  },
  {
    name: 'one changed byte of the body, anywhere, makes it forged',
    run: async (subject) => {
      const request = subject.deliver(subject.body)
      for (const at of [0, Math.floor(subject.body.length / 2), subject.body.length - 1]) {
        const body = Uint8Array.from(subject.body)
        body[at] = body[at]! ^ 1
        assert.equal((await verdict(subject, { ...request, body })).kind, 'forged', `byte ${at}`)
      }
    },
  },
  {
    name: 'a body that says the same in other bytes is forged',
    run: async (subject) => {
      const body = bytes(`${Buffer.from(subject.body).toString('utf8')} `)
      assert.equal((await verdict(subject, { ...subject.deliver(subject.body), body })).kind, 'forged')
    },
  },
  {
    name: 'a signed time outside the tolerance is forged, in the past and in the future, and inside it is not',
    run: async (subject) => {
      if (!subject.signsTime) return
      const tolerance = subject.settings.toleranceSeconds
      for (const [skew, kind] of [
        [0, 'verified'],
        [tolerance, 'verified'],
        [-tolerance, 'verified'],
        [tolerance + 1, 'forged'],
        [-tolerance - 1, 'forged'],
      ] as const) {
        const at = new Date(subject.now.getTime() - skew * 1000)
        assert.equal((await verdict(subject, subject.deliver(subject.body, { at }))).kind, kind, `${skew} s`)
      }
    },
  },
  {
    name: 'a signature header that is missing, empty, given twice or not ASCII is forged',
    run: async (subject) => {
      const request = subject.deliver(subject.body)
      const [, value] = request.headers.find(([name]) => name === subject.signatureHeader)!
      const others = request.headers.filter(([name]) => name !== subject.signatureHeader)
      const header = (given: string) => [...others, [subject.signatureHeader, given]] as const
      for (const headers of [
        others,
        header(''),
        header(`${value}\xff`),
        [...header(value), [subject.signatureHeader, value] as const],
      ]) {
        assert.equal((await verdict(subject, { ...request, headers })).kind, 'forged')
      }
    },
  },
  {
    name: 'no header makes it throw',
    run: async (subject) => {
      const request = subject.deliver(subject.body)
      const [, value] = request.headers.find(([name]) => name === subject.signatureHeader)!
      const odd = [
        value.slice(1),
        value.slice(0, -1),
        `${value}0`,
        value.toUpperCase(),
        '=',
        ',',
        't=,v1=',
        '\x00',
        'é'.repeat(64),
        'x'.repeat(100_000),
        `t=1,v1=${'é'.repeat(64)}`,
      ]
      for (const given of odd) {
        const found = await verdict(subject, { ...request, headers: [[subject.signatureHeader, given]] })
        assert.equal(found.kind, 'forged', given.slice(0, 80))
      }
    },
  },
  {
    name: 'what is genuine but nothing that they send is malformed, not forged',
    run: async (subject) => {
      for (const { name, body } of subject.malformed) await expectKind(subject, body, 'malformed', name)
    },
  },
  {
    name: 'the other mode and another account are not allowed, as the body shows them',
    run: async (subject) => {
      await expectKind(subject, subject.otherMode, 'not_allowed', 'other mode')
      await expectKind(subject, subject.otherAccount, 'not_allowed', 'other account')
    },
  },
  {
    name: 'a verified delivery says its id, type and time',
    run: async (subject) => {
      const found = await verdict(subject, subject.deliver(subject.body))
      assert.ok(found.kind === 'verified')
      assert.notEqual(found.delivery.providerEventId, '')
      assert.notEqual(found.delivery.type, '')
      assert.match(found.delivery.occurredAt ?? '', /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    },
  },
]

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

const normalizing: readonly Guard[] = [
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
      for (const currency of ['JPY', 'KWD', 'ISK']) {
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

const listing: readonly Guard[] = [
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

/** Everything that a provider is held to. */
export const guards: readonly Guard[] = [...verifying, ...normalizing, ...listing]
