import { meaningOf } from './balance-lines.ts'
import { byText, type Evidence, refKey } from './evidence.ts'
import type { Ref } from './fact.ts'
import type { Payment, Refund, Want } from './order.ts'
import { unexplainedRefunds } from './refunds.ts'

/**
 * What a provider should be asked, because a fact that the order needs stands only in its API: a charge's fee, a
 * Session's lines, a payment that a Session speaks of, refunds of which only the sum is known.
 */
export function wantsOf(
  evidence: Evidence,
  payments: readonly Payment[],
  refunds: readonly Refund[],
): Want[] {
  const wants = [
    ...fees(evidence, payments),
    ...lines(evidence),
    ...payment(evidence, payments),
    ...told(payments),
    ...invoices(evidence, payments),
    ...evidence.shop.ties
      .filter((tie) => tie.isNewest && !tie.isRead)
      .map(({ order }): Want => ({ resource: order, reason: 'version' })),
    ...unexplainedRefunds(evidence, refunds, payments),
  ]
  return wants.sort((a, b) => byText(wantKey(a), wantKey(b)))
}

function wantKey(want: Want): string {
  return `${want.reason} ${refKey(want.resource)}`
}

/** An intent, or a shop's mere word, has no line of its own, and a shop's transaction shows its fee itself. */
const summaries: ReadonlySet<string> = new Set(['payment_intent', 'transaction', 'order'])

function fees(evidence: Evidence, payments: readonly Payment[]): Want[] {
  const lines = evidence.of('balance_line')
  const settled = new Set(lines.map((line) => line.data.source?.id))
  const taken = payments.filter(
    (one) => one.capturedMinor > 0n && one.tender === 'provider' && !summaries.has(one.ref.kind),
  )
  const charges = taken.filter((one) => !settled.has(one.ref.id)).map((one) => one.ref)
  // A refund of converted money moved another currency than it says: only its own line tells how much.
  const converted = taken.filter((one) =>
    lines.some(
      ({ data }) =>
        data.source?.id === one.ref.id && meaningOf(data) === 'charge' && data.currency !== one.currency,
    ),
  )
  const ids = new Set(converted.flatMap((one) => [one.ref.id, one.intentId]))
  const moved = evidence
    .of('refund_moved')
    .filter(({ subject, data }) => ids.has(data.paymentId) && !settled.has(subject.id))
  return [...charges, ...moved.map((fact) => fact.subject)].map((resource) => ({ resource, reason: 'fee' }))
}

function lines(evidence: Evidence): Want[] {
  const read = new Set(evidence.of('order_lines').map((fact) => refKey(fact.subject)))
  return sessions(evidence)
    .filter((session) => !read.has(refKey(session)))
    .map((resource) => ({ resource, reason: 'lines' }))
}

/** A pending payment with this reason: the checkout says that it is paid, and nothing that moves money has said so yet. */
export const reportedPaid = 'reported_paid'

/** A completed checkout of which no attempt, or only its own word, is known: some merchants subscribe to nothing else. */
function payment(evidence: Evidence, payments: readonly Payment[]): Want[] {
  const total = evidence.of('order_total').find((fact) => fact.data.by === 'session')
  const isFree = total !== undefined && total.data.totalMinor === 0n
  const isReported = payments.some(isWordOnly)
  if ((payments.length > 0 && !isReported) || isFree || sessions(evidence).length === 0) return []
  const intents = evidence.of('payment_started').filter((fact) => fact.subject.kind === 'payment_intent')
  const known = intents.length > 0 ? intents.map((fact) => fact.subject) : sessions(evidence)
  const each = [...new Map(known.map((ref) => [refKey(ref), ref])).values()]
  return each.map((resource) => ({ resource, reason: 'payment' }))
}

/** Payments that the shop only spoke of: its order names their transactions when it is read. */
function told(payments: readonly Payment[]): Want[] {
  return payments
    .filter(({ ref }) => ref.kind === 'order')
    .map(({ ref }) => ({ resource: ref, reason: 'payment' }))
}

/** No charge of it is known yet, so neither is what moved. */
function isWordOnly({ state, reason, ref }: Payment): boolean {
  return (
    (state === 'pending' && reason === reportedPaid) ||
    (state === 'captured' && ref.kind === 'payment_intent')
  )
}

/** Invoices that say that they are paid, of which no payment is known: paid by hand shows only when they are read. */
function invoices(evidence: Evidence, payments: readonly Payment[]): Want[] {
  if (payments.some((one) => one.state === 'captured' || one.state === 'returned')) return []
  const started = evidence.of('payment_started').filter((fact) => fact.subject.kind === 'invoice')
  const each = [...new Map(started.map((fact) => [fact.subject.id, fact.subject])).values()]
  return each.map((resource) => ({ resource, reason: 'payment' }))
}

/** Checkouts that were completed, each once. */
function sessions(evidence: Evidence): Ref[] {
  const placed = evidence.of('order_placed').filter((fact) => fact.subject.kind === 'checkout_session')
  return placed.map((fact) => fact.subject)
}
