import { byText, type Evidence, type Known, sum } from './evidence.ts'
import type { Components, LineItem } from './fact.ts'
import { shareHalfEven, splitByWeight } from './money.ts'
import { areReturnsIn, type Given, refundedGoods, returnsOf, shippedQuantities } from './goods.ts'
import type { OrderLine, Part, Shipment } from './order.ts'

// In falling order of trust: a Session prices what it lists, metadata is what the merchant wrote by hand.
const trust = ['session', 'invoice', 'metadata', 'intent'] as const

export type Basket = {
  readonly lineItems: readonly OrderLine[]
  readonly parts: readonly Part[]
  /** What the lines and components come to, where they do not come to the total. */
  readonly inconsistentMinor: bigint | undefined
}

export type Total = { readonly amountMinor: bigint; readonly currency: string; readonly subjectId: string }

/**
 * What was bought, and what the total is made of. Lines and components are used only where they sum to the total; else
 * all of it is one sale. `knownSkus`, where given, are those somebody keeps stock under.
 */
export function basketOf(
  evidence: Evidence,
  total: Total | undefined,
  shipments: readonly Shipment[],
  knownSkus: ReadonlySet<string> | undefined,
): Basket {
  const lines = [...evidence.of('order_lines')].sort((a, b) => compareWitnesses(a, b, total))
  const shop = evidence.shop.best
  const components = [...evidence.of('order_components')].sort(
    (a, b) => byText(a.subject.kind, b.subject.kind) || byText(a.id, b.id),
  )
  const given = refundedGoods(evidence)
  const isHandedOver = shop?.data.isFulfilledElsewhere === true
  const isBack = areReturnsIn(returnsOf(evidence))
  const told = lines.find(({ data }) => data.lines.length > 0)
  // What the shop lists is what was ordered, edits included; other witnesses are asked where it lists nothing.
  const isShops = shop !== undefined && shop.data.lines.length > 0
  const chosen = isShops ? { subject: shop.subject, data: shop.data } : told
  const shipped = shippedQuantities(shipments, chosen?.data.lines ?? [])
  const lineItems = (chosen?.data.lines ?? []).map((line) => ({
    ...line,
    ...goodsOf(line, isHandedOver ? line.quantity : (shipped.get(line.id) ?? 0), given.get(line.id), isBack),
    isKnownSku: knownSkus === undefined || (line.sku !== undefined && knownSkus.has(line.sku)),
  }))
  if (total === undefined) return { lineItems, parts: [], inconsistentMinor: undefined }
  if (isShops && shop.data.currency === total.currency) {
    const whole = total.subjectId === shop.subject.id
    if (whole) return { lineItems, ...partsOf(shop.data.lines, [shop.data.components], total.amountMinor) }
  }
  const priced = chosen?.data.currency === total.currency ? chosen.data.lines : []
  const stated = components.filter(({ data }) => data.currency === total.currency)
  const own = stated.filter(({ subject }) => subject.id === chosen?.subject.id)
  const candidates = [...own, ...stated].map(({ data }) => data)
  return { lineItems, ...partsOf(priced, candidates.length > 0 ? candidates : [{}], total.amountMinor) }
}

function compareWitnesses(
  a: Known<'order_lines'>,
  b: Known<'order_lines'>,
  total: Total | undefined,
): number {
  const rank = (fact: Known<'order_lines'>) =>
    trust.indexOf(fact.data.by) * 2 + (fact.subject.id === total?.subjectId ? 0 : 1)
  return rank(a) - rank(b) || byText(b.occurredAt, a.occurredAt) || byText(a.id, b.id)
}

/**
 * Where the goods of one line are. Refunded goods come from what had left as far as the buyer sent some back, else from
 * what is still here; so a cancellation and a refund of the same goods give them back once.
 */
function goodsOf(
  line: LineItem,
  left: number,
  given: Given = { returned: 0, canceled: 0, kept: 0 },
  isBack = true,
): Pick<
  OrderLine,
  'fulfilledQuantity' | 'refundedQuantity' | 'withdrawnQuantity' | 'returnedQuantity' | 'lostQuantity'
