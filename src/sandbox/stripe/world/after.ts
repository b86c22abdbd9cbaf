import { makeFraudWarning } from '../objects/account.ts'
import { makeDispute, makeRefund } from '../objects/money.ts'
import type { Charge, Dispute, PaymentIntent, Refund, Resource } from '../types.ts'
import { bookRefund, bookRefundFailure, bookReinstatement, bookReturn, bookWithdrawal } from './balance.ts'
import { change, type Ground } from './ground.ts'

const day = 86_400

/** The buyer's bank takes back a debit that had succeeded. `captured` stays; the money leaves by a line of its own. */
export function failLate(ground: Ground, charge: Charge): Charge {
  const line = bookReturn(ground, charge)
  change(ground, charge, {
    status: 'failed',
    paid: false,
    failure_balance_transaction: line.id,
    failure_code: 'insufficient_funds',
    failure_message: "The customer's account has insufficient funds to cover this payment.",
  })
  const intent =
    charge.payment_intent === null ? undefined : ground.need<PaymentIntent>(charge.payment_intent)
  if (intent !== undefined) {
    change(ground, intent, {
      status: 'requires_payment_method',
      last_payment_error: {
        charge: charge.id,
        code: 'payment_method_bank_account_insufficient_funds',
        type: 'card_error',
      },
    })
  }
  ground.emit('charge.failed', charge)
  if (intent !== undefined) ground.emit('payment_intent.payment_failed', intent)
  return charge
}

/** Voids what has not been captured. */
export function cancel(
  ground: Ground,
  intent: PaymentIntent,
  reason = 'requested_by_customer',
): PaymentIntent {
  const charge = intent.latest_charge === null ? undefined : ground.store.get<Charge>(intent.latest_charge)
  if (charge?.status === 'succeeded' && !charge.captured) {
    const previous = change(ground, charge, { amount_refunded: charge.amount, refunded: true })
    ground.emit('charge.refunded', charge, previous)
  }
  change(ground, intent, {
    status: 'canceled',
    canceled_at: ground.seconds(),
    cancellation_reason: reason,
    amount_capturable: 0,
  })
  ground.emit('payment_intent.canceled', intent)
  return intent
}

/** Nobody captured in time: after seven days the authorization lapses. */
export function expire(ground: Ground, intent: PaymentIntent): Charge {
  const charge = ground.need<Charge>(intent.latest_charge ?? '')
  change(ground, charge, { amount_refunded: charge.amount, refunded: true })
  change(ground, intent, {
    status: 'canceled',
    canceled_at: ground.seconds(),
    cancellation_reason: 'automatic',
    amount_capturable: 0,
  })
  ground.emit('charge.expired', charge)
  ground.emit('payment_intent.canceled', intent)
  return charge
}

/** What may still be refunded on a charge, the released part of a partial capture left out. */
export function refundable(charge: Charge): number {
  return charge.captured ? charge.amount - charge.amount_refunded : 0
}

/** Gives money back, by default all that is left. `pending` ones are booked when they succeed. */
export function refund(
  ground: Ground,
  charge: Charge,
  {
    amount = refundable(charge),
    status = 'succeeded',
    reason = 'requested_by_customer',
    metadata = {},
  }: {
    amount?: number
    status?: 'succeeded' | 'pending' | 'requires_action'
    reason?: string | null
    metadata?: { [key: string]: string }
  } = {},
): Refund {
  const made = makeRefund(ground.making('re'), { charge, amount, status, reason, metadata })
  ground.save(made)
  if (status === 'succeeded') change(ground, made, { balance_transaction: bookRefund(ground, made).id })
  const refunded = charge.amount_refunded + amount
  const previous = change(ground, charge, { amount_refunded: refunded, refunded: refunded >= charge.amount })
  ground.emit('refund.created', made)
  ground.emit('charge.refunded', charge, previous)
  return made
}

/** A pending refund arrives. */
export function refundSucceeds(ground: Ground, pending: Refund): Refund {
  const previous = change(ground, pending, {
    status: 'succeeded',
    balance_transaction: bookRefund(ground, pending).id,
  })
  ground.emit('refund.updated', pending, previous)
  ground.emit('charge.refund.updated', pending, previous)
  return pending
}

