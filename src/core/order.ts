import type { FactData, Instant, LineItem, Ref } from './fact.ts'

/**
 * An order: what all facts of one purchase add up to. A pure value; `fold` (fold.ts) makes it, nothing edits it.
 * Amounts are minor units of `currency` unless a field says otherwise.
 */
export type Order = {
  readonly number: string | undefined
  /** False while only references are known that no order event has named: lists leave such an order out. */
  readonly isAttached: boolean
  readonly saleKind: 'sale' | 'renewal' | 'invoice'
  readonly status: 'open' | 'closed' | 'cancelled'
  readonly paymentStatus: PaymentStatus
  readonly pendingReason: string | undefined
  readonly disputeStatus: 'none' | 'inquiry' | 'open' | 'won' | 'lost'
  readonly fulfillmentStatus: 'unfulfilled' | 'requested' | 'partially_fulfilled' | 'fulfilled' | 'cancelled'
  readonly currency: string | undefined
  readonly totals: Totals
  /** What the total is made of, for recognition: one sale where lines and components do not sum to it. */
  readonly parts: readonly Part[]
  readonly lineItems: readonly OrderLine[]
  readonly shipments: readonly Shipment[]
  readonly returns: readonly Return[]
  readonly tenders: readonly TenderSum[]
  readonly presentment: Presentment | undefined
  /** Ways to pay that the shop names, as it writes them. */
  readonly gateways: readonly string[]
  readonly tags: readonly string[]
  /** Handed over where it was sold: nothing is to be kept or sent. */
  readonly isHandedOver: boolean
  /** Undefined where the shop claims no payment that we do not know. */
  readonly claim: Claim | undefined
  /** Undefined where the shop's word on refunds and theirs who gave them come to the same. */
  readonly refundClaim: Claim | undefined
  /** What the shop says of the goods and sums of its refunds, in the order's currency. */
  readonly refundAllocation: RefundAllocation
  readonly personId: string | undefined
  readonly hasEmail: boolean
  readonly shipTo: { personId: string | undefined; method: string | undefined } | undefined
  readonly payments: readonly Payment[]
  readonly refunds: readonly Refund[]
  readonly disputes: readonly Dispute[]
  readonly reviews: readonly Review[]
  /** What operators decided about reviews that would be open otherwise. */
  readonly decisions: readonly Decision[]
  /** Reversals of converted payments: what they cost beyond their share of what was settled; negative is a gain. */
  readonly exchange: readonly { readonly currency: string; readonly lossMinor: bigint }[]
  /** Fees and conversions as the provider settled them, per currency. */
  readonly settlement: readonly {
    currency: string
    amountMinor: bigint
    feeMinor: bigint
    netMinor: bigint
  }[]
  /** Resources to be read from the provider because a fact we need is only there. */
  readonly wants: readonly Want[]
  /** captured − returned covers what was ordered, with the lines known: goods are committed and may ship. */
  readonly isCovered: boolean
  /** Whoever held a review back may be overruled by an operator's release: reviews up to then hold no longer. */
  readonly releasedAt: Instant | undefined
  /** True for the payment's own id standing in for a number that may still come. */
  readonly isStandInNumber: boolean
  /** The resource that names this order in the keys of its effects; the same however the facts came in. */
  readonly resource: Ref | undefined
  /** Whose resource it is. */
  readonly scope: string | undefined
  readonly placedAt: Instant | undefined
  /** The version of the shop's word that stands. */
  readonly saidAt: Instant | undefined
  /** When its shop ended it. */
  readonly cancelledAt: Instant | undefined
  /** Number of distinct facts that providers and operators asserted. */
  readonly version: number
  readonly fulfillmentRequests: number // how many requests have gone out
  /** What stands at the warehouse: the newest request that no cancellation took back. */
  readonly requested: Requested | undefined
}

export type Requested = {
  readonly number: number
  /** True where what is to be shipped, or to whom, is not what was asked for any more. */
  readonly isOutdated: boolean
}

/** What a shop's refunds say they give back for: by line, for tax and shipping, and beyond or below that. */
export type RefundAllocation = {
  readonly lines: readonly { readonly lineId: string; readonly amountMinor: bigint }[]
  readonly taxMinor: bigint
  readonly shippingMinor: bigint
  readonly adjustmentMinor: bigint
}

export type PaymentStatus =
  | 'pending'
  | 'authorized'
  | 'partially_paid'
  | 'paid'
  | 'partially_refunded'
  | 'refunded'
  | 'voided'
  | 'failed'

export type Totals = {
  readonly orderedMinor: bigint
  readonly authorizedMinor: bigint
  readonly capturedMinor: bigint
  readonly refundedMinor: bigint
  readonly returnedMinor: bigint
  readonly disputedMinor: bigint
  readonly feesMinor: bigint
  readonly netMinor: bigint
}

