import type { Instant, Ref, Statement } from './fact.ts'

/** What normalizing one event came to. Expected outcomes are values; throwing means: try again later. */
export type Outcome =
  | { readonly kind: 'processed'; readonly statements: readonly Statement[]; readonly acts?: readonly Act[] }
  | { readonly kind: 'ignored'; readonly reason: string }
  | { readonly kind: 'reread'; readonly resource: Ref; readonly reason: string }
  | { readonly kind: 'snoozed'; readonly recheckAt: Instant; readonly reason: string }
  | { readonly kind: 'needs_review'; readonly code: string; readonly detail: string }

/** What an event asks of us besides facts: carried out once, after the event is recorded, and audited. */
export type Act =
  | { readonly kind: 'disable_connection'; readonly reason: string }
  | { readonly kind: 'export_customer'; readonly email?: string; readonly customerId?: string }
  | { readonly kind: 'erase_customer'; readonly email?: string; readonly customerId?: string }
  | { readonly kind: 'erase_shop' }
  /** A mail of ours came back; `status` is of RFC 3463, the reason in words would quote an address. */
  | { readonly kind: 'mail_bounced'; readonly messageId: string; readonly status: string }
