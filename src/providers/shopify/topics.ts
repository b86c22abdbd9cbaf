import { isThing, type Thing } from './json.ts'

/**
 * What a body must show to be of its topic. The topic's header is not signed: whoever once saw a genuine body can send
 * it again under any topic, and a refund read as an order, or a customer's question read as an erasure, must not work.
 */
const shapes: readonly (readonly [topics: RegExp, fits: (body: Thing) => boolean])[] = [
  [/^orders\/edited$/, (body) => isThing(body.order_edit)],
  [/^orders\/delete$/, (body) => hasId(body) && !has(body, 'line_items', 'order_id')],
  [/^orders\/risk_assessment_changed$/, (body) => has(body, 'order_id') || hasId(body)],
  [/^orders\//, (body) => hasId(body) && Array.isArray(body.line_items) && !has(body, 'order_id')],
  [/^order_transactions\//, (body) => hasId(body) && has(body, 'order_id') && has(body, 'kind')],
  [
    /^refunds\//,
    (body) =>
      hasId(body) &&
      has(body, 'order_id') &&
      (Array.isArray(body.refund_line_items) || Array.isArray(body.transactions)),
  ],
  [
    /^fulfillments\//,
    (body) =>
      hasId(body) &&
      has(body, 'order_id') &&
      !has(body, 'kind') &&
      !has(body, 'refund_line_items') &&
      !has(body, 'reason'),
  ],
  [/^fulfillment_events\//, (body) => hasId(body) && has(body, 'fulfillment_id')],
  [/^returns\//, (body) => hasId(body) && !has(body, 'line_items')],
  [/^disputes\//, (body) => hasId(body) && has(body, 'reason') && has(body, 'status')],
  [/^inventory_levels\//, (body) => has(body, 'inventory_item_id')],
  [/^products\/delete$/, (body) => hasId(body) && !has(body, 'variants')],
  [/^products\//, (body) => hasId(body) && !has(body, 'line_items') && !has(body, 'order_id')],
  [/^app\/uninstalled$/, (body) => Object.hasOwn(body, 'myshopify_domain') || has(body, 'shop_owner')],
  [/^customers\/data_request$/, (body) => isThing(body.customer) && !has(body, 'orders_to_redact')],
  [/^customers\/redact$/, (body) => isThing(body.customer) && !has(body, 'data_request', 'orders_requested')],
  [/^shop\/redact$/, (body) => has(body, 'shop_domain') && !has(body, 'customer')],
]

/** Whether the body can be of this topic; a topic that we do not use may have any. */
export function fitsTopic(topic: string, body: Thing): boolean {
  const shape = shapes.find(([topics]) => topics.test(topic))
  return shape === undefined || shape[1](body)
}

function hasId(body: Thing): boolean {
  return has(body, 'id') || has(body, 'admin_graphql_api_id')
}

function has(body: Thing, ...keys: readonly string[]): boolean {
  return keys.some((key) => Object.hasOwn(body, key) && body[key] !== null)
}
