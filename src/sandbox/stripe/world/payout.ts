import { makePayout } from '../objects/money.ts'
import type { BalanceTransaction, Payout } from '../types.ts'
import { bookPayout } from './balance.ts'
import { change, type Ground } from './ground.ts'

/** Which payout took which line; Stripe attributes lines to automatic payouts only. */
export type PayoutLines = Map<string, string>

const day = 86_400

/** Lines of the balance that no payout has taken yet, oldest first. */
export function unpaidLines(ground: Ground, lines: PayoutLines, currency: string): BalanceTransaction[] {
  return ground.store
    .all<BalanceTransaction>('balance_transaction')
    .filter((line) => line.currency === currency && !lines.has(line.id))
}

/**
 * Sends the balance to the bank: everything that no payout took yet, or for a manual one the amount given.
 *
 * A negative balance gives a payout with a negative amount: Stripe debits the bank account.
 */
export function pay(
  ground: Ground,
  lines: PayoutLines,
  {
    amount,
    currency = ground.settlementCurrency,
  }: { amount?: number | undefined; currency?: string | undefined } = {},
): Payout {
  const automatic = amount === undefined
  const taken = automatic ? unpaidLines(ground, lines, currency) : []
  const total = amount ?? taken.reduce((sum, line) => sum + line.net, 0)
  const payout = makePayout(ground.making('po'), {
    amount: total,
    currency,
    automatic,
    arrival: ground.seconds() + 2 * day,
  })
  const line = bookPayout(ground, payout, -1)
  payout.balance_transaction = line.id
  ground.save(payout)
  for (const each of [...taken, line]) {
    // A manual payout's own line is taken out of the next automatic one as well: its money has left already.
    lines.set(each.id, automatic ? payout.id : '')
    change(ground, each, { status: 'available' })
  }
  ground.emit('payout.created', payout)
  return payout
}

/** The bank has it; its lines can be listed by payout from now on. */
export function arrive(ground: Ground, payout: Payout): Payout {
  const status = 'paid' as const
  ground.emit('payout.updated', payout, change(ground, payout, { status: 'in_transit' }))
  change(ground, payout, { status, trace_id: { status: 'supported', value: `TRN${payout.id.slice(-8)}` } })
  ground.emit('payout.paid', payout)
  if (payout.automatic) {
    change(ground, payout, { reconciliation_status: 'completed' })
    ground.emit('payout.reconciliation_completed', payout)
  }
  return payout
}

/** The bank sends it back, also after `paid`: the money returns to the balance. */
export function failPayout(ground: Ground, payout: Payout): Payout {
  const line = bookPayout(ground, payout, 1)
  const previous = change(ground, payout, {
    status: 'failed',
    failure_balance_transaction: line.id,
    failure_code: 'account_closed',
    failure_message: 'The bank account has been closed.',
  })
  ground.emit('payout.failed', payout, previous)
  return payout
}

/** Stopped before it left. */
export function cancelPayout(ground: Ground, payout: Payout): Payout {
  const line = bookPayout(ground, payout, 1)
  const previous = change(ground, payout, { status: 'canceled', failure_balance_transaction: line.id })
  ground.emit('payout.canceled', payout, previous)
  return payout
}
