import { accountName } from './accounts.ts'
import { byText, largest, smallest, sum } from './evidence.ts'
import type { Balances, Books, JournalLine } from './journal.ts'
import { discountShare, shareOf } from './lines.ts'
import { allocate } from './allocation.ts'
import { shareHalfEven } from './money.ts'
import type { Order, Part } from './order.ts'
import { recognisedOf } from './recognised.ts'

/**
 * The balance that this order's state calls for in each account, `account currency` → minor units. What is captured is
 * recognised, up to what was ordered, in the proportions of the total (as it ships, where the books say so); refunds
 * take it back the same way; a cancelled order recognises nothing. Sums to zero in each currency.
 *
 * An overpayment, and its refund, stay between the buyer and us. A late failure leaves a debt and no loss of income:
 * that is for whoever cancels the order or writes it off.
 */
export function recognitionTarget(order: Order, books: Books): Map<string, bigint> {
  const target = new Target()
  if (!order.isAttached) return target.balances
  exchangeResult(order, books, target)
  const currency = order.currency
  const { capturedMinor, orderedMinor, refundedMinor } = order.totals
  const recognised = order.status === 'cancelled' ? 0n : smallest(capturedMinor, orderedMinor)
  if (currency === undefined || recognised <= 0n) return target.balances
  const shares = shareOf(order.parts, recognised)
  const overpaid = largest(0n, capturedMinor - orderedMinor)
  const given = refundedMinor + lostMinor(order, books)
  const refunded = smallest(recognised, largest(0n, given - overpaid))
  const { perPart, discrepancyMinor } = allocate(order, shares, refunded)
  const { sold, back } = recognisedOf(order, shares, perPart, books)
  target.add(accountName(books, 'returns'), currency, discrepancyMinor)
  presented(order, books, target)
  const owedMinor = sum(sold) - sum(back) - discrepancyMinor
  target.add(accountName(books, 'customers'), currency, owedMinor)
  decided(order, books, { target, overpaidMinor: largest(0n, overpaid - given), owedMinor })
  order.parts.forEach((part, index) => {
    // A card is owed at its face value, whatever it was sold for; one that goes back owes nothing any more.
    const isCard = part.kind === 'gift_card'
    const discount = isCard || books.discounts === 'gross' ? discountShare(part, sold[index]!) : 0n
    const undone = isCard ? discountShare(part, back[index]!) : 0n
    target.add(incomeAccount(part, books), currency, -(sold[index]! + discount))
    target.add(accountName(books, 'discounts'), currency, discount - undone)
    target.add(refundAccount(part, books), currency, back[index]! + undone)
  })
  return target.balances
}

/** What an operator decided: a debt that nobody will pay is a loss, an overpayment that stays with us is ours. */
function decided(
  { decisions, currency, totals }: Order,
  books: Books,
  { target, overpaidMinor, owedMinor }: { target: Target; overpaidMinor: bigint; owedMinor: bigint },
): void {
  const customers = accountName(books, 'customers')
  const move = (account: string, amountMinor: bigint) => {
    target.add(accountName(books, account), currency!, amountMinor)
    target.add(customers, currency!, -amountMinor)
  }
  const keptMinor = totals.capturedMinor - totals.refundedMinor - totals.returnedMinor
  const debtMinor = largest(0n, owedMinor - keptMinor)
  if (decisions.some(({ as }) => writtenOff.test(as))) move('badDebt', debtMinor)
  if (decisions.some(({ code, as }) => code === 'overpaid' && kept.test(as))) move('breakage', -overpaidMinor)
}

// As people write them: the API takes any word.
const writtenOff = /^writ(e|ten)[ _-]off$/i
const kept = /^(keep|kept)\b/i

/** Disputes that the buyer won, where that counts as goods that came back: the movement says the same sum. */
function lostMinor({ disputes, currency }: Order, { lostDisputes }: Books): bigint {
  if (lostDisputes === 'expense') return 0n
  const lost = disputes.filter((one) => one.state === 'lost' && one.withdrawnMinor > 0n)
  return sum(lost.filter((one) => one.currency === currency).map((one) => one.amountMinor))
}

/** Nobody broke the total down, so that what of it is tax stands in sales with the rest. */
export function isTaxUnknown({ parts: [part, ...more] }: Order): boolean {
  return more.length === 0 && part?.kind === 'goods' && part.lineId === undefined
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
    const balance = (this.balances.get(key) ?? 0n) + amountMinor
    if (balance === 0n) this.balances.delete(key)
    else this.balances.set(key, balance)
  }
}

/** Only a reversal has an exchange result; it leaves the conversion account holding what the kept sales were worth. */
function exchangeResult(order: Order, books: Books, target: Target): void {
  for (const { currency, lossMinor } of order.exchange) {
    target.add(accountName(books, lossMinor > 0n ? 'exchangeLoss' : 'exchangeGain'), currency, lossMinor)
    target.add(accountName(books, 'conversion'), currency, -lossMinor)
  }
}

/**
 * Money that came in the buyer's currency stands with them in that one, the sale in ours: what was kept of it crosses
 * over at the order's own ratio, so that neither side is left open.
 */
function presented(order: Order, books: Books, target: Target): void {
  const { presentment: seen, currency } = order
  if (seen === undefined || currency === undefined) return
  const counted = (amountMinor: bigint) =>
    shareHalfEven(amountMinor, order.totals.orderedMinor, seen.orderedMinor)
  const keptMinor = seen.capturedMinor - seen.refundedMinor
  const worthMinor = counted(seen.capturedMinor) - counted(seen.refundedMinor)
  const [customers, conversion] = [accountName(books, 'customers'), accountName(books, 'conversion')]
  target.add(customers, seen.currency, keptMinor)
  target.add(conversion, seen.currency, -keptMinor)
  target.add(customers, currency, -worthMinor)
  target.add(conversion, currency, worthMinor)
}

function incomeAccount(part: Part, books: Books): string {
  switch (part.kind) {
    case 'goods':
      return accountName(books, 'sales')
    case 'gift_card':
      return accountName(books, 'giftCards')
    case 'shipping':
      return accountName(books, 'shipping')
    case 'tips':
      return accountName(books, 'tips')
    case 'tax':
      // Shops state import duties among their tax lines; they are owed to another office.
      if (part.jurisdiction === 'duties') return accountName(books, 'duties')
      return accountName(books, 'tax', { jurisdiction: part.jurisdiction ?? 'unknown' })
  }
}

/** Income given back shows as returns; what was never income goes back out of its own account. */
function refundAccount(part: Part, books: Books): string {
  return part.kind === 'goods' || part.kind === 'shipping'
    ? accountName(books, 'returns')
    : incomeAccount(part, books)
}
