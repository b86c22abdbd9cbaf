import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One request that the server got: a GraphQL operation, by its name. */
export type Call = {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly operation: string
  readonly query: string
  readonly variables: { readonly [name: string]: unknown }
}

/** What it answers: `raw` instead of `body` where it is to be no JSON. */
export type Answer = {
  readonly status?: number
  readonly headers?: { readonly [name: string]: string }
  readonly body?: unknown
  readonly raw?: Uint8Array | string
}

/** A shop's API that answers what a test says, for the time of `work`; undefined cuts the line. */
export async function withShop(
  answer: (call: Call) => Answer | undefined | Promise<Answer | undefined>,
  work: (url: string, calls: readonly Call[]) => Promise<unknown>,
): Promise<void> {
  const calls: Call[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      const { query, variables = {} } = JSON.parse(Buffer.concat(chunks).toString())
      const operation = /^\s*(?:query|mutation)\s+(\w+)/.exec(query)?.[1] ?? ''
      const call = { path: request.url ?? '', headers: request.headers, operation, query, variables }
      calls.push(call)
      send(response, await answer(call))
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

function send(response: ServerResponse, answer: Answer | undefined): void {
  if (answer === undefined) {
    response.destroy()
    return
  }
  response.writeHead(answer.status ?? 200, {
    'content-type': 'application/json',
    'x-shopify-api-version': '2026-10',
    ...answer.headers,
  })
  response.end(answer.raw ?? JSON.stringify(answer.body))
}

const paths: { readonly [list: string]: readonly string[] } = {
  orders: ['orders'],
  inventory_items: ['inventoryItems'],
  disputes: ['disputes'],
  balance_transactions: ['shopifyPaymentsAccount', 'balanceTransactions'],
  payouts: ['shopifyPaymentsAccount', 'payouts'],
}

/** One page of a list, the last unless a cursor says how it goes on. */
export function graphqlAnswer(list: string, nodes: readonly unknown[], cursor?: string): Answer {
  const page = { pageInfo: { hasNextPage: cursor !== undefined, endCursor: cursor ?? 'the-end' }, nodes }
  const data = paths[list]!.reduceRight<unknown>((inner, key) => ({ [key]: inner }), page)
  return { body: { data, extensions: { cost: { requestedQueryCost: 112, actualQueryCost: 18 } } } }
}

/** What they say, with status 200, when the bucket does not hold enough. */
export function throttled(missing: number, restoreRate: number): Answer {
  const throttleStatus = { maximumAvailable: 1000, currentlyAvailable: 100, restoreRate }
  return {
    body: {
      errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED' } }],
      extensions: { cost: { requestedQueryCost: 100 + missing, actualQueryCost: null, throttleStatus } },
    },
  }
}
