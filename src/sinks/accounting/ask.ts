/** One call to an accounting program. `broken`: nobody can tell whether it arrived. */
export type Answer =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly json: Json
      readonly retryAfterMs: number | undefined
    }
  | { readonly kind: 'broken'; readonly reason: string }

/** What they answer, as far as it is read: anything else of it is passed by. */
export type Json = { readonly [name: string]: unknown }

export type Request = {
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  readonly body?: string | Uint8Array<ArrayBuffer>
}

const timeoutMs = 30_000

/** Asks once: no redirect is followed, nothing is repeated, and it never rejects. */
export async function ask(request: Request, signal: AbortSignal): Promise<Answer> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  try {
    const { url, ...init } = request
    const response = await fetch(url, { ...init, redirect: 'manual', signal: deadline })
    const text = await response.text()
    return {
      kind: 'answered',
      status: response.status,
      json: parsed(text),
      retryAfterMs: retryAfterMs(response.headers.get('retry-after')),
    }
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as { code?: string }
    return { kind: 'broken', reason: `no whole answer (${code ?? (error as Error).name})` }
  }
}

function parsed(text: string): Json {
  try {
    const value: unknown = JSON.parse(text)
    return value !== null && typeof value === 'object' ? (value as Json) : {}
  } catch {
    return {}
  }
}

/** Both programs say seconds; more than a day is no wish. */
function retryAfterMs(header: string | null): number | undefined {
  return header !== null && /^\d{1,5}$/.test(header) ? Number(header) * 1_000 : undefined
}
