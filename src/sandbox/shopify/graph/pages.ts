import { GraphQLError } from 'graphql'
import type { Args, Viewed } from '../graphql/answer.ts'

/** One that can stand in a list: what it shows, its place, and its fields that a search can ask for. */
export type Entry = {
  readonly id: string
  readonly order: string
  readonly search: { readonly [field: string]: string }
  readonly view: Viewed
}

/** More than so many in a page is refused. */
const firstMax = 250

/** A page of what the search finds, after the cursor, in order of place and id. */
export function pageOf(entries: readonly Entry[], args: Args): Viewed {
  const { first, after, query } = args as { first?: number; after?: string | null; query?: string }
  if (first === undefined)
    throw new GraphQLError('you must provide one of first or last', { extensions: { code: 'BAD_REQUEST' } })
  if (first > firstMax)
    throw new GraphQLError(`first cannot exceed ${firstMax}`, { extensions: { code: 'BAD_REQUEST' } })
  const isFound = searchFor(query ?? '')
  const place = after === undefined || after === null ? undefined : placeOf(after)
  const found = entries
    .filter(({ search }) => isFound(search))
    .sort(byPlace)
    .filter((entry) => place === undefined || byPlace(entry, place) > 0)
  const page = found.slice(0, first)
  const last = page.at(-1)
  return {
    nodes: page.map(({ view }) => view),
    pageInfo: {
      hasNextPage: found.length > page.length,
      endCursor: last === undefined ? null : cursorOf(last),
    },
  }
}

/** A list inside an object: no cursor, no search. */
export function listOf(views: readonly Viewed[]): (args: Args) => Viewed {
  return (args) => {
    const nodes = firstOf(views)(args)
    return { nodes, pageInfo: { hasNextPage: views.length > nodes.length, endCursor: null } }
  }
}

/** A plain list that takes `first`. */
export function firstOf(views: readonly Viewed[]): (args: Args) => Viewed[] {
  return ({ first }) => views.slice(0, (first as number | undefined) ?? views.length)
}

type Place = Pick<Entry, 'id' | 'order'>

function byPlace(a: Place, b: Place): number {
  if (a.order !== b.order) return a.order < b.order ? -1 : 1
  return a.id === b.id ? 0 : BigInt(a.id) < BigInt(b.id) ? -1 : 1
}

function cursorOf({ id, order }: Place): string {
  return Buffer.from(JSON.stringify({ last_id: id, last_value: order })).toString('base64')
}

function placeOf(cursor: string): Place {
  try {
    const { last_id: id, last_value: order } = JSON.parse(Buffer.from(cursor, 'base64').toString()) as {
      last_id: string
      last_value: string
    }
    return { id: String(BigInt(id)), order }
  } catch {
    throw new GraphQLError('Invalid cursor for current pagination sort.', {
      extensions: { code: 'INVALID_CURSOR' },
    })
  }
}

const term = /^(\w+):(>=|<=|>|<|)(?:'([^']*)'|"((?:[^"\\]|\\.)*)"|(\S+))$/

/** Their search language as far as it is used: terms that must all hold. Times compare as times, the rest as text. */
function searchFor(query: string): (search: Entry['search']) => boolean {
  const terms =
    query === ''
      ? []
      : query.split(' AND ').map((text) => {
          const [, field = '', sign = '', single, double, bare] = term.exec(text.trim()) ?? []
          if (field === '') throw new GraphQLError(`the twin cannot search for ${text}`)
          return { field, sign, value: single ?? double?.replace(/\\(.)/g, '$1') ?? bare ?? '' }
        })
  return (search) =>
    terms.every(({ field, sign, value }) => {
      const held = search[field]
      if (held === undefined) throw new GraphQLError(`the twin cannot search by ${field}`)
      if (sign === '') return held === value
      const [a, b] = [Date.parse(held), Date.parse(value)]
      return sign === '>=' ? a >= b : sign === '<=' ? a <= b : sign === '>' ? a > b : a < b
    })
}
