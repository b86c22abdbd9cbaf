import type { Instant } from '../../core/fact.ts'
import { fail, field, isId, isThing, type Node, step, things, Unreadable } from '../reading/json.ts'

export * from '../reading/json.ts'

/** Objects of an array, or of a list object (`{object: 'list', data: […]}`). */
export function children(node: Node, key: string): Node[] {
  const value = field(node, key)
  const list = isThing(value) ? (Object.hasOwn(value, 'data') ? value.data : undefined) : value
  return things(list, step(node, key))
}

/** The id behind a field that is a bare id or, expanded, the object itself. */
export function idIn(node: Node, key: string): string | undefined {
  const value = field(node, key)
  if (value === undefined) return undefined
  const id = isThing(value) ? (Object.hasOwn(value, 'id') ? value.id : undefined) : value
  if (id === '' || (isThing(value) && id === undefined)) return undefined
  if (isId(id)) return id
  throw new Unreadable(step(node, key), 'is not an id')
}

/** As `idIn`; throws `Unreadable` where there is none. */
export function needId(node: Node, key: string): string {
  return idIn(node, key) ?? fail(node, key)
}

/** Whole seconds since 1970 as they send them; years past 9999 have no RFC 3339 form. */
export function instant(node: Node, key: string): Instant | undefined {
  const value = field(node, key)
  if (value === undefined) return undefined
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)) {
    const parsed = new Date(value)
    if (!Number.isNaN(parsed.getTime())) return parsed.toISOString()
  }
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 253_402_300_799) {
    return new Date(value * 1000).toISOString()
  }
  throw new Unreadable(step(node, key), 'is not a time')
}

/** As `instant`; throws `Unreadable` where there is none. */
export function needInstant(node: Node, key: string): Instant {
  return instant(node, key) ?? fail(node, key)
}
