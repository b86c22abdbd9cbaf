import type { Instant } from '../../core/fact.ts'

/**
 * Reading a shop's JSON without trusting it. Webhook bodies and the answers to our queries have the same names, as the
 * queries alias them so; what still differs is read the same here: an id is a number, text or a `gid://…`, a list is
 * an array or a connection's `nodes`, a word of theirs is small or capital.
 */
export type Thing = { readonly [key: string]: unknown }

/** An object of the payload and where it stands in it. */
export type Node = { readonly value: Thing; readonly path: string }

/** A field that we need is missing or not what it should be. Never leaves this folder: `normalize` makes a review of it. */
export class Unreadable extends Error {
  constructor(path: string, why: string) {
    super(`${path}: ${why}`)
    this.name = 'Unreadable'
  }
}

const idPattern = /^[\x21-\x7e]{1,255}$/
const gidPattern = /^gid:\/\/[a-z]+\/\w+\/([^?]+)/
const textLengthMax = 500

/** The body's object; integers that a double would round are kept as their text. Throws `Unreadable`. */
export function parse(body: Uint8Array): Node {
  let value: unknown
  try {
    const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
    value = parseLossless(text)
  } catch {
    throw new Unreadable('body', 'is not JSON')
  }
  if (!isThing(value)) throw new Unreadable('body', 'is no object')
  return { value, path: '' }
}

/** As `JSON.parse`, but for integers past 2^53, which become text. Without such digits it costs nothing more. */
export function parseLossless(text: string): unknown {
  return /\d{16}/.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text)
}

function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const source = context?.source ?? ''
  return /^-?\d+$/.test(source) ? source : value
}

/** A path one step deeper; the root has none. */
export function step(node: Node, key: string): string {
  return node.path === '' ? key : `${node.path}.${key}`
}

/** A plain object: neither null nor an array. */
export function isThing(value: unknown): value is Thing {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The raw value of an own property; null reads as absent. */
export function field(node: Node, key: string): unknown {
  return Object.hasOwn(node.value, key) ? (node.value[key] ?? undefined) : undefined
}

/** A nested object, or undefined where there is none. */
export function child(node: Node, key: string): Node | undefined {
  const value = field(node, key)
  return isThing(value) ? { value, path: step(node, key) } : undefined
}

/** Objects of an array or of a connection's `nodes`; undefined where the body has no such list. */
export function list(node: Node, key: string): Node[] | undefined {
  const value = field(node, key)
  const items = isThing(value) && Object.hasOwn(value, 'nodes') ? value.nodes : value
  if (!Array.isArray(items)) return undefined
  return items.flatMap((item: unknown, index) =>
    isThing(item) ? [{ value: item, path: `${step(node, key)}[${index}]` }] : [],
  )
}

/** As `list`, empty where there is none. */
export function children(node: Node, key: string): Node[] {
  return list(node, key) ?? []
}

/** Trimmed, well-formed, without NUL (Postgres text cannot hold it); absent when empty. */
export function text(node: Node, key: string): string | undefined {
  const value = field(node, key)
  return typeof value === 'string' ? clean(value) : undefined
}

/** As `text`, for a value already in hand. */
export function clean(value: string): string | undefined {
  const cleaned = value.toWellFormed().replaceAll('\0', '').trim().slice(0, textLengthMax).toWellFormed()
  return cleaned === '' ? undefined : cleaned
}

/** One of their words, in small letters: webhooks say `partially_paid`, queries `PARTIALLY_PAID`. */
export function word(node: Node, key: string): string | undefined {
  return text(node, key)?.toLowerCase()
}

/** The digits of an id, exact however it is written. */
export function idIn(node: Node, key: string): string | undefined {
  const value = field(node, key)
  if (value === undefined || value === '') return undefined
  if (isThing(value))
    return Object.hasOwn(value, 'id') ? idIn({ value, path: step(node, key) }, 'id') : undefined
  if (Number.isSafeInteger(value)) return String(value)
  if (typeof value === 'string' && idPattern.test(value)) return gidPattern.exec(value)?.[1] ?? value
  throw new Unreadable(step(node, key), 'is not an id')
}

/** As `idIn`; throws `Unreadable` where there is none. */
export function needId(node: Node, key: string): string {
  return idIn(node, key) ?? fail(node, key)
}

/** True for `true` alone. */
export function flag(node: Node, key: string): boolean {
  return field(node, key) === true
}

/** RFC 3339 with any offset, or a bare date, as UTC. */
export function instant(node: Node, key: string): Instant | undefined {
  const value = field(node, key)
  if (value === undefined) return undefined
  const time =
    typeof value === 'string' && /^\d{4}-\d\d-\d\d(T|$)/.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(time)) throw new Unreadable(step(node, key), 'is not a time')
  return new Date(time).toISOString()
}

/** As `instant`; throws `Unreadable` where there is none. */
export function needInstant(node: Node, key: string): Instant {
  return instant(node, key) ?? fail(node, key)
}

/** A quantity: whole, not negative, and small enough to multiply. */
export function count(node: Node, key: string): number | undefined {
  const value = field(node, key)
  if (value === undefined) return undefined
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 1_000_000_000)
    return value
  throw new Unreadable(step(node, key), 'is not a count')
}

/** The value at a dotted path, where it is text or a whole number. */
export function valueAt(node: Node, path: string): string | undefined {
  let value: unknown = node.value
  for (const key of path.split('.')) {
    if (!isThing(value) || !Object.hasOwn(value, key)) return undefined
    value = value[key]
  }
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
  return typeof value === 'string' ? clean(value) : undefined
}

/** Throws what `need…` throws, for a field that a reader of its own looked at. */
export function fail(node: Node, key: string): never {
  const value = field(node, key)
  throw new Unreadable(step(node, key), value === undefined ? 'is missing' : `is a ${typeof value}`)
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** The object without its undefined properties. */
export function present<T extends object>(parts: T): Present<T> {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as Present<T>
}
