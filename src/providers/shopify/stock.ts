import type { Ref, Statement } from '../../core/fact.ts'
import {
  child,
  children,
  field,
  idIn,
  instant,
  type Node,
  needId,
  needInstant,
  present,
  step,
  text,
  Unreadable,
} from './json.ts'
import { stateAbout } from './witness.ts'

const state = stateAbout([])

/**
 * Stock of one item at one location; null where the shop does not count it. Compared with ours and never obeyed.
 *
 * @see https://shopify.dev/docs/api/admin-rest/latest/resources/inventorylevel (checked 2026-11)
 */
export function inventoryLevel(node: Node): Statement[] {
  return [observed(needId(node, 'inventory_item_id'), needId(node, 'location_id'), node, 'available', {})]
}

/** A product's variants name the SKU of each item, and its stock over all locations. */
export function product(node: Node): Statement[] {
  return children(node, 'variants').flatMap((variant) => {
    const itemId = idIn(variant, 'inventory_item_id')
    if (itemId === undefined || instant(variant, 'updated_at') === undefined) return []
    return [observed(itemId, 'all', variant, 'inventory_quantity', present({ sku: text(variant, 'sku') }))]
  })
}

/** An item of the list, with its level at each location. */
export function inventoryItem(node: Node): Statement[] {
  const itemId = needId(node, 'id')
  const sku = present({ sku: text(node, 'sku') })
  return children(node, 'levels').map((level) => {
    const [quantity] = children(level, 'quantities')
    const locationId = idIn(child(level, 'location') ?? level, 'id') ?? 'all'
    return observed(itemId, locationId, level, 'available', sku, quantity)
  })
}

function observed(
  itemId: string,
  locationId: string,
  node: Node,
  key: string,
  more: { sku?: string },
  holder: Node = node,
): Statement {
  const subject: Ref = { kind: 'product', id: itemId }
  const version = needInstant(node, 'updated_at')
  const available = field(holder, holder === node ? key : 'quantity') ?? null
  if (available !== null && !Number.isSafeInteger(available))
    throw new Unreadable(step(node, key), 'is not a count')
  const data = { version, itemId, locationId, ...more, available: available as number | null }
  return state('stock_observed', subject, version, data, {
    apart: `${locationId}:${version}`,
    level: 'account',
  })
}
