import type { Instant } from './fact.ts'

/**
 * Effects: what an order's state obliges us to do, each under a key that names what it is for. `effectsDue` (due.ts)
 * is recomputed at every fold; a key that exists already is never made again.
 */
export type Effect = {
  readonly key: string // receipt:<capture> · stock:<line resource>:commit · fulfil:<order resource>:<n> · tracking:<connection>:<whose>:<shipment> · notify:<rule>:<subject>
  readonly sink: Sink
  readonly kind: string // receipt | refund_notice | request | cancellation | commit | release | ship | restock | review | tracking | stock
  /** What it needs besides the order when it is carried out: ids and amounts, never personal data. */
  readonly body: EffectBody
  /** Not before; absent: at once. Receipts wait for address and number. */
  readonly waitForMs?: number
  /** Not before this time, and not at all where the order calls for it no more by then. */
  readonly notBefore?: Instant
  /** The key it had while less was known of the same thing: whichever of the two exists is it. */
  readonly formerly?: string
  /** Why it is recorded but will not be done, e.g. `no_address`. */
  readonly cancelled?: string
}

export type Sink = 'inventory' | 'accounting' | 'receipt' | 'fulfillment' | 'notify' | 'outgoing' | 'provider' // a connection's own API: tracking and stock written back

export type EffectBody = {
  readonly [name: string]: string | number | boolean | null | readonly StockLine[] | readonly ShippedLine[]
}
export type StockLine = { readonly sku: string; readonly quantity: number }
export type ShippedLine = { readonly lineId: string; readonly quantity: number }

/** One append-only change of stock; `on_hand` and `committed` are sums of these. */
export type StockMove = {
  readonly key: string
  readonly sku: string
  readonly onHandDelta: number
  readonly committedDelta: number
  readonly reason: 'commit' | 'release' | 'ship' | 'restock' | 'write_off' | 'set'
}

/** What the configuration decides about effects; a missing sink makes none. */
export type Policy = {
  readonly sinks: { readonly [K in Sink]?: boolean }
  readonly receiptWaitMs: number
  /** Accounts whose provider mails receipts itself: ours are recorded and not sent. */
  readonly mailedByProvider?: readonly string[]
  readonly commitOn: 'paid' | 'authorized' | 'placed'
  readonly releaseOn: 'paid' | 'authorized' | 'placed'
  /** Ways to pay that ship earlier or later than `releaseOn`, by the beginning of their name in small letters. */
  readonly releaseByGateway?: { readonly [gateway: string]: 'paid' | 'authorized' | 'placed' }
  readonly notifyOn: readonly string[]
  /** How the keys of each channel's notices begin; absent: the one of `notify`. */
  readonly notifyKeys?: readonly string[]
  /** Other apps that are told of what happens; absent where there are none. */
  readonly outgoing?: readonly OutgoingEndpoint[]
  /** Connections whose provider takes tracking; absent where there are none. */
  readonly tracking?: readonly WriteBackTarget[]
  /** The connection in whose shop stock is kept in step with ours. */
  readonly stock?: WriteBackTarget
  readonly refundDueAfterMs: number
}

/** A connection that is written to. `scope`: whose orders and payments are its own. */
export type WriteBackTarget = { readonly connection: string; readonly scope: string }

/** Another app that is told of events: `*` is every event, `order.*` every one of orders. */
export type OutgoingEndpoint = { readonly id: string; readonly events: readonly string[] }
