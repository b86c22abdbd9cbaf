import { defaultRates } from '../currency.ts'
import { makeEvent, makeWebhookEndpoint } from '../objects/account.ts'
import type { Making } from '../objects/payment.ts'
import { createIds, type Random, randomFrom } from '../random.ts'
import { createStore, type Store } from '../store.ts'
import type { Event, Fields, Resource, WebhookEndpoint } from '../types.ts'

export type WorldOptions = {
  /** Equal seeds and equal clocks give equal objects, ids included. */
  readonly seed: string | number
  /** The world's clock; every `created` is its second. Never read for anything but that. */
  readonly now: () => Date
  /** The currency that the account keeps its balance in. Default usd. */
  readonly settlementCurrency?: string
  readonly livemode?: boolean
  /** Shape that events are said to have, unless an endpoint asks for another. */
  readonly apiVersion?: string
}

/** What every step of the world stands on: the objects, the clock, the ids, and a way to say what happened. */
export type Ground = {
  readonly store: Store
  readonly random: Random
  readonly settlementCurrency: string
  readonly livemode: boolean
  readonly apiVersion: string
  /** Value of a major unit in US dollars, in millionths; may be changed between steps. */
  readonly rates: Map<string, number>
  /** Set while a request of the API makes the step, as Stripe shows it on events. */
  request: { id: string | null; idempotency_key: string | null }
  seconds(): number
  making(prefix: string): Making
  /** Adds the object, or notes its change. */
  save<R extends Resource>(resource: R): R
  /** Writes an event with the object as it is now; `previous` are the fields as they were. */
  emit(type: string, object: Resource, previous?: Fields): Event
  onEvent(listener: (event: Event) => void): void
  /** An object that a step was told about, or an error that names it: a mistake of the script, not of Stripe. */
  need<R extends Resource>(id: string): R
  addEndpoint(url: string, options: EndpointOptions): WebhookEndpoint
  readonly secrets: Map<string, string>
}

export type EndpointOptions = {
  readonly secret?: string | undefined
  readonly enabledEvents?: readonly string[]
  readonly apiVersion?: string | null
  readonly metadata?: { readonly [key: string]: string }
  readonly description?: string | null
}

/** The version that the pinned package speaks, so that events and readings have one shape. */
const currentApiVersion = '2026-10-28.endive'

export function createGround(options: WorldOptions): Ground {
  const store = createStore()
  const ids = createIds(options.seed)
  const listeners: ((event: Event) => void)[] = []
  const livemode = options.livemode ?? false
  const ground: Ground = {
    store,
    random: randomFrom(`world:${options.seed}`),
    settlementCurrency: options.settlementCurrency ?? 'usd',
    livemode,
    apiVersion: options.apiVersion ?? currentApiVersion,
    rates: new Map(defaultRates),
    secrets: new Map(),
    request: { id: null, idempotency_key: null },
    seconds: () => Math.floor(options.now().getTime() / 1000),
    making: (prefix) => ({ id: ids(prefix), created: ground.seconds(), livemode }),
    save: (resource) => {
      store.put(resource)
      return resource
    },
    emit(type, object, previous) {
      const event = makeEvent(ground.making('evt'), {
        type,
        object,
        previous,
        apiVersion: ground.apiVersion,
        pendingWebhooks: listeningTo(store, type).length,
        request: ground.request,
      })
      ground.save(event)
      for (const listener of listeners) listener(event)
      return event
    },
    onEvent: (listener) => void listeners.push(listener),
    need: <R extends Resource>(id: string) => {
      const found = store.get<R>(id)
      if (found === undefined) throw new Error(`the twin has no ${id}`)
      return found
    },
    addEndpoint(
      url,
      { secret, enabledEvents = ['*'], apiVersion = null, metadata = {}, description = null },
    ) {
      const making = ground.making('we')
      const endpoint = makeWebhookEndpoint(making, { url, enabledEvents, apiVersion, metadata, description })
      ground.secrets.set(endpoint.id, secret ?? `whsec_${ids('s').slice(4)}${ids('s').slice(4)}`)
      return ground.save(endpoint)
    },
  }
  return ground
}

/** Enabled endpoints that asked for this type of event. */
export function listeningTo(store: Store, type: string): WebhookEndpoint[] {
  return store
    .all<WebhookEndpoint>('webhook_endpoint')
    .filter((endpoint) => endpoint.status === 'enabled')
    .filter(({ enabled_events }) => enabled_events.includes('*') || enabled_events.includes(type))
}

/** The values of some fields as they are, for `previous_attributes` of the event that follows a change. */
export function before<R extends Resource>(resource: R, fields: readonly (keyof R & string)[]): Fields {
  return structuredClone(Object.fromEntries(fields.map((field) => [field, resource[field]])))
}

/** Changes an object and says so: the changed fields' old values go with the event. */
export function change<R extends Resource>(ground: Ground, resource: R, changes: Partial<R>): Fields {
  const previous = before(resource, Object.keys(changes) as (keyof R & string)[])
  Object.assign(resource, changes)
  ground.save(resource)
  return previous
}
