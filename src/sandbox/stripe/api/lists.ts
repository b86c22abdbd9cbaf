import type { Store } from '../store.ts'
import type { Charge, Event, Fields, Resource } from '../types.ts'
import { invalid, missing } from './errors.ts'
import { listOf, type Parameters, textOf } from './form.ts'

export type ListAnswer = { object: 'list'; data: Resource[]; has_more: boolean; url: string }

/** One kind of object that can be listed: its path, its noun in messages, and the filters that it knows. */
export type Collection = {
  readonly path: string
  readonly object: string
  readonly noun: string
  readonly filters: {
    readonly [parameter: string]: (resource: Resource, value: string, context: ListContext) => boolean
  }
}

export type ListContext = {
  readonly store: Store
  readonly payoutLines: ReadonlyMap<string, string>
  /** How far the API is behind the webhooks just now. */
  readonly lagMs: number
  /** Ids that lists leave out though a GET shows them. */
  readonly omitted: ReadonlySet<string>
}

const field = (name: string) => (resource: Resource, value: string) => resource[name] === value

/** Everything that has a list, in the order of Stripe's own reference. */
export const collections: readonly Collection[] = [
  {
    path: '/v1/balance_transactions',
    object: 'balance_transaction',
    noun: 'balance transaction',
    filters: {
      payout: (line, value, { payoutLines }) => payoutLines.get(line.id) === value,
      source: field('source'),
      type: field('type'),
      currency: field('currency'),
    },
  },
  {
    path: '/v1/charges',
    object: 'charge',
    noun: 'charge',
    filters: { payment_intent: field('payment_intent'), customer: field('customer') },
  },
  { path: '/v1/customers', object: 'customer', noun: 'customer', filters: { email: field('email') } },
  {
    path: '/v1/disputes',
    object: 'dispute',
    noun: 'dispute',
    filters: { charge: field('charge'), payment_intent: field('payment_intent') },
  },
  {
    path: '/v1/events',
    object: 'event',
    noun: 'event',
    filters: {
      type: (event, value) => isTypeLike(event as Event, value),
      delivery_success: (event, value) => ((event as Event).pending_webhooks === 0) === (value === 'true'),
    },
  },
  {
    path: '/v1/payment_intents',
    object: 'payment_intent',
    noun: 'payment_intent',
    filters: { customer: field('customer') },
  },
  { path: '/v1/payouts', object: 'payout', noun: 'payout', filters: { status: field('status') } },
  {
    path: '/v1/refunds',
    object: 'refund',
    noun: 'refund',
    filters: { charge: field('charge'), payment_intent: field('payment_intent') },
  },
  {
    path: '/v1/checkout/sessions',
    object: 'checkout.session',
    noun: 'checkout.session',
    filters: {
      payment_intent: field('payment_intent'),
      customer: field('customer'),
      status: field('status'),
    },
  },
  {
    path: '/v1/invoices',
    object: 'invoice',
    noun: 'invoice',
    filters: { customer: field('customer'), status: field('status') },
  },
  {
    path: '/v1/invoice_payments',
    object: 'invoice_payment',
    noun: 'invoice_payment',
    filters: { invoice: field('invoice'), status: field('status') },
  },
  { path: '/v1/prices', object: 'price', noun: 'price', filters: { product: field('product') } },
  { path: '/v1/products', object: 'product', noun: 'product', filters: {} },
  {
    path: '/v1/radar/early_fraud_warnings',
    object: 'radar.early_fraud_warning',
    noun: 'early fraud warning',
    filters: { charge: field('charge'), payment_intent: field('payment_intent') },
  },
  { path: '/v1/webhook_endpoints', object: 'webhook_endpoint', noun: 'webhook endpoint', filters: {} },
]

function isTypeLike(event: Event, pattern: string): boolean {
  return pattern.endsWith('*') ? event.type.startsWith(pattern.slice(0, -1)) : event.type === pattern
}

const pagingParameters = [
  'limit',
  'starting_after',
  'ending_before',
  'created',
  'expand',
  'types',
  'payment',
  'arrival_date',
]

/**
 * One page: newest first, at most 100, by cursor and by filters. Items that come with a lag are left out as long as
 * they could not be seen.
 */
