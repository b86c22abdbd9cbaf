import type { FactData, Ref, Statement } from '../../core/fact.ts'
import {
  child,
  children,
  count,
  fail,
  flag,
  idIn,
  instant,
  type Node,
  needId,
  needInstant,
  present,
  word,
} from './json.ts'
import { money, needCurrency, shopMoney, signed } from './money.ts'
import { transaction } from './transaction.ts'
import { refs, stateAbout, type Witness } from './witness.ts'

type Line = FactData['refund_lines']['lines'][number]

/**
 * A refund of a shop is a container: which goods came back and whether they are sold again, and the transactions that
 * gave the money back, each with a state of its own. Either may be missing: goods without money, money without goods.
 *
 * @see https://shopify.dev/docs/api/admin-rest/latest/resources/refund (checked 2026-11)
 */
export function refund(
  node: Node,
  witness: Witness,
  around: { order?: Ref; currency?: string } = {},
): Statement[] {
  const subject: Ref = { kind: 'refund', id: needId(node, 'id') }
  const order = around.order ?? {
    kind: 'order' as const,
    id: idIn(node, 'order_id') ?? fail(node, 'order_id'),
  }
  const money = children(node, 'transactions').flatMap((each) => transaction(each, witness, { order }))
  const goods = goodsOf(node, around.currency)
  if (goods === undefined) return money
  const at = instant(node, 'processed_at') ?? needInstant(node, 'created_at')
  return [stateAbout([order])('refund_lines', subject, at, goods), ...money]
}

function goodsOf(node: Node, given: string | undefined): FactData['refund_lines'] | undefined {
  const items = children(node, 'refund_line_items')
  const adjustments = children(node, 'order_adjustments')
  const shipping = children(node, 'refund_shipping_lines')
  if (items.length + adjustments.length + shipping.length === 0) return undefined
  const currency = given ?? currencyOf(node, [...items, ...adjustments, ...shipping])
  return {
    lines: items.map((item) => lineOf(item, currency, flag(node, 'restock'))),
    ...present({
      shippingMinor: shippingOf(shipping, adjustments, currency),
      adjustmentMinor: nonZero(
        backOf(
          adjustments.filter((one) => !isShipping(one)),
          currency,
        ),
      ),
    }),
    currency,
  }
}

/** A refund's body names no currency of the shop but in its amounts; a transaction's may be the buyer's. */
function currencyOf(node: Node, parts: readonly Node[]): string {
  for (const part of parts) {
    const found =
      shopMoney(part, 'subtotal') ?? shopMoney(part, 'amount') ?? shopMoney(part, 'subtotal_amount')
    if (found !== undefined) return found.currency
  }
  const [first] = children(node, 'transactions')
  return first === undefined ? needCurrency(node) : needCurrency(first)
}

const restocks = new Map<string, Line['restock']>([
  ['return', 'return'],
  ['legacy_restock', 'return'],
  ['cancel', 'cancel'],
  ['no_restock', 'no_restock'],
])

function lineOf(node: Node, currency: string, isRestocked: boolean): Line {
  const lineId = idIn(node, 'line_item_id') ?? needId(child(node, 'line_item') ?? node, 'id')
  return {
    lineId,
    quantity: count(node, 'quantity') ?? 0,
    restock: restocks.get(word(node, 'restock_type') ?? '') ?? (isRestocked ? 'return' : 'no_restock'),
    ...present({
      subtotalMinor: money(node, 'subtotal', currency),
      taxMinor: money(node, 'total_tax', currency),
    }),
  }
}

function isShipping(adjustment: Node): boolean {
  return (word(adjustment, 'kind') ?? word(adjustment, 'reason')) === 'shipping_refund'
}

/** Newer versions list the shipping lines that were refunded and adjust the order by the same: counted once. */
function shippingOf(
  lines: readonly Node[],
  adjustments: readonly Node[],
  currency: string,
): bigint | undefined {
  const listed = lines.reduce(
    (total, line) =>
      total + (money(line, 'subtotal_amount', currency) ?? 0n) + (money(line, 'tax_amount', currency) ?? 0n),
    0n,
  )
  return nonZero(listed === 0n ? backOf(adjustments.filter(isShipping), currency) : listed)
}

/** Adjustments are negative where money goes back; ours are positive then. */
function backOf(adjustments: readonly Node[], currency: string): bigint {
  return adjustments.reduce(
    (total, one) =>
      total - (signed(one, 'amount', currency) ?? 0n) - (signed(one, 'tax_amount', currency) ?? 0n),
    0n,
  )
}

function nonZero(amountMinor: bigint): bigint | undefined {
  return amountMinor === 0n ? undefined : amountMinor
}

/** Goods given back so far, by line: what an order's remaining quantities no longer show. Undefined where it lists no refunds. */
export function returnedQuantities(order: Node): ReadonlyMap<string, number> | undefined {
  if (order.value.refunds === undefined || order.value.refunds === null) return undefined
  const quantities = new Map<string, number>()
  for (const each of children(order, 'refunds')) {
    for (const item of children(each, 'refund_line_items')) {
      const [line] = refs(['order', idIn(item, 'line_item_id') ?? idIn(item, 'line_item')])
      if (line !== undefined)
        quantities.set(line.id, (quantities.get(line.id) ?? 0) + (count(item, 'quantity') ?? 0))
    }
  }
  return quantities
}
