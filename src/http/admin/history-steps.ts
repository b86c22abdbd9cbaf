import type { RecordedFact } from '../../store/facts.ts'
import type { OrderEffect, OrderFinding } from '../../store/reading/history.ts'
import { rootAt, type Timeline } from './timeline.ts'

/** One thing that happened to an order, at its place in what we learned. `facts`: what is known from here on. */
export type Step = {
  readonly id: string
  readonly at: string
  readonly recordedAt: string
  readonly linkSeq: bigint
  readonly facts: readonly RecordedFact[]
} & (
  | { readonly kind: 'fact'; readonly fact: RecordedFact; readonly isFirstWitness: boolean }
  | { readonly kind: 'merge'; readonly merged: string; readonly cause: RecordedFact | undefined }
  | { readonly kind: 'effect'; readonly effect: OrderEffect }
  | { readonly kind: 'finding'; readonly finding: OrderFinding }
)

/**
 * Every step of one surviving order, in the order in which it learned them. What an order brought along when it became
 * part of this one follows the merge: this order learned it then, and nothing is inserted before an older row.
 */
export function stepsOf(
  timeline: Timeline,
  root: string,
  effects: readonly OrderEffect[],
  findings: readonly OrderFinding[],
): Step[] {
  return withFindings(witnessed(stepsUntil(timeline, root, effects, undefined)), findings)
}

function stepsUntil(
  timeline: Timeline,
  root: string,
  effects: readonly OrderEffect[],
  until: bigint | undefined,
): Step[] {
  const steps: Step[] = []
  for (const linkSeq of linksOf(timeline, effects)) {
    if (until !== undefined && linkSeq > until) break
    for (const merge of mergesAt(timeline, root, linkSeq))
      steps.push(merge, ...broughtAlong(timeline, effects, merge))
    for (const fact of timeline.facts)
      if (fact.linkSeq === linkSeq && rootAt(timeline, fact.orderId!, linkSeq) === root)
        steps.push(factStep(fact))
    for (const effect of effects)
      if (effect.link_seq === linkSeq && rootAt(timeline, effect.order_id, linkSeq) === root)
        steps.push(effectStep(effect))
  }
  return steps
}

function broughtAlong(
  timeline: Timeline,
  effects: readonly OrderEffect[],
  { merged, recordedAt, linkSeq }: Step & { kind: 'merge' },
): Step[] {
  const earlier = stepsUntil(timeline, merged, effects, linkSeq - 1n)
  return earlier.map((step) => ({ ...step, recordedAt, linkSeq }))
}

function witnessed(steps: readonly Step[]): Step[] {
  const seen = new Set<string>()
  return steps.map((step) => {
    if (step.kind !== 'fact') return step
    const name = `${step.fact.scope} ${step.fact.id}`
    const isFirstWitness = !seen.has(name)
    seen.add(name)
    return { ...step, isFirstWitness }
  })
}

function linksOf({ facts, members }: Timeline, effects: readonly OrderEffect[]): bigint[] {
  const links = new Set<bigint>([
    ...facts.map((fact) => fact.linkSeq),
    ...effects.map((effect) => effect.link_seq),
  ])
  for (const { merged_seq: seq } of members.values()) if (seq !== null) links.add(seq)
  return [...links].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
}

function mergesAt(timeline: Timeline, root: string, linkSeq: bigint): (Step & { kind: 'merge' })[] {
  const merged = new Set<string>()
  for (const id of timeline.members.keys()) {
    const formerly = rootAt(timeline, id, linkSeq - 1n)
    if (formerly !== root && rootAt(timeline, id, linkSeq) === root) merged.add(formerly)
  }
  const cause = timeline.facts.find((fact) => fact.linkSeq === linkSeq)
  return [...merged].sort().flatMap((id) => {
    const facts = timeline.facts.filter(
      (fact) => fact.linkSeq < linkSeq && rootAt(timeline, fact.orderId!, linkSeq - 1n) === id,
    )
    const recordedAt = cause?.recordedAt ?? facts.at(-1)?.recordedAt
    if (recordedAt === undefined) return [] // a number that nobody had used yet
    return [
      {
        id: `mrg_${linkSeq}_${id}`,
        at: cause?.occurredAt ?? recordedAt,
        recordedAt,
        linkSeq,
        facts: [],
        kind: 'merge' as const,
        merged: id,
        cause,
      },
    ]
  })
}

function factStep(fact: RecordedFact): Step {
  const { recordedAt, linkSeq } = fact
  return {
    id: `fct_${fact.seq}`,
    at: fact.occurredAt,
    recordedAt,
    linkSeq,
    facts: [fact],
    kind: 'fact',
    fact,
    isFirstWitness: true,
  }
}

function effectStep(effect: OrderEffect): Step {
  const { recorded_at: recordedAt, link_seq: linkSeq } = effect
  return { id: `${effect.id}_due`, at: recordedAt, recordedAt, linkSeq, facts: [], kind: 'effect', effect }
}

function withFindings(steps: readonly Step[], findings: readonly OrderFinding[]): Step[] {
  const all = [...steps]
  for (const finding of findings) {
    const next = all.findIndex((step) => step.recordedAt > finding.opened_at)
    const place = next === -1 ? all.length : next
    const linkSeq = all[place - 1]?.linkSeq ?? 0n
    const { opened_at: at } = finding
    all.splice(place, 0, { id: finding.id, at, recordedAt: at, linkSeq, facts: [], kind: 'finding', finding })
  }
  return all
}
