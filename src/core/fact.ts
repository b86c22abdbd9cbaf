/**
 * Facts: our neutral, unchanging statements of one thing that is true. Learned twice, a fact counts once.
 *
 * A fact's `id` comes from the resource, never from the path by which it reached us: `payment_captured:charge:ch_1:4080`
 * is the same fact from a webhook, a poll and a replay. Two witnesses that give one id different content are both kept
 * (unique on id + digest); `bestWitnesses` chooses by `rank`, then digest. Nothing is won by arriving first.
 */

import type { Components, FeeDetail, LineItem, Person } from './things.ts'

export type { Components, FeeDetail, LineItem, Person, TaxLine } from './things.ts'

/** RFC 3339 UTC with milliseconds, as `new Date(…).toISOString()` prints it: sorts as text. */
export type Instant = string

/** One thing at a provider. `kind` uses the contract's words; ids are the provider's own, exact. */
export type Ref = { readonly kind: RefKind; readonly id: string }

export type RefKind =
  | 'order' // the shop's own order id
  | 'number' // a bare order number: joins within the connections that `ordersFrom` names
  | 'checkout_session'
  | 'payment_intent'
  | 'charge'
  | 'authorization'
  | 'capture'
  | 'refund'
  | 'dispute'
  | 'transaction' // a shop's transaction, or a provider's balance line
  | 'fulfillment'
  | 'invoice'
  | 'subscription'
  | 'payout'
  | 'customer'
  | 'product'

