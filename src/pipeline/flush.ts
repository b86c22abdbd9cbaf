import { hash } from 'node:crypto'
import type { Connection } from '../store/database.ts'
import { overClaimed } from './claims.ts'
import { type DeliveryRow, insertDeliveries } from '../store/deliveries.ts'
import { countRepeats, type IntakeRow, knownDigests, lockEvents, storeNew } from '../store/intake.ts'
import type { Settle } from './group-commit.ts'
import { newId } from './ids.ts'
import { eventId, type Incoming, type Stored } from './incoming.ts'
import { point } from './point.ts'
import type { System } from './system.ts'

type Batch = readonly Settle<Incoming, Stored>[]

// Deadlock, serialization, lock timeout, idle timeout: nothing is wrong with the rows.
const retryable = new Set(['40P01', '40001', '55P03', '25P03'])
const attemptsMax = 4

/**
 * Commits a batch: new events with one wake-up in one statement, then whatever turned out to be known already. A
 * batch that fails for what is in it is taken again row by row, so one bad row fails alone.
 */
export async function flushEvents(
  system: System,
  scopes: ReadonlyMap<string, string>,
  given: Batch,
): Promise<void> {
  const batch = given.some(isMarked) ? await claimedApart(system, given) : given
  const firsts = new Map<string, Settle<Incoming, Stored>>()
  for (const waiting of batch) if (!firsts.has(waiting.item.id)) firsts.set(waiting.item.id, waiting)
  const items = [...firsts.values()].map(({ item }) => item).sort((a, b) => (a.id < b.id ? -1 : 1))

  let stored: ReadonlySet<string>
  try {
    stored = await again(() =>
      onConnection(system, (connection) => commitNew(system, scopes, connection, items)),
    )
  } catch (error) {
    if (batch.length === 1 || !isOfTheRows(error)) throw error
    for (const waiting of batch) {
      await flushEvents(system, scopes, [waiting]).catch((reason) => {
        system.log.error('event_not_stored', {
          event_id: waiting.item.id,
          connection: waiting.item.event.connection,
          code: codeOf(reason),
        })
        waiting.reject(reason)
      })
    }
    return
  }
  if (stored.size > 0) system.queue.notify()
  point('receive.after_commit_before_answer')

  const known: Settle<Incoming, Stored>[] = []
  for (const waiting of batch) {
    const { id } = waiting.item
    if (stored.has(id) && firsts.get(id) === waiting) waiting.resolve({ id, status: 'accepted' })
    else known.push(waiting)
  }
  if (known.length > 0) await settleKnown(system, scopes, known)
}

/** One statement, so one commit and one round trip. Answers the ids that were new. */
async function commitNew(
  system: System,
  scopes: ReadonlyMap<string, string>,
  connection: Connection,
  items: readonly Incoming[],
): Promise<ReadonlySet<string>> {
  const toWake = items
    .filter(({ event, reviewCode }) => event.ignore === undefined && reviewCode === undefined)
    .map(({ id }) => id)
  const alongside = toWake.length === 0 ? undefined : await system.queue.wakeUp(toWake)
  const now = performance.now()
  point('receive.before_insert')
  const stored = storeNew(
    connection,
    items.map((item) => rowOf(item, scopes, now)),
    { alongside, timeoutMs: system.config.limits.waitMs * 2 },
  )
  point('receive.after_insert_before_commit')
  return new Set((await stored).map(({ id }) => id))
}

/** Repeats are counted and logged; another body under an unsigned id becomes an event of its own, under review. */
async function settleKnown(system: System, scopes: ReadonlyMap<string, string>, known: Batch): Promise<void> {
  const conflicts = await conflictsAmong(system, known)
  const repeats = known.filter((waiting) => !conflicts.has(waiting))
  const delivered = repeats.filter(({ item }) => item.event.source === 'webhook')
  if (delivered.length > 0) {
    const ids = delivered.map(({ item }) => item.id)
    await again(() =>
      onConnection(system, async (connection) => {
        const flight: Promise<unknown>[] = [
          connection.query('begin'),
          lockEvents(connection, [...new Set(ids)]),
          countRepeats(connection, ids),
        ]
        flight.push(
          insertDeliveries(
            connection,
            delivered.map(({ item }) => repeatRow(item)),
          ),
        )
        const commit = connection.query(commitWithin(system))
        await allOf([...flight, commit])
        if ((await commit).command !== 'COMMIT') throw new Error('the transaction was rolled back at commit')
      }),
    )
  }
  for (const { item, resolve } of repeats) resolve({ id: item.id, status: 'duplicate' })
  if (conflicts.size > 0)
    await flushEvents(
      system,
      scopes,
      [...conflicts.keys()].map((waiting) => underReview(waiting)),
    )
}

