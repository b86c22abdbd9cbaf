import { convert, disputeFee, processingFee } from '../currency.ts'
import { makeBalanceTransaction } from '../objects/money.ts'
import type { BalanceTransaction, Charge, Dispute, Payout, Refund } from '../types.ts'
import { change, type Ground } from './ground.ts'

/**
 * A line of the balance for money in some currency, in the currency that the account settles in; the exchange rate
 * stands on the line only where there was an exchange.
 */
function line(
  ground: Ground,
  given: {
    readonly type: string
    readonly category: string
    readonly source: string
    readonly amount: number
    readonly currency: string
    readonly fee?: (settled: number, currency: string) => number
    readonly feeName?: string
    readonly description?: string
  },
): BalanceTransaction {
  const to = ground.settlementCurrency
  const exchanged = given.currency !== to
  const { amount, rate } = convert(given.amount, { from: given.currency, to }, ground.rates)
  const fee = given.fee?.(amount, to) ?? 0
  return ground.save(
    makeBalanceTransaction(ground.making('txn'), {
      type: given.type,
      category: given.category,
      source: given.source,
      amount,
      currency: to,
      exchangeRate: exchanged ? rate : null,
      fees:
        fee === 0
          ? []
          : [{ amount: fee, description: given.feeName ?? 'Stripe processing fees', type: 'stripe_fee' }],
      description: given.description ?? null,
    }),
  )
}

/**
 * Books `amount` newly captured on a charge with its fee, and tells about it by `charge.updated`: Stripe leaves
 * `balance_transaction` null on the events of the payment itself.
 */
export function settle(ground: Ground, charge: Charge, amount: number): BalanceTransaction {
  const booked = line(ground, {
    type: charge.payment_method_details.type === 'card' ? 'charge' : 'payment',
    category: 'charge',
    source: charge.id,
    amount,
    currency: charge.currency,
    fee: processingFee,
  })
  const previous = change(ground, charge, { balance_transaction: booked.id })
  ground.emit('charge.updated', charge, previous)
  return booked
}

/** The bank took a payment back after it had succeeded (ACH, SEPA). The first fee is not returned. */
export function bookReturn(ground: Ground, charge: Charge): BalanceTransaction {
  return line(ground, {
    type: 'payment_failure_refund',
    category: 'charge_failure',
    source: charge.id,
    amount: -charge.amount_captured,
    currency: charge.currency,
    description: 'Payment failure',
  })
}

export function bookRefund(ground: Ground, refund: Refund): BalanceTransaction {
  const isCard = ground.need<Charge>(refund.charge).payment_method_details.type === 'card'
  return line(ground, {
    type: isCard ? 'refund' : 'payment_refund',
    category: 'refund',
    source: refund.id,
    amount: -refund.amount,
    currency: refund.currency,
  })
}

/** A refund that did not arrive comes back to the balance, at the rate of that day. */
export function bookRefundFailure(ground: Ground, refund: Refund): BalanceTransaction {
  return line(ground, {
    type: 'refund_failure',
    category: 'refund_failure',
    source: refund.id,
    amount: refund.amount,
    currency: refund.currency,
  })
}

export function bookWithdrawal(ground: Ground, dispute: Dispute): BalanceTransaction {
  return line(ground, {
    type: 'adjustment',
    category: 'dispute',
    source: dispute.id,
    amount: -dispute.amount,
    currency: dispute.currency,
    fee: (_amount, currency) => disputeFee(currency),
    feeName: 'Dispute fee',
    description: 'Chargeback withdrawal',
  })
}

/** The withdrawn amount comes back exactly as it left, whatever the rate is now; the fee does not. */
export function bookReinstatement(ground: Ground, dispute: Dispute): BalanceTransaction {
  const withdrawn = dispute.balance_transactions.find((each) => each.reporting_category === 'dispute')
  return ground.save(
    makeBalanceTransaction(ground.making('txn'), {
      type: 'adjustment',
      category: 'dispute_reversal',
      source: dispute.id,
      amount: -(withdrawn?.amount ?? -dispute.amount),
      currency: withdrawn?.currency ?? ground.settlementCurrency,
      exchangeRate: withdrawn?.exchange_rate ?? null,
      description: 'Chargeback reversal',
    }),
  )
}

/** Money of the balance leaves for the bank (`sign` −1), or comes back from a payout that failed (+1). */
export function bookPayout(ground: Ground, payout: Payout, sign: 1 | -1): BalanceTransaction {
  return ground.save(
    makeBalanceTransaction(ground.making('txn'), {
      type: sign === -1 ? 'payout' : 'payout_failure',
      category: sign === -1 ? 'payout' : 'payout_reversal',
      source: payout.id,
      amount: sign * payout.amount,
      currency: payout.currency,
      description: sign === -1 ? 'STRIPE PAYOUT' : 'STRIPE PAYOUT FAILURE',
    }),
  )
}
