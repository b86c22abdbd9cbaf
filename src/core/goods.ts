import { byText, type Evidence, type Known } from './evidence.ts'
import type { Instant, LineItem } from './fact.ts'
import type { Return, Shipment } from './order.ts'

const leaves = new Set(['shipped', 'in_transit', 'out_for_delivery', 'delivered', 'attempted'])

/**
 * Shipments by their own id: what a warehouse answered, and what a shop that speaks for fulfillment shows. A shipment that we told the shop comes back under the shop's id: it is one all the same.
 */
export function shipmentsOf(evidence: Evidence): Shipment[] {
  const states = evidence
    .of('fulfillment_state')
    .filter((fact) => evidence.speaksFor(fact.connection, 'fulfillment'))
  const groups = [...Map.groupBy(states, (fact) => fact.subject.id).values()]
  // Who speaks for fulfillment and for no orders is a warehouse, not a shop.
  const isShops = (group: (typeof groups)[number]) =>
    group.some((fact) => evidence.speaksFor(fact.connection, 'order'))
  const told = groups.filter(isShops).map(shownShipment)
  const own = groups.filter((group) => !isShops(group)).map(shownShipment)
  const written = writtenBack(evidence)
  const isOwn = (shipment: Shipment) =>
    own.some(
      (one) =>
        written.get(shipment.ref.id) === one.ref.id ||
        (one.number !== undefined && one.number === shipment.number),
    )
  return [...own, ...told.filter((shipment) => !isOwn(shipment))].sort(
    (a, b) => byText(a.shippedAt, b.shippedAt) || byText(a.ref.id, b.ref.id),
  )
}

/** True for goods on their way or there: what was announced, recalled or came to grief before it left has not left. */
export function hasLeft(shipment: Shipment): boolean {
  return leaves.has(shipment.status)
}

/** The highest version counts; it left when the earliest state says so in which it had left. */
function shownShipment(states: readonly Known<'fulfillment_state'>[]): Shipment {
  const [newest] = states.toSorted(
    (a, b) => byText(b.data.version, a.data.version) || b.rank - a.rank || byText(a.digest, b.digest),
  )
  const left = states.filter(({ data }) => leaves.has(data.state)).map((fact) => fact.occurredAt)
  const { subject, scope, data, occurredAt } = newest!
  return {
    ref: subject,
    scope,
    status: data.state,
    ...labelOf(data),
    lines: data.lines,
    shippedAt: left.sort()[0] ?? occurredAt,
  }
}

function labelOf(data: { carrier?: string; number?: string; url?: string }) {
  return { carrier: data.carrier, number: data.number, url: data.url }
}

/** Shipments that we told a shop of: its id for each → ours. The key reads `tracking:<connection>:<whose>:<shipment>`. */
function writtenBack(evidence: Evidence): ReadonlyMap<string, string> {
  const told = evidence.of('effect_performed').filter(({ data }) => data.key.startsWith('tracking:'))
  return new Map(
    told.flatMap(({ data }) => {
      const shipment = data.key.split(':').slice(3).join(':')
      return data.reference === undefined ? [] : [[data.reference, shipment] as const]
    }),
  )
}

/**
 * Quantities that have left, by line. A warehouse names goods by SKU, which several lines may share: the first are filled
 * first. `*` is everything.
 */
export function shippedQuantities(
  shipments: readonly Shipment[],
  lines: readonly LineItem[],
): ReadonlyMap<string, number> {
  const named = quantities(shipments.filter(hasLeft).flatMap((shipment) => shipment.lines))
  const ids = new Set(lines.map(({ id }) => id))
  const left = new Map([...named].filter(([id]) => ids.has(id)))
  for (const [sku, quantity] of named) {
    let open = ids.has(sku) ? 0 : quantity
    for (const line of lines) {
      if (sku !== '*' && line.sku !== sku) continue
      const held = left.get(line.id) ?? 0
      const part = sku === '*' ? line.quantity - held : Math.min(open, line.quantity - held)
      if (part <= 0) continue
      left.set(line.id, held + part)
      open -= part
    }
  }
  return left
}

/** What refunds say of one line's goods. */
export type Given = { readonly returned: number; readonly canceled: number; readonly kept: number }

/** By line: given back by the buyer, taken out with restock before it left, and refunded without coming back. */
export function refundedGoods(evidence: Evidence): ReadonlyMap<string, Given> {
  const lines = evidence.of('refund_lines').flatMap((fact) => fact.data.lines)
  const of = (restock: string) => quantities(lines.filter((line) => line.restock === restock))
  const [returned, canceled, kept] = [of('return'), of('cancel'), of('no_restock')]
  return new Map(
    lines.map(({ lineId }) => [
      lineId,
      {
        returned: returned.get(lineId) ?? 0,
        canceled: canceled.get(lineId) ?? 0,
        kept: kept.get(lineId) ?? 0,
      },
    ]),
  )
}

/** Returns by their own id, the highest version of each. */
export function returnsOf(evidence: Evidence): Return[] {
  const best = new Map<string, Known<'return_state'>>()
  for (const fact of evidence.of('return_state')) {
    const held = best.get(fact.subject.id)
    if (held === undefined || fact.data.version > held.data.version) best.set(fact.subject.id, fact)
  }
  return [...best.values()]
    .map(({ subject, data }) => ({ ref: subject, state: data.state }))
    .sort((a, b) => byText(a.ref.id, b.ref.id))
}

/** Goods are back when the shop received them, where it tracks returns at all. */
export function areReturnsIn(returns: readonly Return[]): boolean {
  const open = returns.filter(({ state }) => state !== 'declined' && state !== 'cancelled')
  return open.length === 0 || open.some(({ state }) => state === 'received')
}

/** When goods first left, or undefined while all are here. */
export function firstLeftAt(shipments: readonly Shipment[]): Instant | undefined {
  return shipments.filter(hasLeft)[0]?.shippedAt
}

function quantities(lines: readonly { lineId: string; quantity: number }[]): Map<string, number> {
  const map = new Map<string, number>()
  for (const { lineId, quantity } of lines) map.set(lineId, (map.get(lineId) ?? 0) + quantity)
  return map
}
