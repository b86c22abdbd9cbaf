import type { Effect, EffectBody, OutgoingEndpoint, Policy } from './effect.ts'
import type { Fact } from './fact.ts'
import { printDecimal } from './money.ts'
import type { Order } from './order.ts'
import { counts } from './refunds.ts'

/** Every event that other apps can be told of. `subscription.*` and `shipment.*` are families. */
export const outgoingEvents: readonly string[] = [
  'order.placed',
  'order.paid',
  'order.refunded',
  'order.fulfilled',
  'order.disputed',
  'order.cancelled',
  'payment.failed',
  'payment.action_required',
  'checkout.abandoned',
  'shipment.shipped',
  'shipment.in_transit',
  'shipment.out_for_delivery',
  'shipment.delivered',
  'shipment.attempted',
  'shipment.failed',
  'shipment.cancelled',
  'subscription.updated',
  'subscription.paused',
  'subscription.cancelled',
  'payout.paid',
  'inventory.low',
  'product.updated',
]

/** Events that other apps may ask for and that nothing announces yet. */
export const eventsToCome: readonly string[] = ['customer.updated']

/** True for a name that an endpoint may list: an event, a family such as `order.*`, or `*`. */
export function isEventName(name: string): boolean {
  const all = [...outgoingEvents, ...eventsToCome]
  if (name === '*' || all.includes(name) || /^(subscription|shipment)\.[a-z_]+$/.test(name)) return true
  return name.endsWith('.*') && all.some((event) => event.startsWith(name.slice(0, -1)))
}

/** True where the endpoint's list names this event, or its family. */
export function isWanted(endpoint: OutgoingEndpoint, event: string): boolean {
  return endpoint.events.some(
    (name) => name === '*' || name === event || (name.endsWith('.*') && event.startsWith(name.slice(0, -1))),
  )
}

/**
 * One thing that happened. Once an order where it is about nothing further; else once for each resource. `detail` are
 * the fields that the body carries beside the order.
 */
type Announcement = { readonly event: string; readonly about?: About; readonly detail?: EffectBody }
type About = { readonly scope: string; readonly id: string; readonly kind: string }

/**
 * What other apps are to be told of this order and have not been, as its state shows it: no path is needed to get
 * there, and what was announced once stays announced whatever becomes of it.
 */
export function outgoingDue(
  order: Order,
  policy: Policy,
  existing: readonly { readonly key: string }[],
  scope: string,
): Effect[] {
  const endpoints = policy.outgoing ?? []
  if (!order.isAttached || endpoints.length === 0) return []
  const told = announcements(order, scope)
  return endpoints.flatMap((endpoint) =>
    told
      .filter(({ event }) => isWanted(endpoint, event))
      .filter(({ event, about }) => about !== undefined || !wasTold(existing, endpoint, event))
      .map((one) => effectOf(endpoint, one, order, scope)),
  )
}

/** Once an order: whatever resource named it then, for that may become another with what is learned later. */
function wasTold(
  existing: readonly { readonly key: string }[],
  endpoint: OutgoingEndpoint,
  event: string,
): boolean {
  return existing.some(({ key }) => key.startsWith(`outgoing:${endpoint.id}:${event}:`))
}

function effectOf(
  endpoint: OutgoingEndpoint,
  { event, about, detail }: Announcement,
  order: Order,
  scope: string,
): Effect {
  const { id, kind } = order.resource ?? { id: order.number ?? '', kind: 'number' }
  const named = about ?? { scope, id, kind }
  return {
    key: `outgoing:${endpoint.id}:${event}:${named.scope}:${named.id}`,
    sink: 'outgoing',
    kind: event,
    body: { endpoint: endpoint.id, resource: named.id, resource_kind: named.kind, ...detail },
  }
}

/** Of what is due now, that which the same order as it was before did not call for: the rest is history to a new app. */
export function newlyDue(due: readonly Effect[], before: readonly Effect[]): Effect[] {
  const were = new Set(before.filter(({ sink }) => sink === 'outgoing').map(identity))
  return due.filter((effect) => effect.sink !== 'outgoing' || !were.has(identity(effect)))
}

/** Events about the order as a whole are one, whatever names the order. */
function identity({ kind, body, key }: Effect): string {
  const [, endpoint] = key.split(':')
  return `${endpoint} ${kind} ${wholeOrder.has(kind) ? '' : body.resource}`
}

const wholeOrder = new Set(['order.placed', 'order.paid', 'order.fulfilled', 'order.cancelled'])

function announcements(order: Order, scope: string): Announcement[] {
  return [
    { event: 'order.placed' },
    ...(isPaid(order) ? [{ event: 'order.paid' }] : []),
    ...(order.fulfillmentStatus === 'fulfilled' ? [{ event: 'order.fulfilled' }] : []),
    ...(order.status === 'cancelled' ? [{ event: 'order.cancelled' }] : []),
    ...refunds(order),
    ...disputes(order, scope),
    ...payments(order),
    ...shipments(order, scope),
  ]
}