/** Content of each kind. Field names ending in `Minor` are bigint, and only they: the JSON form relies on it. */
export type FactData = {
  // ── the order as somebody described it
  order_placed: { saleKind?: 'sale' | 'renewal' | 'invoice' }
  order_numbered: { number: string; priority: number } // smaller priority is the better number
  order_total: {
    totalMinor: bigint
    currency: string
    by: 'declared' | 'session' | 'invoice' | 'intent' | 'charge' // in this order of trust; among equals the largest
  }
  order_components: Components & { currency: string }
  order_lines: {
    lines: readonly LineItem[]
    currency: string
    by: 'session' | 'intent' | 'metadata' | 'invoice'
  }
  order_shipping: { personId?: string; method?: string; required: boolean }
  customer_seen: {
    personId: string
    hasEmail: boolean
    hasAddress: boolean
    by: 'shop' | 'session' | 'charge' | 'invoice' | 'intent'
  }
  /**
   * An order as the shop has it at one version: mutable, so the highest `version` counts. `totalMinor` is the total before
   * returns and after edits, `lines` what was ordered. Among snapshots of one version a reading outranks a delivery (by
   * `rank`), and of readings the highest `readNo` wins.
   */
  order_snapshot: {
    version: Instant // the shop's own `updated_at`
    readNo?: string // decimal; drawn before the read
    currency: string
    totalMinor: bigint
    presentment?: { currency: string; totalMinor: bigint } // what the buyer saw, where it is another currency
    components: Components
    lines: readonly LineItem[]
    gateways: readonly string[]
    financialStatus: string // the shop's own word on its payment: no money of the books
    cancelledAt?: Instant
    cancelReason?: string
    isFulfilledElsewhere?: boolean // handed over when first seen: point of sale
    tags?: readonly string[]
  }
  order_deleted: Record<never, never> // cancelled in view, books stay
  order_cancelled: { reason: string }
  checkout_expired: Record<never, never>
  // ── payment: `subject` is the charge (or the provider's capture), or the intent while no charge is known
  payment_started: { amountMinor: bigint; currency: string }
  payment_pending: PaymentData & { reason: string }
  payment_authorized: PaymentData
  payment_failed: PaymentData & { reason: string }
  payment_voided: { reason: string; intentId?: string }
  payment_captured: PaymentData & { tender: Tender } // cumulative: a charge that grows is one fact per amount
  payment_returned: PaymentData & { reason: string }
  /** What a shop says of a payment that another connection speaks for: evidence for the reconciler, never money. */
  payment_evidence: {
    transaction: 'authorization' | 'sale' | 'capture' | 'void' | 'refund'
    status: 'success' | 'pending' | 'failure' | 'error'
    amountMinor: bigint
    currency: string
    gateway: string
    parentId?: string
  }
  /** Cumulative refunds as a charge shows them: evidence for refunds that no event of their own has named. */
  refunds_total: { amountMinor: bigint; currency: string }
  refund_pending: RefundData
  refund_succeeded: RefundData
  refund_failed: RefundData & { reason: string }
  refund_canceled: RefundData
  refund_moved: RefundData & { tender?: Tender } // its balance line exists; absent tender: the provider's own money
  refund_returned: RefundData & { tender?: Tender } // its failure line exists
  dispute_state: {
    state: 'inquiry' | 'open' | 'won' | 'lost' | 'withdrawn' // withdrawn: an inquiry or case that ended as if it had never been
    detail: string // the provider's own word for it
    rank: number // of states about one dispute the highest counts
    amountMinor: bigint
    currency: string
    reason: string
    dueBy?: Instant
    paymentId: string
  }
  fraud_warning: { detail: string; open: boolean }
  /** One immutable line of the provider's balance: fee, conversion, dispute money, adjustment. */
  balance_line: {
    category: string // the provider's reporting category, its own name
    type: string
    amountMinor: bigint // signed, in the settlement currency
    feeMinor: bigint // positive: kept by the provider
    netMinor: bigint
    currency: string
    fees: readonly FeeDetail[]
    source?: Ref
    payout?: string
  }
  // ── goods
  /** What a shop's refund says of goods; its money is refund_* facts of its transactions. `restock` as the shop has it. */
  refund_lines: {
    lines: readonly {
      lineId: string
      quantity: number
      restock: 'return' | 'cancel' | 'no_restock'
      subtotalMinor?: bigint
      taxMinor?: bigint
    }[]
    shippingMinor?: bigint
    adjustmentMinor?: bigint // the shop's stated discrepancy: more or less than its lines
    currency: string
  }
  /** A shipment's state at one version; the highest version counts. `cancelled` and `failed` ship nothing. */
  fulfillment_state: {
    version: Instant
    state:
      | 'pending'
      | 'shipped'
      | 'in_transit'
      | 'out_for_delivery'
      | 'delivered'
      | 'attempted'
      | 'failed'
      | 'cancelled'
    lines: readonly { lineId: string; quantity: number }[]
    carrier?: string
    number?: string
    url?: string
  }
  return_state: { version: Instant; state: 'asked' | 'approved' | 'received' | 'declined' | 'cancelled' }
  // ── account level
  /** `occurredAt` is when the payout was made, in every state: the state's own time is not stated by the provider. */
  payout_state: {
    state: 'pending' | 'in_transit' | 'paid' | 'failed' | 'canceled'
    amountMinor: bigint // negative: the provider took money from the bank
    currency: string
    arrivalDate?: Instant
    automatic: boolean
  }
  /** Stock as the shop shows it: compared with ours, never obeyed. */
  stock_observed: {
    version: Instant
    itemId: string
    locationId: string
    sku?: string
    available: number | null
  }
  subscription_seen: { status: string; customerId?: string }
  // ── people and ourselves
  /** The reconciler looked after the lag had passed and the other side was still silent: `figures` is what it then saw. */
  /** Goods that were sold and are not there: how many of this order's, as of the `turn`-th look; 0 when they came. */
  stock_short: { sku: string; short: number; turn: number; holds: boolean }
  lag_passed: { what: 'unmatched_order' | 'unmatched_payment' | 'refund_due'; figures: string }
  operator_resolved: { code: string; as: string; note: string; figures: string; by: string }
  operator_released: { note: string; by: string }
  /** Receipts were asked for again; each is an effect under a key of its own. */
  operator_resent: { note: string; by: string; keys: readonly string[] }
  effect_performed: {
    key: string
    sink: string
    effectKind: string
    state: string
    reference?: string
    lines?: readonly { sku: string; quantity: number }[] // of a request: what was asked for
    shipTo?: string // of a request: the person it was to go to
  }
}
type RefundData = { amountMinor: bigint; currency: string; paymentId: string }
/** `intentId` on facts about a charge: which intent it was an attempt of. Left out where the subject is the intent itself. */
type PaymentData = { amountMinor: bigint; currency: string; intentId?: string }

