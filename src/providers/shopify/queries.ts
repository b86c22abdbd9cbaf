/**
 * Every call to the Admin API. Fields are aliased to the names that webhook bodies have, so that an answer is read by
 * the same functions as a delivery; what stays different (ids, lists, capital words) json.ts reads the same.
 *
 * @see https://shopify.dev/docs/api/admin-graphql/latest (checked 2026-11)
 */

const money =
  '{ shop_money: shopMoney { amount currency_code: currencyCode } presentment_money: presentmentMoney { amount currency_code: currencyCode } }'
const shopOnly = '{ shop_money: shopMoney { amount currency_code: currencyCode } }'
const plain = '{ amount currency_code: currencyCode }'
const address =
  '{ name address1 address2 city province_code: provinceCode zip country_code: countryCodeV2 phone }'

const transactionFields = `id kind status test gateway manual_payment_gateway: manualPaymentGateway
  amount_set: amountSet ${money} parent_id: parentTransaction { id } error_code: errorCode
  processed_at: processedAt created_at: createdAt`

const fulfillmentFields = `id status shipment_status: displayStatus created_at: createdAt updated_at: updatedAt
  tracking_info: trackingInfo(first: 1) { company number url }
  line_items: fulfillmentLineItems(first: 100) { nodes { line_item: lineItem { id } quantity } }`

const refundFields = `id created_at: createdAt
  transactions(first: 10) { nodes { ${transactionFields} } }
  refund_line_items: refundLineItems(first: 50) { nodes {
    line_item: lineItem { id } quantity restock_type: restockType
    subtotal_set: subtotalSet ${shopOnly} total_tax_set: totalTaxSet ${shopOnly}
  } }
  refund_shipping_lines: refundShippingLines(first: 5) { nodes {
    subtotal_amount_set: subtotalAmountSet ${shopOnly} tax_amount_set: taxAmountSet ${shopOnly}
  } }
  order_adjustments: orderAdjustments(first: 10) { nodes {
    reason amount_set: amountSet ${shopOnly} tax_amount_set: taxAmountSet ${shopOnly}
  } }`

const lineFields = `id sku name title quantity current_quantity: currentQuantity
  requires_shipping: requiresShipping gift_card: isGiftCard
  price_set: originalUnitPriceSet ${shopOnly} total_discount_set: totalDiscountSet ${shopOnly}
  discount_allocations: discountAllocations { amount_set: allocatedAmountSet ${shopOnly} }
  tax_lines: taxLines(first: 10) { title rate price_set: priceSet ${shopOnly} }`

const orderFields = (lines: number, nested: number) => `
  id name test source_name: sourceName created_at: createdAt processed_at: processedAt updated_at: updatedAt
  cancelled_at: cancelledAt cancel_reason: cancelReason
  currency: currencyCode financial_status: displayFinancialStatus fulfillment_status: displayFulfillmentStatus
  payment_gateway_names: paymentGatewayNames tags taxes_included: taxesIncluded
  email phone customer_locale: customerLocale order_status_url: statusPageUrl
  customer { id default_email: defaultEmailAddress { email: emailAddress } first_name: firstName last_name: lastName }
  billing_address: billingAddress ${address}
  shipping_address: shippingAddress ${address}
  total_price_set: totalPriceSet ${money} current_total_price_set: currentTotalPriceSet ${money}
  total_tax_set: totalTaxSet ${shopOnly} current_total_tax_set: currentTotalTaxSet ${shopOnly}
  total_discounts_set: totalDiscountsSet ${shopOnly} current_total_discounts_set: currentTotalDiscountsSet ${shopOnly}
  total_shipping_price_set: totalShippingPriceSet ${shopOnly} current_shipping_price_set: currentShippingPriceSet ${shopOnly}
  original_total_duties_set: originalTotalDutiesSet ${shopOnly} current_total_duties_set: currentTotalDutiesSet ${shopOnly}
  total_tip_received_set: totalTipReceivedSet ${shopOnly}
  tax_lines: taxLines { title rate price_set: priceSet ${shopOnly} }
  shipping_lines: shippingLines(first: 5) { nodes { title is_removed: isRemoved } }
  line_items: lineItems(first: ${lines}) { nodes { ${lineFields} } page_info: pageInfo { hasNextPage } }
  transactions(first: ${nested}) { ${transactionFields} }
  refunds(first: ${nested}) { ${refundFields} }
  fulfillments(first: ${nested}) { ${fulfillmentFields} }
  returns(first: ${nested}) { nodes { id status created_at: createdAt approved_at: requestApprovedAt closed_at: closedAt } }`

