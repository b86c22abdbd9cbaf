/**
 * Reading somebody else's JSON without trusting it: every accessor looks at own properties only, cleans text, and says
 * by its path what it could not read. `Unreadable` never leaves providers/: `normalize` turns it into a review.
 */
export type Thing = { readonly [key: string]: unknown }

/** An object of the payload and where it stands in it. */
export type Node = { readonly value: Thing; readonly path: string }

/** A field that we need is missing or not what it should be. */
export class Unreadable extends Error {
  constructor(path: string, why: string) {
    super(`${path}: ${why}`)
    this.name = 'Unreadable'
  }
}

/** Their ids are printable ASCII; what is not cannot be stored or compared safely (NUL, lone surrogates). */
const idPattern = /^[\x21-\x7e]{1,255}$/

/** Longer text than any field we keep: metadata values end at 500 characters, and an index row at 2,700 bytes. */
const textLengthMax = 500

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

/** A nested object, by one key or a path of them; undefined where there is none (null, a bare id, an empty filler). */
export function child(node: Node | undefined, ...keys: readonly string[]): Node | undefined {
  let at = node
  for (const key of keys) {
    const value = at && field(at, key)
    at = at !== undefined && isThing(value) ? { value, path: step(at, key) } : undefined
  }
  return at
}

/** The objects among `items`, each with its path; anything else in the list is passed over. */
export function things(items: unknown, path: string): Node[] {
  if (!Array.isArray(items)) return []
  return items.flatMap((item: unknown, index) =>
    isThing(item) ? [{ value: item, path: `${path}[${index}]` }] : [],
  )
}

/** Trimmed, well-formed, without NUL (Postgres text cannot hold it); absent when empty. */
export function text(node: Node | undefined, key: string): string | undefined {
  const value = node && field(node, key)
  return typeof value === 'string' ? clean(value) : undefined
}

/** As `text`, for a value already in hand. */
export function clean(value: string): string | undefined {
  const cleaned = value.toWellFormed().replaceAll('\0', '').trim().slice(0, textLengthMax).toWellFormed()
  return cleaned === '' ? undefined : cleaned
}

/** As `text`; throws `Unreadable` where there is none. */
export function needText(node: Node, key: string): string {
  return text(node, key) ?? fail(node, key)
}

/** Usable as an id: printable ASCII, not longer than the column of an index may be. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && idPattern.test(value)
}

/** True for `true` alone. */
export function flag(node: Node, key: string): boolean {
  return field(node, key) === true
}

/** A count (quantities): whole, not negative, and small enough to multiply. */
export function count(node: Node, key: string): number | undefined {
  const value = field(node, key)
  if (value === undefined) return undefined
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 1_000_000_000)
    return value
  throw new Unreadable(step(node, key), 'is not a count')
}

/** The value at a dotted path (`metadata.order_id`, `purchase_units.0.custom_id`), where it is text or a whole number. */
export function valueAt(node: Node, path: string): string | undefined {
  let value: unknown = node.value
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Thing)[key]
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
