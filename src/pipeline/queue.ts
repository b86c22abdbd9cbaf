import { hash } from 'node:crypto'
import { type Db, PgBoss } from 'pg-boss'
import type { Logger } from 'winston'
import type { Database } from '../store/database.ts'
import { listen, notice } from '../store/notices.ts'
import { coalesced, createBell } from './bell.ts'
import { type Claim, type Held, holdClaims } from './held.ts'

/** The only file that knows the job queue. A job is a wake-up: the state of the work is in the event rows. */
export type Queue = {
  start(): Promise<void>
  /** Finishes what is in hand, then closes. */
  stop(): Promise<void>
  /** The statement that makes one wake-up naming these events (at most 64), to run inside the caller's transaction. */
  wakeUp(eventIds: readonly string[], options?: { startAfter?: Date }): Promise<QueueStatement>
  /** Up to `max` wake-ups claimed for this process, oldest first. */
  fetch(max: number): Promise<WakeUp[]>
  /** The statement that completes these wake-ups, to run inside the worker's transaction. */
  complete(wakeUps: readonly WakeUp[]): Promise<QueueStatement>
  /** Gives these wake-ups back to be fetched again after a failure of the batch as a whole. */
  fail(wakeUps: readonly WakeUp[], error: Error): Promise<void>
  /** Tells the local worker, and by one coalesced notice other processes, that there is work. Call after commit. */
  notify(): void
  /** Resolves when there may be work: on `notify`, on a notice from another process, or after `timeoutMs`. */
  waitForWork(timeoutMs: number, signal: AbortSignal): Promise<void>
  /** Wake-ups by what they are doing, freshly counted at most once a minute. For the metrics. */
  depth(): Promise<{ ready: number; deferred: number; active: number; failed: number }>
}
/** `name` is there so that the server prepares it once a connection. */
export type QueueStatement = {
  readonly name: string
  readonly text: string
  readonly values: readonly unknown[]
}
export type WakeUp = { readonly id: string; readonly eventIds: readonly string[]; readonly job: unknown }

/** Most events that one wake-up names: as many as one flush of the intake holds. */
export const eventsPerWakeUpMax = 64

const wakeUps = 'wake-ups'
const dead = 'wake-ups-dead'
const channel = 'ordersync_work'

// Every one set: the defaults retry at once, give up after three tries and keep a dead worker's job for 15 minutes.
const settings = {
  retryLimit: 20,
  retryDelay: 1,
  retryBackoff: true,
  retryDelayMax: 300,
  heartbeatSeconds: 10, // the least that is allowed: a killed worker's batch is taken over after about so long
  expireInSeconds: 120, // a batch takes well under a second; a minute more would only delay the take-over of a hung one
  retentionSeconds: 90 * 86_400, // waiting longer than that, a job is deleted unseen; the sweeper finds its events anyway
  deleteAfterSeconds: 60, // done wake-ups tell nothing that the event rows don't
} as const

const touchEveryMs = 4_000 // twice within a heartbeat, and once more for a late timer
const noticeEveryMs = 50 // other processes learn of work 20 times a second at most, whatever the intake does

/**
 * A queue over the database's own jobs. Any number of processes may have one; at least one live one must be told to
 * `supervise`, which gives the wake-ups of dead workers back.
 */
export function createQueue(options: {
  db: Database
  log: Logger
  supervise?: boolean
  hears?: boolean
}): Queue {
  return new JobQueue(options)
}

class JobQueue implements Queue {
  readonly #db: Database
  readonly #log: Logger
  readonly #hears: boolean
  readonly #boss: PgBoss
  readonly #bell = createBell()
  readonly #held: Held
  readonly #others: { ask(): void; stop(): void }
  #listener: { close(): Promise<void> } | undefined