/** Without a currency argument a page's cost is what its nested lists could hold, so a list asks for fewer of each. */
export const readOrder = `query OrderById($id: ID!) { order(id: $id) { ${orderFields(250, 50)} } }`

export const readFulfillment = `query FulfillmentById($id: ID!) {
  fulfillment(id: $id) { ${fulfillmentFields} order { id } } }`

export const readDispute = `query DisputeById($id: ID!) {
  dispute(id: $id) { id status type reason_details: reasonDetails { reason } amount ${plain}
    initiated_at: initiatedAt evidence_due_by: evidenceDueBy finalized_on: finalizedOn order { id } } }`

export const listOrders = `query Orders($first: Int!, $after: String, $query: String!) {
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
    pageInfo { hasNextPage endCursor }
    nodes { ${orderFields(30, 5)} } } }`

export const listInventory = `query InventoryItems($first: Int!, $after: String, $query: String!) {
  inventoryItems(first: $first, after: $after, query: $query) {
    pageInfo { hasNextPage endCursor }
    nodes { id sku updated_at: updatedAt levels: inventoryLevels(first: 10) { nodes {
      updated_at: updatedAt location { id } quantities(names: ["available"]) { name quantity } } } } } }`

export const listBalance = `query BalanceTransactions($first: Int!, $after: String, $query: String!) {
  shopifyPaymentsAccount { balanceTransactions(first: $first, after: $after, query: $query) {
    pageInfo { hasNextPage endCursor }
    nodes { id type test created_at: transactionDate amount ${plain} fee ${plain} net ${plain}
      source_id: sourceId source_order_transaction_id: sourceOrderTransactionId
      order: associatedOrder { id } payout: associatedPayout { id } } } } }`

export const listPayouts = `query Payouts($first: Int!, $after: String, $query: String!) {
  shopifyPaymentsAccount { payouts(first: $first, after: $after, query: $query) {
    pageInfo { hasNextPage endCursor }
    nodes { id status issued_at: issuedAt transaction_type: transactionType net ${plain} } } } }`

export const listDisputes = `query Disputes($first: Int!, $after: String, $query: String!) {
  disputes(first: $first, after: $after, query: $query) {
    pageInfo { hasNextPage endCursor }
    nodes { id status type reason_details: reasonDetails { reason } amount ${plain}
      initiated_at: initiatedAt evidence_due_by: evidenceDueBy finalized_on: finalizedOn order { id } } } }`

export const listSubscriptions = `query WebhookSubscriptions($after: String) {
  webhookSubscriptions(first: 100, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { id topic uri apiVersion { handle } } } }`

export const createSubscription = `mutation WebhookSubscriptionCreate($topic: WebhookSubscriptionTopic!, $uri: String!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: { uri: $uri, format: JSON }) {
    webhookSubscription { id } userErrors { field message } } }`

export const readFulfillmentOrders = `query FulfillmentOrders($id: ID!) { order(id: $id) {
  fulfillments(first: 50) { id status tracking_info: trackingInfo(first: 5) { number } }
  fulfillment_orders: fulfillmentOrders(first: 50, query: "status:OPEN OR status:IN_PROGRESS") { nodes {
    id status line_items: lineItems(first: 100) { nodes { id remaining: remainingQuantity line_item: lineItem { id } } } } } } }`

export const createFulfillment = `mutation FulfillmentCreate($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) { fulfillment { id } userErrors { field message } } }`

export const findItem = `query ItemBySku($query: String!) { inventoryItems(first: 10, query: $query) { nodes {
  id sku tracked levels: inventoryLevels(first: 50) { nodes { location { id } quantities(names: ["available"]) { name quantity } } } } } }`

export const adjustStock = `mutation InventoryAdjust($input: InventoryAdjustQuantitiesInput!, $key: String!) {
  inventoryAdjustQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id } userErrors { code field message } } }`
