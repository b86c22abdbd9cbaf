import { encodeData, type Fact, type Instant, type Ref, type RefKind } from './fact.ts'
import { behindReason, driftReason, missingReason, strongerReason } from './diff-reasons.ts'
import type { Money } from './money.ts'

/**
 * What a provider has against what we hold. Every listed resource is read as the facts that it states; what we lack of
 * them is gathered into differences, one per thing that a person would look for: a lost payment is one difference,
 * however many events and resources of the provider tell of it.
 */
export type Stated = { readonly fact: Fact; readonly joins: readonly Ref[] }

/** One witness of a fact that we hold. */
export type Witness = { readonly rank: number; readonly data: string; readonly occurredAt: Instant }

export type Change = Stated & {
  /**
   * `unknown`: no witness at all; `newer`: a better one that says otherwise; `differs`: an equal one that says
   * otherwise; `timed`: a better one that says the same and knows better when, which is worth having but no difference.
   */
  readonly how: 'unknown' | 'newer' | 'differs' | 'timed'
}

/** What these statements say that no witness of ours says. A lesser witness than ours brings nothing. */
export function changesOf(
  statements: readonly Stated[],
  held: ReadonlyMap<string, readonly Witness[]>,
): Change[] {
  return statements.flatMap((stated): Change[] => {
    const how = howNew(stated.fact, held.get(stated.fact.id) ?? [])
    return how === undefined ? [] : [{ ...stated, how }]
  })
}

function howNew(fact: Fact, witnesses: readonly Witness[]): Change['how'] | undefined {
  if (witnesses.length === 0) return 'unknown'
  const said = saidIn(encodeData(fact.data))
  const best = Math.max(...witnesses.map((witness) => witness.rank))
  const same = witnesses.filter((witness) => saidIn(witness.data) === said)
  if (same.length > 0)
    return fact.rank > best && same.every((one) => one.occurredAt !== fact.occurredAt) ? 'timed' : undefined
  if (fact.rank < best) return undefined
  return fact.rank > best ? 'newer' : 'differs'
}

/** Which reading it was is no part of what it says: two readings of one state bring nothing. */
function saidIn(data: string): string {
  return data.replace(/"readNo":"\d+",?/, '')
}

export type Difference = {
  /** Stays the same as more of it is seen: the event and fact that showed it first. */
  readonly name: string
  readonly kind: 'missing' | 'behind' | 'drift'
  readonly resource: Ref
  readonly reason: string
  /** Everything that proved to be part of it, the resource itself included. */
  readonly members: readonly Ref[]
  /** Ids of the facts that we lack. */
  readonly facts: readonly string[]
  /** Ids of the events that mend it. */
  readonly events: readonly string[]
  readonly amount: Money | undefined
  readonly occurredAt: Instant
  /** Payments that a refund belongs to: their cumulative totals are the same difference. */
  readonly payments: readonly string[]
}

/** What one listed item told: its changes, the event that would bring them, and which resources we know already. */
export type Sighting = {
  readonly changes: readonly Change[]
  readonly eventId: string
  /** As of before the run: what the run itself stored does not count, or storing as it goes would change what it finds. */
  readonly isKnown: (ref: Ref) => boolean
  /** Lines of the provider's balance younger than this are on their way to us: no difference yet. */
  readonly linesBefore: Instant
}

/**
 * The differences of one run. Those that prove to be one as more is seen are joined; the one that came first keeps its
 * name. Which sightings come in one call makes no difference, so a run that stores as it goes ends as a dry run does.
 */
export class Differences {
  readonly #all = new Map<string, Difference>()
  readonly #byId = new Map<string, Set<string>>() // ids of members and of a refund's payments → names

  /** As they stand now, in the order in which they were first seen. */
  get all(): readonly Difference[] {
    return [...this.#all.values()]
  }

  add(sighting: Sighting): void {
    // Refunds first: a payment's cumulative total then finds the refund that explains it.
    const changes = [...sighting.changes].sort((a, b) => orderOf(a.fact) - orderOf(b.fact))
    for (const change of changes) this.#place(change, sighting)
  }

  /** Puts one in as it is: what an earlier attempt found, or what is no matter of facts. */
  put(difference: Difference): void {
    this.#all.set(difference.name, difference)
    for (const id of idsOf(difference))
      this.#byId.set(id, (this.#byId.get(id) ?? new Set()).add(difference.name))
  }

  #place(change: Change, sighting: Sighting): void {
    const made = differenceOf(change, sighting)
    const near = this.#near(made).filter((other) => areOne(other, made))
    // A total belongs to its payment where that is news as well, else to the refund that explains it; never to both.
    const own = near.filter((other) => !explains(other, made))
    const parts = isTotal(made) && own.length > 0 ? own : near
    if (parts.length === 0) {
      if (isFinding(change, sighting)) this.put(made)
      return
    }
    const whole = joinedOf(
      parts.reduce((a, b) => joinedOf(a, b, sighting)),
      made,
      sighting,
    )
    for (const part of parts) if (part.name !== whole.name) this.#all.delete(part.name)
    this.put(whole)
  }

