import fc from 'fast-check'
import type { Fact, KnownFact, Ref, Statement } from '../../../src/core/fact.ts'
import type { RecordItem } from '../../../src/pipeline/record.ts'
import { isAccountLevel, shortLife } from '../../core/lives.ts'

const ids = /^(ch|pi|cs|re|dp|po|txn|gc|ful)_/

/** What the books are made of; the rest of a life only costs time here. */
const withoutBooks = new Set([
  'customer_seen',
  'order_shipping',
  'order_numbered',
  'payment_started',
  'payment_pending',
  'payment_failed',
  'payment_authorized',
  'refund_pending',
])

/**
 * Generated lives of orders as a provider's events would tell them, each with resources and days of its own: one item a
 * life, and for every tenth life a second one, which comes after all the others.
 */
export function manyLives(count: number, seed: number, connection: string): RecordItem[] {
  const [first, later]: [RecordItem[], RecordItem[]] = [[], []]
  fc.sample(shortLife, { numRuns: count, seed }).forEach(({ facts }, n) => {
    const told = facts.filter((fact) => !withoutBooks.has(fact.kind)).map((fact) => statementOf(fact, n))
    const cut = n % 10 === 0 ? Math.floor(told.length / 2) : told.length
    first.push({ connection, source: 'webhook', statements: told.slice(0, cut) })
    if (cut < told.length) later.push({ connection, source: 'webhook', statements: told.slice(cut) })
  })
  return [...first, ...later]
}

function statementOf(known: KnownFact, n: number): Statement {
  const { digest: _digest, connection: _connection, scope: _scope, source: _source, ...fact } = known
  const subject: Ref = { ...fact.subject, id: own(fact.subject.id, n) }
  const named = `${fact.kind}:${fact.subject.kind}:`
  return {
    fact: {
      ...fact,
      id: `${named}${subject.id}${fact.id.slice(named.length + fact.subject.id.length)}`,
      subject,
      occurredAt: new Date(Date.parse(fact.occurredAt) + (n % 2_000) * 3_600_000).toISOString(),
      data: renamed(fact.data, n),
    } as Fact,
    joins: [{ kind: 'checkout_session', id: own('cs_1', n) }],
    level: isAccountLevel(known) ? 'account' : 'order',
  }
}

function own(id: string, n: number): string {
  return `${id}_${n}`
}

function renamed(value: unknown, n: number): unknown {
  if (typeof value === 'string') return ids.test(value) ? own(value, n) : value
  if (Array.isArray(value)) return value.map((one) => renamed(one, n))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, renamed(one, n)]))
}
