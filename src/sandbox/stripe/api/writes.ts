import type { Charge, Dispute, PaymentIntent, Resource, WebhookEndpoint } from '../types.ts'
import type { World } from '../world.ts'
import { change } from '../world/ground.ts'
import * as payments from '../world/pay.ts'
import { refundable } from '../world/after.ts'
import { invalid, missing } from './errors.ts'
import { listOf, type Parameters, textOf, textsOf } from './form.ts'

type Write = (world: World, body: Parameters, id: string) => Resource

/** Every POST and DELETE that the twin knows, by method and path with `:id` for the object. */
export const writes: ReadonlyMap<string, Write> = new Map([
  ['POST /v1/refunds', createRefund],
  [
    'POST /v1/refunds/:id',
    (world, body, id) => updateMetadata(world, body, { id, noun: 'refund', type: 'refund.updated' }),
  ],
  ['POST /v1/payment_intents', createPaymentIntent],
  [
    'POST /v1/payment_intents/:id',
    (world, body, id) => updateMetadata(world, body, { id, noun: 'payment_intent' }),
  ],
  ['POST /v1/payment_intents/:id/confirm', confirm],
  ['POST /v1/payment_intents/:id/capture', capture],
  ['POST /v1/payment_intents/:id/cancel', cancel],
  [
    'POST /v1/charges/:id',
    (world, body, id) => updateMetadata(world, body, { id, noun: 'charge', type: 'charge.updated' }),
  ],
  ['POST /v1/disputes/:id/close', closeDispute],
  ['POST /v1/customers', createCustomer],
  ['POST /v1/webhook_endpoints', createEndpoint],
  ['POST /v1/webhook_endpoints/:id', updateEndpoint],
  ['DELETE /v1/webhook_endpoints/:id', deleteEndpoint],
])

function find<R extends Resource>(
  world: World,
  id: string,
  what: { noun: string; param?: string; object: string },
): R {
  const found = world.get<R>(id)
  if (found?.object === what.object) return found
  throw missing({ noun: what.noun, id, param: what.param ?? 'id', inPath: what.param === undefined })
}

function amountOf(body: Parameters, param: string): number | undefined {
  const text = textOf(body, param)
  if (text === undefined) return undefined
  if (!/^\d+$/.test(text))
    throw invalid(`Invalid integer: ${text}`, { param, code: 'parameter_invalid_integer' })
  if (Number(text) < 1) throw invalid(`This value must be greater than or equal to 1.`, { param })
  return Number(text)
}

function createRefund(world: World, body: Parameters): Resource {
  const chargeId = textOf(body, 'charge') ?? latestChargeOf(world, textOf(body, 'payment_intent'))
  if (chargeId === undefined)
    throw invalid(
      'One of the following params should be provided for this request: payment_intent or charge.',
    )
  const charge = find<Charge>(world, chargeId, { noun: 'charge', param: 'charge', object: 'charge' })
  if (charge.disputed) {
    const message = `Charge ${charge.id} has been charged back; cannot issue a refund.`
    throw invalid(message, { code: 'charge_disputed', charge: charge.id })
  }
  const left = refundable(charge)
  if (left === 0) {
    throw invalid(`Charge ${charge.id} has already been refunded.`, {
      code: 'charge_already_refunded',
      charge: charge.id,
    })
  }
  const amount = amountOf(body, 'amount') ?? left
  if (amount > left) {
    const message = `Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`
    throw invalid(message, { param: 'amount', charge: charge.id })
  }
  const reason = textOf(body, 'reason') ?? null
  return world.refund(charge, { amount, reason, metadata: textsOf(body, 'metadata') })
}

function latestChargeOf(world: World, intentId: string | undefined): string | undefined {
  if (intentId === undefined) return undefined
  const where = { noun: 'payment_intent', param: 'payment_intent', object: 'payment_intent' }
  const intent = find<PaymentIntent>(world, intentId, where)
  if (intent.latest_charge === null)
    throw invalid('This PaymentIntent does not have a successful charge to refund.')
  return intent.latest_charge
}

function createPaymentIntent(world: World, body: Parameters): Resource {
  const amount = amountOf(body, 'amount')
  const currency = textOf(body, 'currency')?.toLowerCase()
  for (const [param, value] of Object.entries({ amount, currency })) {
    if (value === undefined)
      throw invalid(`Missing required param: ${param}.`, { param, code: 'parameter_missing' })
  }
  const description = textOf(body, 'description')
  const intent = payments.createIntent(world.ground, {
    amount: amount!,
    currency: currency!,
    metadata: textsOf(body, 'metadata'),
    capture: textOf(body, 'capture_method') === 'manual' ? 'manual' : 'automatic',
    ...(description === undefined ? {} : { description }),
  })
  return textOf(body, 'confirm') === 'true' ? confirm(world, body, intent.id) : intent
}

