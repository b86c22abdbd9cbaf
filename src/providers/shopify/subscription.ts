import { type Api, ApiError, type SubscriptionState } from '../provider.ts'
import { call, expectDone, versionOf } from './client.ts'
import { child, children, flag, type Node, needId, text } from './json.ts'
import { topics } from './normalize.ts'
import { createSubscription, listSubscriptions } from './queries.ts'

type Subscription = {
  readonly id: string
  readonly topic: string
  readonly uri: string
  readonly version: string | undefined
}
type Found = { readonly all: readonly Subscription[]; readonly answeredBy: string | undefined }

/** Without these an order's life would go untold until the next reconciliation; the others we ask for as well. */
const needed = [
  'orders/create',
  'orders/updated',
  'orders/cancelled',
  'order_transactions/create',
  'refunds/create',
  'fulfillments/create',
  'fulfillments/update',
]

/** Is every topic that we need sent to our address? The shop drops a subscription after eight failures. Throws `ApiError`. */
export async function inspect(api: Api, url: string): Promise<SubscriptionState> {
  return judge(await subscriptions(api), url, api)
}

/**
 * Makes whatever is missing; subscriptions of the app's own configuration do not show here, and where one exists the
 * shop says that the address is taken, which is as good. The deliveries are signed with the app's secret.
 */
export async function ensure(api: Api, url: string): Promise<SubscriptionState & { made?: number }> {
  const found = await subscriptions(api)
  const state = judge(found, url, api)
  if (state.status === 'healthy' || state.status === 'doubled' || state.status === 'wrong_version')
    return state
  const missing = topics.filter((topic) => !isSent(found.all, topic, url))
  let made = 0
  for (const topic of missing) made += (await create(api, topic, url)) ? 1 : 0
  return {
    status: 'healthy',
    detail: `${made} of ${topics.length} topics were missing, and are subscribed`,
    url,
    made,
  }
}

async function create(api: Api, topic: string, uri: string): Promise<boolean> {
  const { data } = await call(api, createSubscription, { topic: enumOf(topic), uri })
  const payload = child(data, 'webhookSubscriptionCreate')
  if (payload === undefined) throw new ApiError('unavailable', 'the subscription was not answered')
  expectDone(payload, (message) => /already been taken/i.test(message))
  return child(payload, 'webhookSubscription') !== undefined
}

async function subscriptions(api: Api): Promise<Found> {
  const all: Subscription[] = []
  let after: string | null = null
  for (let page = 0; page < 20; page++) {
    const { data, apiVersion } = await call(api, listSubscriptions, { after })
    const connection = child(data, 'webhookSubscriptions')
    if (connection === undefined) throw new ApiError('unavailable', 'the list of subscriptions is no list')
    all.push(...children(connection, 'nodes').map(subscriptionOf))
    const info = child(connection, 'pageInfo')
    after = (info && text(info, 'endCursor')) ?? null
    if (info === undefined || !flag(info, 'hasNextPage') || after === null)
      return { all, answeredBy: apiVersion }
  }
  throw new ApiError('unavailable', 'the list of subscriptions does not end')
}

function subscriptionOf(node: Node): Subscription {
  const version = child(node, 'apiVersion')
  return {
    id: needId(node, 'id'),
    topic: text(node, 'topic') ?? '',
    uri: text(node, 'uri') ?? '',
    version: version && text(version, 'handle'),
  }
}

function judge({ all, answeredBy }: Found, url: string, { connection }: Api): SubscriptionState {
  const ours = all.filter(({ uri }) => hrefOf(uri) === hrefOf(url))
  if (ours.length === 0) return elsewhere(all, url)
  const say = (status: SubscriptionState['status'], detail: string): SubscriptionState => ({
    status,
    detail,
    url,
  })
  const missing = needed.filter((topic) => !isSent(all, topic, url))
  if (missing.length > 0) return say('wrong_topics', `the shop does not send ${missing.join(', ')}`)
  const doubled = needed.filter((topic) => ours.filter((one) => one.topic === enumOf(topic)).length > 1)
  if (doubled.length > 0) return say('doubled', `${doubled.join(', ')} is subscribed more than once`)
  const wanted = versionOf(connection)
  // A version that is no longer served is answered by the oldest that is, and only the header tells.
  if (answeredBy !== undefined && answeredBy !== wanted)
    return say('wrong_version', `the shop answers as version ${answeredBy}, not ${wanted}`)
  const older = ours.find(({ version }) => version !== undefined && version !== wanted)
  if (older !== undefined && typeof connection.extra.apiVersion === 'string')
    return say('wrong_version', `deliveries are of version ${older.version}, not ${wanted}`)
  return say('healthy', `${ours.length} topics are sent to ${url}`)
}

function isSent(all: readonly Subscription[], topic: string, url: string): boolean {
  return all.some((one) => one.topic === enumOf(topic) && hrefOf(one.uri) === hrefOf(url))
}

/** Our path on another host is ours from before a move. */
function elsewhere(all: readonly Subscription[], url: string): SubscriptionState {
  const moved = all.find(({ uri }) => pathOf(uri) === pathOf(url))
  if (moved === undefined) return { status: 'absent', detail: `nothing is sent to ${url}` }
  return { status: 'wrong_url', detail: `${moved.id} sends to ${moved.uri}, not to ${url}`, url: moved.uri }
}

/** `orders/create` is ORDERS_CREATE there. */
function enumOf(topic: string): string {
  return topic.toUpperCase().replaceAll('/', '_')
}

function hrefOf(url: string): string {
  return URL.canParse(url) ? new URL(url).href.replace(/\/$/, '') : url
}

function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname.replace(/\/$/, '') : url
}