/** A refund fails, also days after it had succeeded: the money is back in the balance. */
export function refundFails(ground: Ground, failing: Refund, reason = 'lost_or_stolen_card'): Refund {
  return undo(ground, failing, { status: 'failed', failure_reason: reason })
}

/** A refund that waits for the buyer's bank details is called off. */
export function refundCanceled(ground: Ground, pending: Refund): Refund {
  return undo(ground, pending, { status: 'canceled' })
}

function undo(ground: Ground, target: Refund, changes: Partial<Refund>): Refund {
  const back = target.balance_transaction === null ? null : bookRefundFailure(ground, target).id
  const previous = change(ground, target, {
    ...changes,
    ...(back === null ? {} : { failure_balance_transaction: back }),
  })
  const charge = ground.need<Charge>(target.charge)
  const chargeBefore = change(ground, charge, {
    amount_refunded: charge.amount_refunded - target.amount,
    refunded: false,
  })
  if (target.status === 'failed') ground.emit('refund.failed', target, previous)
  ground.emit('refund.updated', target, previous)
  ground.emit('charge.refund.updated', target, previous)
  ground.emit('charge.updated', charge, chargeBefore)
  return target
}

/** The buyer's bank asks (inquiry: no money moves) or claims (the money and a fee leave at once). */
export function dispute(
  ground: Ground,
  charge: Charge,
  {
    amount = charge.amount_captured,
    inquiry = false,
    reason = 'fraudulent',
  }: { amount?: number; inquiry?: boolean; reason?: string } = {},
): Dispute {
  const opened = makeDispute(ground.making('du'), {
    charge,
    amount,
    status: inquiry ? 'warning_needs_response' : 'needs_response',
    reason,
    dueBy: ground.seconds() + 7 * day,
  })
  ground.save(opened)
  if (!inquiry) change(ground, charge, { disputed: true })
  ground.emit('charge.dispute.created', opened)
  if (!inquiry) withdraw(ground, opened)
  return opened
}

function withdraw(ground: Ground, disputed: Dispute): void {
  const line = bookWithdrawal(ground, disputed)
  change(ground, disputed, { balance_transactions: [...disputed.balance_transactions, line] })
  ground.emit('charge.dispute.funds_withdrawn', disputed)
}

/** An inquiry becomes a claim. */
export function escalate(ground: Ground, inquiry: Dispute): Dispute {
  const previous = change(ground, inquiry, { status: 'needs_response', is_charge_refundable: false })
  change(ground, ground.need<Charge>(inquiry.charge), { disputed: true })
  ground.emit('charge.dispute.updated', inquiry, previous)
  withdraw(ground, inquiry)
  return inquiry
}

/** Evidence was sent; the bank thinks. */
export function respond(ground: Ground, disputed: Dispute): Dispute {
  const status = disputed.status.startsWith('warning_') ? 'warning_under_review' : 'under_review'
  ground.emit('charge.dispute.updated', disputed, change(ground, disputed, { status }))
  return disputed
}

/** The end of a dispute. Won, also after lost: the amount comes back, the fee does not. */
export function closeDispute(
  ground: Ground,
  disputed: Dispute,
  as: 'won' | 'lost' | 'warning_closed' | 'prevented',
): Dispute {
  const isWithdrawn = disputed.balance_transactions.reduce((sum, line) => sum + line.amount, 0) < 0
  const previous = change(ground, disputed, { status: as })
  ground.emit('charge.dispute.closed', disputed, previous)
  if (as === 'won' && isWithdrawn) {
    const line = bookReinstatement(ground, disputed)
    change(ground, disputed, { balance_transactions: [...disputed.balance_transactions, line] })
    ground.emit('charge.dispute.funds_reinstated', disputed)
  }
  return disputed
}

/** The issuer suspects fraud; nothing moves. */
export function warnOfFraud(ground: Ground, charge: Charge): Resource {
  const warning = makeFraudWarning(ground.making('issfr'), {
    charge: charge.id,
    intent: charge.payment_intent,
  })
  ground.save(warning)
  ground.emit('radar.early_fraud_warning.created', warning)
  return warning
}