/** What a buyer paid with. All but 'provider' are money that no payment provider holds for us. */
export type Tender = 'provider' | 'gift_card' | 'store_credit' | 'cash' | 'manual'

/** `order_numbered.priority` from here on is a stand-in (the payment's own id): receipts wait for a better number. */
export const standInPriority = 100

export type FactKind = keyof FactData

export type Fact<K extends FactKind = FactKind> = {
  [P in K]: {
    /** `kind:subject.kind:subject.id[:what tells it apart]`; see `factId`. */
    readonly id: string
    readonly kind: P
    readonly subject: Ref
    /** The provider's time of the thing itself, never of the event that told us. */
    readonly occurredAt: Instant
    /** Among witnesses of one id the highest rank is believed. 0 where every witness says the same. */
    readonly rank: number
    readonly data: FactData[P]
  }
}[K]

/** A fact as `normalize` gives it: with the references that it proves to belong to the same order. */
export type Statement = {
  readonly fact: Fact
  /** Other resources of the same order. Not part of the fact: two witnesses may know different ones. */
  readonly joins: readonly Ref[]
  /** 'account' facts (payouts, fees of no order) belong to the connection and touch no order. */
  readonly level: 'order' | 'account'
  /** The person behind `data.personId`, to be kept apart from the fact. */
  readonly person?: Person
}

/** A fact with where and when we learned it. `seq` is the link of the history chain that recorded it. */
export type KnownFact = Fact & {
  readonly digest: string
  readonly connection: string
  readonly scope: string
  readonly source: 'webhook' | 'poll' | 'reread' | 'operator' | 'effect'
}

export function factId(kind: FactKind, subject: Ref, apart?: string | bigint): string {
  return `${kind}:${subject.kind}:${subject.id}${apart === undefined ? '' : `:${apart}`}`
}

/** JSON with bigint as decimal strings; only fields named `…Minor` may be bigint, which is how `decodeData` finds them. */
export function encodeData(data: object): string {
  return JSON.stringify(data, sortedBigints)
}

function sortedBigints(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  const keys = Object.keys(value)
  const isSorted = keys.every((key, at) => at === 0 || keys[at - 1]! < key)
  return isSorted ? value : Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

export function decodeData<K extends FactKind>(text: string): FactData[K] {
  return JSON.parse(text, (key, value) => (key.endsWith('Minor') ? BigInt(value) : value))
}

/** What the digest of a fact is taken over: all that it states, and nothing of how it reached us. */
export function canonicalFact(fact: Fact, data = encodeData(fact.data)): string {
  return `${fact.id}\n${fact.occurredAt}\n${fact.rank}\n${data}`
}

/** One fact per id, the best witness each: highest rank, then smallest digest. In order of id, so a set has one form. */
export function bestWitnesses<F extends Fact & { digest: string }>(facts: Iterable<F>): F[] {
  const best = new Map<string, F>()
  for (const fact of facts) {
    const held = best.get(fact.id)
    if (held === undefined || isBetter(fact, held)) best.set(fact.id, fact)
  }
  return [...best.values()].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
}

function isBetter(a: Fact & { digest: string }, b: Fact & { digest: string }): boolean {
  if (a.rank !== b.rank) return a.rank > b.rank
  return a.digest < b.digest
}
