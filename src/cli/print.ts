/** One JSON value, as scripts read it. */
export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, null, 2))
}

export type Column<Row> = readonly [title: string, of: (row: Row) => unknown]

/** A table for people: as wide as its content, the last column not padded. */
export function printTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): void {
  if (rows.length === 0) {
    console.log('nothing')
    return
  }
  const cells = [
    columns.map(([title]) => title),
    ...rows.map((row) => columns.map(([, of]) => cell(of(row)))),
  ]
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => line[index]!.length)))
  for (const line of cells)
    console.log(
      line
        .map((text, index) => (index === widths.length - 1 ? text : text.padEnd(widths[index]!)))
        .join('  '),
    )
}

/** Pairs, one a line. */
export function printFields(fields: readonly (readonly [name: string, value: unknown])[]): void {
  const width = Math.max(...fields.map(([name]) => name.length))
  for (const [name, value] of fields)
    if (value !== undefined && value !== null) console.log(`${name.padEnd(width)}  ${cell(value)}`)
}

/** How far long work is: overwritten in place on a terminal, silent in a pipe. */
export function progress(): { show(text: string): void; end(): void } {
  const isTerminal = process.stderr.isTTY === true
  return {
    show: (text) => void (isTerminal && process.stderr.write(`\r\x1b[K${text}`)),
    end: () => void (isTerminal && process.stderr.write('\r\x1b[K')),
  }
}

export type Money = { readonly amount: string; readonly currency: string }

export function money(value: Money | undefined): string {
  return value === undefined ? '' : `${value.amount} ${value.currency}`
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (Array.isArray(value)) return value.map(cell).join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
