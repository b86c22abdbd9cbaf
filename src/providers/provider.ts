import type { Instant, Ref, RefKind } from '../core/fact.ts'
import type { Outcome } from '../core/outcome.ts'

/**
 * Everything that differs from provider to provider. One folder implements it, one line of `registry.ts` names it,
 * one conformance suite holds it. No other folder knows a provider's name.
 */
export type Provider = {
  readonly name: string
  /** Header names (lower case) that carry secrets or signatures: masked in the delivery log. */
  readonly secretHeaders: readonly string[]
  /** Checks the signature over the untouched bytes, then mode and account as the body shows them. Never throws. */
  verify(request: RawRequest, connection: ConnectionSettings, now: Date): Verdict | Promise<Verdict>
  /** Pure and never throws: facts, or why not. */
  normalize(event: StoredEvent, connection: ConnectionSettings): Outcome
  /** The provider's word on one resource now, as the bytes of its answer. Throws `ApiError`. */
  read(resource: Ref, api: Api): Promise<Reading>
  /** What the provider has, oldest page last where it lists newest first; resumable from any yielded cursor. */
  list(window: ListWindow, cursor: string | undefined, api: Api): AsyncIterable<Page>
  /** Lists to be walked by a reconciliation of one connection, in order. */
  readonly lists: readonly string[]
  /** Kinds that `read` knows and the provider never forgets: what it then does not know was never there, or is gone. */
  readonly keeps: readonly RefKind[]
  readonly subscription: {
    inspect(api: Api, url: string): Promise<SubscriptionState>
    /** `made`: how much of it was missing, where that is known. */
    ensure(api: Api, url: string): Promise<SubscriptionState & { secret?: string; made?: number }>
    /** States that `ensure` mends with nothing left to do for anybody: no new secret comes with it. Default: none. */
    readonly mends?: readonly SubscriptionState['status'][]
  }
  /** Calls back to the provider, each with the provider's own idempotency key. Absent where there are none. */
  readonly write?: {
    /** Tells the provider that goods left: carrier and number for the buyer. Resolves with the provider's id of it. */
    tracking?(shipment: TrackingWrite, api: Api): Promise<WriteResult>
    /** Changes the provider's stock by a difference. */
    stock?(change: StockWrite, api: Api): Promise<WriteResult>
  }
  /** Configuration mistakes that can be seen without a call, in words; empty when there are none. */
  check(connection: ConnectionSettings): readonly string[]
}

export type RawRequest = {
  readonly method: string
  readonly path: string
  /** As they came, in order, so that a header given twice can be told from one. Names lower case, values latin1. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
}

/** One connection as the configuration has it, secrets resolved. */
export type ConnectionSettings = {
  readonly id: string
  readonly provider: string
  readonly mode: 'test' | 'live'
  readonly speaksFor: readonly ('order' | 'payment' | 'fulfillment')[]
  /** Whose money: connections of one account share facts. Default: the connection's id. */
  readonly account: string
  readonly webhookSecrets: readonly string[]
  readonly apiKey?: string
  readonly apiBaseUrl?: string
  readonly toleranceSeconds: number
  readonly orderReference: readonly (string | { field: string; pattern: string })[]
  readonly accept: { readonly [path: string]: string }
  readonly ordersFrom: readonly string[]
  /** Settings that only this provider has, checked by its own schema. */
  readonly extra: { readonly [key: string]: unknown }
}

export type Verdict =
  | { readonly kind: 'verified'; readonly delivery: VerifiedDelivery }
  /**
   * 401: missing, malformed, wrong or stale. `reason` is for our log and counters, never for the sender. `skewSeconds`, our
   * clock less the signed time, only where the signature is right and nothing but the time is wrong.
   */
  | { readonly kind: 'forged'; readonly reason: string; readonly skewSeconds?: number }
  /** 403: genuine, but of the other mode, account or shop as the body shows. */
  | { readonly kind: 'not_allowed'; readonly reason: string }
  /** 400: genuine, but nothing that the provider sends. */
  | { readonly kind: 'malformed'; readonly reason: string }
  /** 503: who could say is not to be reached now, and the sender is to try again. */
  | { readonly kind: 'unavailable'; readonly reason: string }
  /** An unsigned or signed challenge to be answered as it stands; nothing is stored. */
  | {
      readonly kind: 'challenge'
      readonly status: number
      readonly contentType: string
      readonly body: string
    }

/** `key` is stable for one intent; the provider's idempotency key is derived from it and from nothing else. */
export type TrackingWrite = {
  readonly key: string
  readonly order: Ref
  readonly payment?: Ref
  readonly lines: readonly { lineId: string; quantity: number }[]
  readonly carrier?: string
  readonly number?: string
  readonly url?: string
}
export type StockWrite = {
  readonly key: string
  readonly sku: string
  readonly delta: number
  readonly reason: string
}
export type WriteResult = { readonly reference: string }

export type VerifiedDelivery = {
  readonly providerEventId: string
  readonly type: string
  readonly apiVersion?: string
  readonly occurredAt?: Instant
  /** Set where one genuine endpoint carries both modes and this one is of the other: stored, `ignored: other_mode`. */
  readonly ignore?: string
  /** False where the id stands in an unsigned header: the same id with another body is a conflict, not a duplicate. */
  readonly isIdSigned: boolean
  /**
   * A signed one-time mark of the delivery (a transmission id): claimed once. The same mark with another body is no
   * delivery of theirs: 200 `accepted`, a new event under review, `identity_conflict`.
   */
  readonly claim?: string
}

/** What `normalize` works on: the bytes as received, and what `verify` or the poll said about them. */
export type StoredEvent = {
  readonly id: string
  readonly type: string
  readonly source: 'webhook' | 'poll' | 'reread'
  readonly body: Uint8Array
  readonly occurredAt?: Instant
  readonly receivedAt: Instant
  /** Drawn from a sequence before the read, for `reread` and `poll`; absent for webhooks. */
  readonly readNo?: bigint
}

/** The answer's bytes as they came over HTTP (SDK objects lose bytes and big ids). */
export type Reading = { readonly type: string; readonly body: Uint8Array; readonly apiVersion?: string }

/** How a provider folder reaches its API: settings, a deadline, and the rate limit shared with everybody else. */
export type Api = {
  readonly connection: ConnectionSettings
  readonly signal: AbortSignal
  readonly timeoutMs: number
}

export type ListWindow = { readonly list: string; readonly since: Instant; readonly until: Instant }
export type ListedItem = {
  readonly resource: Ref
  /** 'event' items are the provider's own events and keep their event id as identity. */
  readonly providerEventId?: string
  readonly type: string
  readonly body: Uint8Array
  readonly occurredAt: Instant
  readonly apiVersion?: string
}
export type Page = {
  readonly items: readonly ListedItem[]
  readonly cursor: string | undefined
  readonly isLast: boolean
}

export type SubscriptionState = {
  readonly status:
    | 'healthy'
    | 'absent'
    | 'disabled'
    | 'wrong_url'
    | 'wrong_topics'
    | 'wrong_version'
    | 'doubled'
    | 'unknown'
  readonly detail: string
  readonly url?: string
}

/** A provider's API did not give what was asked. Expected kinds are told apart so that callers can wait, park or give up. */
export class ApiError extends Error {
  readonly kind: 'not_found' | 'unauthorized' | 'rate_limited' | 'unavailable' | 'refused'
  readonly retryAfterMs: number | undefined
  constructor(
    kind: ApiError['kind'],
    message: string,
    options: { retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.name = 'ApiError'
    this.kind = kind
    this.retryAfterMs = options.retryAfterMs
  }
}
