import { type Letter, send } from './letter.ts'
import { stripeSignature } from './sign.ts'
import type { Event } from './stripe/types.ts'

export type Corruption = 'body' | 'signature' | 'unsigned' | 'stale' | 'future'

/** One attempt, as the sender knows it: its own ledger, to hold against what the receiver says. */
export type Attempt = {
  readonly eventId: string
  readonly type: string
  readonly endpoint: string
  /** 1 for the first. */
  readonly attempt: number
  readonly sentAt: string
  readonly durationMs: number
  /** Of the answer; undefined where there was none. */
  readonly status: number | undefined
  readonly error?: string
  readonly corrupt?: Corruption
}

/** One attempt to deliver one event, measured. */
export async function post(
  given: Signing & {
    readonly url: string
    readonly event: Event
    readonly timeoutMs: number
    readonly signal?: AbortSignal
  },
): Promise<Pick<Attempt, 'sentAt' | 'durationMs' | 'status' | 'error' | 'corrupt'>> {
  const letter = stripeLetter(given.event, given)
  const started = performance.now()
  const { status, error } = await send(given.url, letter, given)
  return {
    sentAt: given.now.toISOString(),
    durationMs: Math.round(performance.now() - started),
    ...(given.corrupt === undefined ? {} : { corrupt: given.corrupt }),
    status,
    ...(error !== undefined && { error }),
  }
}

type Signing = { readonly secret: string; readonly corrupt: Corruption | undefined; readonly now: Date }

/** An event as Stripe sends it: its headers, its indented body, its signature, damaged where asked. */
export function stripeLetter(event: Event, given: Signing): Letter {
  const body = new TextEncoder().encode(JSON.stringify(event, null, 2))
  const signature = signatureOf(given, body)
  // A bit of a digit: still JSON, so that only the signature can tell.
  if (given.corrupt === 'body') body[Buffer.from(body).indexOf('"created"') + 12]! ^= 1
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
    accept: '*/*; q=0.5, application/xml',
    'cache-control': 'no-cache',
    ...(signature !== undefined && { 'stripe-signature': signature }),
  }
  return { headers, body }
}

function signatureOf(given: Signing, body: Uint8Array): string | undefined {
  const skewSeconds = { stale: -1000, future: 1000 }[given.corrupt as string] ?? 0
  const signature = stripeSignature(body, [given.secret], new Date(given.now.getTime() + skewSeconds * 1000))
  if (given.corrupt === 'unsigned') return undefined
  if (given.corrupt !== 'signature') return signature
  return signature.replace(/v1=(.)/, (_match, first: string) => `v1=${first === '0' ? '1' : '0'}`)
}