function isMarked({ item }: Settle<Incoming, Stored>): boolean {
  return item.event.claim !== undefined && item.reviewCode === undefined
}

/** The batch, with deliveries whose mark belongs to another body put under review. */
async function claimedApart(system: System, batch: Batch): Promise<Batch> {
  const items = batch.filter(isMarked).map(({ item }) => item)
  const conflicts = await again(() => onConnection(system, (connection) => overClaimed(connection, items)))
  return batch.map((waiting) => (conflicts.has(waiting.item) ? underReview(waiting) : waiting))
}

async function conflictsAmong(system: System, known: Batch): Promise<Set<Settle<Incoming, Stored>>> {
  const unsigned = known.filter(({ item }) => !item.event.isIdSigned && item.reviewCode === undefined)
  if (unsigned.length === 0) return new Set()
  const rows = await onConnection(system, (connection) =>
    knownDigests(connection, [...new Set(unsigned.map(({ item }) => item.id))]),
  )
  // What a list printed of an event is no delivery of it: only two deliveries can contradict each other.
  const digests = new Map(
    rows
      .filter(({ source }) => source === 'webhook')
      .map(({ id, body_sha256 }) => [id, body_sha256.toString('hex')]),
  )
  return new Set(
    unsigned.filter(
      ({ item }) => digests.has(item.id) && digests.get(item.id) !== hash('sha256', item.event.body, 'hex'),
    ),
  )
}

/** Nobody signed the id, so neither body can be called the true one: the first stays, this one waits for a person. */
function underReview({ item, resolve, reject }: Settle<Incoming, Stored>): Settle<Incoming, Stored> {
  const { connection, providerEventId, body } = item.event
  const id = eventId(connection, `${providerEventId}\n${hash('sha256', body, 'hex')}`)
  return { item: { ...item, id, reviewCode: 'identity_conflict' }, resolve, reject }
}

function rowOf(
  { id, event, reviewCode }: Incoming,
  scopes: ReadonlyMap<string, string>,
  now: number,
): IntakeRow {
  return {
    id,
    connection: event.connection,
    scope: scopes.get(event.connection) ?? event.connection,
    provider: event.provider,
    providerEventId: event.providerEventId,
    type: event.type,
    mode: event.mode,
    apiVersion: event.apiVersion,
    source: event.source,
    status: reviewCode !== undefined ? 'needs_review' : event.ignore !== undefined ? 'ignored' : 'pending',
    reason: reviewCode ?? event.ignore,
    reviewCode,
    occurredAt: event.occurredAt,
    receivedAt: event.receivedAt,
    readNo: event.readNo,
    remoteAddress: event.remoteAddress,
    path: event.path ?? '',
    durationUs: durationUs(event.startedAt, now),
    deliveries: event.source === 'webhook' ? 1 : 0,
    body: event.body,
    headers: JSON.stringify(event.headers ?? []),
  }
}

function repeatRow({ id, event }: Incoming): DeliveryRow {
  return {
    id: newId('dlv'),
    connection: event.connection,
    eventId: id,
    receivedAt: event.receivedAt,
    remoteAddress: event.remoteAddress ?? '',
    method: event.method ?? 'POST',
    path: event.path ?? '',
    headers: JSON.stringify(event.headers ?? []),
    bodyBytes: event.body.length,
    responseStatus: 200,
    durationUs: durationUs(event.startedAt, performance.now()),
    duplicate: true,
  }
}

function durationUs(startedAt: number | undefined, now: number): number {
  return startedAt === undefined ? 0 : Math.round((now - startedAt) * 1_000)
}

/** Runs `work` on a connection of the intake; one that failed is not used again, for nobody knows what it is in. */
async function onConnection<T>(system: System, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await system.db.intake.connect()
  let broken: Error | undefined
  try {
    return await work(connection)
  } catch (error) {
    broken = error as Error
    throw error
  } finally {
    connection.release(broken)
  }
}

/** A connection that says nothing for so long is given up: its statements reject, and the lane goes on with another. */
function commitWithin(system: System) {
  return { text: 'commit', query_timeout: system.config.limits.waitMs * 2 } as { text: string }
}

/** Waits for all of them, then throws the first failure: those after it only say that the transaction is aborted. */
async function allOf(flight: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(flight)) if (result.status === 'rejected') throw result.reason
}

async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (attempt >= attemptsMax || !retryable.has(codeOf(error))) throw error
    }
  }
}

/** Data exceptions and violated constraints; everything else says something about the server or the way to it. */
function isOfTheRows(error: unknown): boolean {
  return /^(22|23)[0-9A-Z]{3}$/.test(codeOf(error))
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown }
  return typeof code === 'string' ? code : 'unknown'
}
