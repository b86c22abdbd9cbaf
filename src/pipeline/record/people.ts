import { createHmac, type KeyObject } from 'node:crypto'
import type { Person } from '../../core/fact.ts'

export type PersonRow = { id: string; data: string; emailHash: string | null; customerHash: string | null }

/** A person's row: the id is a keyed hash of what was said, so that two witnesses of one person agree. */
export function personRow(person: Person, key: KeyObject): PersonRow {
  const data = JSON.stringify(person, (_key, value) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
  return {
    id: `per_${keyedHash(key, `person\n${data}`).slice(0, 32)}`,
    data,
    emailHash: person.email === undefined ? null : emailHash(key, person.email),
    customerHash: person.customerId === undefined ? null : customerHash(key, person.customerId),
  }
}

/** What people are found again by, without keeping their address. */
export function emailHash(key: KeyObject, email: string): string {
  return keyedHash(key, `email\n${email.trim().toLowerCase()}`)
}

export function customerHash(key: KeyObject, customerId: string): string {
  return keyedHash(key, `customer\n${customerId}`)
}

function keyedHash(key: KeyObject, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex')
}
