import { printDecimal } from '../../../core/money.ts'
import type { Viewed } from '../graphql/answer.ts'
import type { BalanceLine, Dispute, Payout, Subscription } from '../things.ts'
import { decimal, gid } from './line.ts'

const money = (amountMinor: bigint, currency: string): Viewed => ({
  amount: decimal(printDecimal({ amountMinor, currency })),
  currencyCode: currency,
})

export function disputeView(one: Dispute): Viewed {
  return {
    id: gid('ShopifyPaymentsDispute', one.id),
    status: one.status.toUpperCase(),
    type: one.type.toUpperCase(),
    reasonDetails: { reason: 'FRAUDULENT' },
    amount: money(one.amountMinor, one.currency),
    initiatedAt: one.initiatedAt,
    evidenceDueBy: new Date(Date.parse(one.initiatedAt) + 10 * 86_400_000).toISOString(),
    finalizedOn: one.finalizedOn,
    order: { id: gid('Order', one.orderId) },
  }
}

/** A line of the balance; of disputes its source is the dispute, of the rest the transaction. */
export function balanceView(one: BalanceLine): Viewed {
  return {
    id: gid('ShopifyPaymentsBalanceTransaction', one.id),
    type: one.type.toUpperCase(),
    test: false,
    transactionDate: one.at,
    amount: money(one.amountMinor, one.currency),
    fee: money(one.feeMinor, one.currency),
    net: money(one.amountMinor - one.feeMinor, one.currency),
    sourceId: one.sourceId,
    sourceOrderTransactionId: one.transactionId,
    associatedOrder: one.orderId === undefined ? null : { id: gid('Order', one.orderId) },
    associatedPayout: { id: one.payoutId === undefined ? null : gid('ShopifyPaymentsPayout', one.payoutId) },
  }
}

export function payoutView({ id, status, at, currency, netMinor }: Payout): Viewed {
  return {
    id: gid('ShopifyPaymentsPayout', id),
    status: status.toUpperCase(),
    issuedAt: at,
    transactionType: netMinor < 0n ? 'WITHDRAWAL' : 'DEPOSIT',
    net: money(netMinor < 0n ? -netMinor : netMinor, currency),
  }
}

export function subscriptionView({ id, topic, uri }: Subscription, version: string): Viewed {
  return { id: gid('WebhookSubscription', id), topic, uri, apiVersion: { handle: version } }
}
