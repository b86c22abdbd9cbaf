import type { ConnectionSettings } from '../providers/provider.ts'

/** What came of one request to a webhook endpoint: its answer, or why there was none. */
export type Reply = {
  readonly status: number | undefined
  readonly answer: string | undefined
  readonly error: string | undefined
}

/** One signed delivery as it goes over the wire. */
export type Letter = {
  readonly headers: { readonly [name: string]: string }
  readonly body: Uint8Array<ArrayBuffer>
}

/** Example deliveries of one provider, each a little story of its own that ends with the event. */
export type Examples = {
  /** Event types that there is an example of, in the order of a purchase's life. */
  readonly types: readonly string[]
  /** Signed for the connection; undefined for a type that is not known. Ids and order number come from the time. */
  letter(
    type: string,
    given: { connection: Pick<ConnectionSettings, 'webhookSecrets' | 'extra'>; now: Date },
  ): (Letter & { readonly id: string }) | undefined
}

/** Posts a letter once. A redirect is an answer like any other, as providers follow none. Never throws. */
export async function send(
  url: string,
  { headers, body }: Letter,
  { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal | undefined },
): Promise<Reply> {
  const timeout = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body,
      redirect: 'manual',
      signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
    })
    return { status: response.status, answer: await response.text(), error: undefined }
  } catch (error) {
    return { status: undefined, answer: undefined, error: reasonOf(error) }
  }
}

/** Whether the receiver took it. */
export function isTaken({ status }: Pick<Reply, 'status'>): boolean {
  return status !== undefined && status >= 200 && status < 300
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause =
    error.cause instanceof Error
      ? ((error.cause as { code?: string }).code ?? error.cause.message)
      : undefined
  return cause ?? error.message
}