> {
  const fulfilledQuantity = Math.min(line.quantity, left)
  const here = line.quantity - fulfilledQuantity
  const sentBack = Math.min(fulfilledQuantity, given.returned)
  const takenOut = Math.min(here, given.canceled + given.returned - sentBack)
  const lostQuantity = Math.min(here - takenOut, given.kept)
  const cameBack = Math.min(fulfilledQuantity, given.returned + given.canceled - takenOut)
  return {
    fulfilledQuantity,
    refundedQuantity: Math.min(line.quantity, given.returned + given.canceled + given.kept),
    withdrawnQuantity: takenOut + lostQuantity,
    returnedQuantity: isBack ? cameBack : 0,
    lostQuantity,
  }
}

/** A line's price as the buyer owes it, beside its list price. */
type Good = { readonly line: LineItem | undefined; readonly amountMinor: bigint; readonly listMinor: bigint }

function partsOf(
  lines: readonly LineItem[],
  candidates: readonly Components[],
  totalMinor: bigint,
): Pick<Basket, 'parts' | 'inconsistentMinor'> {
  const sums = candidates.flatMap((components) => sumsOf(lines, components))
  const right = sums.filter(
    ({ wholeMinor, goods }) => wholeMinor === totalMinor && goods.every((one) => one.amountMinor >= 0n),
  )
  // Where two readings come to the total, the one whose lines also show the stated discount is what was meant.
  const best = right.find((sum) => sum.showsDiscount) ?? right[0]
  if (best !== undefined) {
    const includedTax = best.taxIncluded ? taxOf(best.components) : 0n
    return { parts: asParts(best.goods, best.components, includedTax), inconsistentMinor: undefined }
  }
  const single: Part = { kind: 'goods', amountMinor: totalMinor, discountMinor: 0n }
  return { parts: totalMinor > 0n ? [single] : [], inconsistentMinor: sums[0]?.wholeMinor }
}

type Sum = {
  readonly goods: readonly Good[]
  readonly components: Components
  readonly taxIncluded: boolean
  readonly wholeMinor: bigint
  readonly showsDiscount: boolean
}

function sumsOf(lines: readonly LineItem[], components: Components): Sum[] {
  const { shippingMinor = 0n, tipsMinor = 0n, discountMinor = 0n } = components
  const taxIncluded = components.taxIncluded === undefined ? [false, true] : [components.taxIncluded]
  return readingsOf(lines, components).flatMap((goods) =>
    taxIncluded.map((isIncluded) => ({
      goods,
      components,
      taxIncluded: isIncluded,
      wholeMinor:
        sum(goods.map((one) => one.amountMinor)) +
        shippingMinor +
        tipsMinor +
        (isIncluded ? 0n : taxOf(components)),
      showsDiscount: sum(goods.map((one) => one.listMinor - one.amountMinor)) === discountMinor,
    })),
  )
}

/**
 * The ways in which lines can be read, most exact first: providers state line totals with or without tax, and a
 * discount on the line or on the whole. Empty where nothing states a price.
 */
function readingsOf(lines: readonly LineItem[], components: Components): Good[][] {
  const readings: Good[][] = []
  const totals = lines.map((line) => line.totalMinor)
  const lists = lines.map((line) =>
    line.unitPriceMinor === undefined ? undefined : line.unitPriceMinor * BigInt(line.quantity),
  )
  if (lines.length > 0 && totals.every((total) => total !== undefined)) {
    readings.push(lines.map((line, i) => good(line, totals[i]!, lists[i])))
    if (lines.some((line) => (line.taxMinor ?? 0n) > 0n)) {
      readings.push(lines.map((line, i) => good(line, totals[i]! - (line.taxMinor ?? 0n), lists[i])))
    }
  }
  if (lines.length > 0 && lists.every((list) => list !== undefined)) {
    const discounts = splitByWeight(components.discountMinor ?? 0n, lists as bigint[])
    readings.push(lines.map((line, i) => good(line, lists[i]! - discounts[i]!, lists[i])))
  }
  if (readings.length === 0 && components.subtotalMinor !== undefined) {
    const amount = components.subtotalMinor - (components.discountMinor ?? 0n)
    readings.push([{ line: undefined, amountMinor: amount, listMinor: components.subtotalMinor }])
  }
  return readings.map((goods) => withDiscount(goods, components.discountMinor ?? 0n))
}

