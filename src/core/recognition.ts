import { accountName } from './accounts.ts'
import { byText, largest, smallest } from './evidence.ts'
import type { Balances, Chart, JournalLine } from './journal.ts'
import { discountShare, shareOf } from './lines.ts'
import { allocate } from './allocation.ts'
import { shareHalfEven } from './money.ts'
import type { Order, Part } from './order.ts'

/**
 * The balance that this order's state calls for in each account, `account currency` → minor units. What is captured is
 * recognised, up to what was ordered, in the proportions of the total; refunds take it back the same way; a cancelled
 * order recognises nothing. Sums to zero in each currency.
 *
 * An overpayment, and its refund, stay between the buyer and us. A late failure leaves a debt and no loss of income:
 * that is for whoever cancels the order or writes it off.
 */
export function recognitionTarget(order: Order, chart: Chart): Map<string, bigint> {
  const target = new Target()
  if (!order.isAttached) return target.balances
  exchangeResult(order, chart, target)
  const currency = order.currency
  const { capturedMinor, orderedMinor, refundedMinor } = order.totals
  const recognised = order.status === 'cancelled' ? 0n : smallest(capturedMinor, orderedMinor)
  if (currency === undefined || recognised <= 0n) return target.balances
  const shares = shareOf(order.parts, recognised)
  const overpaid = largest(0n, capturedMinor - orderedMinor)
  const refunded = smallest(recognised, largest(0n, refundedMinor - overpaid))
  const { perPart: refunds, discrepancyMinor } = allocate(order, shares, refunded)
  target.add(accountName(chart, 'returns'), currency, discrepancyMinor)
  presented(order, chart, target)
  target.add(accountName(chart, 'customers'), currency, recognised - refunded)
  order.parts.forEach((part, index) => {
    const discount = discountShare(part, shares[index]!)
    target.add(incomeAccount(part, chart), currency, -(shares[index]! + discount))
    target.add(accountName(chart, 'discounts'), currency, discount)
    target.add(refundAccount(part, chart), currency, refunds[index]!)
  })
  return target.balances
}

/** What must be added to `posted` so that it becomes `target`: sorted lines, none of zero, summing to zero per currency. */
export function recognition(target: Balances, posted: Balances): JournalLine[] {
  const keys = [...new Set([...target.keys(), ...posted.keys()])].sort(byText)
  return keys.flatMap((key) => {
    const amountMinor = (target.get(key) ?? 0n) - (posted.get(key) ?? 0n)
    const at = key.lastIndexOf(' ')
    return amountMinor === 0n ? [] : [{ account: key.slice(0, at), currency: key.slice(at + 1), amountMinor }]
  })
}

class Target {
  readonly balances = new Map<string, bigint>()

  add(account: string, currency: string, amountMinor: bigint): void {
    const key = `${account} ${currency}`
    const sum = (this.balances.get(key) ?? 0n) + amountMinor
    if (sum === 0n) this.balances.delete(key)
    else this.balances.set(key, sum)
  }
}

/** Only a reversal has an exchange result; it leaves the conversion account holding what the kept sales were worth. */
function exchangeResult(order: Order, chart: Chart, target: Target): void {
  for (const { currency, lossMinor } of order.exchange) {
    target.add(accountName(chart, lossMinor > 0n ? 'exchangeLoss' : 'exchangeGain'), currency, lossMinor)
    target.add(accountName(chart, 'conversion'), currency, -lossMinor)
  }
}

/**
 * Money that came in the buyer's currency stands with them in that one, the sale in ours: what was kept of it crosses
 * over at the order's own ratio, so that neither side is left open.
 */
function presented(order: Order, chart: Chart, target: Target): void {
  const { presentment: seen, currency } = order
  if (seen === undefined || currency === undefined) return
  const counted = (amountMinor: bigint) =>
    shareHalfEven(amountMinor, order.totals.orderedMinor, seen.orderedMinor)
  const keptMinor = seen.capturedMinor - seen.refundedMinor
  const worthMinor = counted(seen.capturedMinor) - counted(seen.refundedMinor)
  const [customers, conversion] = [accountName(chart, 'customers'), accountName(chart, 'conversion')]
  target.add(customers, seen.currency, keptMinor)
  target.add(conversion, seen.currency, -keptMinor)
  target.add(customers, currency, -worthMinor)
  target.add(conversion, currency, worthMinor)
}

function incomeAccount(part: Part, chart: Chart): string {
  switch (part.kind) {
    case 'goods':
      return accountName(chart, 'sales')
    case 'gift_card':
      return accountName(chart, 'giftCards')
    case 'shipping':
      return accountName(chart, 'shipping')
    case 'tips':
      return accountName(chart, 'tips')
    case 'tax':
      return accountName(chart, 'tax', { jurisdiction: part.jurisdiction ?? 'unknown' })
  }
}

/** Income given back shows as returns; what was never income goes back out of its own account. */
function refundAccount(part: Part, chart: Chart): string {
  return part.kind === 'goods' || part.kind === 'shipping'
    ? accountName(chart, 'returns')
    : incomeAccount(part, chart)
}
