import type { Evidence, Known } from './evidence.ts'
import type { StockLine } from './effect.ts'
import type { OrderLine, Requested } from './order.ts'
import { standingAtWarehouse } from './performed.ts'
import { leftToShip, requestNumber } from './status.ts'

/** What is to be shipped now, by SKU, or by the line's id where it has none. */
export function linesToShip(lines: readonly OrderLine[]): StockLine[] {
  const open = lines.map((line) => ({ sku: line.sku ?? line.id, quantity: leftToShip(line) }))
  return open.filter((line) => line.quantity > 0)
}

/**
 * The newest request at the warehouse that no cancellation took back, and whether the order has changed since. What was
 * asked for may have left meanwhile: it is outdated when more is to be sent now, or less than was asked for.
 */
export function requestedOf(
  evidence: Evidence,
  lines: readonly OrderLine[],
  personId: string | undefined,
): Requested | undefined {
  const takenBack = new Set(
    standingAtWarehouse(evidence, 'cancellation').map(({ data }) => requestNumber(data.key)),
  )
  const [newest] = standingAtWarehouse(evidence, 'request')
    .filter(({ data }) => !takenBack.has(requestNumber(data.key)))
    .toSorted((a, b) => requestNumber(b.data.key) - requestNumber(a.data.key))
  if (newest === undefined) return undefined
  return { number: requestNumber(newest.data.key), isOutdated: isOutdated(newest, lines, personId) }
}

function isOutdated(
  { data }: Known<'effect_performed'>,
  lines: readonly OrderLine[],
  personId: string | undefined,
): boolean {
  if (data.lines === undefined) return false
  if (data.shipTo !== undefined && personId !== undefined && data.shipTo !== personId) return true
  const asked = quantities(data.lines)
  const left = quantities(linesToShip(lines))
  const gone = quantities(
    lines.map((line) => ({ sku: line.sku ?? line.id, quantity: line.fulfilledQuantity })),
  )
  return [...new Set([...asked.keys(), ...left.keys()])].some((sku) => {
    const [want, open] = [asked.get(sku) ?? 0, left.get(sku) ?? 0]
    return open > want || open + (gone.get(sku) ?? 0) < want
  })
}

function quantities(lines: readonly StockLine[]): Map<string, number> {
  const map = new Map<string, number>()
  for (const { sku, quantity } of lines) map.set(sku, (map.get(sku) ?? 0) + quantity)
  return map
}
