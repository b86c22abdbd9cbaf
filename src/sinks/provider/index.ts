import type { Item, Performed, Prepared, Sink } from '../sink.ts'
import type { StockWrite, TrackingWrite } from '../../providers/provider.ts'

/** What one connection's provider is told: each with the key from which the provider's own idempotency key is made. */
export type Write =
  | { readonly kind: 'tracking'; readonly shipment: TrackingWrite }
  | { readonly kind: 'stock'; readonly change: StockWrite }

/** How the provider is reached: its rate shared with everybody else, its errors told apart. Throwing is doubt. */
export type Writer = (write: Write, signal: AbortSignal) => Promise<Performed>

/** Writes back to the provider of one connection. Providers know a repeat by its key, so doubt is settled by sending again. */
export function providerSink(connection: string, write: Writer): Sink {
  return {
    name: 'provider',
    endpoint: connection,
    concurrency: 2, // beside re-reads and reconciliations, which share the provider's limits
    isRepeatable: true,
    keepsRequest: true,
    attemptsMax: 16, // 5 s doubling to 6 h: about a day and a half, while a parcel is still on its way
    backoff: { baseMs: 5_000, capMs: 6 * 3_600_000 },
    prepare,
    async call(attempt) {
      await attempt.mayLeave(attempt.id)
      attempt.sent()
      return write(JSON.parse(Buffer.from(attempt.bytes).toString('utf8')), attempt.signal)
    },
  }
}

function prepare(item: Item): Prepared {
  const write = item.kind === 'stock' ? stockOf(item) : trackingOf(item)
  return { kind: 'send', bytes: Buffer.from(JSON.stringify(write)) }
}

function stockOf({ key, body }: Item): Write {
  return {
    kind: 'stock',
    change: { key, sku: String(body.sku), delta: Number(body.delta), reason: String(body.reason) },
  }
}

function trackingOf({ key, body }: Item): Write {
  const { order, capture, lines } = body
  const label = Object.fromEntries(
    ['carrier', 'number', 'url'].flatMap((name) => {
      const value = body[name]
      return typeof value === 'string' ? [[name, value]] : []
    }),
  )
  return {
    kind: 'tracking',
    shipment: {
      key,
      order: { kind: 'order', id: String(order) },
      ...(typeof capture === 'string' && { payment: { kind: 'capture', id: capture } }),
      lines: lines as TrackingWrite['lines'],
      ...label,
    },
  }
}
