import type { EffectBody } from '../core/effect.ts'
import type { Instant, Person } from '../core/fact.ts'
import type { Order } from '../core/order.ts'
import type { OrderFrame } from '../core/order-view.ts'

/**
 * What carries effects out to one destination. The performer (pipeline) claims, counts, commits and records; a sink
 * only says what to send and what became of it.
 */
export type Sink = {
  readonly name: 'receipt' | 'fulfillment' | 'notify' | 'outgoing' | 'provider' | 'accounting'
  /** Where one name has several destinations: whose effects these are. Each has its own calls, pauses and backlog. */
  readonly endpoint?: string
  /** Where one name has several channels: how the keys of this one's effects begin. */
  readonly keysFrom?: string
  /** How many calls may be under way at once, so that a slow destination costs no more than this. */
  readonly concurrency: number
  /**
   * True where the receiver knows a repeat by its id, so that doubt is settled by sending the same again. False where
   * each call counts: in doubt the effect ends `unknown`.
   */
  readonly isRepeatable: boolean
  /** True where the very bytes of the first attempt are stored and sent again. */
  readonly keepsRequest: boolean
  /** Attempts that failed before this many are repeated; then the effect is `failed`. */
  readonly attemptsMax: number
  readonly backoff: { readonly baseMs: number; readonly capMs: number }
  /** The bytes to send, or why nothing is. Works from what it is given alone; no call is made here. */
  prepare(item: Item): Promise<Prepared> | Prepared
  /** Where everything that is due is told in one call: how many at most, how long the first waits for more, and the bytes. */
  readonly together?: {
    readonly max: number
    waitMs(): number
    prepare(items: readonly Item[]): Promise<Prepared> | Prepared
  }
  /** One attempt. Expected failures are values; throwing means that it is unknown what happened after `mayLeave`. */
  call(attempt: Attempt): Promise<Performed>
}

/** An effect with what is known when it is about to go out. */
export type Item = {
  readonly id: string
  readonly key: string
  readonly kind: string
  readonly connection: string
  readonly body: EffectBody
  readonly orderId: string | undefined // the survivor's, where orders were merged
  readonly order: Order | undefined
  readonly customer: Person | undefined
  readonly shipTo: Person | undefined
  /** Of a cancellation: the bytes of the request that it takes back. */
  readonly requested: Uint8Array | undefined
  readonly now: Instant
  /** Of what other apps are told: the order as it was when it happened. */
  readonly announced: Announced | undefined
  /** Of what goes on as it came: the bytes as received; absent once they were dropped or erased. */
  readonly forwarded: Uint8Array | undefined
}

/** An order as it was at one moment, with what the API shows of it besides the fold. */
export type Announced = { readonly order: Order; readonly frame: OrderFrame }

export type Prepared =
  | { readonly kind: 'send'; readonly bytes: Uint8Array; readonly to?: readonly string[] }
  | { readonly kind: 'cancelled'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string }

export type Attempt = {
  readonly id: string
  readonly key: string
  readonly attempts: number // this one counted
  readonly bytes: Uint8Array
  readonly to: readonly string[]
  /** Aborted when the process stops and can wait no longer. */
  readonly signal: AbortSignal
  /**
   * To be awaited immediately before what cannot be taken back. Rejects when this attempt has lost its right to go on:
   * then nothing may be sent. `reference` is what the receiver will know it by.
   */
  mayLeave(reference: string): Promise<void>
  /** To be called when all of it was handed to the system. */
  sent(): void
  /** A labelled place for the fault harness. */
  point(label: string): void
}

export type Performed =
  | { readonly kind: 'done'; readonly reference?: string | undefined }
  /** It certainly did not happen, or may be sent again with the same id. `isDown`: it is the destination, not this effect. */
  | {
      readonly kind: 'retry'
      readonly error: string
      readonly isDown: boolean
      readonly retryAfterMs?: number | undefined
    }
  /** It did not happen and never will in this form. */
  | { readonly kind: 'failed'; readonly error: string }
  /** Nobody can tell whether it happened. */
  | { readonly kind: 'unknown'; readonly error: string }

/** Thrown by `mayLeave`: another attempt has taken over, or too much of the lease has gone. */
export class NotAllowed extends Error {
  override readonly name = 'NotAllowed'
}
