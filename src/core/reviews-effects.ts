import { byText, refKey } from './evidence.ts'
import type { Fact } from './fact.ts'
import type { Review } from './order.ts'
import { latest, type Subject } from './review.ts'

/**
 * What we did for this order and cannot tell whether it happened: a mail whose last dot nobody answered, a request to a
 * receiver that keeps no ids. It stays until somebody says what became of it, or it was done again and that is known. A
 * channel message is no reason to look at the order: the news was not for the buyer.
 */
export function effectReviews({ evidence, placedAt }: Subject): Review[] {
  const newest = new Map<string, Fact<'effect_performed'>>()
  for (const fact of evidence.of('effect_performed')) {
    const held = newest.get(fact.data.key)
    if (held === undefined || isLater(fact, held)) newest.set(fact.data.key, fact)
  }
  const doubtful = [...newest.values()]
    .filter(({ data }) => data.state === 'unknown' && data.sink !== 'notify')
    .sort((a, b) => byText(a.id, b.id))
  if (doubtful.length === 0) return []
  const kinds = [...new Set(doubtful.map(({ data }) => data.effectKind.replaceAll('_', ' ')))].join(' and ')
  return [
    {
      code: 'effect_unknown',
      detail: `It is not known whether the ${kinds} went out: no answer came (${doubtful.map(({ data }) => data.key).join(', ')}).`,
      holds: false,
      since: latest(
        doubtful.map((fact) => fact.occurredAt),
        placedAt,
      ),
      figures: doubtful.map((fact) => fact.id).join(' '),
      refs: [...new Map(doubtful.map((fact) => [refKey(fact.subject), fact.subject])).values()],
    },
  ]
}

function isLater(a: Fact, b: Fact): boolean {
  return a.occurredAt === b.occurredAt ? a.id > b.id : a.occurredAt > b.occurredAt
}
