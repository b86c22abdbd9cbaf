import type { Config } from '../../config.ts'
import type { FoldContext } from '../../core/fold.ts'
import { canRead } from '../readable.ts'

/**
 * The configuration's part in what an order is. Whoever folds asks here, so that an order read is the order recorded.
 * A connection that is configured no more keeps its word in full: its orders stay what they were.
 */
export function foldContext(config: Config, knownSkus?: ReadonlySet<string>): FoldContext {
  const connections = new Map(config.connections.map((connection) => [connection.id, connection]))
  return {
    speaksFor: (id, part) => connections.get(id)?.speaksFor.includes(part) ?? true,
    canRead: (id) => {
      const connection = connections.get(id)
      return connection !== undefined && canRead(connection)
    },
    ...(knownSkus === undefined ? {} : { knownSkus }),
  }
}
