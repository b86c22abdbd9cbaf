/**
 * What the twin serves of orders, as the Admin API's own schema has it: names, arguments and types; nothing that
 * nobody asks it for. Their enums are scalars here: values pass as they are.
 *
 * @see https://shopify.dev/docs/api/admin-graphql/2026-10/objects/Order (checked 2026-11)
 */
export const orderTypes = `
scalar CountryCode scalar CurrencyCode scalar DateTime scalar Decimal scalar FulfillmentDisplayStatus
scalar FulfillmentOrderStatus scalar FulfillmentStatus scalar OrderAdjustmentDiscrepancyReason
scalar OrderCancelReason scalar OrderDisplayFinancialStatus scalar OrderDisplayFulfillmentStatus
scalar OrderTransactionErrorCode scalar OrderTransactionKind scalar OrderTransactionStatus
scalar RefundLineItemRestockType scalar ReturnStatus scalar URL scalar UnsignedInt64
type Order {
  id: ID! name: String! test: Boolean! sourceName: String createdAt: DateTime!
  processedAt: DateTime! updatedAt: DateTime! cancelledAt: DateTime cancelReason: OrderCancelReason
  currencyCode: CurrencyCode! displayFinancialStatus: OrderDisplayFinancialStatus
  displayFulfillmentStatus: OrderDisplayFulfillmentStatus! paymentGatewayNames: [String!]!
  tags: [String!]! taxesIncluded: Boolean! email: String phone: String customerLocale: String
  statusPageUrl: URL! customer: Customer billingAddress: MailingAddress
  shippingAddress: MailingAddress totalPriceSet: MoneyBag! currentTotalPriceSet: MoneyBag!
  totalTaxSet: MoneyBag currentTotalTaxSet: MoneyBag! totalDiscountsSet: MoneyBag
  currentTotalDiscountsSet: MoneyBag! totalShippingPriceSet: MoneyBag!
  currentShippingPriceSet: MoneyBag! originalTotalDutiesSet: MoneyBag currentTotalDutiesSet: MoneyBag
  totalTipReceivedSet: MoneyBag! taxLines: [TaxLine!]!
  shippingLines(first: Int): ShippingLineConnection!
  lineItems(after: String, first: Int): LineItemConnection!
  transactions(first: Int): [OrderTransaction!]! refunds(first: Int): [Refund!]!
  fulfillments(first: Int): [Fulfillment!]! returns(first: Int): ReturnConnection!
  fulfillmentOrders(first: Int, query: String): FulfillmentOrderConnection!
  legacyResourceId: UnsignedInt64!
}
type OrderConnection { pageInfo: PageInfo! nodes: [Order!]! }
type LineItem {
  id: ID! sku: String name: String! title: String! quantity: Int! currentQuantity: Int!
  requiresShipping: Boolean! isGiftCard: Boolean! originalUnitPriceSet: MoneyBag!
  totalDiscountSet: MoneyBag! discountAllocations: [DiscountAllocation!]!
  taxLines(first: Int): [TaxLine!]!
}
type LineItemConnection { nodes: [LineItem!]! pageInfo: PageInfo! }
type OrderTransaction {
  id: ID! kind: OrderTransactionKind! status: OrderTransactionStatus! test: Boolean!
  gateway: String manualPaymentGateway: Boolean! amountSet: MoneyBag!
  parentTransaction: OrderTransaction errorCode: OrderTransactionErrorCode processedAt: DateTime
  createdAt: DateTime!
}
type OrderTransactionConnection { nodes: [OrderTransaction!]! }
type Refund {
  id: ID! createdAt: DateTime transactions(first: Int): OrderTransactionConnection!
  refundLineItems(first: Int): RefundLineItemConnection!
  refundShippingLines(first: Int): RefundShippingLineConnection!
  orderAdjustments(first: Int): OrderAdjustmentConnection! legacyResourceId: UnsignedInt64!
}
type Fulfillment {
  id: ID! status: FulfillmentStatus! displayStatus: FulfillmentDisplayStatus createdAt: DateTime!
  updatedAt: DateTime! trackingInfo(first: Int): [FulfillmentTrackingInfo!]!
  fulfillmentLineItems(first: Int): FulfillmentLineItemConnection! order: Order!
}
type Return {
  id: ID! status: ReturnStatus! createdAt: DateTime! requestApprovedAt: DateTime
  closedAt: DateTime
}
type ReturnConnection { nodes: [Return!]! }
type Customer { id: ID! defaultEmailAddress: CustomerEmailAddress firstName: String lastName: String }
type CustomerEmailAddress { emailAddress: String! }
type MailingAddress {
  name: String address1: String address2: String city: String provinceCode: String zip: String
  countryCodeV2: CountryCode phone: String
}
type MoneyBag { shopMoney: MoneyV2! presentmentMoney: MoneyV2! }
type MoneyV2 { amount: Decimal! currencyCode: CurrencyCode! }
type TaxLine { title: String! rate: Float priceSet: MoneyBag! }
type ShippingLine { title: String! isRemoved: Boolean! }
type ShippingLineConnection { nodes: [ShippingLine!]! }
type DiscountAllocation { allocatedAmountSet: MoneyBag! }
type RefundLineItem {
  lineItem: LineItem! quantity: Int! restockType: RefundLineItemRestockType! subtotalSet: MoneyBag!
  totalTaxSet: MoneyBag!
}
type RefundLineItemConnection { nodes: [RefundLineItem!]! }
type RefundShippingLine { subtotalAmountSet: MoneyBag! taxAmountSet: MoneyBag! }
type RefundShippingLineConnection { nodes: [RefundShippingLine!]! }
type OrderAdjustment {
  reason: OrderAdjustmentDiscrepancyReason amountSet: MoneyBag! taxAmountSet: MoneyBag!
}
type OrderAdjustmentConnection { nodes: [OrderAdjustment!]! }
type FulfillmentTrackingInfo { company: String number: String url: URL }
type FulfillmentLineItem { lineItem: LineItem! quantity: Int }
type FulfillmentLineItemConnection { nodes: [FulfillmentLineItem!]! }
type FulfillmentOrder {
  id: ID! status: FulfillmentOrderStatus! lineItems(first: Int): FulfillmentOrderLineItemConnection!
}
type FulfillmentOrderConnection { nodes: [FulfillmentOrder!]! }
type FulfillmentOrderLineItem { id: ID! remainingQuantity: Int! lineItem: LineItem! }
type FulfillmentOrderLineItemConnection { nodes: [FulfillmentOrderLineItem!]! }
type PageInfo { hasNextPage: Boolean! endCursor: String }
`
