import type { OperationDefinitionNode } from 'graphql'

/** The most that one query may cost. */
const costMax = 1_000

/** The shop's points: so many fit, so many come back each second. */
export type Bucket = {
  /** False where there are not enough. */
  take(cost: number): boolean
  /** What an answer says of the points. */
  told(cost: number): object
  /** The whole answer to a query that there were not enough points for; without a cost, of one that needs all of them. */
  refusal(cost?: number): object
  /** Sets what is left. */
  leave(points: number): void
}

export function createBucket({ maximum = 2_000, restoreRate = 100 } = {}): Bucket {
  let points = maximum
  let at = performance.now()
  const available = () => {
    const now = performance.now()
    points = Math.min(maximum, points + ((now - at) / 1000) * restoreRate)
    at = now
    return points
  }
  const throttleStatus = () => ({
    maximumAvailable: maximum,
    currentlyAvailable: Math.floor(available()),
    restoreRate,
  })
  return {
    take(cost) {
      if (available() < cost) return false
      points -= cost
      return true
    },
    told: (cost) => ({ requestedQueryCost: cost, actualQueryCost: cost, throttleStatus: throttleStatus() }),
    refusal(cost = Math.ceil(available()) + 10) {
      return {
        errors: [
          {
            message: 'Throttled',
            extensions: { code: 'THROTTLED', documentation: 'https://shopify.dev/api/usage/rate-limits' },
          },
        ],
        extensions: {
          cost: { requestedQueryCost: cost, actualQueryCost: null, throttleStatus: throttleStatus() },
        },
      }
    },
    leave(left) {
      available()
      points = left
    },
  }
}

/** A write costs ten points, a page as many as it may hold. Their own formula is not published in full. */
export function costOf(
  { operation }: OperationDefinitionNode,
  { first }: { readonly [name: string]: unknown },
): number {
  return operation === 'mutation' ? 10 : Math.min(costMax, typeof first === 'number' ? 2 + first : 2)
}
