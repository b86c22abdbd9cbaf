import { Problem } from '../problem.ts'

/** Cursors are opaque: base64url of the last row's place. A row's place never changes, so inserts move no page. */

const largest = 9_223_372_036_854_775_807n

export function encodeCursor(seq: bigint): string {
  return encodeText(seq.toString())
}

/** Undefined for anything that `encodeCursor` did not make. */
export function decodeCursor(cursor: string): bigint | undefined {
  const text = decodeText(cursor)
  if (text === undefined || !/^[1-9]\d{0,18}$/.test(text)) return undefined
  const seq = BigInt(text)
  return seq <= largest ? seq : undefined
}

export function encodeText(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url')
}

/** Undefined when it is not the one base64url form of some text. */
export function decodeText(cursor: string): string | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(cursor)) return undefined
  const text = Buffer.from(cursor, 'base64url').toString('utf8')
  return encodeText(text) === cursor ? text : undefined
}

/**
 * One page out of `limit + 1` rows: the surplus row only says that there is another page.
 */
export function page<Row extends { seq: bigint }, Item>(
  rows: readonly Row[],
  limit: number,
  view: (row: Row) => Item,
): { data: Item[]; next_cursor: string | null } {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    data: shown.map(view),
    next_cursor: rows.length > limit && last !== undefined ? encodeCursor(last.seq) : null,
  }
}

/** One page of a short list that is held whole; its cursor names the last item shown. */
export function slice<Item extends { readonly id: string }>(
  items: readonly Item[],
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): { data: Item[]; next_cursor: string | null } {
  const last = cursor === undefined ? undefined : decodeText(cursor)
  const start = cursor === undefined ? 0 : items.findIndex((item) => item.id === last) + 1
  if (cursor !== undefined && start === 0) throw badCursor()
  const data = items.slice(start, start + limit)
  return { data, next_cursor: start + limit < items.length ? encodeText(data.at(-1)!.id) : null }
}

export function badCursor(): Problem {
  return new Problem('invalid_request', 'cursor is not a cursor of this list')
}
