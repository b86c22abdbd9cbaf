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

/** One attempt to deliver one event: Stripe's headers, its indented body, its signature, damaged where asked. */
export async function post(given: {
  readonly url: string
  readonly event: Event
  readonly secret: string
  readonly corrupt: Corruption | undefined
  readonly now: Date
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}): Promise<
  Pick<Attempt, 'sentAt' | 'durationMs' | 'status' | 'error' | 'corrupt'> & { readonly answer?: string }
> {
  const body = Buffer.from(JSON.stringify(given.event, null, 2))
  const headers: Record<string, string> = {
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
    accept: '*/*; q=0.5, application/xml',
    'cache-control': 'no-cache',
  }
  const signature = signatureOf(given, body)
  if (signature !== undefined) headers['stripe-signature'] = signature
  // A bit of a digit: still JSON, so that only the signature can tell.
  if (given.corrupt === 'body') body[body.indexOf('"created"') + 12]! ^= 1
  const started = performance.now()
  const measured = () => ({
    sentAt: given.now.toISOString(),
    durationMs: Math.round(performance.now() - started),
    ...(given.corrupt === undefined ? {} : { corrupt: given.corrupt }),
  })
  try {
    const timeout = AbortSignal.timeout(given.timeoutMs)
    const response = await fetch(given.url, {
      method: 'POST',
      headers,
      body,
      redirect: 'manual',
      signal: given.signal === undefined ? timeout : AbortSignal.any([timeout, given.signal]),
    })
    const answer = await response.text()
    return { ...measured(), status: response.status, answer }
  } catch (error) {
    return { ...measured(), status: undefined, error: reasonOf(error) }
  }
}

function signatureOf(
  given: { readonly secret: string; readonly corrupt: Corruption | undefined; readonly now: Date },
  body: Buffer,
): string | undefined {
  const skewSeconds = { stale: -1000, future: 1000 }[given.corrupt as string] ?? 0
  const signature = stripeSignature(body, [given.secret], new Date(given.now.getTime() + skewSeconds * 1000))
  if (given.corrupt === 'unsigned') return undefined
  if (given.corrupt !== 'signature') return signature
  return signature.replace(/v1=(.)/, (_match, first: string) => `v1=${first === '0' ? '1' : '0'}`)
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause =
    error.cause instanceof Error
      ? ((error.cause as { code?: string }).code ?? error.cause.message)
      : undefined
  return cause ?? error.message
}
