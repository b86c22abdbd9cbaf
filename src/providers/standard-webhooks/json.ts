import type { Instant } from '../../core/fact.ts'

export type Thing = { readonly [key: string]: unknown }

/** A field that we need is missing or not what it should be. Never leaves this folder: it becomes a review. */
export class Unreadable extends Error {
  constructor(path: string, why: string) {
    super(`${path}: ${why}`)
    this.name = 'Unreadable'
  }
}

/** A plain object: neither null nor an array. */
export function isThing(value: unknown): value is Thing {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Usable as an id: printable ASCII, not longer than the column of an index may be. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]{1,255}$/.test(value)
}

/** RFC 3339 as text, or nothing: times that are no times are not worth refusing a delivery for. */
export function instantOf(value: unknown): Instant | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT/.test(value)) return undefined
  const time = Date.parse(value)
  return time >= 0 && time <= 253_402_300_799_000 ? new Date(time).toISOString() : undefined
}

/** An own property; null reads as absent. */
export function field(thing: Thing, key: string): unknown {
  return Object.hasOwn(thing, key) ? (thing[key] ?? undefined) : undefined
}

/** Trimmed, well-formed and without NUL, which the database cannot hold; absent when empty. */
export function text(thing: Thing, key: string): string | undefined {
  const value = field(thing, key)
  if (typeof value !== 'string') return undefined
  const cleaned = value.toWellFormed().replaceAll('\0', '').trim().slice(0, 500).toWellFormed()
  return cleaned === '' ? undefined : cleaned
}
