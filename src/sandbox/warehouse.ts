import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'

export type WarehouseRequest = {
  /** The `webhook-id`: the same for every repetition of one request. */
  readonly id: string
  readonly type: string
  readonly data: { readonly [field: string]: unknown }
  readonly body: string
}

export type Warehouse = {
  readonly url: string
  readonly secret: string
  /** Each request once, by its id. */
  readonly requests: ReadonlyMap<string, WarehouseRequest>
  /** Requests that came again with the same id. */
  readonly repeats: number
  /** Requests whose signature or time was wrong, or whose bytes differed from the first with their id. */
  readonly refused: number
  stop(): Promise<void>
}

/** A warehouse that takes fulfillment requests: verifies each signature, and keeps ids as it should. */
export async function startWarehouse({
  secret = `whsec_${Buffer.from('a warehouse that never was').toString('base64')}`,
  onRequest,
}: {
  secret?: string
  onRequest?: (request: WarehouseRequest) => void
} = {}): Promise<Warehouse> {
  const webhook = new Webhook(secret)
  const requests = new Map<string, WarehouseRequest>()
  const counts = { repeats: 0, refused: 0 }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      response.writeHead(take(Buffer.concat(chunks).toString('utf8'), request.headers)).end()
    })
  })

  function take(body: string, headers: { [name: string]: unknown }): number {
    const id = String(headers['webhook-id'] ?? '')
    try {
      webhook.verify(body, headers as Record<string, string>)
    } catch {
      counts.refused++
      return 401
    }
    const known = requests.get(id)
    if (known !== undefined) {
      // A repetition must be the very same bytes; anything else under a used id is a mistake worth seeing.
      if (known.body === body) counts.repeats++
      else counts.refused++
      return known.body === body ? 200 : 409
    }
    const { type, data } = JSON.parse(body) as { type: string; data: { [field: string]: unknown } }
    const taken = { id, type, data, body }
    requests.set(id, taken)
    onRequest?.(taken)
    return 200
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/fulfillment`,
    secret,
    requests,
    get repeats() {
      return counts.repeats
    },
    get refused() {
      return counts.refused
    },
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}
