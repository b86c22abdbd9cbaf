import type { EffectFigures } from './effects.ts'
import type { Load } from './measure.ts'
import type { ReaderFigures } from './readers.ts'

export type Figures = {
  readonly at: string
  readonly machine: {
    readonly cpus: number
    readonly model: string
    readonly node: string
    readonly load1: number
    readonly commitMs: { readonly p50: number; readonly p99: number }
  }
  /** Round by round: baseline, web alone, web and worker in one process. */
  readonly rounds: readonly (readonly Load[])[]
  readonly open: ({ readonly rate: number; readonly backlog?: number } & Load)[]
  readonly delays: { readonly p50Ms: number; readonly p99Ms: number; readonly events: number }
  readonly rest: { readonly events: number; readonly perSecond: number }
  readonly effects: EffectFigures
  readonly readers: readonly ReaderFigures[]
}

/** The figures as people read them, each beside what is wanted of it. */
export function print(figures: Figures): void {
  const { machine } = figures
  console.log(
    `\n${machine.cpus} × ${machine.model}, Node ${machine.node}; load before ${machine.load1}; one commit p50 ${machine.commitMs.p50} ms, p99 ${machine.commitMs.p99} ms\n`,
  )
  console.log(
    'acknowledged events/s, 64 connections (event and its job durable; the baseline stores nothing)',
  )
  row('', 'acks/s', 'of R0', 'p50 ms', 'p99 ms', 'CPU µs an event: server + Postgres + generator', '')
  const columns = figures.rounds[0]?.map(({ server }) => server) ?? []
  columns.forEach((server, i) => {
    const loads = figures.rounds.map((round) => round[i]!)
    const middle = loads.toSorted((a, b) => a.acksPerSecond - b.acksPerSecond)[Math.floor(loads.length / 2)]!
    const ratios = figures.rounds.map((round) => round[i]!.acksPerSecond / round[0]!.acksPerSecond)
    row(
      server,
      `${median(loads.map(({ acksPerSecond }) => acksPerSecond))}`,
      median(ratios).toFixed(2),
      `${middle.p50Ms}`,
      `${middle.p99Ms}`,
      `${middle.serverCpuUs} + ${middle.postgresCpuUs} + ${middle.generatorCpuUs}`,
    )
    console.log(
      `    held back by ${middle.heldBackBy}; RSS ${Math.max(...loads.map(({ rssMb }) => rssMb))} MB`,
    )
    const refused = loads.reduce((sum, { not200 }) => sum + not200, 0)
    if (refused > 0) console.log(`    ${refused} answers were not 200`)
  })
  const drained = figures.rounds.map((round) => round.at(-1)?.processedPerSecond ?? 0)
  console.log('\nopen loop')
  row('', 'rate/s', 'p50 ms', 'p99 ms', 'backlog')
  for (const load of figures.open)
    row(load.server, `${load.rate}`, `${load.p50Ms}`, `${load.p99Ms}`, `${load.backlog ?? ''}`)
  printReaders(figures.readers)
  console.log('')
  const ratio = (i: number) =>
    median(figures.rounds.map((round) => round[i]!.acksPerSecond / round[0]!.acksPerSecond))
  wanted('acks/s of R0, web alone', ratio(1).toFixed(2), ratio(1) >= 0.45, '≥ 0.45')
  wanted('acks/s of R0, web and worker', ratio(2).toFixed(2), ratio(2) >= 0.3, '≥ 0.3')
  wanted('processed/s meanwhile', `${median(drained)}`, median(drained) >= 1_000, '≥ 1000')
  wanted(
    'processed/s, intake at rest',
    `${figures.rest.perSecond}`,
    figures.rest.perSecond >= 3_000,
    '≥ 3000',
  )
  const backlog =
    figures.open.find(({ rate, backlog }) => rate === 1_000 && backlog !== undefined)?.backlog ?? 0
  wanted('backlog after 1000/s', `${backlog}`, backlog <= 200, 'none that grows')
  const { p50Ms, p99Ms } = figures.delays
  wanted(
    'acknowledged → processed at 500/s',
    `p50 ${p50Ms} ms, p99 ${p99Ms} ms`,
    p50Ms < 50 && p99Ms < 300,
    'p50 < 50, p99 < 300',
  )
  wantedOfEffects(figures.effects)
  const rss = Math.max(...figures.rounds.flat().map(({ rssMb }) => rssMb))
  wanted('RSS under load', `${rss} MB`, rss <= 250, '≤ 250 MB')
}

/** Beside nothing that is wanted of them: for the record, and for who writes the next provider. */
function printReaders(readers: readonly ReaderFigures[]): void {
  console.log('\nµs of processor time an event')
  row('', 'verify', 'normalize', 'examples')
  for (const { provider, verifyUs, normalizeUs, examples } of readers)
    row(provider, verifyUs.toFixed(1), normalizeUs.toFixed(1), `${examples}`)
}

function wantedOfEffects({ receipts, perSecond }: EffectFigures): void {
  wanted(
    `webhook → receipt taken by SMTP, ${receipts.ratePerSecond}/s`,
    `p50 ${receipts.p50Ms} ms, p99 ${receipts.p99Ms} ms`,
    receipts.p50Ms < 150,
    'p50 < 150',
  )
  wanted(
    'effects/s with mail dead',
    `${perSecond.mailDead} (${perSecond.allAlive} alive)`,
    perSecond.mailDead >= perSecond.allAlive / 2,
    'no less than half of alive',
  )
}

function row(...cells: string[]): void {
  console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(14) : cell.padStart(9))).join(' '))
}

function wanted(what: string, value: string, isMet: boolean, aim: string): void {
  console.log(`${isMet ? '✔' : '✖'} ${what.padEnd(36)} ${value.padEnd(28)} wanted ${aim}`)
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
