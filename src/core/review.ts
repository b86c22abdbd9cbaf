import { byText, type Evidence, refKey } from './evidence.ts'
import type { Instant, Ref } from './fact.ts'
import { printDecimal } from './money.ts'
import type {
  Claim,
  Dispute,
  OrderLine,
  Payment,
  PaymentStatus,
  Presentment,
  Refund,
  Requested,
  Shipment,
  Totals,
} from './order.ts'

/** What reviews are judged on: the order, folded but for its reviews. */
export type Subject = {
  readonly evidence: Evidence
  readonly payments: readonly Payment[]
  readonly refunds: readonly Refund[]
  readonly disputes: readonly Dispute[]
  readonly totals: Totals
  readonly currency: string | undefined
  readonly paymentStatus: PaymentStatus
  readonly lineItems: readonly OrderLine[]
  readonly inconsistentMinor: bigint | undefined
  readonly isCovered: boolean
  readonly isCancelled: boolean
  readonly shipments: readonly Shipment[]
  readonly presentment: Presentment | undefined
  readonly claim: Claim | undefined
  readonly requested: Requested | undefined
  readonly isOnDelivery: boolean
  readonly canRead: (connection: string) => boolean
  readonly placedAt: Instant
}

/** What an operator accepts who takes less as full payment: what is kept, of what was ordered. */
export function mismatchFigures(totals: Totals): string {
  return `${totals.capturedMinor - totals.returnedMinor}/${totals.orderedMinor}`
}

/** "40.80 USD", for sentences that a person reads. */
export function money(amountMinor: bigint, currency: string | undefined): string {
  if (currency === undefined || currency === '') return `${amountMinor}`
  return `${printDecimal({ amountMinor, currency })} ${currency}`
}

export function refsOf(things: readonly { readonly ref: Ref }[]): Ref[] {
  return things.map((thing) => thing.ref).sort((a, b) => byText(refKey(a), refKey(b)))
}

/** The latest of these instants, or `otherwise` where there are none. */
export function latest(instants: readonly Instant[], otherwise: Instant): Instant {
  return instants.reduce((late, instant) => (instant > late ? instant : late), instants[0] ?? otherwise)
}

/** The earliest of these instants, or undefined where there are none. */
export function earliest(instants: readonly Instant[]): Instant | undefined {
  return [...instants].sort()[0]
}
