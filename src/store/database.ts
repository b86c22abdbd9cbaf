import pg from 'pg'

const types = new pg.TypeOverrides()
types.setTypeParser(20, (text: string) => BigInt(text)) // int8
types.setTypeParser(1700, (text: string) => BigInt(text)) // numeric: ours are all scale 0
types.setTypeParser(1184, instantOf) // timestamptz

/**
 * '2026-11-25 02:38:18.5+00' → '2026-11-25T02:38:18.500Z'. Milliseconds as `toISOString` prints them, so that what went
 * in comes out equal; six digits only where the server's own clock set more (`recorded_at`).
 */
export function instantOf(text: string): string {
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?\+00$/.exec(text)
  if (match === null) throw new RangeError(`not a time in UTC as Postgres prints it: ${text}`)
  const micros = (match[3] ?? '').padEnd(6, '0')
  return `${match[1]}T${match[2]}.${micros.endsWith('000') ? micros.slice(0, 3) : micros}Z`
}

export type Database = {
  readonly url: string
  /** Everything that is neither the intake nor the worker: admin API, reconciler. */
  readonly web: pg.Pool
  /** Webhooks alone, so that no amount of reading keeps a delivery waiting for a connection. */
  readonly intake: pg.Pool
  /** The worker: pipelined, and planned for grown tables (plans cached on empty ones read millions of rows later). */
  readonly worker: pg.Pool
  close(): Promise<void>
}

/** A connection on which statements can be run one after the other: a pool's client inside a transaction. */
export type Connection = pg.PoolClient
export type Queryable = pg.PoolClient | pg.Pool

export function openDatabase(
  url: string,
  {
    onError,
    webMax = 12,
    workerMax = 6,
  }: { onError: (error: Error) => void; webMax?: number; workerMax?: number },
): Database {
  const base = {
    connectionString: url,
    types,
    application_name: 'ordersync',
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  }
  const web = new pg.Pool({
    ...base,
    max: webMax,
    pipeline: true,
    options: '-c timezone=UTC -c jit=off -c lock_timeout=10s -c idle_in_transaction_session_timeout=15s',
  })
  const intake = new pg.Pool({
    ...base,
    max: 4, // two lanes, and room for one that is being given up
    pipeline: true,
    options:
      '-c timezone=UTC -c jit=off -c lock_timeout=2s -c idle_in_transaction_session_timeout=5s -c enable_seqscan=off',
  })
  const worker = new pg.Pool({
    ...base,
    max: workerMax,
    pipeline: true,
    options:
      '-c timezone=UTC -c lock_timeout=5s -c idle_in_transaction_session_timeout=10s -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off',
  })
  for (const pool of [web, intake, worker]) {
    pool.on('error', onError)
    // A connection that breaks while somebody holds it says so itself; unheard, that would end the process.
    pool.on('connect', (client) => client.on('error', onError))
  }
  return {
    url,
    web,
    intake,
    worker,
    async close() {
      await Promise.all([web.end(), intake.end(), worker.end()])
    },
  }
}

/** Runs `work` between BEGIN and COMMIT. Throws what `work` throws, after ROLLBACK; throws when the COMMIT rolled back. */
export async function inTransaction<T>(
  pool: pg.Pool,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await pool.connect()
  let broken: Error | undefined
  try {
    connection.query('begin').catch(() => {})
    const value = await work(connection)
    const commit = await connection.query('commit')
    // The COMMIT of a failed transaction answers ROLLBACK without an error.
    if (commit.command !== 'COMMIT') throw new Error('the transaction was rolled back at commit')
    return value
  } catch (error) {
    await connection.query('rollback').catch((failure: Error) => {
      broken = failure
    })
    throw error
  } finally {
    connection.release(broken)
  }
}
