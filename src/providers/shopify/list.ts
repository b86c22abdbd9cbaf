import type { RefKind } from '../../core/fact.ts'
import { type Api, ApiError, type ListedItem, type ListWindow, type Page } from '../provider.ts'
import { call } from './client.ts'
import { child, field, flag, instant, isThing, type Node, needId, parse, text } from './json.ts'
import { listBalance, listDisputes, listInventory, listOrders, listPayouts } from './queries.ts'
import { read } from './read.ts'
import { elementsAt } from '../reading/slices.ts'

type Listing = {
  readonly query: string
  readonly path: readonly string[]
  readonly kind: RefKind
  readonly type: string
  /** The field of their search language that a window is cut by, and the one of ours that holds the item's time. */
  readonly by: string
  readonly at: string
  readonly pageSize: number
  readonly needs: 'order' | 'payment' | 'fulfillment' | undefined
}

/**
 * Lists by the name that a reconciliation uses. Orders by the time they changed bring refunds, shipments and payments
 * with them; what is the shop's own payments only a connection that speaks for payment asks for.
 */
const listings = new Map<string, Listing>([
  [
    'orders',
    {
      query: listOrders,
      path: ['orders'],
      kind: 'order',
      type: 'resource.order',
      by: 'updated_at',
      at: 'updated_at',
      pageSize: 20,
      needs: undefined,
    },
  ],
  [
    'inventory_items',
    {
      query: listInventory,
      path: ['inventoryItems'],
      kind: 'product',
      type: 'resource.inventory_item',
      by: 'updated_at',
      at: 'updated_at',
      pageSize: 50,
      needs: 'order',
    },
  ],
  [
    'disputes',
    {
      query: listDisputes,
      path: ['disputes'],
      kind: 'dispute',
      type: 'resource.dispute',
      by: 'initiated_at',
      at: 'initiated_at',
      pageSize: 50,
      needs: 'payment',
    },
  ],
  [
    'balance_transactions',
    {
      query: listBalance,
      path: ['shopifyPaymentsAccount', 'balanceTransactions'],
      kind: 'transaction',
      type: 'resource.balance_transaction',
      by: 'processed_at',
      at: 'created_at',
      pageSize: 100,
      needs: 'payment',
    },
  ],
  [
    'payouts',
    {
      query: listPayouts,
      path: ['shopifyPaymentsAccount', 'payouts'],
      kind: 'payout',
      type: 'resource.payout',
      by: 'issued_at',
      at: 'issued_at',
      pageSize: 100,
      needs: 'payment',
    },
  ],
])

export const lists: readonly string[] = [...listings.keys()]

/** How small a page may get where the shop says that a query would cost more points than one may. */
const pageSizeMin = 1

/**
 * What the shop has within the window, oldest change first. A cursor that it no longer takes begins the walk anew:
 * what was seen is known already. Throws `ApiError`.
 */
export async function* list(window: ListWindow, cursor: string | undefined, api: Api): AsyncIterable<Page> {
  const listing = listings.get(window.list)
  if (listing === undefined) throw new ApiError('refused', `there is no list ${window.list}`)
  if (listing.needs !== undefined && !api.connection.speaksFor.includes(listing.needs)) {
    yield { items: [], cursor: undefined, isLast: true }
    return
  }
  let first = listing.pageSize
  let after = cursor
  let isResumed = cursor !== undefined
  for (;;) {
    const page = await pageOf(listing, window, { first, after }, api).catch((error: unknown) => {
      if (!(error instanceof ApiError) || error.kind !== 'refused') throw error
      if (error.message.startsWith('MAX_COST_EXCEEDED') && first > pageSizeMin) first = Math.ceil(first / 2)
      else if (isResumed) after = undefined
      else throw error
      return undefined
    })
    if (page === undefined) {
      if (after === undefined) isResumed = false
      continue
    }
    yield page
    if (page.isLast) return
    if (page.cursor === after)
      throw new ApiError('unavailable', `the list ${window.list} gives the same page again`)
    after = page.cursor
    isResumed = false
  }
}

async function pageOf(
  listing: Listing,
  { since, until, list: name }: ListWindow,
  place: { first: number; after: string | undefined },
  api: Api,
): Promise<Page> {
  const query = `${listing.by}:>='${since}' AND ${listing.by}:<='${until}'`
  const { body, data, apiVersion } = await call(api, listing.query, {
    ...place,
    after: place.after ?? null,
    query,
  })
  const [outer] = listing.path
  // A shop without payments of its own has no account for them, and nothing in it.
  if (listing.path.length > 1 && field(data, outer!) === undefined)
    return { items: [], cursor: undefined, isLast: true }
  const connection = listing.path.reduce<Node | undefined>((node, key) => node && child(node, key), data)
  const slices = elementsAt(body, ['data', ...listing.path, 'nodes'])
  const info = connection && child(connection, 'pageInfo')
  if (slices === undefined || info === undefined)
    throw new ApiError('unavailable', `the list ${name} is no list`)
  const items: ListedItem[] = []
  for (const slice of slices) {
    const item = await itemOf(slice, listing, apiVersion, api)
    if (item !== undefined) items.push(item)
  }
  const cursor = text(info, 'endCursor')
  return { items, cursor, isLast: !flag(info, 'hasNextPage') || cursor === undefined }
}

async function itemOf(
  slice: Uint8Array,
  { kind, type, at }: Listing,
  apiVersion: string | undefined,
  api: Api,
): Promise<ListedItem | undefined> {
  try {
    const node = parse(slice)
    const resource = { kind, id: needId(node, 'id') }
    const occurredAt = instant(node, at)
    if (occurredAt === undefined) return undefined
    if (kind === 'order' && isCutOff(node)) {
      const whole = await read(resource, api)
      return { resource, occurredAt, ...whole }
    }
    return { resource, type, body: slice, occurredAt, ...(apiVersion !== undefined && { apiVersion }) }
  } catch (error) {
    if (error instanceof ApiError) throw error
    throw new ApiError('unavailable', `the list holds something without id or time`, { cause: error })
  }
}

/** More lines than a page asks for: half an order would be another order. */
function isCutOff(node: Node): boolean {
  const lines = child(node, 'line_items')
  const info = lines && field(lines, 'page_info')
  return isThing(info) && info.hasNextPage === true
}
