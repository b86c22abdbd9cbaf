/**
 * What the twin serves besides orders, and what it lets itself be told; see order-types.ts.
 *
 * @see https://shopify.dev/docs/api/admin-graphql/2026-10 (checked 2026-11)
 */
export const accountTypes = `
schema { query: QueryRoot mutation: Mutation }
directive @idempotent(key: String!) on FIELD
scalar BigInt scalar DisputeStatus scalar DisputeType scalar InventoryAdjustQuantitiesUserErrorCode
scalar OrderSortKeys scalar ShopifyPaymentsDisputeReason scalar ShopifyPaymentsPayoutStatus
scalar ShopifyPaymentsPayoutTransactionType scalar ShopifyPaymentsTransactionType
scalar WebhookSubscriptionFormat scalar WebhookSubscriptionTopic
type Mutation {
  inventoryAdjustQuantities(input: InventoryAdjustQuantitiesInput!): InventoryAdjustQuantitiesPayload
  fulfillmentCreate(fulfillment: FulfillmentInput!): FulfillmentCreatePayload
  webhookSubscriptionCreate(topic: WebhookSubscriptionTopic!, webhookSubscription: WebhookSubscriptionInput!): WebhookSubscriptionCreatePayload
}
type InventoryAdjustQuantitiesPayload {
  inventoryAdjustmentGroup: InventoryAdjustmentGroup userErrors: [InventoryAdjustQuantitiesUserError!]!
}
type InventoryAdjustmentGroup { id: ID! }
type InventoryAdjustQuantitiesUserError {
  code: InventoryAdjustQuantitiesUserErrorCode field: [String!] message: String!
}
type FulfillmentCreatePayload { fulfillment: Fulfillment userErrors: [UserError!]! }
type UserError { field: [String!] message: String! }
type WebhookSubscriptionCreatePayload { webhookSubscription: WebhookSubscription userErrors: [UserError!]! }
type WebhookSubscription { id: ID! topic: WebhookSubscriptionTopic! uri: String! apiVersion: ApiVersion! }
type QueryRoot {
  inventoryItems(after: String, first: Int, query: String): InventoryItemConnection!
  shopifyPaymentsAccount: ShopifyPaymentsAccount
  disputes(after: String, first: Int, query: String): ShopifyPaymentsDisputeConnection!
  orders(after: String, first: Int, query: String, sortKey: OrderSortKeys): OrderConnection!
  webhookSubscriptions(after: String, first: Int): WebhookSubscriptionConnection!
  dispute(id: ID!): ShopifyPaymentsDispute fulfillment(id: ID!): Fulfillment order(id: ID!): Order
}
type InventoryItemConnection { nodes: [InventoryItem!]! pageInfo: PageInfo! }
type InventoryItem {
  id: ID! sku: String tracked: Boolean! inventoryLevels(first: Int): InventoryLevelConnection!
  updatedAt: DateTime!
}
type InventoryLevelConnection { nodes: [InventoryLevel!]! }
type InventoryLevel {
  location: Location! quantities(names: [String!]!): [InventoryQuantity!]! updatedAt: DateTime!
}
type Location { id: ID! }
type InventoryQuantity { name: String! quantity: Int! }
type ShopifyPaymentsAccount {
  balanceTransactions(after: String, first: Int, query: String): ShopifyPaymentsBalanceTransactionConnection!
  payouts(after: String, first: Int, query: String): ShopifyPaymentsPayoutConnection!
}
type ShopifyPaymentsBalanceTransactionConnection {
  pageInfo: PageInfo! nodes: [ShopifyPaymentsBalanceTransaction!]!
}
type ShopifyPaymentsBalanceTransaction {
  id: ID! type: ShopifyPaymentsTransactionType! test: Boolean! transactionDate: DateTime!
  amount: MoneyV2! fee: MoneyV2! net: MoneyV2! sourceId: BigInt sourceOrderTransactionId: BigInt
  associatedOrder: ShopifyPaymentsAssociatedOrder
  associatedPayout: ShopifyPaymentsBalanceTransactionAssociatedPayout!
}
type ShopifyPaymentsAssociatedOrder { id: ID! }
type ShopifyPaymentsBalanceTransactionAssociatedPayout { id: ID }
type ShopifyPaymentsDisputeConnection { pageInfo: PageInfo! nodes: [ShopifyPaymentsDispute!]! }
type ShopifyPaymentsDispute {
  id: ID! status: DisputeStatus! type: DisputeType!
  reasonDetails: ShopifyPaymentsDisputeReasonDetails! amount: MoneyV2! initiatedAt: DateTime!
  evidenceDueBy: DateTime finalizedOn: DateTime order: Order
}
type ShopifyPaymentsDisputeReasonDetails { reason: ShopifyPaymentsDisputeReason! }
type ShopifyPaymentsPayoutConnection { pageInfo: PageInfo! nodes: [ShopifyPaymentsPayout!]! }
type ShopifyPaymentsPayout {
  id: ID! status: ShopifyPaymentsPayoutStatus! issuedAt: DateTime!
  transactionType: ShopifyPaymentsPayoutTransactionType! net: MoneyV2!
}
type WebhookSubscriptionConnection { pageInfo: PageInfo! nodes: [WebhookSubscription!]! }
type ApiVersion { handle: String! }
input InventoryAdjustQuantitiesInput {
  changes: [InventoryChangeInput!]! name: String! reason: String! referenceDocumentUri: String
}
input InventoryChangeInput {
  changeFromQuantity: Int delta: Int! inventoryItemId: ID! ledgerDocumentUri: String
  locationId: ID!
}
input FulfillmentInput {
  lineItemsByFulfillmentOrder: [FulfillmentOrderLineItemsInput!]! notifyCustomer: Boolean
  trackingInfo: FulfillmentTrackingInput
}
input FulfillmentOrderLineItemsInput {
  fulfillmentOrderId: ID! fulfillmentOrderLineItems: [FulfillmentOrderLineItemInput!]
}
input FulfillmentOrderLineItemInput { id: ID! quantity: Int! }
input FulfillmentTrackingInput { company: String number: String numbers: [String!] url: URL urls: [URL!] }
input WebhookSubscriptionInput {
  filter: String format: WebhookSubscriptionFormat includeFields: [String!]
  metafieldNamespaces: [String!] name: String uri: String
}
`
