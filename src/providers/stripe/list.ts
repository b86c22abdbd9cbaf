import type Stripe from 'stripe'
import type { Instant } from '../../core/fact.ts'
import { type Api, ApiError, type ListedItem, type ListWindow, type Page } from '../provider.ts'
import { call } from './client.ts'
import { child, flag, idIn, instant, isId, isThing, type Node, text } from './json.ts'
import { eventTypes, refOf } from './normalize.ts'
import { elementsAt } from '../reading/slices.ts'

type Params = { limit: number; created: { gte: number; lte: number }; starting_after?: string }

/** Lists by the name that a reconciliation uses. Events first: they bring what changed on objects older than the window. */
const listings = new Map<string, (client: Stripe, params: Params) => Promise<unknown>>([
  ['events', (client, params) => client.events.list(params)],
  ['payment_intents', (client, params) => client.paymentIntents.list(params)],
  ['charges', (client, params) => client.charges.list(params)],
  ['refunds', (client, params) => client.refunds.list(params)],
  ['disputes', (client, params) => client.disputes.list(params)],
  ['checkout_sessions', (client, params) => client.checkout.sessions.list(params)],
  ['balance_transactions', (client, params) => client.balanceTransactions.list(params)],
  ['payouts', (client, params) => client.payouts.list(params)],
  ['invoices', (client, params) => client.invoices.list(params)],
])

/** Walked by a reconciliation. Invoices are not: the events list brings them, and not every key may read them. */
export const lists: readonly string[] = [...listings.keys()].filter((name) => name !== 'invoices')

/** The most they give at once. */
const pageSize = 100
/** How often one walk may start anew from the oldest thing seen, before the list counts as broken. */
const restartsMax = 3

/**
 * Pages of one list, newest first. What appears at its head meanwhile is left to the next walk; a cursor whose object is
 * gone, or a page that is empty though there is more, starts anew at the oldest thing seen, without giving it twice.
 */
export async function* list(window: ListWindow, cursor: string | undefined, api: Api): AsyncIterable<Page> {
  const listing = listings.get(window.list)
  if (listing === undefined) throw new ApiError('refused', `there is no list ${window.list}`)
  const since = Math.floor(Date.parse(window.since) / 1000)
  let place = placeOf(cursor, Math.ceil(Date.parse(window.until) / 1000))
  let seen: ReadonlySet<string> = new Set()
  for (let restarts = 0; ; ) {
    const { after, until } = place
    const params = {
      limit: pageSize,
      created: { gte: since, lte: until },
      ...(after && { starting_after: after }),
    }
    const page = await pageOf(api, window.list, (client) => listing(client, params)).catch(
      (error: unknown) => {
        if (after !== undefined && error instanceof ApiError && error.kind === 'not_found') return undefined
        throw error
      },
    )
    const last = page?.rows.at(-1)
    if (page === undefined || (last === undefined && page.hasMore)) {
      if (++restarts > restartsMax)
        throw new ApiError('unavailable', `the list ${window.list} does not go on`)
      place = { after: undefined, until: place.oldest ?? until, oldest: place.oldest }
      continue
    }
    if (last !== undefined && last.id === after) {
      throw new ApiError('unavailable', `the list ${window.list} gives the same page again`)
    }
    const items = page.rows.filter(({ id }) => !seen.has(id)).flatMap(({ item }) => item ?? [])
    if (last !== undefined) {
      const ofLastSecond = page.rows.filter(({ created }) => created === last.created).map(({ id }) => id)
      seen = new Set(last.created === place.oldest ? [...seen, ...ofLastSecond] : ofLastSecond)
      place = { after: last.id, until, oldest: last.created }
    }
    yield { items, cursor: JSON.stringify(place), isLast: !page.hasMore }
    if (!page.hasMore) return
  }
}

/** Where a walk stands: after which object, and up to which second, should that object be gone. */
type Place = {
  readonly after: string | undefined
  readonly until: number
  readonly oldest: number | undefined
}

function placeOf(cursor: string | undefined, until: number): Place {
  try {
    const value: unknown = cursor === undefined ? undefined : JSON.parse(cursor)
    if (isThing(value) && isId(value.after) && typeof value.until === 'number') {
      const oldest = typeof value.oldest === 'number' ? value.oldest : undefined
      return { after: value.after, until: Math.min(value.until, until), oldest }
    }
  } catch {
    // a cursor of another version: the window is walked from its head
  }
  return { after: undefined, until, oldest: undefined }
}

type Row = { readonly id: string; readonly created: number; readonly item: ListedItem | undefined }

async function pageOf(
  api: Api,
  name: string,
  ask: (client: Stripe) => Promise<unknown>,
): Promise<{ rows: Row[]; hasMore: boolean }> {
  const { body, apiVersion } = await call(api, ask)
  const root = parsed(body)
  const slices = root && elementsAt(body, ['data'])
  if (root === undefined || slices === undefined)
    throw new ApiError('unavailable', `the list ${name} is no list`)
  return { rows: slices.map((slice) => rowOf(slice, name, apiVersion)), hasMore: flag(root, 'has_more') }
}

function rowOf(slice: Uint8Array, name: string, apiVersion: string | undefined): Row {
  const node = parsed(slice)
  const at = node && instant(node, 'created')
  const id = node && idIn(node, 'id')
  if (node === undefined || at === undefined || id === undefined) {
    throw new ApiError('unavailable', `the list ${name} holds something without id or time`)
  }
  const item = name === 'events' ? eventItem(node, id, slice, at) : resourceItem(node, slice, at, apiVersion)
  return { id, created: Date.parse(at) / 1000, item }
}

const used = new Set(eventTypes)

/** An event of theirs, as its webhook would have brought it; none for a type that states nothing to us. */
function eventItem(node: Node, id: string, body: Uint8Array, occurredAt: Instant): ListedItem | undefined {
  const type = text(node, 'type')
  const data = child(node, 'data')
  const object = data && child(data, 'object')
  const resource = object && refOf(object)
  if (type === undefined || !used.has(type) || resource === undefined) return undefined
  const apiVersion = text(node, 'api_version')
  return {
    resource,
    providerEventId: id,
    type,
    body,
    occurredAt,
    ...(apiVersion !== undefined && { apiVersion }),
  }
}

function resourceItem(
  node: Node,
  body: Uint8Array,
  occurredAt: Instant,
  apiVersion: string | undefined,
): ListedItem | undefined {
  const resource = refOf(node)
  if (resource === undefined) return undefined
  const type = `resource.${(text(node, 'object') ?? '').replaceAll('.', '_')}`
  return { resource, type, body, occurredAt, ...(apiVersion !== undefined && { apiVersion }) }
}

function parsed(body: Uint8Array): Node | undefined {
  try {
    const value: unknown = JSON.parse(
      Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'),
    )
    return isThing(value) ? { value, path: '' } : undefined
  } catch {
    return undefined
  }
}
