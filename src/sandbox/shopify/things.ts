/** What a made-up shop keeps. Amounts are minor units of the shop's money, ids the digits of theirs, times RFC 3339. */
export type ShopOrder = {
  readonly id: string
  readonly name: string
  readonly placedAt: string
  readonly currency: string
  /** What the buyer sees: so many minor units of it for the whole order at its placing. */
  readonly presentment:
    | { readonly currency: string; readonly totalMinor: bigint; readonly ofMinor: bigint }
    | undefined
  readonly isTest: boolean
  readonly sourceName: string
  readonly buyer: Buyer
  readonly shippingMinor: bigint
  readonly discountMinor: bigint
  readonly lines: Line[]
  readonly transactions: Transaction[]
  readonly refunds: Refund[]
  readonly fulfillments: Fulfillment[]
  updatedAt: string
  tags: readonly string[]
  cancelled: { readonly at: string; readonly reason: string } | undefined
}

/** At the counter nothing is sent, so there is no address to send it to. */
export function isCounterSale({ sourceName }: ShopOrder): boolean {
  return sourceName === 'pos'
}

export type Buyer = {
  readonly customerId: string
  readonly email: string | undefined
  readonly firstName: string
  readonly lastName: string
}

/** `quantity` is all that was ever ordered; what an edit took out and what came back are counted beside it. */
export type Line = {
  readonly id: string
  readonly itemId: string
  readonly sku: string
  readonly title: string
  readonly unitMinor: bigint
  readonly taxMinor: bigint
  readonly needsShipping: boolean
  quantity: number
  removed: number
  refunded: number
}

export type Transaction = {
  readonly id: string
  readonly orderId: string
  readonly kind: 'authorization' | 'sale' | 'capture' | 'void' | 'refund'
  readonly gateway: string
  readonly amountMinor: bigint
  readonly parentId: string | undefined
  readonly at: string
  status: 'success' | 'pending' | 'failure' | 'error'
}

export type Refund = {
  readonly id: string
  readonly orderId: string
  readonly at: string
  readonly lines: readonly RefundLine[]
  /** Given back beyond the lines, or less than they are worth (negative). */
  readonly adjustmentMinor: bigint
  readonly transactions: Transaction[]
}
export type RefundLine = {
  readonly id: string
  readonly line: Line
  readonly quantity: number
  readonly restock: 'return' | 'cancel' | 'no_restock'
}

export type Fulfillment = {
  readonly id: string
  readonly orderId: string
  readonly createdAt: string
  readonly lines: readonly { readonly line: Line; readonly quantity: number }[]
  updatedAt: string
  status: 'success' | 'pending' | 'cancelled'
  /** Where the parcel is, once anybody says so. */
  shipmentStatus: 'in_transit' | 'out_for_delivery' | 'delivered' | undefined
  carrier: string | undefined
  number: string | undefined
  url: string | undefined
}

export type Item = {
  readonly id: string
  readonly sku: string
  readonly title: string
  available: number
  updatedAt: string
}

export type Dispute = {
  readonly id: string
  readonly orderId: string
  readonly type: 'chargeback' | 'inquiry'
  readonly amountMinor: bigint
  readonly currency: string
  readonly initiatedAt: string
  status: 'needs_response' | 'under_review' | 'accepted' | 'won' | 'lost'
  finalizedOn: string | undefined
}

/** A line of the balance of the shop's own payments; what no payout has taken yet has none. */
export type BalanceLine = {
  readonly id: string
  readonly type:
    | 'charge'
    | 'refund'
    | 'dispute_withdrawal'
    | 'dispute_reversal'
    | 'chargeback_fee'
    | 'transfer'
  readonly at: string
  readonly currency: string
  readonly amountMinor: bigint
  readonly feeMinor: bigint
  readonly sourceId: string
  readonly transactionId: string | undefined
  readonly orderId: string | undefined
  payoutId: string | undefined
}

export type Payout = {
  readonly id: string
  readonly at: string
  readonly currency: string
  readonly netMinor: bigint
  status: 'scheduled' | 'in_transit' | 'paid' | 'failed'
}

/** One of the app's own configuration is never dropped, and the API does not show it. */
export type Subscription = {
  readonly id: string
  readonly topic: string
  readonly uri: string
  readonly isConfigured: boolean
}