function good(line: LineItem, amountMinor: bigint, listMinor: bigint | undefined): Good {
  return {
    line,
    amountMinor,
    listMinor: listMinor !== undefined && listMinor > amountMinor ? listMinor : amountMinor,
  }
}

/** A discount that no line shows is spread over the lines, so that sales stand at list price all the same. */
function withDiscount(goods: Good[], discountMinor: bigint): Good[] {
  if (discountMinor <= 0n || goods.some((one) => one.listMinor !== one.amountMinor)) return goods
  const shares = splitByWeight(
    discountMinor,
    goods.map((one) => (one.amountMinor > 0n ? one.amountMinor : 0n)),
  )
  return goods.map((one, index) => ({ ...one, listMinor: one.listMinor + shares[index]! }))
}

function taxOf(components: Components): bigint {
  return components.taxMinor ?? sum((components.taxes ?? []).map((tax) => tax.amountMinor))
}

/** Included tax is taken out of what contains it: the lines where they state theirs, else goods and shipping pro rata. */
function asParts(goods: readonly Good[], components: Components, includedTaxMinor: bigint): Part[] {
  const shipping = components.shippingMinor ?? 0n
  const ownTaxes = goods.map((one) => one.line?.taxMinor ?? 0n)
  const isStated = sum(ownTaxes) === includedTaxMinor
  const taxes = isStated
    ? [...ownTaxes, 0n]
    : splitByWeight(includedTaxMinor, [...goods.map((one) => one.amountMinor), shipping])
  const parts: Part[] = goods.map((one, index) => ({
    kind: one.line?.isGiftCard === true ? 'gift_card' : 'goods',
    ...(one.line === undefined ? {} : { lineId: one.line.id }),
    amountMinor: one.amountMinor - (includedTaxMinor > 0n ? taxes[index]! : 0n),
    discountMinor: one.listMinor - one.amountMinor,
  }))
  const netShipping = shipping - (includedTaxMinor > 0n ? taxes[goods.length]! : 0n)
  if (netShipping !== 0n) parts.push({ kind: 'shipping', amountMinor: netShipping, discountMinor: 0n })
  if ((components.tipsMinor ?? 0n) > 0n)
    parts.push({ kind: 'tips', amountMinor: components.tipsMinor!, discountMinor: 0n })
  return [...parts, ...taxParts(components)]
}

/** Tax by the order's own tax lines where they make up the whole of it; a bare sum has no jurisdiction. */
function taxParts(components: Components): Part[] {
  const total = taxOf(components)
  if (total === 0n) return []
  const lines = [...(components.taxes ?? [])].sort((a, b) => byText(a.jurisdiction, b.jurisdiction))
  const isWhole = sum(lines.map((line) => line.amountMinor)) === total
  const stated = isWhole ? lines : [{ jurisdiction: 'unknown', amountMinor: total }]
  return stated.map(({ jurisdiction, amountMinor }) => ({
    kind: 'tax',
    amountMinor,
    discountMinor: 0n,
    jurisdiction,
  }))
}

/** Each part's share of `amountMinor` out of the total: largest remainder, so that the shares sum to it exactly. */
export function shareOf(parts: readonly Part[], amountMinor: bigint): bigint[] {
  return splitByWeight(
    amountMinor,
    parts.map((part) => part.amountMinor),
  )
}

/** A discount's share where only part of the price was recognised. */
export function discountShare(part: Part, recognisedMinor: bigint): bigint {
  if (part.amountMinor === 0n) return part.discountMinor
  return shareHalfEven(part.discountMinor, recognisedMinor, part.amountMinor)
}
