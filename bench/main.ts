import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import {
  type Bench,
  type Books,
  closedLoad,
  commitMs,
  type Load,
  openBooks,
  openLoad,
  round,
} from './measure.ts'
import { measureEffects } from './effects.ts'
import { type Server, startBaseline, startGenerator, startOrdersync } from './processes.ts'
import { measureReaders } from './readers.ts'
import { type Figures, print } from './report.ts'
import { type Store, startStore } from './store.ts'

/**
 * `npm run bench [-- --quick]`: every server is loaded in turn, round after round, because the speed of a machine drifts
 * by a factor of two within minutes; only ratios within one round mean anything.
 */
const { values: options } = parseArgs({ options: { quick: { type: 'boolean', default: false } } })
const size = options.quick
  ? { rounds: 2, events: 8_000, openSeconds: 4, restEvents: 8_000, effectOrders: 400 }
  : { rounds: 5, events: 20_000, openSeconds: 10, restEvents: 30_000, effectOrders: 2_000 }

const stopping: (() => unknown)[] = []
try {
  const figures = await measure()
  print(figures)
  const folder = fileURLToPath(new URL('results/', import.meta.url))
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}latest.json`, `${JSON.stringify(figures, null, 2)}\n`)
  console.log(`\nwritten to bench/results/latest.json`)
} finally {
  for (const stop of stopping.reverse()) await stop()
}

async function measure(): Promise<Figures> {
  const generator = startGenerator()
  stopping.push(() => generator.stop())
  const store = await startStore()
  stopping.push(() => store.stop())
  const bench: Bench = { generator, postmaster: store.postmaster }
  const baseline = await startBaseline()
  stopping.push(() => baseline.stop())
  const url = { web: await store.create('web'), both: await store.create('both') }
  const commit = await commitMs(url.web)
  const web = await started('web', url.web, store)
  const both = await started('web,worker', url.both, store)
  const books = await openBooks(url.both)
  stopping.push(() => books.close())

  for (const server of [baseline, web, both]) await closedLoad(bench, server, 4_000) // warm: compiled, prepared, connected
  await books.drained()
  const rounds: Load[][] = []
  for (let n = 1; n <= size.rounds; n += 1) {
    say(`round ${n} of ${size.rounds}`)
    const round = [await closedLoad(bench, baseline, size.events), await closedLoad(bench, web, size.events)]
    round.push(await closedLoad(bench, both, size.events, books))
    await books.drained() // or the next round would be measured beside its backlog
    rounds.push(round)
  }
  const open: Figures['open'] = []
  for (const rate of [1_000, 3_000]) {
    say(`open loop, ${rate}/s`)
    for (const server of [baseline, web, both]) {
      const load = await openLoad(bench, server, rate, size.openSeconds)
      open.push({ rate, ...load, ...(server === both && { backlog: await books.pending() }) })
      if (server === both) await books.drained()
    }
  }
  const delays = await measureDelays(bench, both, books)
  await both.stop()
  const rest = await measureRest(bench, web, url.web, store)
  say('effects')
  const effects = await measureEffects(store, { seconds: size.openSeconds, orders: size.effectOrders })
  return {
    at: new Date().toISOString(),
    machine: {
      cpus: cpus().length,
      model: cpus()[0]?.model ?? '',
      node: process.version,
      load1: round(loadavg()[0]!),
      commitMs: commit,
    },
    rounds,
    open,
    delays,
    rest,
    effects,
    readers: await measureReaders(),
  }
}

async function measureDelays(bench: Bench, both: Server, books: Books): Promise<Figures['delays']> {
  say('from acknowledged to processed, 500/s')
  const since = new Date()
  await openLoad(bench, both, 500, size.openSeconds)
  await books.drained()
  return books.delays(since)
}

/** Fills a database with the worker away, then lets one worker drain it with the intake at rest. */
async function measureRest(bench: Bench, web: Server, url: string, store: Store): Promise<Figures['rest']> {
  say('processed to the end, intake at rest')
  const books = await openBooks(url)
  try {
    await closedLoad(bench, web, size.restEvents)
    await web.stop()
    const total = await books.pending()
    const worker = await startOrdersync('worker', url, store.folder)
    stopping.push(() => worker.stop())
    // Looked at seldom: counting a backlog takes the server's time from working on it.
    const processed = async (share: number) => {
      for (;;) {
        const left = await books.pending()
        if (left <= total * (1 - share)) return { at: performance.now(), left }
        await delay(250)
      }
    }
    // The first tenth is the process starting and its code being compiled; the last may be waiting for one event.
    const [from, to] = [await processed(0.1), await processed(0.95)]
    await worker.stop()
    return { events: total, perSecond: Math.round(((from.left - to.left) / (to.at - from.at)) * 1_000) }
  } finally {
    await books.close()
  }
}

async function started(role: string, url: string, store: Store): Promise<Server> {
  const server = await startOrdersync(role, url, store.folder)
  stopping.push(() => server.stop())
  return server
}

function say(what: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${what} …`)
}
