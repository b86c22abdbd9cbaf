import { currentOf, inBoth } from '../figures.ts'
import type { Viewed } from '../graphql/answer.ts'
import type { Line, ShopOrder } from '../things.ts'
import { firstOf } from './pages.ts'

/** An id as the API writes it everywhere. */
export function gid(type: string, id: string): string {
  return `gid://shopify/${type}/${id}`
}

/** Decimals as the API prints them, without the last zeros: `408.0`. */
export function decimal(text: string): string {
  return text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '.0') : `${text}.0`
}

/** An amount of an order in both monies. */
export function bagOf(order: Pick<ShopOrder, 'currency' | 'presentment'>, amountMinor: bigint): Viewed {
  const { shop, buyer } = inBoth(order, amountMinor)
  const money = ([amount, currencyCode]: [string, string]) => ({ amount: decimal(amount), currencyCode })
  return { shopMoney: money(shop), presentmentMoney: money(buyer) }
}

/** One line of an order, as refunds and shipments show it too. */
export function lineView(order: ShopOrder, line: Line): Viewed {
  const taxMinor = line.taxMinor * BigInt(line.quantity)
  return {
    id: gid('LineItem', line.id),
    sku: line.sku,
    name: line.title,
    title: line.title,
    quantity: line.quantity,
    currentQuantity: currentOf(line),
    requiresShipping: line.needsShipping,
    isGiftCard: false,
    originalUnitPriceSet: bagOf(order, line.unitMinor),
    totalDiscountSet: bagOf(order, 0n),
    discountAllocations: [],
    taxLines: firstOf(taxMinor === 0n ? [] : [{ title: 'Tax', rate: 0.1, priceSet: bagOf(order, taxMinor) }]),
  }
}
