import { isThing, type Thing } from './json.ts'

/**
 * What a body must show to be of its topic. The topic's header is not signed: whoever once saw a genuine body can send
 * it again under any topic, and a refund read as an order, or a customer's question read as an erasure, must not work.
 */
const shapes: readonly (readonly [topics: RegExp, fits: (body: Thing) => boolean])[] = [
  [/^orders\/edited$/, (body) => isThing(body.order_edit)],
  [/^(orders|products)\/delete$/, (body) => hasId(body) && Object.keys(body).every((key) => idKeys.has(key))],
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
  [/^products\//, (body) => hasId(body) && Array.isArray(body.variants)],
  [/^app\/uninstalled$/, (body) => Object.hasOwn(body, 'myshopify_domain') || has(body, 'shop_owner')],
  [/^customers\/data_request$/, (body) => isPrivacy(body) && has(body, 'data_request', 'orders_requested')],
  [/^customers\/redact$/, (body) => isPrivacy(body) && has(body, 'orders_to_redact')],
  [
    /^shop\/redact$/,
    (body) => has(body, 'shop_domain') && Object.keys(body).every((key) => key.startsWith('shop_')),
  ],
]

/** Whether the body can be of this topic; a topic that we do not use may have any. */
export function fitsTopic(topic: string, body: Thing): boolean {
  const shape = shapes.find(([topics]) => topics.test(topic))
  return shape === undefined || shape[1](body)
}

/** An order names its customer too, and a question read as an erasure cannot be undone. */
function isPrivacy(body: Thing): boolean {
  return has(body, 'shop_domain') && isThing(body.customer) && !has(body, 'id')
}

const idKeys = new Set(['id', 'admin_graphql_api_id'])

function hasId(body: Thing): boolean {
  return has(body, 'id')
}

function has(body: Thing, ...keys: readonly string[]): boolean {
  return keys.some((key) => Object.hasOwn(body, key) && body[key] !== null)
}
