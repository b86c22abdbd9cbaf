import { decodeData } from '../../core/fact.ts'
import * as stock from '../../store/stock.ts'
import type { Draft } from './findings.ts'
import type { Run } from './run.ts'

/** Of a shop's counts the newest so many: what has not changed for longer than these reach back is not compared. */
const observationsMax = 20_000
const lagMs = 600_000

/**
 * SKUs of which the shop that is kept in step shows another number than can be sold by our count. Only where the shop
 * counted after our last move and some time ago: otherwise one of the two is about to follow. Compared, never obeyed.
 */
export async function stockFindings(run: Run): Promise<Omit<Draft, 'id' | 'kind'>[]> {
  const { config, db, now } = run.system
  if (config.sinks.inventory?.connection !== run.connection.id) return []
  const shown = shownBySku(await stock.observations(db.web, run.connection.account, observationsMax))
  const before = new Date(now().getTime() - lagMs).toISOString()
  const ours = await stock.figures(db.web, [...shown.keys()])
  return ours.flatMap(({ sku, on_hand, committed, updated_at }) => {
    const { available, at } = shown.get(sku)!
    const held = Number(on_hand - committed)
    if (available === held || at > before || at < updated_at) return []
    return [
      {
        resource: { kind: 'product', id: sku },
        detail: {
          reason: 'amount',
          text: `the shop shows ${available} of ${sku}, by our count ${held} can be sold`,
          occurred_at: at,
        },
        ours: { available: held, on_hand: Number(on_hand), committed: Number(committed) },
        theirs: { available },
        repair: 'count it, and say by PUT /api/v1/inventory/{sku} or in the shop what is there',
      },
    ]
  })
}

type Item = { sku: string | undefined; places: Map<string, Shown & { isCounted: boolean }> }
type Shown = { readonly available: number; readonly at: string }

/** What a shop shows of each SKU over all places, and when it counted last; what it does not count is left out. */
function shownBySku(rows: readonly { data: string }[]): Map<string, Shown> {
  const items = new Map<string, Item>()
  for (const { data } of rows) {
    const { itemId, locationId, sku, available, version } = decodeData<'stock_observed'>(data)
    const item: Item = items.get(itemId) ?? { sku: undefined, places: new Map() }
    items.set(itemId, item)
    if (sku !== undefined) item.sku = sku
    const held = item.places.get(locationId)
    if (held !== undefined && held.at > version) continue
    item.places.set(locationId, { available: available ?? 0, at: version, isCounted: available !== null })
  }
  const shown = new Map<string, Shown>()
  for (const { sku, places } of items.values()) {
    // A product's own figure is the sum of its places: these are newer where they are known.
    const all = [...places]
    const counted = all.length > 1 ? all.filter(([place]) => place !== 'all') : all
    const levels = counted.map(([, level]) => level)
    if (sku === undefined || levels.some(({ isCounted }) => !isCounted)) continue
    const available = levels.reduce((sum, level) => sum + level.available, 0)
    shown.set(sku, {
      available,
      at: levels
        .map(({ at }) => at)
        .sort()
        .at(-1)!,
    })
  }
  return shown
}
