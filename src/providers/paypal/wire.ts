import { type Api, ApiError } from '../provider.ts'

/** One answer as it came over HTTP. */
export type Answer = { readonly status: number; readonly headers: Headers; readonly body: Uint8Array }

/** A page of 500 rows is about a megabyte; what is larger than this is not theirs. */
const bytesMax = 32 * 1024 * 1024

/** The one way out: under the call's own deadline, without redirects, and with an end. Throws what fetch throws. */
export async function send(
  { signal, timeoutMs }: Pick<Api, 'signal' | 'timeoutMs'>,
  url: string,
  init: RequestInit,
): Promise<Answer> {
  const response = await fetch(url, {
    ...init,
    redirect: 'manual',
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  })
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > bytesMax) throw new ApiError('unavailable', 'the answer does not end')
    chunks.push(chunk)
  }
  return { status: response.status, headers: response.headers, body: Buffer.concat(chunks) }
}
