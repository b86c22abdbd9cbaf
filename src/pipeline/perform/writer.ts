import type { Connection } from '../../config.ts'
import { ApiError, type Provider } from '../../providers/provider.ts'
import type { Write, Writer } from '../../sinks/provider/index.ts'
import type { Performed } from '../../sinks/sink.ts'
import { rateOf } from '../rate.ts'
import type { System } from '../system.ts'

const callTimeoutMs = 15_000

/** Reaches the provider of one connection at the rate that re-reads and reconciliations share. */
export function writerOf(system: System, connection: Connection): Writer {
  const provider = system.providers.get(connection.provider)!
  const rate = rateOf(system, connection.id)
  return async (write, stop) => {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(callTimeoutMs)])
    try {
      await rate.acquire(signal)
      const { reference } = await send(provider, write, { connection, signal, timeoutMs: callTimeoutMs })
      rate.worked()
      return { kind: 'done', reference }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (error.kind === 'rate_limited') rate.blocked(error.retryAfterMs)
      return performedOf(error)
    }
  }
}

function send(
  provider: Provider,
  write: Write,
  api: Parameters<Provider['read']>[1],
): Promise<{ reference: string }> {
  return write.kind === 'stock'
    ? provider.write!.stock!(write.change, api)
    : provider.write!.tracking!(write.shipment, api)
}

/** What it refuses it will refuse again; a key that does not work is mended by people, and then it goes out by itself. */
function performedOf({ kind, message, retryAfterMs }: ApiError): Performed {
  if (kind === 'refused' || kind === 'not_found') return { kind: 'failed', error: message }
  return { kind: 'retry', error: message, isDown: kind !== 'rate_limited', retryAfterMs }
}