  constructor({
    db,
    log,
    supervise = true,
    hears = true,
  }: { db: Database; log: Logger; supervise?: boolean; hears?: boolean }) {
    this.#db = db
    this.#log = log
    this.#hears = hears
    this.#boss = openBoss(db.url, supervise, log)
    this.#held = holdClaims(touchEveryMs, (claims) => this.#touch(claims))
    this.#others = coalesced(noticeEveryMs, () =>
      notice(db.web, channel).catch((error) => log.warn('notice_failed', { code: codeOf(error) })),
    )
  }

  async start(): Promise<void> {
    await this.#boss.start()
    await this.#boss.createQueue(dead, { ...settings, retryLimit: 0 })
    await this.#boss.createQueue(wakeUps, { ...settings, deadLetter: dead })
    await this.#boss.updateQueue(wakeUps, { ...settings, deadLetter: dead }) // an existing queue keeps its old settings otherwise
    if (!this.#hears) return
    this.#listener = listen(this.#db.url, channel, {
      onNotice: () => this.#bell.ring(),
      onError: (error) => this.#log.warn('listen_failed', { code: codeOf(error) }),
    })
  }

  async stop(): Promise<void> {
    this.#others.stop()
    this.#bell.ring()
    await this.#listener?.close()
    this.#held.stop()
    await this.#boss.stop({ graceful: true, timeout: 5_000 })
  }

  async wakeUp(
    eventIds: readonly string[],
    { startAfter }: { startAfter?: Date } = {},
  ): Promise<QueueStatement> {
    if (eventIds.length === 0 || eventIds.length > eventsPerWakeUpMax)
      throw new RangeError(`a wake-up of ${eventIds.length} events`)
    const job = {
      data: { eventIds },
      ...(startAfter !== undefined && { startAfter: startAfter.toISOString() }),
    }
    return captured('queue.wakeUp', (recorder) => this.#boss.insert(wakeUps, [job], { db: recorder }))
  }

  async fetch(max: number): Promise<WakeUp[]> {
    const jobs = await this.#boss.fetch<{ eventIds: string[] }>(wakeUps, { batchSize: max })
    this.#held.add(jobs)
    return jobs.map(({ id, retryCount, data }) => ({ id, eventIds: data.eventIds, job: { id, retryCount } }))
  }

  complete(done: readonly WakeUp[]): Promise<QueueStatement> {
    return captured('queue.complete', (recorder) =>
      this.#boss.complete(wakeUps, claimsOf(done), null, { db: recorder }),
    )
  }

  async fail(given: readonly WakeUp[], error: Error): Promise<void> {
    this.#held.drop(claimsOf(given))
    // The message may quote a row, and with it a buyer; the code says enough.
    await this.#boss.fail(wakeUps, claimsOf(given), { name: error.name, code: codeOf(error) })
  }

  notify(): void {
    this.#bell.ring()
    this.#others.ask()
  }

  waitForWork(timeoutMs: number, signal: AbortSignal): Promise<void> {
    return this.#bell.wait(timeoutMs, signal)
  }

  async depth() {
    const [stats] = await this.#boss.getQueueStats(wakeUps, { force: true })
    const [buried] = await this.#boss.getQueueStats(dead, { force: true })
    return {
      ready: stats?.readyCount ?? 0,
      deferred: stats?.deferredCount ?? 0,
      active: stats?.activeCount ?? 0,
      failed: buried?.totalCount ?? 0,
    }
  }

  async #touch(claims: readonly Claim[]): Promise<readonly string[]> {
    try {
      const touched = (await this.#boss.touch(wakeUps, [...claims])) as { settled?: readonly string[] }
      return touched.settled ?? []
    } catch (error) {
      this.#log.warn('heartbeat_failed', { code: codeOf(error) })
      return claims.map(({ id }) => id) // nobody said that they are lost
    }
  }
}

function openBoss(url: string, supervise: boolean, log: Logger): PgBoss {
  const boss = new PgBoss({
    connectionString: url,
    application_name: 'ordersync queue',
    max: 3,
    options: '-c timezone=UTC -c enable_seqscan=off', // its plans, too, are made while its tables are still empty
    supervise,
    schedule: false,
    superviseIntervalSeconds: 2,
    monitorIntervalSeconds: 2,
    maintenanceIntervalSeconds: 30,
    queueCacheIntervalSeconds: 60,
  })
  boss.on('error', (error) => log.warn('queue_error', { code: codeOf(error) }))
  boss.on('warning', (warning) => log.warn('queue_warning', { type: typeOf(warning) }))
  return boss
}

function claimsOf(given: readonly WakeUp[]): Claim[] {
  return given.map(({ job }) => job as Claim)
}

/**
 * What pg-boss would run, recorded instead of run: its tables are written by its own words, in our transaction and in
 * our flight of statements, without a round trip of their own.
 */
async function captured(name: string, act: (recorder: Db) => Promise<unknown>): Promise<QueueStatement> {
  const seen: { text: string; values: readonly unknown[] }[] = []
  await act({
    async executeSql(text: string, values: unknown[] = []) {
      seen.push({ text, values })
      return { rows: [{ count: '0', ids: [] }] } // the shape that every settling statement answers with
    },
  })
  const [only] = seen
  if (only === undefined || seen.length !== 1)
    throw new Error(`pg-boss used ${seen.length} statements for ${name}; one is expected`)
  return { name: `${name}.${digestOf(only.text)}`, ...only }
}

const digests = new Map<string, string>()
function digestOf(text: string): string {
  let digest = digests.get(text)
  if (digest === undefined) {
    digest = hash('sha256', text).slice(0, 12)
    digests.set(text, digest)
  }
  return digest
}

function codeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown }
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown'
}

function typeOf(warning: unknown): string {
  const { type, message } = (warning ?? {}) as { type?: unknown; message?: unknown }
  return typeof type === 'string' ? type : typeof message === 'string' ? message : 'unknown'
}
