import type { IncomingMessage } from 'node:http'

/** The body's bytes as they came; or why there are none: over the limit, or the sender went away half-way. */
export type RawBody = Uint8Array | 'too_large' | 'aborted'

/** Reads a body up to `limit` bytes. What is declared longer, or turns out longer, is not kept. */
export function readRawBody(request: IncomingMessage, limit: number): Promise<RawBody> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return Promise.resolve('too_large')
  return new Promise((resolve) => {
    const parts: Buffer[] = []
    let length = 0
    const settle = (body: RawBody) => {
      request.off('data', take)
      request.off('end', whole)
      request.off('close', gone)
      resolve(body)
    }
    const take = (part: Buffer) => {
      length += part.length
      if (length > limit) settle('too_large')
      else parts.push(part)
    }
    const whole = () => settle(parts.length === 1 ? parts[0]! : Buffer.concat(parts, length))
    // Also after a body that is shorter than declared: 'end' does not come then, so half a body is never taken for one.
    const gone = () => settle('aborted')
    request.on('data', take)
    request.on('end', whole)
    request.on('close', gone)
  })
}

const discardMs = 1_000
const discardBytes = 4 * 1_048_576

/**
 * Reads on and forgets, so that the sender gets to see the answer instead of a reset; gives up after a second or 4 MB,
 * which is when `done` is called at the latest.
 */
export function discardRest(request: IncomingMessage, done: () => void): void {
  let length = 0
  const finish = () => {
    clearTimeout(timer)
    request.off('data', take)
    request.off('end', finish)
    request.off('close', finish)
    done()
  }
  const take = (part: Buffer) => {
    length += part.length
    if (length > discardBytes) finish()
  }
  const timer = setTimeout(finish, discardMs)
  if (request.readableEnded || request.destroyed) {
    finish()
    return
  }
  request.on('data', take)
  request.on('end', finish)
  request.on('close', finish)
}
