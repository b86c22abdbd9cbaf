import type { Instant } from '../../core/fact.ts'
import { fail, field, isId, isThing, type Node, step, text, things, Unreadable } from '../reading/json.ts'

export * from '../reading/json.ts'

const gidPattern = /^gid:\/\/[a-z]+\/\w+\/([^?]+)/

// Webhook bodies and the answers to our queries have the same names, as the queries alias them so; what still differs is
// read the same here: an id is a number, text or a `gid://…`, a list is an array or a connection's `nodes`, a word of
// theirs is small or capital.

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

/** Objects of an array or of a connection's `nodes`; undefined where the body has no such list. */
export function list(node: Node, key: string): Node[] | undefined {
  const value = field(node, key)
  const items = isThing(value) && Object.hasOwn(value, 'nodes') ? value.nodes : value
  return Array.isArray(items) ? things(items, step(node, key)) : undefined
}

/** As `list`, empty where there is none. */
export function children(node: Node, key: string): Node[] {
  return list(node, key) ?? []
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
  if (isId(value)) return gidPattern.exec(value)?.[1] ?? value
  throw new Unreadable(step(node, key), 'is not an id')
}

/** As `idIn`; throws `Unreadable` where there is none. */
export function needId(node: Node, key: string): string {
  return idIn(node, key) ?? fail(node, key)
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
