import { isDeepStrictEqual } from 'node:util'
import type { OrderView } from '../../core/order-view.ts'

export type Fields = { [name: string]: unknown }

/** What never is a change: which order it is, and our own clock. */
const frame = new Set(['id', 'mode', 'updated_at'])

/** The fields of an order that differ, each as it was and as it is; of the totals only those that moved. */
export function changedFields(before: OrderView, after: OrderView): { before: Fields; after: Fields } {
  const was: Fields = {}
  const is: Fields = {}
  for (const name of Object.keys(after) as (keyof OrderView)[]) {
    if (frame.has(name) || isDeepStrictEqual(before[name], after[name])) continue
    if (name === 'totals') {
      const totals = changedTotals(before.totals, after.totals)
      was.totals = totals.before
      is.totals = totals.after
    } else {
      was[name] = before[name]
      is[name] = after[name]
    }
  }
  return { before: was, after: is }
}

function changedTotals(
  before: OrderView['totals'],
  after: OrderView['totals'],
): { before: Fields; after: Fields } {
  const names = (Object.keys(after) as (keyof OrderView['totals'])[]).filter(
    (name) => !isDeepStrictEqual(before[name], after[name]),
  )
  return {
    before: Object.fromEntries(names.map((name) => [name, before[name]])),
    after: Object.fromEntries(names.map((name) => [name, after[name]])),
  }
}
