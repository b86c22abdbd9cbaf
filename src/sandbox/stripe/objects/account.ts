import type { Buyer, Event, Fields, Metadata, Resource, WebhookEndpoint } from '../types.ts'
import { addressOf, type Making, shippingOf } from './payment.ts'

export function makeCustomer(making: Making, buyer: Buyer): Resource {
  return {
    id: making.id,
    object: 'customer',
    address: buyer.address === undefined ? null : addressOf(buyer),
    balance: 0,
    created: making.created,
    currency: null,
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email: buyer.email ?? null,
    invoice_prefix: making.id.slice(-7).toUpperCase(),
    invoice_settings: {
      custom_fields: null,
      default_payment_method: null,
      footer: null,
      rendering_options: null,
    },
    livemode: making.livemode,
    metadata: {},
    name: buyer.name ?? null,
    next_invoice_sequence: 1,
    phone: buyer.phone ?? null,
    preferred_locales: [],
    shipping: shippingOf(buyer),
    tax_exempt: 'none',
    test_clock: null,
  }
}

/** Without its secret: Stripe shows that once, in the answer to the creation. */
export function makeWebhookEndpoint(
  making: Making,
  given: {
    readonly url: string
    readonly enabledEvents: readonly string[]
    readonly apiVersion: string | null
    readonly metadata: Metadata
    readonly description: string | null
  },
): WebhookEndpoint {
  return {
    id: making.id,
    object: 'webhook_endpoint',
    api_version: given.apiVersion,
    application: null,
    created: making.created,
    description: given.description,
    enabled_events: [...given.enabledEvents],
    livemode: making.livemode,
    metadata: { ...given.metadata },
    status: 'enabled',
    url: given.url,
  }
}

/** An event with the object as it is at this moment: later changes do not reach into it. */
export function makeEvent(
  making: Making,
  given: {
    readonly type: string
    readonly apiVersion: string
    readonly object: Resource
    readonly previous: Fields | undefined
    readonly pendingWebhooks: number
    readonly request: { readonly id: string | null; readonly idempotency_key: string | null }
  },
): Event {
  return {
    id: making.id,
    object: 'event',
    api_version: given.apiVersion,
    created: making.created,
    data: {
      object: structuredClone(given.object),
      ...(given.previous === undefined ? {} : { previous_attributes: given.previous }),
    },
    livemode: making.livemode,
    pending_webhooks: given.pendingWebhooks,
    request: { ...given.request },
    type: given.type,
  }
}

export function makeFraudWarning(
  making: Making,
  given: { readonly charge: string; readonly intent: string | null },
): Resource {
  return {
    id: making.id,
    object: 'radar.early_fraud_warning',
    actionable: true,
    charge: given.charge,
    created: making.created,
    fraud_type: 'made_with_stolen_card',
    livemode: making.livemode,
    payment_intent: given.intent,
  }
}
