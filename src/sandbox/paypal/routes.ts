import { lists } from './lists.ts'
import { minorOf, type Resource } from './shapes.ts'
import { type PaypalAnswer, type PaypalRequest, type PaypalTwinParts, problem } from './parts.ts'

const notFound = problem(404, 'RESOURCE_NOT_FOUND', 'INVALID_RESOURCE_ID')
const gets = [
  [/^\/v2\/checkout\/orders\/([^/]+)$/, 'order'],
  [/^\/v2\/payments\/captures\/([^/]+)$/, 'capture'],
  [/^\/v2\/payments\/refunds\/([^/]+)$/, 'refund'],
  [/^\/v2\/payments\/authorizations\/([^/]+)$/, 'authorization'],
  [/^\/v1\/customer\/disputes\/([^/]+)$/, 'dispute'],
] as const

/** What the account's API answers. */
export function answerTo(parts: PaypalTwinParts, asked: PaypalRequest): PaypalAnswer {
  if (asked.method === 'GET') {
    for (const [pattern, kind] of gets) {
      const id = pattern.exec(asked.path)?.[1]
      if (id === undefined) continue
      const found = parts.faults.omitted.has(id)
        ? undefined
        : parts.world.things[kind].get(decodeURIComponent(id))
      return found === undefined ? notFound : { status: 200, body: found }
    }
    return lists(parts, asked) ?? notFound
  }
  try {
    return write(parts, asked) ?? notFound
  } catch (error) {
    return problem(422, 'UNPROCESSABLE_ENTITY', (error as Error).message)
  }
}

function write(
  { world, steps, after }: PaypalTwinParts,
  { method, path, text }: PaypalRequest,
): PaypalAnswer | undefined {
  const body = (text === '' ? {} : JSON.parse(text)) as Resource
  const given = body.amount === undefined ? undefined : minorOf(body.amount)
  const [, id = '', act = ''] = /^\/v2\/[a-z]+\/[a-z]+\/([^/]+)\/([a-z]+)$/.exec(path) ?? []
  if (path === '/v2/checkout/orders') {
    const unit = body.purchase_units[0]
    const made = steps.order({
      amountMinor: minorOf(unit.amount),
      currency: unit.amount.currency_code,
      number: unit.invoice_id,
      intent: body.intent,
    })
    return { status: 201, body: made }
  }
  if (path.startsWith('/v2/checkout/orders/') && act === 'capture') {
    if (world.need('order', id).status === 'COMPLETED') throw new Error('ORDER_ALREADY_CAPTURED')
    steps.capture(id)
    return { status: 201, body: world.need('order', id) }
  }
  if (path.startsWith('/v2/checkout/orders/') && act === 'authorize') {
    steps.authorize(id)
    return { status: 201, body: world.need('order', id) }
  }
  if (path.startsWith('/v2/payments/captures/') && act === 'refund')
    return { status: 201, body: after.refund(id, given) }
  if (path.startsWith('/v2/payments/authorizations/') && act === 'void') {
    steps.release(id)
    return { status: 204, body: undefined }
  }
  if (path.startsWith('/v2/payments/authorizations/') && act === 'capture') {
    const orderId = world.need('authorization', id).supplementary_data.related_ids.order_id as string
    const isFinal = body.final_capture !== false
    return {
      status: 201,
      body: steps.capture(orderId, {
        authorizationId: id,
        isFinal,
        ...(given !== undefined && { amountMinor: given }),
      }),
    }
  }
  return webhooks(world, method, path, body) ?? others(world, path, body)
}

function webhooks(
  world: PaypalTwinParts['world'],
  method: string,
  path: string,
  body: Resource,
): PaypalAnswer | undefined {
  const [, id] = /^\/v1\/notifications\/webhooks\/([^/]+)$/.exec(path) ?? []
  if (method === 'PATCH' && id !== undefined) {
    const webhook = world.need('webhook', id)
    for (const { path: at, value } of body as unknown as Resource[]) webhook[at.slice(1)] = value
    return { status: 200, body: webhook }
  }
  if (path !== '/v1/notifications/webhooks') return undefined
  if ([...world.things.webhook.values()].some(({ url }) => url === body.url))
    return problem(400, 'WEBHOOK_URL_ALREADY_EXISTS')
  const made = { id: world.newId(), url: body.url, event_types: body.event_types, links: [] }
  world.things.webhook.set(made.id, made)
  return { status: 201, body: made }
}

function others(world: PaypalTwinParts['world'], path: string, body: Resource): PaypalAnswer | undefined {
  if (path === '/v1/notifications/verify-webhook-signature') {
    const event = world.events.find(({ id }) => id === body.webhook_event?.id)
    const isTrue =
      event !== undefined &&
      world.things.webhook.has(body.webhook_id) &&
      JSON.stringify(event) === JSON.stringify(body.webhook_event)
    return { status: 200, body: { verification_status: isTrue ? 'SUCCESS' : 'FAILURE' } }
  }
  if (path === '/v1/shipping/trackers-batch') {
    world.trackers.push(...(body.trackers as Resource[]))
    const identifiers = (body.trackers as Resource[]).map(({ transaction_id, tracking_number }) => ({
      transaction_id,
      tracking_number,
      links: [],
    }))
    return { status: 200, body: { tracker_identifiers: identifiers, errors: [] } }
  }
  return undefined
}
