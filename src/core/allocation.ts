import { type Evidence, smallest, sum } from './evidence.ts'
import { shareOf } from './lines.ts'
import { splitByWeight } from './money.ts'
import type { Order, Part, RefundAllocation } from './order.ts'

/** What a shop's refunds say in the order's currency; what they say in another is not added to it. */
export function refundAllocationOf(evidence: Evidence, currency: string | undefined): RefundAllocation {
  const told = evidence.of('refund_lines').filter(({ data }) => data.currency === currency)
  const lines = told.flatMap(({ data }) => data.lines)
  const perLine = Map.groupBy(lines, (line) => line.lineId)
  return {
    lines: [...perLine]
      .map(([lineId, group]) => ({ lineId, amountMinor: sum(group.map((one) => one.subtotalMinor ?? 0n)) }))
      .sort((a, b) => (a.lineId < b.lineId ? -1 : 1)),
    taxMinor: sum(lines.map((line) => line.taxMinor ?? 0n)),
    shippingMinor: sum(told.map(({ data }) => data.shippingMinor ?? 0n)),
    adjustmentMinor: sum(told.map(({ data }) => data.adjustmentMinor ?? 0n)),
  }
}

/**
 * What a refund of `refundedMinor` takes back of each part's recognised share: first what the shop says, then the rest
 * pro rata over what is left. The sum is the money that moved: what the shop states beyond or below its lines is a
 * return of no part, and lines whose money has not moved take nothing back.
 */
export function allocate(
  order: Order,
  shares: readonly bigint[],
  refundedMinor: bigint,
): { perPart: bigint[]; discrepancyMinor: bigint } {
  const stated = statedPerPart(order, shares)
  const statedMinor = sum(stated)
  const { adjustmentMinor } = order.refundAllocation
  const rest = refundedMinor - statedMinor
  // More than the lines: as far as the shop states so. Less than the lines: likewise, with the other sign.
  const discrepancyMinor =
    rest > 0n
      ? smallest(rest, adjustmentMinor > 0n ? adjustmentMinor : 0n)
      : adjustmentMinor < 0n && refundedMinor > 0n
        ? adjustmentMinor > rest
          ? adjustmentMinor
          : rest
        : 0n
  const toSplit = refundedMinor - discrepancyMinor
  if (toSplit <= statedMinor) return { perPart: splitOver(stated, toSplit), discrepancyMinor }
  const left = shares.map((share, index) => share - stated[index]!)
  const more = splitOver(left, toSplit - statedMinor)
  return { perPart: stated.map((amount, index) => amount + more[index]!), discrepancyMinor }
}

function splitOver(weights: readonly bigint[], amountMinor: bigint): bigint[] {
  return splitByWeight(amountMinor, weights)
}

/** What the shop says of lines, tax and shipping, as far as each part was recognised. */
function statedPerPart(order: Order, shares: readonly bigint[]): bigint[] {
  const { lines, taxMinor, shippingMinor } = order.refundAllocation
  const perLine = new Map(lines.map((line) => [line.lineId, line.amountMinor]))
  const ofKind = (kind: Part['kind'], amountMinor: bigint) => {
    const weights = order.parts.map((part, index) =>
      part.kind === kind ? { ...part, amountMinor: shares[index]! } : { ...part, amountMinor: 0n },
    )
    const isThere = weights.some((part) => part.amountMinor > 0n)
    return isThere ? shareOf(weights, amountMinor) : weights.map(() => 0n)
  }
  const [tax, shipping] = [ofKind('tax', taxMinor), ofKind('shipping', shippingMinor)]
  return order.parts.map((part, index) => {
    const goods = part.lineId === undefined ? 0n : (perLine.get(part.lineId) ?? 0n)
    const amount = goods + tax[index]! + shipping[index]!
    return amount < 0n ? 0n : smallest(amount, shares[index]!)
  })
}