export type OrderLine = LineItem & {
  readonly fulfilledQuantity: number
  readonly refundedQuantity: number
  /** Of what was refunded: taken out before it left, so that it is not to be shipped. */
  readonly withdrawnQuantity: number
  /** Of what was refunded: back on the shelf after it had left. */
  readonly returnedQuantity: number
  /** Of what was withdrawn: not to be sold again. */
  readonly lostQuantity: number
  readonly isKnownSku: boolean // false: no stock is kept under its SKU, so none is committed
}

/**
 * One share of the order's total, in the fixed order of splitting: goods by line, shipping, tips, taxes.
 * `amountMinor` is what the buyer owes for it; the parts sum to the total.
 */
export type Part = {
  readonly kind: 'goods' | 'gift_card' | 'shipping' | 'tips' | 'tax'
  readonly amountMinor: bigint
  readonly discountMinor: bigint // list price − amount, shown in its own account
  readonly jurisdiction?: string // of taxes
  readonly lineId?: string // of goods
}

/** Goods that left, or are about to, under one label. */
export type Shipment = {
  readonly ref: Ref
  readonly scope: string // whose word it is: the shop's, a warehouse's
  readonly status: FactData['fulfillment_state']['state']
  readonly carrier: string | undefined
  readonly number: string | undefined
  readonly url: string | undefined
  readonly lines: readonly { readonly lineId: string; readonly quantity: number }[]
  readonly shippedAt: Instant
}

export type Return = { readonly ref: Ref; readonly state: FactData['return_state']['state'] }

/** What was captured by one kind of money, in the currency that it came in. */
export type TenderSum = { readonly tender: string; readonly currency: string; readonly capturedMinor: bigint }

/** The order's total in the currency that the buyer saw, and what moved in it. */
export type Presentment = {
  readonly currency: string
  readonly orderedMinor: bigint
  readonly capturedMinor: bigint
  readonly refundedMinor: bigint
}

/** What the shop says of an order's money where another connection speaks for it. */
export type Claim = { readonly claimedMinor: bigint; readonly knownMinor: bigint }

/** One charge (or capture) and what became of it. */
export type Payment = {
  readonly ref: Ref
  readonly scope: string
  readonly intentId: string | undefined
  readonly state: 'pending' | 'failed' | 'authorized' | 'voided' | 'captured' | 'returned'
  readonly amountMinor: bigint // asked or authorized
  readonly capturedMinor: bigint
  /** Each rise of what was captured, smallest first: one receipt each. */
  readonly captures: readonly {
    readonly amountMinor: bigint
    readonly riseMinor: bigint
    readonly occurredAt: Instant
  }[]
  readonly returnedMinor: bigint
  readonly currency: string
  readonly tender: string
  readonly reason: string | undefined
  readonly occurredAt: Instant
}

export type Refund = {
  readonly ref: Ref
  readonly scope: string
  readonly paymentId: string
  readonly state: 'pending' | 'succeeded' | 'failed' | 'canceled'
  readonly amountMinor: bigint
  readonly currency: string
  readonly reason: string | undefined
  readonly occurredAt: Instant
}

export type Dispute = {
  readonly ref: Ref
  readonly paymentId: string
  readonly state: 'inquiry' | 'open' | 'won' | 'lost' | 'withdrawn'
  readonly amountMinor: bigint
  readonly withdrawnMinor: bigint // in the line's own currency; positive while it is withdrawn
  readonly currency: string
  readonly reason: string
  readonly dueBy: Instant | undefined
}

/** One open reason for a person to look; codes are the closed list of `review-codes`. */
export type Review = {
  readonly code: ReviewCode
  readonly detail: string // one sentence with the two figures
  readonly holds: boolean
  readonly since: Instant
  readonly figures: string // what an operator accepts when resolving: while it stands, the resolution counts
  readonly refs: readonly Ref[]
  readonly dueAt?: Instant
}

/** `as` in the operator's own word, such as `written_off`. */
export type Decision = { readonly code: ReviewCode; readonly as: string }

export type ReviewCode =
  | 'amount_mismatch'
  | 'currency_mismatch'
  | 'overpaid'
  | 'balance_due'
  | 'refund_due'
  | 'over_refunded'
  | 'refund_failed'
  | 'payment_reversed'
  | 'paid_after_cancel'
  | 'unmatched_payment'
  | 'unmatched_order'
  | 'reference_ambiguous'
  | 'identity_conflict'
  | 'version_conflict'
  | 'payload_unreadable'
  | 'totals_inconsistent'
  | 'unknown_sku'
  | 'oversold'
  | 'dispute_open'
  | 'fraud_warning'
  | 'shipped_unpaid'
  | 'shipped_after_cancel'
  | 'changed_after_request'
  | 'effect_unknown'
  | 'settlement_mismatch'

/** A resource that a provider should be asked about, and why. Identity: resource kind and id. */
export type Want = {
  readonly resource: Ref
  readonly reason: 'fee' | 'lines' | 'payment' | 'refunds' | 'version'
}