export function list(collection: Collection, query: Parameters, context: ListContext): ListAnswer {
  for (const name of Object.keys(query)) {
    if (!pagingParameters.includes(name) && collection.filters[name] === undefined) {
      throw invalid(`Received unknown parameter: ${name}`, { code: 'parameter_unknown', param: name })
    }
  }
  const limit = limitOf(query)
  const after = textOf(query, 'starting_after')
  const before = textOf(query, 'ending_before')
  if (after !== undefined && before !== undefined) {
    throw invalid('You cannot provide both ending_before and starting_after.')
  }
  const walk = context.store.walk(collection.object, {
    ...(after === undefined ? {} : { after }),
    ...(before === undefined ? {} : { before }),
  })
  if (walk === undefined) {
    const param = after === undefined ? 'ending_before' : 'starting_after'
    throw missing({ noun: collection.noun, id: after ?? before ?? '', param, inPath: false })
  }
  const accepts = filterOf(collection, query, context)
  const data: Resource[] = []
  for (const resource of walk) {
    const seen = context.lagMs > 0 ? context.store.seen(resource.id, context.lagMs) : resource
    if (seen === undefined || !accepts(seen)) continue
    data.push(seen)
    if (data.length > limit) break
  }
  const has_more = data.length > limit
  const page = data.slice(0, limit)
  if (before !== undefined) page.reverse()
  return { object: 'list', data: page, has_more, url: collection.path }
}

function limitOf(query: Parameters): number {
  const text = textOf(query, 'limit')
  if (text === undefined) return 10
  const problem = { param: 'limit', code: 'parameter_invalid_integer' }
  if (!/^\d+$/.test(text)) throw invalid(`Invalid integer: ${text}`, problem)
  const limit = Number(text)
  if (limit < 1)
    throw invalid(`This value must be greater than or equal to 1 (it currently is '${text}').`, problem)
  if (limit > 100)
    throw invalid(`This value must be less than or equal to 100 (it currently is '${text}').`, problem)
  return limit
}

function filterOf(
  collection: Collection,
  query: Parameters,
  context: ListContext,
): (resource: Resource) => boolean {
  const tests: ((resource: Resource) => boolean)[] = [
    (resource) => !context.omitted.has(resource.id),
    rangeTest(query, 'created'),
    rangeTest(query, 'arrival_date'),
  ]
  for (const [name, matches] of Object.entries(collection.filters)) {
    const value = textOf(query, name)
    if (value !== undefined) tests.push((resource) => matches(resource, value, context))
  }
  const types = listOf(query, 'types')
  if (types.length > 0) tests.push((resource) => types.some((type) => isTypeLike(resource as Event, type)))
  const payment = query.payment
  if (typeof payment === 'object' && !Array.isArray(payment)) {
    const intent = textOf(payment, 'payment_intent')
    tests.push((resource) => (resource.payment as Fields | undefined)?.payment_intent === intent)
  }
  return (resource) => tests.every((test) => test(resource))
}

const comparisons: { readonly [name: string]: (left: number, right: number) => boolean } = {
  gt: (left, right) => left > right,
  gte: (left, right) => left >= right,
  lt: (left, right) => left < right,
  lte: (left, right) => left <= right,
}

function rangeTest(query: Parameters, name: string): (resource: Resource) => boolean {
  const range = query[name]
  if (range === undefined) return () => true
  const bounds = typeof range === 'string' ? { exact: range } : (range as Parameters)
  const tests = Object.entries(bounds).map(([comparison, text]) => {
    const compare = comparison === 'exact' ? (l: number, r: number) => l === r : comparisons[comparison]
    const bound = Number(text)
    if (compare === undefined || !Number.isInteger(bound)) {
      throw invalid(`Invalid integer: ${String(text)}`, { param: `${name}[${comparison}]` })
    }
    return (resource: Resource) => compare(Number(resource[name]), bound)
  })
  return (resource) => tests.every((test) => test(resource))
}

/** A list that belongs to one object (`/v1/charges/:id/refunds`), newest first as it is given. */
export function within(data: Resource[], url: string, query: Parameters): ListAnswer {
  const limit = limitOf(query)
  const cursor = textOf(query, 'starting_after')
  const from = cursor === undefined ? 0 : data.findIndex((each) => each.id === cursor) + 1
  const page = data.slice(from, from + limit)
  return { object: 'list', data: page, has_more: from + limit < data.length, url }
}

/** Refunds of one charge, newest first, as `charge.refunds` shows them when expanded. */
export function refundsOf(store: Store, charge: Charge): Resource[] {
  return store
    .all('refund')
    .filter((refund) => refund.charge === charge.id)
    .reverse()
}
