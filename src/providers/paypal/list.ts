import type { Instant } from '../../core/fact.ts'
import { type Api, ApiError, type ListedItem, type ListWindow, type Page } from '../provider.ts'
import { ask } from './client.ts'
import { children, field, instant, isId, isThing, type Node, parseObject, text } from './json.ts'
import { eventTypes, hintIn } from './normalize.ts'
import { read } from './read.ts'
import { elementsAt } from '../reading/slices.ts'
import { transactions } from './transactions.ts'

/** There is no list of orders or of captures: what happened is told by events, by cases, and by the reports. */
export const lists: readonly string[] = ['events', 'disputes', 'transactions']

/** Pages of one list, resumable. What is known by its id only is read, and given as its reading. */
export async function* list(window: ListWindow, cursor: string | undefined, api: Api): AsyncIterable<Page> {
  if (window.list === 'transactions') yield* transactions(window, cursor, api)
  else if (window.list === 'events') yield* linked(events, window, cursor, api)
  else if (window.list === 'disputes') yield* linked(disputes, window, cursor, api)
  else throw new ApiError('refused', `there is no list ${window.list}`)
}

/** A list whose pages name the next one. */
type Linked = {
  readonly path: string
  readonly key: string
  readonly query: (window: ListWindow) => { readonly [name: string]: string }
  readonly itemOf: (body: Uint8Array, node: Node, api: Api) => Promise<ListedItem | undefined>
}

const used = new Set(eventTypes)

/** They keep events for about 30 days; older ones are nobody's any more. */
const events: Linked = {
  path: '/v1/notifications/webhooks-events',
  key: 'events',
  query: ({ since, until }) => ({
    page_size: '100',
    start_time: later(since, daysBefore(until, 30)),
    end_time: until,
  }),
  async itemOf(body, node) {
    const type = text(node, 'event_type') ?? ''
    const id = field(node, 'id')
    const occurredAt = instant(node, 'create_time')
    const resource = hintIn(node, type)
    if (!used.has(type) || !isId(id) || occurredAt === undefined || resource === undefined) return undefined
    return { resource, providerEventId: id, type, body, occurredAt }
  },
}

/** Cases by their last change, up to 180 days back. The list leaves out what a case is about, so each is read. */
const disputes: Linked = {
  path: '/v1/customer/disputes',
  key: 'items',
  query: ({ since, until }) => ({ page_size: '10', update_time_after: later(since, daysBefore(until, 179)) }),
  async itemOf(_body, node, api) {
    const id = field(node, 'dispute_id')
    const occurredAt = instant(node, 'update_time') ?? instant(node, 'create_time')
    if (!isId(id) || occurredAt === undefined) return undefined
    const resource = { kind: 'dispute', id } as const
    return { resource, occurredAt, ...(await read(resource, api)) }
  },
}

const pagesMax = 10_000

async function* linked(
  list: Linked,
  window: ListWindow,
  cursor: string | undefined,
  api: Api,
): AsyncIterable<Page> {
  let query = queryIn(cursor) ?? list.query(window)
  for (let pages = 0; ; pages += 1) {
    if (pages > pagesMax) throw new ApiError('unavailable', `the list ${window.list} does not end`)
    const { body } = await ask(api, { method: 'GET', path: list.path, query })
    const root = parseObject(body)
    if (root === undefined) throw new ApiError('unavailable', `the list ${window.list} is no list`)
    const items: ListedItem[] = []
    for (const slice of elementsAt(body, [list.key]) ?? []) {
      const node = parseObject(slice)
      const item = node && (await list.itemOf(slice, node, api))
      if (item !== undefined) items.push(item)
    }
    const next = nextQuery(root)
    yield { items, cursor: next === undefined ? undefined : JSON.stringify(next), isLast: next === undefined }
    if (next === undefined) return
    if (JSON.stringify(next) === JSON.stringify(query))
      throw new ApiError('unavailable', `the list ${window.list} gives the same page again`)
    query = next
  }
}

/** Of the link to the next page only the query is taken: where it is asked is ours to say. */
function nextQuery(root: Node): { [name: string]: string } | undefined {
  const href = children(root, 'links').find((link) => text(link, 'rel') === 'next')?.value.href
  if (typeof href !== 'string' || !URL.canParse(href)) return undefined
  return Object.fromEntries(new URL(href).searchParams)
}

function queryIn(cursor: string | undefined): { [name: string]: string } | undefined {
  try {
    const value: unknown = cursor === undefined ? undefined : JSON.parse(cursor)
    if (isThing(value) && Object.values(value).every((one) => typeof one === 'string'))
      return value as { [name: string]: string }
  } catch {
    // a cursor of another version: the list is walked from its head
  }
  return undefined
}

function later(a: Instant, b: Instant): Instant {
  return a > b ? a : b
}

function daysBefore(until: Instant, days: number): Instant {
  return new Date(Date.parse(until) - days * 86_400_000).toISOString()
}
