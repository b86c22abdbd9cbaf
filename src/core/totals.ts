import { byText, type Evidence, type Known, largest, returnedBy, sum } from './evidence.ts'
import type { Total } from './lines.ts'
import { shareHalfEven } from './money.ts'
import { meaningOf } from './balance-lines.ts'
import type { Order, Payment, Refund, Totals } from './order.ts'
import { presentedOf } from './presented.ts'
import { authorizedOf } from './payments.ts'
import { refundedMinor } from './refunds.ts'

const trust = ['declared', 'session', 'invoice', 'intent', 'charge'] as const

/**
 * The order's total before returns and after edits, by the best witness: the shop's, else declared, the Session's, the invoice's,
 * the largest intent's, the largest charge's. Undefined while nothing states one: then nothing is covered.
 * Witnesses whose connection does not speak for orders are heard only where no other speaks.
 */
export function orderedOf(evidence: Evidence, payments: readonly Payment[]): Total | undefined {
  const isHeard = (fact: { connection: string }) => evidence.speaksFor(fact.connection, 'order')
  const stated = evidence.of('order_total')
  const spoken = stated.filter(isHeard)
  const shop = evidence.shop.best
  if (shop !== undefined && (isHeard(shop) || spoken.length === 0))
    return { amountMinor: shop.data.totalMinor, currency: shop.data.currency, subjectId: shop.subject.id }
  const best = [...(spoken.length > 0 ? spoken : stated)].sort(compareTotals)[0]
  if (best !== undefined)
    return { amountMinor: best.data.totalMinor, currency: best.data.currency, subjectId: best.subject.id }
  const started = evidence
    .of('payment_started')
    .map(({ subject, data }) => ({ ...data, subjectId: subject.id }))
  const asked = payments.map(({ ref, amountMinor, currency }) => ({
    amountMinor,
    currency,
    subjectId: ref.id,
  }))
  const known = (started.length > 0 ? started : asked).filter((total) => total.currency !== '')
  return known.sort((a, b) =>
    a.amountMinor > b.amountMinor ? -1 : a.amountMinor < b.amountMinor ? 1 : byText(a.subjectId, b.subjectId),
  )[0]
}

function compareTotals(a: Known<'order_total'>, b: Known<'order_total'>): number {
  const byTrust = trust.indexOf(a.data.by) - trust.indexOf(b.data.by)
  if (byTrust !== 0) return byTrust
  if (a.data.totalMinor !== b.data.totalMinor) return a.data.totalMinor > b.data.totalMinor ? -1 : 1
  return byText(a.id, b.id)
}

/**
 * All sums in the order's currency. Payments in the currency that the buyer saw count at the order's own ratio; those
 * in any third currency are under review and are not counted.
 */
export function totalsOf(
  evidence: Evidence,
  payments: readonly Payment[],
  refunds: readonly Refund[],
  ordered: Total | undefined,
): Totals {
  const currency = ordered?.currency ?? ''
  const seen = presentedOf(evidence, ordered)
  // A share of the sum, not a sum of shares: the last part takes the rest.
  const total = (of: (payment: Payment) => bigint) => {
    const inCurrency = (wanted: string) => sum(payments.filter((one) => one.currency === wanted).map(of))
    return inCurrency(currency) + (seen === undefined ? 0n : seen.count(inCurrency(seen.currency)))
  }
  const lines = evidence.of('balance_line').filter((line) => isOrderMoney(line))
  const convert = converter(evidence, payments, currency)
  const capturedMinor = total((payment) => payment.capturedMinor)
  const back = (wanted: string) => refundedMinor(evidence, refunds, payments, wanted)
  const refunded = back(currency) + (seen === undefined ? 0n : seen.count(back(seen.currency)))
  const returnedMinor = total((payment) => payment.returnedMinor)
  const disputedMinor = sum(
    [...withdrawnByDispute(lines, convert).values()].map((amount) => largest(0n, amount)),
  )
  const feesMinor = sum(lines.map((line) => convert(line, line.data.feeMinor)))
  return {
    orderedMinor: ordered?.amountMinor ?? 0n,
    authorizedMinor: total(authorizedOf),
    capturedMinor,
    refundedMinor: refunded,
    returnedMinor,
    disputedMinor,
    feesMinor,
    netMinor: capturedMinor - refunded - returnedMinor - disputedMinor - feesMinor,
  }
}

/** Lines of a payout, a reserve or an adjustment are the account's own, even where they hang on an order's reference. */
function isOrderMoney(line: Known<'balance_line'>): boolean {
  const kind = line.data.source?.kind
  return kind !== undefined && kind !== 'payout'
}

function withdrawnByDispute(lines: readonly Known<'balance_line'>[], convert: Convert): Map<string, bigint> {
  const withdrawn = new Map<string, bigint>()
  for (const line of lines) {
    const source = line.data.source
    if (source?.kind !== 'dispute') continue
    withdrawn.set(source.id, (withdrawn.get(source.id) ?? 0n) - convert(line, line.data.amountMinor))
  }
  return withdrawn
}

type Convert = (line: Known<'balance_line'>, amountMinor: bigint) => bigint

