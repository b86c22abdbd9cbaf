/** Where the demo writes: colours only on a terminal, and one line a thought. */
export type Terminal = {
  /** What happens in the world. */
  story(text: string): void
  /** What ordersync makes of it. */
  effect(text: string): void
  heading(text: string): void
  plain(text: string): void
  table(rows: readonly (readonly string[])[]): void
}

export function createTerminal(
  write: (text: string) => void,
  isColoured: boolean,
  clock: () => string,
): Terminal {
  const paint = (code: number, text: string) => (isColoured ? `\x1b[${code}m${text}\x1b[0m` : text)
  const line = (text: string) => write(`${text}\n`)
  return {
    story: (text) => line(`${paint(2, clock())}  ${paint(36, text)}`),
    effect: (text) => line(`       ${paint(32, '→')} ${text}`),
    heading: (text) => line(`\n${paint(1, text)}`),
    plain: line,
    table(rows) {
      const widths = (rows[0] ?? []).map((_cell, column) =>
        Math.max(...rows.map((row) => row[column]!.length)),
      )
      for (const row of rows) {
        // Names to the left, figures to the right.
        const cells = row.map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
        )
        line(`  ${cells.join('  ')}`)
      }
    },
  }
}
