import type { Person } from './fact.ts'
import { printDecimal } from './money.ts'
import type { Order, Review } from './order.ts'

export type Reference = { readonly connection: string; readonly kind: string; readonly id: string }

/** What an order's view needs besides the fold: where it stands, and the people and references apart from it. */
export type OrderFrame = {
  readonly id: string
  readonly connection: string
  readonly mode: string
  readonly updatedAt: string
  readonly persons: ReadonlyMap<string, Person>
  readonly references: readonly Reference[]
  readonly isMasked: boolean
}

export type Money = { readonly amount: string; readonly currency: string }
export type OrderView = ReturnType<typeof orderView>

const mask = '***'

/** Kinds that are no reference of an order: bare numbers join, the rest is shared by many orders. */
const notShown = new Set(['number', 'customer', 'product', 'payout'])

/** An order as the API and the outgoing events show it, the same now and as of a time. */
export function orderView(order: Order, frame: OrderFrame) {
  const currency = order.currency ?? null
  const money = (amountMinor: bigint | undefined) =>
    amountMinor === undefined || currency === null ? null : moneyOf(amountMinor, currency)
  return {
    id: frame.id,
    number: order.number ?? null,
    connection: frame.connection,
    mode: frame.mode,
    kind: order.saleKind,
    status: order.status,
    payment_status: order.paymentStatus,
    pending_reason: order.pendingReason ?? null,
    dispute_status: order.disputeStatus,
    fulfillment_status: order.fulfillmentStatus,
    needs_review: order.reviews.map(reviewView),
    currency,
    presentment: presentmentOf(order),
    totals: totalsOf(order, money),
    line_items: order.lineItems.map((line) => ({
      sku: line.sku ?? null,
      title: line.title ?? null,
      quantity: line.quantity,
      unit_price: money(line.unitPriceMinor),
      fulfilled_quantity: line.fulfilledQuantity,
      refunded_quantity: line.refundedQuantity,
    })),
    customer: customerOf(order, frame),
    references: frame.references.filter((reference) => !notShown.has(reference.kind)),
    shipments: order.shipments.map((shipment) => ({
      id: shipment.ref.id,
      status: shipment.status,
      carrier: shipment.carrier ?? null,
      number: shipment.number ?? null,
      url: shipment.url ?? null,
    })),
    returns: order.returns.map(({ ref, state }) => ({ id: ref.id, status: state })),
    ...moneyDetails(order),
    tags: [...order.tags],
    placed_at: order.placedAt ?? null,
    updated_at: frame.updatedAt,
    version: order.version,
  }
}

export function moneyOf(amountMinor: bigint, currency: string): Money {
  return { amount: printDecimal({ amountMinor, currency }), currency }
}

/** The same money in the currency that the buyer saw; null where that is the order's own. */
function presentmentOf({ presentment }: Order) {
  if (presentment === undefined) return null
  const { currency, orderedMinor, capturedMinor, refundedMinor } = presentment
  return {
    currency,
    ordered: moneyOf(orderedMinor, currency),
    captured: moneyOf(capturedMinor, currency),
    refunded: moneyOf(refundedMinor, currency),
  }
}

function totalsOf({ totals }: Order, money: (amountMinor: bigint) => Money | null) {
  return {
    ordered: money(totals.orderedMinor),
    authorized: money(totals.authorizedMinor),
    captured: money(totals.capturedMinor),
    refunded: money(totals.refundedMinor),
    returned: money(totals.returnedMinor),
    disputed: money(totals.disputedMinor),
    fees: money(totals.feesMinor),
    net: money(totals.netMinor),
  }
}

/** What each tender, refund and dispute is by itself, and the provider's own figures as settled. */
function moneyDetails(order: Order) {
  return {
    tenders: order.payments
      .filter((payment) => payment.capturedMinor > 0n)
      .map((payment) => ({
        tender: payment.tender,
        id: payment.ref.id,
        amount: moneyOf(payment.capturedMinor, payment.currency),
      })),
    refunds: order.refunds.map((refund) => ({
      id: refund.ref.id,
      status: refund.state,
      amount: moneyOf(refund.amountMinor, refund.currency),
      reason: refund.reason ?? null,
    })),
    disputes: order.disputes.map((dispute) => ({
      id: dispute.ref.id,
      status: dispute.state,
      amount: moneyOf(dispute.amountMinor, dispute.currency),
      reason: dispute.reason,
      due_by: dispute.dueBy ?? null,
    })),
    settlement: order.settlement.map((line) => ({
      amount: moneyOf(line.amountMinor, line.currency),
      fee: moneyOf(line.feeMinor, line.currency),
      net: moneyOf(line.netMinor, line.currency),
    })),
  }
}

/** Null while nobody is known, and once they were erased. Viewers see that there is somebody, not who. */
function customerOf(order: Order, frame: OrderFrame): { email: string | null; name: string | null } | null {
  const person = order.personId === undefined ? undefined : frame.persons.get(order.personId)
  if (person === undefined) return null
  const shown = (text: string | undefined) => (text === undefined ? null : frame.isMasked ? mask : text)
  return { email: shown(person.email), name: shown(person.name) }
}

/** A review as the admin API and outgoing events show it. */
export function reviewView({ code, detail, holds, since, dueAt, refs }: Review): object {
  return {
    code,
    detail,
    holds,
    since,
    due_at: dueAt ?? null,
    refs: refs.map(({ kind, id }) => ({ kind, id })),
  }
}
