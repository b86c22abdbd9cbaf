import type { Instant, LineItem, Ref, Statement } from '../../core/fact.ts'
import { parseDecimal } from '../../core/money.ts'
import { child, clean, field, isThing, type Node, present, valueAt } from './json.ts'
import { type OrderNumber, speaksForOrders, type stateAbout, type When, type Witness } from './witness.ts'

type State = ReturnType<typeof stateAbout>

/**
 * How well each object knows when its sale was placed. Intent and charge of one sale state the same facts (of the
 * intent), so that one sale is one row of history; a session states its own.
 */
export const saleRank = { charge: 0, intent: 1, session: 0, invoice: 0 } as const

/** What every object of a sale says about the order: that it was placed, its number, its declared total and items. */
export function sale(
  state: State,
  witness: Witness,
  {
    node,
    anchor,
    when,
    currency,
    number,
  }: { node: Node; anchor: Ref; when: When; currency: string; number: OrderNumber },
): Statement[] {
  const numbered = state('order_numbered', anchor, when, number, {
    apart: `${number.priority}:${number.number}`,
  })
  if (!speaksForOrders(witness)) return [numbered]
  return [
    state('order_placed', anchor, when, { saleKind: 'sale' }),
    numbered,
    ...declaredTotal(state, { node, anchor, when, currency }),
    ...declaredItems(state, { node, anchor, when, currency }),
  ]
}

type Declared = { node: Node; anchor: Ref; when: When; currency: string }

/** `metadata.order_total`: the shop's own word, needed where several intents pay one order. Free text: bad ones are no total. */
function declaredTotal(state: State, { node, anchor, when, currency }: Declared): Statement[] {
  const totalMinor = parseDecimal(valueAt(node, 'metadata.order_total') ?? '', currency)
  if (totalMinor === undefined || totalMinor < 0n) return []
  const data = { totalMinor, currency, by: 'declared' as const }
  return [state('order_total', anchor, when, data, { apart: `declared:${totalMinor}` })]
}

/** More lines than any cart: metadata values end at 500 characters, so a longer list was never theirs. */
const itemsMax = 500

/** `metadata.items`: `[{"sku","quantity","unit_price"?,"title"?}]`; one bad item spoils the list, as half an order is none. */
function declaredItems(state: State, { node, anchor, when, currency }: Declared): Statement[] {
  const metadata = child(node, 'metadata')
  const items = parseItems(metadata && field(metadata, 'items'))
  if (items === undefined || items.length === 0 || items.length > itemsMax) return []
  const lines: LineItem[] = []
  for (const [index, item] of items.entries()) {
    const line = declaredItem(item, index, currency)
    if (line === undefined) return []
    lines.push(line)
  }
  return [state('order_lines', anchor, when, { lines, currency, by: 'metadata' }, { apart: 'metadata' })]
}

function parseItems(json: unknown): unknown[] | undefined {
  if (typeof json !== 'string') return undefined
  try {
    const value: unknown = JSON.parse(json)
    return Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

function declaredItem(item: unknown, index: number, currency: string): LineItem | undefined {
  if (!isThing(item)) return undefined
  const sku = typeof item.sku === 'string' ? clean(item.sku) : undefined
  const quantity = item.quantity
  if (sku === undefined || !Number.isSafeInteger(quantity) || Number(quantity) < 1 || Number(quantity) > 1e9)
    return undefined
  const price = item.unit_price
  const unitPriceMinor = price === undefined ? undefined : parseDecimal(String(price), currency)
  if (price !== undefined && (unitPriceMinor === undefined || unitPriceMinor < 0n)) return undefined
  const title = typeof item.title === 'string' ? clean(item.title) : undefined
  const totalMinor = unitPriceMinor === undefined ? undefined : unitPriceMinor * BigInt(Number(quantity))
  return {
    id: String(index),
    quantity: Number(quantity),
    ...present({ sku, title, unitPriceMinor, totalMinor }),
  }
}

/** The intent where it is known, so that it and its charges speak of the same thing; else the charge itself. */
export function anchorOf(intent: string | undefined, self: Ref): Ref {
  return intent === undefined ? self : { kind: 'payment_intent', id: intent }
}

/** A time, and how well the witness knows it. */
export function at(instant: Instant, rank: number): When {
  return { at: instant, rank }
}