const intentNoun = { noun: 'payment_intent', object: 'payment_intent' }

function stateProblem(intent: PaymentIntent, verb: string) {
  const message = `This PaymentIntent could not be ${verb} because it has a status of ${intent.status}.`
  return invalid(message, { code: 'payment_intent_unexpected_state' })
}

function confirm(world: World, _body: Parameters, id: string): Resource {
  const intent = find<PaymentIntent>(world, id, intentNoun)
  if (!['requires_payment_method', 'requires_confirmation'].includes(intent.status))
    throw stateProblem(intent, 'confirmed')
  if (intent.capture_method === 'manual') payments.authorize(world.ground, intent)
  else world.settle(payments.succeed(world.ground, intent))
  return intent
}

function capture(world: World, body: Parameters, id: string): Resource {
  const intent = find<PaymentIntent>(world, id, intentNoun)
  if (intent.status !== 'requires_capture') throw stateProblem(intent, 'captured')
  const amount = amountOf(body, 'amount_to_capture') ?? intent.amount_capturable
  if (amount > intent.amount_capturable) {
    throw invalid('The amount_to_capture must be no greater than the amount_capturable.', {
      param: 'amount_to_capture',
    })
  }
  world.capture(intent, { amount, isFinal: textOf(body, 'final_capture') !== 'false' })
  return intent
}

function cancel(world: World, body: Parameters, id: string): Resource {
  const intent = find<PaymentIntent>(world, id, intentNoun)
  if (['succeeded', 'canceled'].includes(intent.status)) throw stateProblem(intent, 'canceled')
  return world.cancel(intent, textOf(body, 'cancellation_reason') ?? 'requested_by_customer')
}

function closeDispute(world: World, _body: Parameters, id: string): Resource {
  const dispute = find<Dispute>(world, id, { noun: 'dispute', object: 'dispute' })
  return world.closeDispute(dispute, dispute.status.startsWith('warning_') ? 'warning_closed' : 'lost')
}

function createCustomer(world: World, body: Parameters): Resource {
  const email = textOf(body, 'email')
  const name = textOf(body, 'name')
  return world.customer({
    ...(email === undefined ? {} : { email }),
    ...(name === undefined ? {} : { name }),
  })
}

function updateMetadata(
  world: World,
  body: Parameters,
  what: { id: string; noun: string; type?: string },
): Resource {
  const resource = find<Resource>(world, what.id, { noun: what.noun, object: what.noun })
  const metadata = { ...(resource.metadata as object), ...textsOf(body, 'metadata') }
  const previous = change(world.ground, resource, { metadata })
  if (what.type !== undefined) world.ground.emit(what.type, resource, previous)
  return resource
}

/** Endpoints of one account; Stripe's own limit. */
const endpointsMax = 16

function createEndpoint(world: World, body: Parameters): Resource {
  const url = textOf(body, 'url')
  if (url === undefined)
    throw invalid('Missing required param: url.', { param: 'url', code: 'parameter_missing' })
  const enabledEvents = listOf(body, 'enabled_events')
  if (enabledEvents.length === 0) {
    throw invalid('Missing required param: enabled_events.', {
      param: 'enabled_events',
      code: 'parameter_missing',
    })
  }
  if (world.all('webhook_endpoint').length >= endpointsMax) {
    throw invalid(`You have reached the maximum of ${endpointsMax} test webhook endpoints.`)
  }
  const endpoint = world.ground.addEndpoint(url, {
    enabledEvents,
    apiVersion: textOf(body, 'api_version') ?? null,
    metadata: textsOf(body, 'metadata'),
    description: textOf(body, 'description') ?? null,
  })
  // The one time that the secret is shown.
  return { ...endpoint, secret: world.ground.secrets.get(endpoint.id) }
}

const endpointNoun = { noun: 'webhook endpoint', object: 'webhook_endpoint' }

function updateEndpoint(world: World, body: Parameters, id: string): Resource {
  const endpoint = find<WebhookEndpoint>(world, id, endpointNoun)
  const enabledEvents = listOf(body, 'enabled_events')
  const disabled = textOf(body, 'disabled')
  const url = textOf(body, 'url')
  change(world.ground, endpoint, {
    ...(enabledEvents.length > 0 ? { enabled_events: enabledEvents } : {}),
    ...(disabled === undefined
      ? {}
      : { status: disabled === 'true' ? ('disabled' as const) : ('enabled' as const) }),
    ...(url === undefined ? {} : { url }),
    metadata: { ...endpoint.metadata, ...textsOf(body, 'metadata') },
  })
  return endpoint
}

function deleteEndpoint(world: World, _body: Parameters, id: string): Resource {
  const endpoint = find<WebhookEndpoint>(world, id, endpointNoun)
  world.ground.store.remove(endpoint.id)
  world.ground.secrets.delete(endpoint.id)
  return { id, object: 'webhook_endpoint', deleted: true }
}
