import { type Evidence, sum } from './evidence.ts'
import type { Total } from './lines.ts'
import type { Payment } from './order.ts'
import { isOpen } from './payments.ts'
import type { Snapshot } from './snapshot.ts'

/** A shop's own words for money that it holds to have come. */
const paidWords = new Set(['paid', 'partially_refunded', 'refunded'])

export function isCalledPaid({ data }: Snapshot): boolean {
  return paidWords.has(data.financialStatus.toLowerCase())
}

/**
 * The payments, and what a shop that speaks for payment says of one whose transactions nobody told: that an order is
 * paid is one event, how it was paid is others, which a merchant may not subscribe to. It counts until a transaction is
 * known, and is read from the shop where it can be. It moves nothing in the books and has no receipt: those are the
 * transaction's.
 */
export function withTold(
  evidence: Evidence,
  payments: readonly Payment[],
  ordered: Total | undefined,
): readonly Payment[] {
  const shop = evidence.shop.best
  if (shop === undefined || ordered?.subjectId !== shop.subject.id) return payments
  const isElsewhere =
    !evidence.speaksFor(shop.connection, 'payment') || evidence.of('payment_evidence').length > 0
  const own = payments.filter((payment) => payment.tender === 'provider')
  if (isElsewhere || own.some((payment) => payment.capturedMinor > 0n)) return payments
  const paidMinor = paidOf(evidence, shop) - sum(payments.map((payment) => payment.capturedMinor))
  const told = { ...blank, ref: shop.subject, scope: shop.scope, currency: shop.data.currency }
  const at = { occurredAt: shop.data.version }
  if (paidMinor > 0n)
    return [
      // What was held has been taken, or was let go.
      ...payments.map((payment) => (isOpen(payment) ? { ...payment, state: 'voided' as const } : payment)),
      { ...told, ...at, state: 'captured', amountMinor: paidMinor, capturedMinor: paidMinor },
    ]
  const word = shop.data.financialStatus.toLowerCase()
  if (payments.length > 0 || (word !== 'authorized' && word !== 'voided')) return payments
  return [{ ...told, ...at, state: word, amountMinor: shop.data.totalMinor }]
}

/** The most that the order cost while its shop called it paid: an edit asks for more, and takes nothing back. */
function paidOf({ snapshots }: Evidence, shop: Snapshot): bigint {
  return snapshots
    .filter((one) => one.subject.id === shop.subject.id && one.data.currency === shop.data.currency)
    .filter((one) => one.data.version <= shop.data.version && isCalledPaid(one))
    .reduce((most, one) => (one.data.totalMinor > most ? one.data.totalMinor : most), 0n)
}

const blank = {
  intentId: undefined,
  capturedMinor: 0n,
  captures: [],
  returnedMinor: 0n,
  tender: 'provider',
  reason: undefined,
} as const
