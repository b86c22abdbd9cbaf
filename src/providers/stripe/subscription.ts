import type Stripe from 'stripe'
import { type Api, ApiError, type SubscriptionState } from '../provider.ts'
import { call } from './client.ts'
import { eventTypes } from './normalize.ts'

type Endpoint = {
  readonly id: string
  readonly url: string
  readonly status: string
  readonly enabled_events: readonly string[]
  readonly api_version: string | null
  readonly secret?: string
}

/** Without these an order's money would go untold until the next reconciliation; the others we ask for as well. */
const needed = [
  'charge.succeeded',
  'charge.captured',
  'charge.failed',
  'charge.refunded',
  'refund.updated',
  'refund.failed',
  'charge.dispute.created',
  'charge.dispute.closed',
]

/** Is our webhook endpoint registered, enabled, and asked for what we need? Throws `ApiError`. */
export async function inspect(api: Api, url: string): Promise<SubscriptionState> {
  return judge(await endpoints(api), url, api).state
}

/** Makes it so, where that can be done without losing anything; a new endpoint's secret is shown only this once. */
export async function ensure(api: Api, url: string): Promise<SubscriptionState & { secret?: string }> {
  const { state, own } = judge(await endpoints(api), url, api)
  if (state.status === 'absent' || state.status === 'wrong_url') {
    const made = await change(api, (client) => create(client, url, api))
    const healthy = { status: 'healthy', detail: `registered as ${made.id}`, url } as const
    return made.secret === undefined ? healthy : { ...healthy, secret: made.secret }
  }
  if (own !== undefined && (state.status === 'disabled' || state.status === 'wrong_topics')) {
    const topics = own.enabled_events.includes('*')
      ? ['*']
      : [...new Set([...own.enabled_events, ...eventTypes])]
    await change(api, (client) =>
      client.webhookEndpoints.update(own.id, { disabled: false, enabled_events: topics as Topics }),
    )
    return { status: 'healthy', detail: `${own.id} was ${state.status}, and is mended`, url }
  }
  return state // doubled, or of another version: a person has to choose which one stays
}

type Topics = Stripe.WebhookEndpointCreateParams['enabled_events']

function create(client: Stripe, url: string, { connection }: Api): Promise<unknown> {
  const apiVersion = connection.extra.apiVersion ?? client.getApiField('version')
  return client.webhookEndpoints.create({
    url,
    enabled_events: [...eventTypes] as Topics,
    api_version: apiVersion as NonNullable<Stripe.WebhookEndpointCreateParams['api_version']>,
    description: `ordersync ${connection.id}`,
  })
}

async function endpoints(api: Api): Promise<Endpoint[]> {
  // At most 16 endpoints can be registered, so one page holds them all.
  const { data } = await answer<{ data?: Endpoint[] }>(api, (client) =>
    client.webhookEndpoints.list({ limit: 100 }),
  )
  if (!Array.isArray(data)) throw new ApiError('unavailable', 'the list of endpoints is no list')
  return data
}

async function change(api: Api, ask: (client: Stripe) => Promise<unknown>): Promise<Endpoint> {
  return await answer<Endpoint>(api, ask)
}

async function answer<T>(api: Api, ask: (client: Stripe) => Promise<unknown>): Promise<T> {
  const { body } = await call(api, ask)
  return JSON.parse(Buffer.from(body).toString('utf8')) as T
}

type Judgement = { readonly state: SubscriptionState; readonly own?: Endpoint }

function judge(all: readonly Endpoint[], url: string, { connection }: Api): Judgement {
  const ours = all.filter((endpoint) => sameUrl(endpoint.url, url))
  const enabled = ours.filter((endpoint) => endpoint.status === 'enabled')
  const own = enabled[0] ?? ours[0]
  if (own === undefined) return elsewhere(all, url)
  const say = (status: SubscriptionState['status'], detail: string) => ({
    state: { status, detail, url: own.url },
    own,
  })
  if (enabled.length > 1)
    return say('doubled', `${enabled.map(({ id }) => id).join(' and ')} both send to ${url}`)
  if (own.status !== 'enabled') return say('disabled', `${own.id} is ${own.status}`)
  const missing = own.enabled_events.includes('*')
    ? []
    : needed.filter((type) => !own.enabled_events.includes(type))
  if (missing.length > 0) return say('wrong_topics', `${own.id} does not send ${missing.join(', ')}`)
  const wanted = connection.extra.apiVersion
  if (typeof wanted === 'string' && own.api_version !== wanted) {
    return say(
      'wrong_version',
      `${own.id} sends version ${own.api_version ?? 'of the account'}, not ${wanted}`,
    )
  }
  return say('healthy', `${own.id} is enabled`)
}

/** Not at our address: an endpoint with our path on another host is ours from before a move. */
function elsewhere(all: readonly Endpoint[], url: string): Judgement {
  const moved = all.find((endpoint) => pathOf(endpoint.url) === pathOf(url))
  if (moved === undefined) return { state: { status: 'absent', detail: `no endpoint sends to ${url}` } }
  return {
    state: {
      status: 'wrong_url',
      detail: `${moved.id} sends to ${moved.url}, not to ${url}`,
      url: moved.url,
    },
  }
}

function sameUrl(a: string, b: string): boolean {
  return hrefOf(a) === hrefOf(b)
}

function hrefOf(url: string): string {
  return URL.canParse(url) ? new URL(url).href.replace(/\/$/, '') : url
}

function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname.replace(/\/$/, '') : url
}