  #near(made: Difference): Difference[] {
    const names = new Set(idsOf(made).flatMap((id) => [...(this.#byId.get(id) ?? [])]))
    return [...names].flatMap((name) => this.#all.get(name) ?? [])
  }
}

function idsOf({ members, payments }: Difference): string[] {
  return [...members.map((ref) => ref.id), ...payments]
}

function orderOf(fact: Fact): number {
  if (fact.kind === 'balance_line') return 3
  if (fact.kind === 'refunds_total') return 2
  return fact.kind.startsWith('refund_') ? 0 : 1
}

/**
 * A line of the balance reaches us by reading alone, so only a payment's own line that stays away is a difference.
 * Observed stock is no fact of ours that could be missing: each count takes the place of the one before.
 */
function isFinding({ fact, how }: Change, { linesBefore }: Sighting): boolean {
  if (how === 'timed' || fact.kind === 'stock_observed') return false
  if (fact.kind !== 'balance_line') return true
  return isPayment(fact.data.source?.kind) && fact.occurredAt < linesBefore
}

function differenceOf(change: Change, { eventId, isKnown }: Sighting): Difference {
  const { fact } = change
  const members = membersOf(change)
  const resource = change.how === 'differs' || fact.kind === 'balance_line' ? fact.subject : bestOf(members)
  const kind = change.how === 'differs' ? 'drift' : isKnown(resource) ? 'behind' : 'missing'
  return {
    name: `${eventId} ${fact.id}`,
    kind,
    resource,
    reason:
      kind === 'missing'
        ? missingReason(resource)
        : kind === 'drift'
          ? driftReason(fact)
          : behindReason(fact),
    members: kind === 'drift' ? [resource] : members,
    facts: [fact.id],
    events: [eventId],
    amount: amountOf(fact),
    occurredAt: fact.occurredAt,
    payments: fact.kind.startsWith('refund_') ? [(fact.data as { paymentId: string }).paymentId] : [],
  }
}

/** References that many purchases may share, or that say nothing about one. */
const looseKinds: ReadonlySet<RefKind> = new Set(['number', 'customer', 'product', 'subscription'])
/** Facts about things that a person looks for by themselves, apart from the payment they belong to. */
const ownKinds: ReadonlySet<RefKind> = new Set([
  'refund',
  'dispute',
  'payout',
  'fulfillment',
  'subscription',
  'product',
])

function membersOf({ fact, joins }: Change): Ref[] {
  if (fact.kind === 'balance_line')
    return fact.data.source === undefined ? [fact.subject] : [fact.subject, fact.data.source]
  if (ownKinds.has(fact.subject.kind)) return [fact.subject]
  const members = [fact.subject, ...joins].filter(
    (ref) => !looseKinds.has(ref.kind) && !ownKinds.has(ref.kind),
  )
  return members.filter((ref, at) => members.findIndex((other) => sameRef(other, ref)) === at)
}

function areOne(held: Difference, made: Difference): boolean {
  if (held.kind === 'drift' || made.kind === 'drift')
    return held.kind === made.kind && sameRef(held.resource, made.resource)
  if (held.members.some((ref) => made.members.some((other) => sameRef(ref, other)))) return true
  return explains(held, made) || explains(made, held)
}

/** A payment of which nothing but its cumulative refunds is news belongs to the refund that is missing as well. */
function explains(refund: Difference, total: Difference): boolean {
  return isTotal(total) && total.members.some((ref) => refund.payments.includes(ref.id))
}

function isTotal({ facts }: Difference): boolean {
  return facts.every((id) => id.startsWith('refunds_total:'))
}

function joinedOf(a: Difference, b: Difference, { isKnown }: Sighting): Difference {
  const first = explains(b, a) ? b : a
  const other = first === a ? b : a
  const isOwn = ownKinds.has(first.resource.kind) || first.kind === 'drift'
  const members = unique([...first.members, ...(explains(first, other) ? [] : other.members)], keyOf)
  const resource = isOwn ? first.resource : bestOf(members)
  const kind = first.kind === 'drift' ? 'drift' : isKnown(resource) ? 'behind' : 'missing'
  return {
    name: first.name,
    kind,
    resource,
    reason: kind === 'missing' ? missingReason(resource) : strongerReason(first.reason, other.reason),
    members,
    facts: unique([...first.facts, ...other.facts], (id) => id),
    events: unique([...first.events, ...other.events], (id) => id),
    amount: largest(first.amount, explains(first, other) ? undefined : other.amount),
    occurredAt: first.occurredAt < other.occurredAt ? first.occurredAt : other.occurredAt,
    payments: unique([...first.payments, ...other.payments], (id) => id),
  }
}

/** The resource by which a person would look for the purchase: the money first. */
const lookedFor: readonly RefKind[] = [
  'refund',
  'dispute',
  'payout',
  'charge',
  'capture',
  'payment_intent',
  'authorization',
  'checkout_session',
  'invoice',
  'order',
  'fulfillment',
  'transaction',
]

function bestOf(members: readonly Ref[]): Ref {
  const rank = (ref: Ref) => (lookedFor.indexOf(ref.kind) + lookedFor.length + 1) % (lookedFor.length + 1)
  return members.reduce((best, ref) => (rank(ref) < rank(best) ? ref : best))
}

function amountOf(fact: Fact): Money | undefined {
  if (fact.kind === 'refunds_total' || fact.kind === 'balance_line') return undefined
  const data = fact.data as { amountMinor?: bigint; totalMinor?: bigint; currency?: string }
  const amountMinor = data.amountMinor ?? data.totalMinor
  return amountMinor === undefined || data.currency === undefined
    ? undefined
    : { amountMinor, currency: data.currency }
}

function largest(a: Money | undefined, b: Money | undefined): Money | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return a.currency === b.currency && b.amountMinor > a.amountMinor ? b : a
}

function isPayment(kind: RefKind | undefined): boolean {
  return kind === 'charge' || kind === 'capture'
}

/** A reference as one text, for sets. */
export function keyOf(ref: Ref): string {
  return `${ref.kind}:${ref.id}`
}

function sameRef(a: Ref, b: Ref): boolean {
  return a.kind === b.kind && a.id === b.id
}

function unique<T>(values: readonly T[], by: (value: T) => string): T[] {
  return [...new Map(values.map((value) => [by(value), value])).values()]
}
