import { hash } from 'node:crypto'
import type { Instant } from '../core/fact.ts'

/** An event as it reaches us, by whichever way. */
export type NewEvent = {
  readonly connection: string
  readonly provider: string
  readonly providerEventId: string
  readonly type: string
  readonly mode: 'test' | 'live'
  readonly apiVersion?: string | undefined
  readonly source: 'webhook' | 'poll' | 'reread'
  readonly body: Uint8Array
  /** As they came, secrets masked. */
  readonly headers?: readonly (readonly [name: string, value: string])[]
  readonly path?: string
  readonly method?: string
  readonly remoteAddress?: string
  readonly occurredAt?: Instant | undefined
  readonly receivedAt: Instant
  /** `performance.now()` when it came; the delivery's duration is counted from here to the commit. */
  readonly startedAt?: number
  readonly readNo?: bigint
  /** False where anybody could have chosen the id: then the same id with another body is a conflict, not a repeat. */
  readonly isIdSigned: boolean
  /** A signed one-time mark of the delivery: the same one with another body is a conflict. */
  readonly claim?: string | undefined
  /** Stored and never processed, for this reason. */
  readonly ignore?: string | undefined
}

export type Stored = { readonly id: string; readonly status: 'accepted' | 'duplicate' }

/** A new event on its way into the database. */
export type Incoming = {
  readonly id: string
  readonly bytes: number
  readonly event: NewEvent
  readonly reviewCode?: string
}

/** Our id of an event. Derived, so that a repeat's id needs no reading back. */
export function eventId(connection: string, providerEventId: string): string {
  return `evt_${hash('sha256', `${connection}\n${providerEventId}`, 'hex').slice(0, 32)}`
}