/** Paid in full at some time: money that went back since does not undo it. */
function isPaid({ paymentStatus, totals, currency }: Order): boolean {
  if (currency === undefined) return false
  if (paymentStatus === 'paid') return true
  const went = paymentStatus === 'partially_refunded' || paymentStatus === 'refunded'
  return went && totals.capturedMinor > 0n && totals.capturedMinor >= totals.orderedMinor
}

function refunds(order: Order): Announcement[] {
  return order.refunds.filter(counts).map((refund) => ({
    event: 'order.refunded',
    about: { scope: refund.scope, ...refund.ref },
    detail: {
      id: refund.ref.id,
      status: refund.state,
      ...amountOf(refund.amountMinor, refund.currency),
    },
  }))
}

function disputes(order: Order, scope: string): Announcement[] {
  return order.disputes
    .filter(({ state }) => state !== 'withdrawn')
    .map((dispute) => ({
      event: 'order.disputed',
      about: { scope: scopeOf(order, dispute.paymentId) ?? scope, ...dispute.ref },
      detail: {
        id: dispute.ref.id,
        status: dispute.state,
        ...amountOf(dispute.amountMinor, dispute.currency),
        reason: dispute.reason,
        due_by: dispute.dueBy ?? null,
      },
    }))
}

function scopeOf(order: Order, paymentId: string): string | undefined {
  return order.payments.find(({ ref }) => ref.id === paymentId)?.scope
}

function payments(order: Order): Announcement[] {
  return order.payments.flatMap((payment) => {
    const isAsked = payment.state === 'pending' && payment.reason === 'requires_action'
    if (payment.state !== 'failed' && !isAsked) return []
    return [
      {
        event: isAsked ? 'payment.action_required' : 'payment.failed',
        about: { scope: payment.scope, ...payment.ref },
        detail: {
          id: payment.ref.id,
          status: payment.state,
          ...amountOf(payment.amountMinor, payment.currency),
          reason: payment.reason ?? null,
        },
      },
    ]
  })
}

function shipments(order: Order, scope: string): Announcement[] {
  return order.shipments
    .filter(({ status }) => status !== 'pending')
    .map((shipment) => ({
      event: `shipment.${shipment.status}`,
      about: { scope, ...shipment.ref },
      detail: {
        id: shipment.ref.id,
        status: shipment.status,
        carrier: shipment.carrier ?? null,
        number: shipment.number ?? null,
        url: shipment.url ?? null,
      },
    }))
}

function amountOf(amountMinor: bigint, currency: string): { amount: string; currency: string } {
  return { amount: printDecimal({ amountMinor, currency }), currency }
}

const subscriptionWords = new Map([
  ['canceled', 'subscription.cancelled'],
  ['paused', 'subscription.paused'],
])

/** What other apps are to be told of a fact that belongs to no order, or to nothing that became one. */
export function accountOutgoingDue(
  fact: Fact & { readonly scope: string; readonly digest: string },
  policy: Policy,
): Effect[] {
  const told = accountAnnouncement(fact)
  if (told === undefined) return []
  return (policy.outgoing ?? [])
    .filter((endpoint) => isWanted(endpoint, told.event))
    .map((endpoint) => ({
      key: `outgoing:${endpoint.id}:${told.event}:${fact.scope}:${fact.subject.id}${told.apart}`,
      sink: 'outgoing' as const,
      kind: told.event,
      body: {
        endpoint: endpoint.id,
        resource: fact.subject.id,
        resource_kind: fact.subject.kind,
        id: fact.subject.id,
        ...told.detail,
      },
    }))
}

function accountAnnouncement(
  fact: Fact & { readonly digest: string },
): { event: string; apart: string; detail: EffectBody } | undefined {
  if (fact.kind === 'payout_state' && fact.data.state === 'paid') {
    const { amountMinor, currency, arrivalDate } = fact.data
    const detail = { ...amountOf(amountMinor, currency), status: 'paid', arrival_date: arrivalDate ?? null }
    return { event: 'payout.paid', apart: '', detail }
  }
  if (fact.kind === 'checkout_expired') return { event: 'checkout.abandoned', apart: '', detail: {} }
  // A level at one place is stock, not the product.
  if (fact.kind === 'stock_observed' && fact.data.locationId === 'all') {
    const { sku, available, version } = fact.data
    const detail = { sku: sku ?? null, available, updated_at: version }
    return { event: 'product.updated', apart: `:${version}`, detail }
  }
  if (fact.kind === 'subscription_seen') {
    const { status, customerId } = fact.data
    const event = subscriptionWords.get(status) ?? 'subscription.updated'
    return { event, apart: `:${fact.id}`, detail: { status, customer_id: customerId ?? null } }
  }
  return undefined
}
