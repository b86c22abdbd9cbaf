import pg from 'pg'
import type { Outcome } from './generator.ts'
import { cpuSecondsOf, type Generator, rssMbOf, type Server, secret } from './processes.ts'

export const path = '/webhooks/stripe/stripe-test'
const connections = 64

/** One load on one server, and what it took. CPU in µs an event. */
export type Load = {
  readonly server: string
  readonly acksPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly not200: number
  readonly serverCpuUs: number
  readonly postgresCpuUs: number
  readonly generatorCpuUs: number
  readonly heldBackBy: string
  readonly rssMb: number
  readonly processedPerSecond?: number
}

export type Bench = { readonly generator: Generator; readonly postmaster: number }

const drainMs = 120_000
let runs = 0

/** As fast as 64 connections get their answers; with `books`, also how many events were processed meanwhile. */
export function closedLoad(bench: Bench, server: Server, events: number, books?: Books): Promise<Load> {
  return load(bench, server, { kind: 'closed', events }, books)
}

/** At a fixed rate, whatever the answers do: latency counts from the time planned. */
export function openLoad(
  bench: Bench,
  server: Server,
  ratePerSecond: number,
  seconds: number,
): Promise<Load> {
  return load(bench, server, { kind: 'open', events: Math.round(ratePerSecond * seconds), ratePerSecond })
}

async function load(
  { generator, postmaster }: Bench,
  server: Server,
  order: { kind: 'closed' | 'open'; events: number; ratePerSecond?: number },
  books?: Books,
): Promise<Load> {
  runs += 1
  const processed = await books?.processed()
  const before = {
    server: cpuSecondsOf(server.pid),
    postgres: cpuSecondsOf(postmaster, { withChildren: true }),
  }
  const outcome = await generator.run({
    ...order,
    port: server.port,
    path,
    secret,
    run: `b${process.pid}r${runs}o`,
    connections,
  })
  const rssMb = rssMbOf(server.pid)
  const cpu = {
    server: cpuSecondsOf(server.pid) - before.server,
    postgres: cpuSecondsOf(postmaster, { withChildren: true }) - before.postgres,
  }
  const each = (seconds: number) => Math.round((seconds / outcome.answered) * 1e6)
  return {
    server: server.name,
    acksPerSecond: Math.round((outcome.answered - outcome.not200) / outcome.seconds),
    p50Ms: round(outcome.p50Ms),
    p99Ms: round(outcome.p99Ms),
    not200: outcome.not200,
    serverCpuUs: each(cpu.server),
    postgresCpuUs: each(cpu.postgres),
    generatorCpuUs: each(outcome.cpuSeconds),
    heldBackBy: order.kind === 'open' ? 'the rate asked for' : heldBackBy(outcome, cpu),
    rssMb,
    ...(books !== undefined && {
      processedPerSecond: Math.round(((await books.processed()) - processed!) / outcome.seconds),
    }),
  }
}

/** The generator prepares its events before the clock runs, so CPU of the servers before it is not in these shares. */
function heldBackBy(outcome: Outcome, cpu: { server: number; postgres: number }): string {
  const shares = [
    ['server', cpu.server / outcome.seconds],
    ['postgres', cpu.postgres / outcome.seconds],
    ['generator', outcome.cpuSeconds / outcome.seconds],
  ] as const
  const inWords = shares.map(([name, share]) => `${name} ${Math.round(share * 100)} %`).join(', ')
  const total = shares.reduce((sum, [, share]) => sum + share, 0)
  if (shares[0][1] > 0.85) return `the server's one thread (${inWords} of a core)`
  if (shares[2][1] > 0.85) return `the generator (${inWords} of a core)`
  if (total > 1.7) return `the cores together (${inWords} of a core)`
  return `waiting for commits, or for cores that others use (${inWords} of a core)`
}

export type Books = {
  processed(): Promise<number>
  /** Resolves with the seconds that it took until nothing waits any more. */
  drained(): Promise<number>
  pending(): Promise<number>
  /** From the commit that was acknowledged to the commit that processed, of what was received since `since`. */
  delays(since: Date): Promise<{ p50Ms: number; p99Ms: number; events: number }>
  close(): Promise<void>
}

/** What the database says about the events in it. */
export async function openBooks(url: string): Promise<Books> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const count = async (where: string) =>
    (await client.query<{ count: number }>(`select count(*)::int as count from events where ${where}`))
      .rows[0]!.count
  const left = async () => {
    const { rows } = await client.query<{ said: string }>(
      "select count(*) || ' ' || status || coalesce(': ' || reason, '') as said from events where status <> 'processed' group by status, reason limit 5",
    )
    return rows.map(({ said }) => said).join('; ')
  }
  const books: Books = {
    processed: () => count('processed_at is not null'),
    pending: () => count("status = 'pending' and next_at is not null"),
    async drained() {
      const begun = performance.now()
      while ((await books.pending()) > 0) {
        if (performance.now() - begun > drainMs)
          throw new Error(`the backlog does not drain: ${await left()}`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      return (performance.now() - begun) / 1_000
    },
    async delays(since) {
      const { rows } = await client.query<{ p50: number; p99: number; events: number }>(
        `select percentile_cont(0.5) within group (order by delay) as p50, percentile_cont(0.99) within group (order by delay) as p99,
           count(*)::int as events
         from (select extract(epoch from processed_at - received_at)::float8 * 1000 - duration_us / 1000.0 as delay
           from events where received_at >= $1 and processed_at is not null) measured`,
        [since],
      )
      const [row] = rows
      return { p50Ms: round(Number(row!.p50)), p99Ms: round(Number(row!.p99)), events: row!.events }
    },
    close: () => client.end(),
  }
  return books
}

/** What one commit of one small row takes here and now: most of what a slow disk costs. */
export async function commitMs(url: string): Promise<{ p50: number; p99: number }> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('create table probe (n int)')
  const took: number[] = []
  for (let n = 0; n < 300; n += 1) {
    const begun = performance.now()
    await client.query('insert into probe values ($1)', [n])
    took.push(performance.now() - begun)
  }
  await client.query('drop table probe')
  await client.end()
  took.sort((a, b) => a - b)
  return { p50: round(took[150]!), p99: round(took[297]!) }
}

export function round(value: number): number {
  return Math.round(value * 100) / 100
}
