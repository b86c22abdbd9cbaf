import type { Ref } from '../../core/fact.ts'
import { type Api, ApiError, type ListedItem, type ListWindow, type Page, type Reading } from '../provider.ts'
import { call } from './client.ts'
import { child, field, idIn, instant, isId, isThing, type Node, parseObject, signed, text } from './json.ts'
import { read, withDisputes } from './read.ts'
import { elementsAt } from '../reading/slices.ts'

const day = 86_400_000
/** A query may not reach further, nor hold more, than this; and rows come up to three hours late. */
const windowMs = 31 * day
const recordsMax = 10_000
const lagMs = 3 * 3_600_000
const pageSize = 500
/** Many a row costs a read of its own, and a page has a deadline. */
const rowsAtOnce = 10

/** Time still to be walked, oldest first; within the first window the page, and the rows of it that are done. */
type Place = {
  readonly windows: readonly (readonly [from: number, to: number])[]
  readonly page: number
  readonly done: number
}

/**
 * Rows of the reports, each as the resource that it is about where that can be read. Walked from twice the lag before
 * the window: what came late is seen by the next walk.
 *
 * @see https://developer.paypal.com/docs/api/transaction-search/v1/#search_get (checked 2026-11)
 */
export async function* transactions(
  window: ListWindow,
  cursor: string | undefined,
  api: Api,
): AsyncIterable<Page> {
  let place = placeOf(cursor) ?? { windows: windowsOf(window), page: 1, done: 0 }
  while (place.windows.length > 0) {
    const found = await pageOf(place, api)
    if (found === 'too_many') {
      place = { windows: halved(place.windows), page: 1, done: 0 }
      continue
    }
    const { rows, pages } = found
    while (place.done < rows.length) {
      const items = await itemsOf(rows.slice(place.done, place.done + rowsAtOnce), api)
      place = { ...place, done: place.done + rowsAtOnce }
      yield { items, cursor: JSON.stringify(place), isLast: isLast(place, rows.length, pages) }
    }
    const isOver = place.page >= pages
    place = {
      windows: isOver ? place.windows.slice(1) : place.windows,
      page: isOver ? 1 : place.page + 1,
      done: 0,
    }
    if (rows.length === 0)
      yield { items: [], cursor: JSON.stringify(place), isLast: place.windows.length === 0 }
  }
}

function isLast({ windows, page, done }: Place, rows: number, pages: number): boolean {
  return windows.length === 1 && page >= pages && done >= rows
}

function windowsOf({ since, until }: ListWindow): Place['windows'] {
  const windows: [number, number][] = []
  const to = Date.parse(until)
  const from = Math.max(Date.parse(since) - 2 * lagMs, to - 3 * 365 * day)
  for (let at = from; at < to; at += windowMs) windows.push([at, Math.min(at + windowMs - 1000, to)])
  return windows
}

function halved([first, ...rest]: Place['windows']): Place['windows'] {
  const [from, to] = first!
  const middle = Math.floor((from + to) / 2000) * 1000
  if (middle <= from)
    throw new ApiError('unavailable', 'one second of the reports holds more than can be asked for')
  return [[from, middle], [middle, to], ...rest]
}

async function pageOf(
  { windows, page }: Place,
  api: Api,
): Promise<'too_many' | { rows: Uint8Array[]; pages: number }> {
  const [from, to] = windows[0]!
  const range = { startDate: atSecond(from), endDate: atSecond(to) }
  try {
    const { body } = await call(api, (client, { TransactionSearchController }) =>
      new TransactionSearchController(client).searchTransactions({ ...range, fields: 'all', pageSize, page }),
    )
    const root = parseObject(body)
    if (root === undefined || !Array.isArray(field(root, 'transaction_details')))
      throw new ApiError('unavailable', 'the answer is no page of transactions')
    if (Number(field(root, 'total_items') ?? 0) >= recordsMax) return 'too_many'
    return {
      rows: elementsAt(body, ['transaction_details']) ?? [],
      pages: Number(field(root, 'total_pages') ?? 1),
    }
  } catch (error) {
    if (error instanceof ApiError && error.message.includes('RESULTSET_TOO_LARGE')) return 'too_many'
    throw error
  }
}

function atSecond(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z')
}

async function itemsOf(rows: readonly Uint8Array[], api: Api): Promise<ListedItem[]> {
  const items: ListedItem[] = []
  for (const body of rows) {
    const root = parseObject(body)
    const node = root && child(root, 'transaction_info')
    const item = node && (await itemOf(body, node, api))
    if (item !== undefined) items.push(item)
  }
  return items
}

async function itemOf(body: Uint8Array, node: Node, api: Api): Promise<ListedItem | undefined> {
  const id = field(node, 'transaction_id')
  const occurredAt = instant(node, 'transaction_updated_date') ?? instant(node, 'transaction_initiation_date')
  if (!isId(id) || occurredAt === undefined) return undefined
  const code = text(node, 'transaction_event_code') ?? ''
  // A conversion is told by the capture or refund that it is part of.
  if (code.startsWith('T02')) return undefined
  const about = idIn(node, 'paypal_reference_id')
  if (takesBack.test(code) && about !== undefined) {
    const reading = await known(() => withDisputes('transaction', body, about, api))
    return reading && { resource: { kind: 'transaction', id }, occurredAt, ...reading }
  }
  const resource = resourceOf(code, id, (signed(node, 'transaction_amount')?.amountMinor ?? 0n) > 0n)
  if (resource !== undefined) {
    const reading = await known(() => read(resource, api))
    return reading && { resource, occurredAt, ...reading }
  }
  const kind = code.startsWith('T04') ? 'payout' : 'transaction'
  return {
    resource: { kind, id: kind === 'payout' ? id : `${id}:${code}` },
    type: 'resource.transaction',
    body,
    occurredAt,
  }
}

/** Reversals and chargebacks, and what gives them back. */
const takesBack = /^T(1106|1104|1105|1201|1202)$/

function resourceOf(code: string, id: string, isIncome: boolean): Ref | undefined {
  if (/^T00/.test(code) && isIncome) return { kind: 'capture', id }
  return code === 'T1107' ? { kind: 'refund', id } : undefined
}

/** Payments of another app stand in the reports, too, and cannot be read. */
async function known(make: () => Promise<Reading>): Promise<Reading | undefined> {
  try {
    return await make()
  } catch (error) {
    if (error instanceof ApiError && (error.kind === 'not_found' || error.kind === 'refused'))
      return undefined
    throw error
  }
}

function placeOf(cursor: string | undefined): Place | undefined {
  try {
    const value: unknown = cursor === undefined ? undefined : JSON.parse(cursor)
    const isPlace =
      isThing(value) &&
      Array.isArray(value.windows) &&
      typeof value.page === 'number' &&
      typeof value.done === 'number'
    return isPlace ? (value as unknown as Place) : undefined
  } catch {
    return undefined
  }
}
