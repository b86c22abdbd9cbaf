import { figuresOf, financialStatusOf, fulfillmentStatusOf, isManual } from '../figures.ts'
import type { Viewed } from '../graphql/answer.ts'
import { type Buyer, isCounterSale, type Refund, type ShopOrder, type Transaction } from '../things.ts'
import { worthOf } from '../bodies/parts.ts'
import type { World } from '../world.ts'
import { fulfillmentOrderViews, fulfillmentView } from './goods.ts'
import { bagOf, gid, lineView } from './line.ts'
import { firstOf, listOf } from './pages.ts'

const shippedWords = {
  fulfilled: 'FULFILLED',
  partial: 'PARTIALLY_FULFILLED',
  nothing: 'UNFULFILLED',
} as const

/** An order under the names of the Admin API, whatever a query calls its fields. */
export function orderView(world: World, order: ShopOrder): Viewed {
  const { id, buyer, cancelled } = order
  const lines = new Map(order.lines.map((line) => [line, lineView(order, line)]))
  return {
    id: gid('Order', id),
    legacyResourceId: id,
    name: order.name,
    test: order.isTest,
    sourceName: order.sourceName,
    createdAt: order.placedAt,
    processedAt: order.placedAt,
    updatedAt: order.updatedAt,
    cancelledAt: cancelled?.at,
    cancelReason: cancelled?.reason.toUpperCase(),
    currencyCode: order.currency,
    displayFinancialStatus: financialStatusOf(order).toUpperCase(),
    displayFulfillmentStatus: shippedWords[fulfillmentStatusOf(order) ?? 'nothing'],
    paymentGatewayNames: [...new Set(order.transactions.map(({ gateway }) => gateway))],
    tags: order.tags,
    taxesIncluded: false,
    email: buyer.email,
    customerLocale: 'en',
    statusPageUrl: `https://${world.shop}/${world.shopId}/orders/${id.slice(-10)}/authenticate?key=abcdefg`,
    customer: {
      id: gid('Customer', buyer.customerId),
      defaultEmailAddress: buyer.email && { emailAddress: buyer.email },
      firstName: buyer.firstName,
      lastName: buyer.lastName,
    },
    billingAddress: addressView(buyer),
    shippingAddress: isCounterSale(order) ? null : addressView(buyer),
    ...amounts(order),
    taxLines: [],
    shippingLines: listOf([{ title: 'Standard Shipping', isRemoved: false }]),
    lineItems: listOf([...lines.values()]),
    transactions: firstOf(order.transactions.map((one) => transactionView(order, one))),
    refunds: firstOf(order.refunds.map((one) => refundView(order, one))),
    fulfillments: firstOf(order.fulfillments.map((one) => fulfillmentView(order, one))),
    returns: listOf([]),
    fulfillmentOrders: listOf(fulfillmentOrderViews(order)),
  }
}

function amounts(order: ShopOrder): Viewed {
  const figures = figuresOf(order)
  const bag = (amountMinor: bigint) => bagOf(order, amountMinor)
  return {
    totalPriceSet: bag(figures.totalMinor),
    currentTotalPriceSet: bag(figures.currentTotalMinor),
    totalTaxSet: bag(figures.taxMinor),
    currentTotalTaxSet: bag(figures.currentTaxMinor),
    totalDiscountsSet: bag(order.discountMinor),
    currentTotalDiscountsSet: bag(order.discountMinor),
    totalShippingPriceSet: bag(order.shippingMinor),
    currentShippingPriceSet: bag(order.shippingMinor),
    totalTipReceivedSet: bag(0n),
  }
}

function addressView({ firstName, lastName }: Buyer): Viewed {
  return {
    name: `${firstName} ${lastName}`,
    address1: '1 Test Street',
    city: 'Testville',
    provinceCode: 'KY',
    zip: '40202',
    countryCodeV2: 'US',
    phone: '+15555550100',
  }
}

function transactionView(order: ShopOrder, one: Transaction): Viewed {
  const parent = order.transactions.find(({ id }) => id === one.parentId)
  return {
    id: gid('OrderTransaction', one.id),
    kind: one.kind.toUpperCase(),
    status: one.status.toUpperCase(),
    test: order.isTest,
    gateway: one.gateway,
    manualPaymentGateway: isManual(one.gateway),
    amountSet: bagOf(order, one.amountMinor),
    parentTransaction: parent && transactionView(order, parent),
    errorCode: one.status === 'failure' ? 'CARD_DECLINED' : null,
    processedAt: one.at,
    createdAt: one.at,
  }
}

function refundView(order: ShopOrder, refund: Refund): Viewed {
  const lines = refund.lines.map(({ line, quantity, restock }) => {
    const { subtotalMinor, taxMinor } = worthOf({ line, quantity })
    return {
      lineItem: lineView(order, line),
      quantity,
      restockType: restock.toUpperCase(),
      subtotalSet: bagOf(order, subtotalMinor),
      totalTaxSet: bagOf(order, taxMinor),
    }
  })
  const { adjustmentMinor } = refund
  const adjustment = {
    reason: 'REFUND_DISCREPANCY',
    amountSet: bagOf(order, -adjustmentMinor),
    taxAmountSet: bagOf(order, 0n),
  }
  return {
    id: gid('Refund', refund.id),
    legacyResourceId: refund.id,
    createdAt: refund.at,
    transactions: listOf(refund.transactions.map((one) => transactionView(order, one))),
    refundLineItems: listOf(lines),
    refundShippingLines: listOf([]),
    orderAdjustments: listOf(adjustmentMinor === 0n ? [] : [adjustment]),
  }
}
