import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One request that the server got. */
export type Call = {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: string
}
/** What it answers: `raw` instead of `body` where it is to be no JSON. */
export type Answer = {
  readonly status?: number
  readonly headers?: { [name: string]: string }
  readonly body: unknown
  readonly raw?: Uint8Array | string
}

/** A server that answers what a test says, for the time of `work`. `calls` is what it was asked. */
export async function withApi(
  answer: (call: Call) => Answer | undefined,
  work: (url: string, calls: readonly Call[]) => Promise<unknown>,
): Promise<void> {
  const calls: Call[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://localhost')
      const call = {
        method: request.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      }
      calls.push(call)
      send(response, answer(call))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

/** Without an answer the line is cut, as a proxy or a restart would. */
function send(response: ServerResponse, answer: Answer | undefined): void {
  if (answer === undefined) {
    response.destroy()
    return
  }
  response.writeHead(answer.status ?? 200, {
    'content-type': 'application/json',
    'stripe-version': '2026-10-28.endive',
    ...answer.headers,
  })
  response.end(answer.raw ?? JSON.stringify(answer.body))
}

/** Answers as their lists do: newest first, by `created`, `limit`, `starting_after`; 400 where the cursor's object is gone. */
export function listAnswer(call: Call, objects: readonly { id?: unknown; created?: unknown }[]): Answer {
  const [gte, lte] = [
    Number(call.query.get('created[gte]') ?? 0),
    Number(call.query.get('created[lte]') ?? Number.MAX_SAFE_INTEGER),
  ]
  const after = call.query.get('starting_after')
  const within = objects.filter(({ created }) => Number(created) >= gte && Number(created) <= lte)
  const all = within.sort((a, b) => Number(b.created) - Number(a.created))
  const index = after === null ? -1 : objects.findIndex(({ id }) => id === after)
  if (after !== null && index < 0) return goneCursor(after)
  const from = after === null ? 0 : all.findIndex(({ id }) => id === after) + 1
  const limit = Number(call.query.get('limit') ?? 10)
  const data = all.slice(from, from + limit)
  return { body: { object: 'list', data, has_more: from + limit < all.length, url: call.path } }
}

/** What a list answers to a cursor whose object was deleted. */
export function goneCursor(id: string): Answer {
  const error = {
    code: 'resource_missing',
    message: `No such object: '${id}'`,
    param: 'starting_after',
    type: 'invalid_request_error',
  }
  return { status: 400, body: { error } }
}
