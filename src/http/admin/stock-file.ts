import { Problem } from '../problem.ts'

/** A SKU and what is on hand of it. */
export type Counted = { readonly sku: string; readonly onHand: number }

export const onHandMax = 1_000_000_000_000
const rowsMax = 10_000

/** Throws where nothing could be kept under this name. */
export function needSku(sku: string): string {
  if (sku !== '' && sku.length <= 200 && !/\p{Cc}/u.test(sku)) return sku
  throw new Problem('invalid_request', 'A SKU has 1 to 200 characters, none of them a control character')
}

/**
 * The rows of a file as spreadsheets write it (RFC 4180), by the names in its first line: `sku` and `on_hand`, in any
 * order, among others. One bad line refuses the file and is named, before any of it counts.
 */
export function countsIn(csv: string): Counted[] {
  const [head = [], ...rows] = recordsIn(csv.replace(/^\ufeff/, ''))
  const names = head.map((name) => name.trim().toLowerCase())
  const [sku, onHand] = [names.indexOf('sku'), names.indexOf('on_hand')]
  if (sku < 0 || onHand < 0)
    throw new Problem('invalid_request', 'The first line must name the columns sku and on_hand')
  if (rows.length > rowsMax) throw new Problem('invalid_request', `A file has ${rowsMax} rows or fewer`)
  const counts = new Map<string, number>()
  for (const [index, row] of rows.entries()) {
    const line = index + 2
    const text = (row[onHand] ?? '').trim()
    const count = /^\d{1,13}$/.test(text) ? Number(text) : Number.NaN
    if (!(count <= onHandMax)) throw new Problem('invalid_request', `Row ${line}: on_hand is no whole number`)
    const name = needSku((row[sku] ?? '').trim())
    if (counts.has(name))
      throw new Problem('invalid_request', `Row ${line}: the SKU stands twice in the file`)
    counts.set(name, count)
  }
  return [...counts].map(([name, count]) => ({ sku: name, onHand: count }))
}

/** Records of fields, quoted ones with commas, quotes and line ends in them; empty lines are none. */
function recordsIn(text: string): string[][] {
  const records: string[][] = []
  let fields: string[] = []
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    fields.push(quoted?.replaceAll('""', '"') ?? plain ?? '')
    if (end === ',') continue
    if (fields.some((field) => field !== '')) records.push(fields)
    fields = []
  }
  return records
}