/**
 * An amount of a balance line in the order's currency, at the ratio of the charge that the line belongs to (what was
 * captured ÷ what was settled), half to even. Zero where that charge's line is not known yet: never a rate of our own.
 */
function converter(evidence: Evidence, payments: readonly Payment[], currency: string): Convert {
  const settled = settledCharges(evidence, payments).filter(({ payment }) => payment.currency === currency)
  const paymentIds = new Map<string, string>()
  for (const kind of [
    'refund_pending',
    'refund_succeeded',
    'refund_failed',
    'refund_canceled',
    'dispute_state',
  ] as const) {
    for (const { subject, data } of evidence.of(kind)) paymentIds.set(subject.id, data.paymentId)
  }
  return (line, amountMinor) => {
    if (line.data.currency === currency) return amountMinor
    const source = line.data.source?.id ?? ''
    const id = paymentIds.get(source) ?? source
    const sameCurrency = settled.filter((one) => one.currency === line.data.currency)
    const own =
      sameCurrency.find(({ payment }) => payment.ref.id === id || payment.intentId === id) ?? sameCurrency[0]
    return own === undefined ? 0n : shareHalfEven(amountMinor, own.payment.capturedMinor, own.amountMinor)
  }
}

type SettledCharge = { readonly payment: Payment; readonly currency: string; readonly amountMinor: bigint }

/** What each captured payment was settled as: its own balance lines, less what a partial capture gave back at once. */
function settledCharges(evidence: Evidence, payments: readonly Payment[]): SettledCharge[] {
  return payments.flatMap((payment) => {
    const lines = evidence
      .of('balance_line')
      .filter(
        ({ data }) =>
          data.source?.id === payment.ref.id && ['charge', 'partial_capture'].includes(meaningOf(data)),
      )
    const currency = lines[0]?.data.currency
    const amountMinor = sum(
      lines.filter((line) => line.data.currency === currency).map((line) => line.data.amountMinor),
    )
    return currency === undefined || amountMinor <= 0n || payment.capturedMinor <= 0n
      ? []
      : [{ payment, currency, amountMinor }]
  })
}

/** The provider's exact figures, per currency in which it settled. */
export function settlementOf(evidence: Evidence): Order['settlement'] {
  const perCurrency = new Map<string, { amountMinor: bigint; feeMinor: bigint; netMinor: bigint }>()
  for (const line of evidence.of('balance_line')) {
    if (!isOrderMoney(line)) continue
    const held = perCurrency.get(line.data.currency) ?? { amountMinor: 0n, feeMinor: 0n, netMinor: 0n }
    held.amountMinor += line.data.amountMinor
    held.feeMinor += line.data.feeMinor
    held.netMinor += line.data.netMinor
    perCurrency.set(line.data.currency, held)
  }
  return [...perCurrency]
    .sort(([a], [b]) => byText(a, b))
    .map(([currency, amounts]) => ({ currency, ...amounts }))
}

/**
 * What giving converted money back cost beyond its share of what was settled: settled now − settled then × part ÷ whole,
 * half to even and cumulative. A sale that stands has no such result, whatever its rate.
 */
export function exchangeOf(evidence: Evidence, payments: readonly Payment[]): Order['exchange'] {
  const losses = new Map<string, bigint>()
  for (const { payment, currency, amountMinor } of settledCharges(evidence, payments)) {
    if (currency === payment.currency) continue
    const { partMinor, settledMinor } = reversedOf(evidence, payment, currency)
    const loss = settledMinor - shareHalfEven(amountMinor, partMinor, payment.capturedMinor)
    if (loss !== 0n) losses.set(currency, (losses.get(currency) ?? 0n) + loss)
  }
  return [...losses]
    .sort(([a], [b]) => byText(a, b))
    .map(([currency, lossMinor]) => ({ currency, lossMinor }))
}

/** Reversals of which both sides are known: what went back in the payment's currency, and what that took when settled. */
function reversedOf(
  evidence: Evidence,
  payment: Payment,
  currency: string,
): { partMinor: bigint; settledMinor: bigint } {
  let [partMinor, settledMinor] = [0n, 0n]
  for (const { data } of evidence.of('balance_line')) {
    if (data.currency !== currency || data.source === undefined) continue
    const part = reversalOf(evidence, payment, data.source.id, meaningOf(data))
    if (part === undefined) continue
    partMinor += part
    settledMinor -= data.amountMinor
  }
  return { partMinor, settledMinor }
}

function reversalOf(
  evidence: Evidence,
  payment: Payment,
  sourceId: string,
  meaning: string,
): bigint | undefined {
  if (meaning === 'payment_failure') {
    const returned = returnedBy(evidence, sourceId)
    return returned?.subject.id === payment.ref.id ? returned.data.amountMinor : undefined
  }
  if (meaning !== 'refund' && meaning !== 'refund_failure') return undefined
  const moved = evidence
    .of(meaning === 'refund' ? 'refund_moved' : 'refund_returned')
    .find(
      ({ subject, data }) =>
        subject.id === sourceId && (data.paymentId === payment.ref.id || data.paymentId === payment.intentId),
    )
  if (moved === undefined) return undefined
  return meaning === 'refund' ? moved.data.amountMinor : -moved.data.amountMinor
}
