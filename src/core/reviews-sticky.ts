import { refKey, sum } from './evidence.ts'
import { hasLeft } from './goods.ts'
import { earliest, latest, money, refsOf, type Subject } from './review.ts'
import type { Review } from './order.ts'

/** Reviews that stay until an operator resolves them, whatever happens meanwhile. */
export function stickyReviews(subject: Subject): Review[] {
  return [refundFailed, paymentReversed, fraudWarning, shippedAfterCancel, versionConflict].flatMap(
    (review) => review(subject) ?? [],
  )
}

type Rule = (subject: Subject) => Review | undefined

const refundFailed: Rule = ({ refunds, totals, currency, placedAt }) => {
  const failed = refunds.filter((refund) => refund.state === 'failed')
  if (failed.length === 0) return undefined
  const amounts = failed.map((refund) => money(refund.amountMinor, refund.currency)).join(' and ')
  return {
    code: 'refund_failed',
    detail: `A refund of ${amounts} came back (${failed[0]!.reason ?? 'no reason given'}); ${money(totals.refundedMinor, currency)} is refunded now.`,
    holds: false,
    since: latest(
      failed.map((refund) => refund.occurredAt),
      placedAt,
    ),
    figures: failed.map((refund) => `${refund.ref.id}:${refund.amountMinor}`).join(' '),
    refs: refsOf(failed),
  }
}

const paymentReversed: Rule = ({ evidence, payments, currency, totals, placedAt }) => {
  const reversed = payments.filter((payment) => payment.returnedMinor > 0n)
  if (reversed.length === 0) return undefined
  const ids = new Set(reversed.map((payment) => refKey(payment.ref)))
  const times = evidence.of('payment_returned').filter((fact) => ids.has(refKey(fact.subject)))
  return {
    code: 'payment_reversed',
    detail: `The payer's bank took back ${money(sum(reversed.map((one) => one.returnedMinor)), reversed[0]!.currency)} of ${money(totals.capturedMinor, currency)} captured.`,
    holds: true,
    since: latest(
      times.map((fact) => fact.occurredAt),
      placedAt,
    ),
    figures: reversed.map((payment) => `${payment.ref.id}:${payment.returnedMinor}`).join(' '),
    refs: refsOf(reversed),
  }
}

/** Closed by the provider's own word on the same warning, which outranks the one that opened it, or by an operator. */
const fraudWarning: Rule = ({ evidence, placedAt }) => {
  const open = evidence.of('fraud_warning').filter((fact) => fact.data.open)
  if (open.length === 0) return undefined
  return {
    code: 'fraud_warning',
    detail: `The provider warns of fraud: ${[...new Set(open.map((fact) => fact.data.detail))].join('; ')}.`,
    holds: true,
    since: earliest(open.map((fact) => fact.occurredAt)) ?? placedAt,
    figures: open.map((fact) => fact.id).join(' '),
    refs: [...new Map(open.map((fact) => [refKey(fact.subject), fact.subject])).values()],
  }
}

/** Shipped although cancelled, refunded in full or disputed before, by the provider's times. */
const shippedAfterCancel: Rule = ({ evidence, shipments, refunds, paymentStatus }) => {
  const ends = [...evidence.cancelledAt]
  if (paymentStatus === 'voided') {
    for (const kind of ['payment_voided', 'checkout_expired'] as const)
      ends.push(...evidence.of(kind).map((fact) => fact.occurredAt))
  }
  if (paymentStatus === 'refunded')
    ends.push(
      latest(
        refunds.map((refund) => refund.occurredAt),
        '9',
      ),
    )
  ends.push(
    ...evidence.of('dispute_state').flatMap((fact) => (fact.data.state === 'open' ? fact.occurredAt : [])),
  )
  const endedAt = earliest(ends)
  const late = shipments.filter((one) => hasLeft(one) && endedAt !== undefined && one.shippedAt > endedAt)
  if (endedAt === undefined || late.length === 0) return undefined
  const shippedAt = earliest(late.map((one) => one.shippedAt))!
  return {
    code: 'shipped_after_cancel',
    detail: `Goods left at ${shippedAt} although the order ended or was disputed at ${endedAt}.`,
    holds: false,
    since: shippedAt,
    figures: late.map((one) => refKey(one.ref)).join(' '),
    refs: refsOf(late),
  }
}

/** Two states of one version, and no reading that tells them apart: nobody but a person can say which stands. */
const versionConflict: Rule = ({ evidence, canRead }) => {
  const open = evidence.shop.ties.filter((tie) => tie.isRead || (tie.isNewest && !canRead(tie.connection)))
  const [tie] = open
  if (tie === undefined) return undefined
  return {
    code: 'version_conflict',
    detail: `${tie.digests.length} different states of order ${tie.order.id} are of one version, ${tie.version}, and reading it did not decide.`,
    holds: true,
    since: tie.version,
    figures: open.flatMap((one) => one.digests.map((digest) => digest.slice(0, 12))).join(' '),
    refs: [...new Map(open.map((one) => [refKey(one.order), one.order])).values()],
  }
}
