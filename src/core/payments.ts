import type { FactKind } from './fact.ts'
import { byText, type Evidence, type Known, largest, refKey } from './evidence.ts'
import type { Payment } from './order.ts'

/**
 * Attempts to pay, one per charge, and per intent while no charge of it is known; in order of time, then reference.
 *
 * Within one charge pending < failed < authorized < voided < captured < returned: what arrived last decides nothing.
 * An intent is tried again and again under one id, so of its own states the later counts, by the provider's time.
 */
export function paymentsOf(evidence: Evidence): Payment[] {
  const attempts = attemptKinds.flatMap((kind): readonly Attempt[] => evidence.of(kind))
  const all = [...Map.groupBy(attempts, purseOf).values()].map((facts) => paymentOf(facts))
  const charges = all.filter((payment) => !isSummary(payment))
  const voided = voidedIntents(all)
  return all
    .filter((payment) => !isSummary(payment) || !charges.some((charge) => speaksFor(charge, payment)))
    .map((payment) =>
      isOpen(payment) && voided.has(intentOf(payment) ?? '')
        ? { ...payment, state: 'voided' as const }
        : payment,
    )
    .sort((a, b) => byText(a.occurredAt, b.occurredAt) || byText(refKey(a.ref), refKey(b.ref)))
}

/** What is one amount that grows: a charge's money, or one tender of something paid with several. */
export function purseOf(fact: Attempt): string {
  const tender = fact.kind === 'payment_captured' ? fact.data.tender : 'provider'
  return tender === 'provider' ? refKey(fact.subject) : `${refKey(fact.subject)} ${tender}`
}

/** Intents and invoices are tried again and again under one id; their charges, once known, say it better. */
function isSummary(payment: Payment): boolean {
  return payment.ref.kind === 'payment_intent' || payment.ref.kind === 'invoice'
}

const attemptKinds = [
  'payment_pending',
  'payment_failed',
  'payment_authorized',
  'payment_voided',
  'payment_captured',
  'payment_returned',
] as const satisfies readonly FactKind[]

export type Attempt = Known<(typeof attemptKinds)[number]>

const states = {
  payment_pending: 'pending',
  payment_failed: 'failed',
  payment_authorized: 'authorized',
  payment_voided: 'voided',
  payment_captured: 'captured',
  payment_returned: 'returned',
} as const

/** The intent that an attempt belongs to: its own id where the intent is all we know. */
export function intentOf(payment: Payment): string | undefined {
  return payment.ref.kind === 'payment_intent' ? payment.ref.id : payment.intentId
}

/** Intents that were ended before they took anything, by their own word or by that of their charge. */
export function voidedIntents(payments: readonly Payment[]): ReadonlySet<string> {
  return new Set(
    payments.filter((payment) => payment.state === 'voided').flatMap((payment) => intentOf(payment) ?? []),
  )
}

/** True while money may still come of this attempt by itself. */
export function isOpen(payment: Payment): boolean {
  return payment.state === 'pending' || payment.state === 'authorized'
}

/** What an authorization may still take; a capture releases its rest. */
export function authorizedOf(payment: Payment): bigint {
  return payment.state === 'authorized' ? payment.amountMinor : 0n
}

function paymentOf(facts: readonly Attempt[]): Payment {
  const ref = facts[0]!.subject
  const isRetried = ref.kind === 'payment_intent' || ref.kind === 'invoice'
  const decisive = isRetried ? latestOf(facts) : highestOf(facts)
  const captures = capturesOf(facts)
  const sized = sizedBy(facts)
  return {
    ref,
    scope: decisive.scope,
    intentId: facts.map((fact) => fact.data.intentId).find((id) => id !== undefined),
    state: states[decisive.kind],
    amountMinor: sized?.data.amountMinor ?? 0n,
    capturedMinor: captures.at(-1)?.amountMinor ?? 0n,
    captures,
    returnedMinor: facts.reduce(
      (most, fact) => (fact.kind === 'payment_returned' ? largest(most, fact.data.amountMinor) : most),
      0n,
    ),
    currency: sized?.data.currency ?? '',
    tender: facts.find((fact) => fact.kind === 'payment_captured')?.data.tender ?? 'provider',
    reason: 'reason' in decisive.data ? decisive.data.reason : undefined,
    occurredAt: captures[0]?.occurredAt ?? decisive.occurredAt,
  }
}

function highestOf(facts: readonly Attempt[]): Attempt {
  return facts.reduce((best, fact) => {
    const [a, b] = [attemptKinds.indexOf(fact.kind), attemptKinds.indexOf(best.kind)]
    return a > b || (a === b && fact.occurredAt > best.occurredAt) ? fact : best
  })
}

/** An intent that ended stays ended; before that its latest attempt speaks, and a failure before a start of the same second. */
function latestOf(facts: readonly Attempt[]): Attempt {
  const highest = highestOf(facts)
  if (highest.kind !== 'payment_failed') return highest
  return facts.reduce((latest, fact) => (fact.occurredAt > latest.occurredAt ? fact : latest), highest)
}

function capturesOf(facts: readonly Attempt[]): Payment['captures'] {
  const sorted = facts
    .filter((fact) => fact.kind === 'payment_captured')
    .sort((a, b) =>
      a.data.amountMinor < b.data.amountMinor ? -1 : a.data.amountMinor > b.data.amountMinor ? 1 : 0,
    )
  return sorted.map(({ data, occurredAt }, index) => ({
    amountMinor: data.amountMinor,
    riseMinor: data.amountMinor - (sorted[index - 1]?.data.amountMinor ?? 0n),
    occurredAt,
  }))
}

/** Whose amount is the payment's: the latest authorization (it may be raised), else the strongest statement. */
function sizedBy(facts: readonly Attempt[]): Exclude<Attempt, { kind: 'payment_voided' }> | undefined {
  const sized = facts.filter((fact) => fact.kind !== 'payment_voided')
  return sized.sort(
    (a, b) => sizeRank(b) - sizeRank(a) || byText(b.occurredAt, a.occurredAt) || byAmount(b, a),
  )[0]
}

function sizeRank(fact: Attempt): number {
  return fact.kind === 'payment_authorized' ? attemptKinds.length : attemptKinds.indexOf(fact.kind)
}

function byAmount(a: { data: { amountMinor: bigint } }, b: { data: { amountMinor: bigint } }): number {
  return a.data.amountMinor < b.data.amountMinor ? -1 : a.data.amountMinor > b.data.amountMinor ? 1 : 0
}

/** Why a summary is pending when one of its charges is: what is known of that charge then says how it ended. */
const underWay = 'processing'

/**
 * True where a charge says more than what is known of its intent or invoice alone: it took or holds that money, or it
 * is not older than the latest word. A charge that does not name its intent is judged by time only.
 */
function speaksFor(charge: Payment, summary: Payment): boolean {
  const isNamed = charge.intentId !== undefined && summary.ref.kind === 'payment_intent'
  if (isNamed && charge.intentId !== summary.ref.id) return false
  const isEnded = charge.state !== 'pending'
  if (isNamed && isEnded && (charge.state !== 'failed' || summary.reason === underWay)) return true
  const mayBeOutdated = summary.state === 'pending' || summary.state === 'failed'
  return mayBeOutdated && charge.occurredAt >= summary.occurredAt
}
