import type { Evidence, Known } from './evidence.ts'

/** Requests to the warehouse, or cancellations of them, that it may have: not those that failed or that a person dropped since. */
export function standingAtWarehouse(
  evidence: Evidence,
  kind: 'request' | 'cancellation',
): Known<'effect_performed'>[] {
  const all = evidence
    .of('effect_performed')
    .filter(({ data }) => data.sink === 'fulfillment' && data.effectKind === kind)
  const isDropped = (fact: Known<'effect_performed'>) =>
    all.some(
      ({ data, occurredAt }) =>
        data.key === fact.data.key && data.state === 'cancelled' && occurredAt >= fact.occurredAt,
    )
  return all.filter((fact) => fact.data.state !== 'failed' && !isDropped(fact))
}
