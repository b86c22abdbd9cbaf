import { type Api, ApiError, type SubscriptionState } from '../provider.ts'
import { ask } from './client.ts'
import { children, type Node, parseObject, text } from './json.ts'
import { eventTypes } from './normalize.ts'
import { webhookIds } from './settings.ts'

const path = '/v1/notifications/webhooks'
type Webhook = { readonly id: string; readonly url: string; readonly types: readonly string[] }
type Judgement = { readonly state: SubscriptionState; readonly own?: Webhook }

/** Is our webhook registered, and asked for what we need? Throws `ApiError`. */
export async function inspect(api: Api, url: string): Promise<SubscriptionState> {
  return judge(await webhooks(api), url, api).state
}

/** Makes it so. A webhook has no secret: what a new one is verified with is its id, which is given as `secret`. */
export async function ensure(api: Api, url: string): Promise<SubscriptionState & { secret?: string }> {
  const { state, own } = judge(await webhooks(api), url, api)
  const types = eventTypes.map((name) => ({ name }))
  if (state.status === 'absent' || state.status === 'wrong_url') {
    const { body } = await ask(api, {
      method: 'POST',
      path,
      body: JSON.stringify({ url, event_types: types }),
    })
    const id = text(parseObject(body), 'id')
    if (id === undefined) throw new ApiError('unavailable', 'the answer is no webhook')
    return { status: 'healthy', detail: `registered as ${id}: set webhookId to it`, url, secret: id }
  }
  if (own !== undefined && state.status === 'wrong_topics') {
    const all = [...new Set([...own.types, ...eventTypes])].map((name) => ({ name }))
    const change = JSON.stringify([{ op: 'replace', path: '/event_types', value: all }])
    await ask(api, { method: 'PATCH', path: `${path}/${encodeURIComponent(own.id)}`, body: change })
    return { status: 'healthy', detail: `${own.id} was wrong_topics, and is mended`, url }
  }
  return state
}

async function webhooks(api: Api): Promise<Webhook[]> {
  const { body } = await ask(api, { method: 'GET', path })
  const root = parseObject(body)
  if (root === undefined) throw new ApiError('unavailable', 'the list of webhooks is no list')
  return children(root, 'webhooks').map(webhookIn)
}

function webhookIn(node: Node): Webhook {
  const types = children(node, 'event_types').flatMap((type) => text(type, 'name') ?? [])
  return { id: text(node, 'id') ?? '', url: text(node, 'url') ?? '', types }
}

function judge(all: readonly Webhook[], url: string, { connection }: Api): Judgement {
  const ours = all.filter((one) => hrefOf(one.url) === hrefOf(url))
  const known = webhookIds(connection)
  const own = ours.find(({ id }) => known.includes(id)) ?? ours[0]
  if (own === undefined) return elsewhere(all, url)
  const say = (status: SubscriptionState['status'], detail: string) => ({
    state: { status, detail, url: own.url },
    own,
  })
  if (ours.length > 1) return say('doubled', `${ours.map(({ id }) => id).join(' and ')} both send to ${url}`)
  if (known.length > 0 && !known.includes(own.id))
    return say(
      'unknown',
      `${own.id} sends to ${url}, and webhookId is ${known.join(', ')}: nothing of it can be verified`,
    )
  const missing = own.types.includes('*') ? [] : eventTypes.filter((type) => !own.types.includes(type))
  if (missing.length > 0) return say('wrong_topics', `${own.id} does not send ${missing.join(', ')}`)
  return say('healthy', `${own.id} is registered`)
}

function elsewhere(all: readonly Webhook[], url: string): Judgement {
  const moved = all.find((one) => pathOf(one.url) === pathOf(url))
  if (moved === undefined) return { state: { status: 'absent', detail: `no webhook sends to ${url}` } }
  return {
    state: {
      status: 'wrong_url',
      detail: `${moved.id} sends to ${moved.url}, not to ${url}`,
      url: moved.url,
    },
  }
}

function hrefOf(url: string): string {
  return URL.canParse(url) ? new URL(url).href.replace(/\/$/, '') : url
}

function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname.replace(/\/$/, '') : url
}
