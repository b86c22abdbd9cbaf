import { currentOf, inBoth, isManual } from '../figures.ts'
import type { Fulfillment, Refund, RefundLine, ShopOrder, Transaction } from '../things.ts'
import { lineBody } from './line.ts'
import { addressOf, bare, type Body, both, idsOf, nulls, setAlone } from './shapes.ts'

/** One transaction: `order_transactions/create`, and in a refund. Its amount is what the buyer paid, in their money. */
export function transactionBody(order: ShopOrder, one: Transaction): Body {
  const [amount, currency] = inBoth(order, one.amountMinor).buyer
  return {
    ...idsOf('OrderTransaction', one.id),
    amount,
    authorization: `ch_${one.id}`,
    created_at: one.at,
    currency,
    ...nulls('device_id location_id message payments_refund_attributes user_id'),
    error_code: one.status === 'failure' ? 'card_declined' : null,
    gateway: one.gateway,
    ...(isManual(one.gateway) && { manual_payment_gateway: true }),
    kind: one.kind,
    order_id: bare(order.id),
    parent_id: one.parentId === undefined ? null : bare(one.parentId),
    payment_id: `${order.name}.${order.transactions.indexOf(one) + 1}`,
    processed_at: one.at,
    receipt: {},
    source_name: order.sourceName,
    status: one.status,
    test: order.isTest,
    payment_details: {
      credit_card_bin: '424242',
      ...nulls('avs_result_code cvv_result_code buyer_action_info credit_card_wallet'),
      credit_card_number: '•••• •••• •••• 4242',
      credit_card_company: 'Visa',
      credit_card_name: `${order.buyer.firstName} ${order.buyer.lastName}`,
      credit_card_expiration_month: 1,
      credit_card_expiration_year: 2030,
      payment_method_name: 'visa',
    },
  }
}

/** A refund with its goods and its money: `refunds/create`. */
export function refundBody(order: ShopOrder, refund: Refund): Body {
  const { id, at, lines, adjustmentMinor, transactions } = refund
  return {
    ...idsOf('Refund', id),
    order_id: bare(order.id),
    created_at: at,
    note: '',
    user_id: 548380009,
    processed_at: at,
    restock: lines.some(({ restock }) => restock !== 'no_restock'),
    duties: [],
    ...setAlone(order, 'total_duties', 0n),
    return: null,
    refund_shipping_lines: [],
    order_adjustments: adjustmentMinor === 0n ? [] : [adjustmentBody(order, refund)],
    transactions: transactions.map((one) => transactionBody(order, one)),
    refund_line_items: lines.map((line) => refundLineBody(order, line)),
  }
}

/** Negative where money goes back. */
function adjustmentBody(order: ShopOrder, { id, adjustmentMinor }: Refund): Body {
  return {
    id: bare(id),
    order_id: bare(order.id),
    refund_id: bare(id),
    ...both(order, 'amount', -adjustmentMinor),
    ...both(order, 'tax_amount', 0n),
    kind: 'refund_discrepancy',
    reason: 'Refund discrepancy',
  }
}

function refundLineBody(order: ShopOrder, { id, line, quantity, restock }: RefundLine): Body {
  const { subtotalMinor, taxMinor } = worthOf({ line, quantity })
  return {
    id: bare(id),
    line_item_id: bare(line.id),
    location_id: 655441491,
    quantity,
    restock_type: restock,
    ...numbered(order, 'subtotal', subtotalMinor),
    ...numbered(order, 'total_tax', taxMinor),
    line_item: lineBody(order, line),
  }
}

/** What so many units of a line are worth. */
export function worthOf({ line, quantity }: Pick<RefundLine, 'line' | 'quantity'>): {
  subtotalMinor: bigint
  taxMinor: bigint
} {
  return { subtotalMinor: line.unitMinor * BigInt(quantity), taxMinor: line.taxMinor * BigInt(quantity) }
}

/** Here the plain amounts are JSON numbers; only the sets are text. */
function numbered(order: ShopOrder, name: string, amountMinor: bigint): Body {
  return { ...both(order, name, amountMinor), [name]: Number(inBoth(order, amountMinor).shop[0]) }
}

/** A shipment: `fulfillments/create` and `fulfillments/update`. */
export function fulfillmentBody(order: ShopOrder, one: Fulfillment): Body {
  return {
    ...idsOf('Fulfillment', one.id),
    order_id: bare(order.id),
    status: one.status,
    created_at: one.createdAt,
    service: 'manual',
    updated_at: one.updatedAt,
    tracking_company: one.carrier ?? null,
    shipment_status: one.shipmentStatus ?? null,
    location_id: 655441491,
    origin_address: {},
    destination: addressOf(order.buyer),
    email: order.buyer.email ?? '',
    line_items: one.lines.map(({ line, quantity }) => ({
      ...lineBody(order, line),
      quantity,
      current_quantity: currentOf(line),
    })),
    tracking_number: one.number ?? null,
    tracking_numbers: one.number === undefined ? [] : [one.number],
    tracking_url: one.url ?? null,
    tracking_urls: one.url === undefined ? [] : [one.url],
    receipt: {},
    name: `${order.name}.${order.fulfillments.indexOf(one) + 1}`,
  }
}
