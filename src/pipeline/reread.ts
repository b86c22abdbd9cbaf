import { hash } from 'node:crypto'
import { backoffMs } from '../core/backoff.ts'
import type { Ref } from '../core/fact.ts'
import type { Connection } from '../config.ts'
import { ApiError, type Provider, type Reading } from '../providers/provider.ts'
import { eventStates } from '../store/polling.ts'
import * as rereads from '../store/rereads.ts'
import { reviewAskers, waitingFor } from './askers.ts'
import { rateOf } from './rate.ts'
import { canRead } from './readable.ts'
import { storeEvents } from './receive.ts'
import { orderOf } from './record/state.ts'
import { signal } from './signal.ts'
import type { System } from './system.ts'
import { type Working, working } from './working.ts'

const lookEveryMs = 500
const rowsAtOnce = 8
const leaseMs = 60_000 // twice the deadline of a call, and the wait for its commit
const callTimeoutMs = 20_000
const settleCheckMs = 150
/** A resource that the provider does not know yet is asked for again over some three minutes: its reads may lag its webhooks. */
const notFoundAttempts = 8
/** What a fold still lacks after an answer (a fee that is not settled yet) is asked for again, over about a day. */
const wantAttempts = 9
const probeEveryMs = 120_000

/**
 * Works the re-reads that are due, connection by connection, each on its own: asks the provider outside any transaction
 * and stores the bytes of its answer as an event. Connections without an API key are never asked.
 */
export function startRereading(system: System): Working {
  return working(
    system.config.connections.flatMap((connection) => {
      const provider = system.providers.get(connection.provider)
      if (!canRead(connection) || provider === undefined) return []
      return [(stop: AbortSignal) => work(system, connection, provider, stop)]
    }),
  )
}

/** A call of this connection was answered: what was parked because its key was refused is due again. */
export async function wakeParked(system: System, connection: string): Promise<void> {
  const woken = await rereads.wake(system.db.web, connection, system.now().toISOString())
  if (woken.length === 0) return
  system.log.info('the provider accepts our key again', { connection, rereads: woken.length })
  signal.emit('rereads')
}

async function work(
  system: System,
  connection: Connection,
  provider: Provider,
  stop: AbortSignal,
): Promise<void> {
  const rate = rateOf(system, connection.id)
  let probedAt = performance.now()
  while (!stop.aborted) {
    const since = signal.seen('rereads')
    let worked = 0
    try {
      if (rate.blockedForMs() === 0) worked = await workDue(system, connection, provider, stop)
      if (worked === 0 && performance.now() - probedAt > probeEveryMs) {
        probedAt = performance.now()
        await probe(system, connection, provider, stop)
      }
    } catch (error) {
      if (!stop.aborted)
        system.log.warn('re-reading stopped for a moment', {
          connection: connection.id,
          error: error as Error,
        })
    }
    if (worked < rowsAtOnce) await signal.wait('rereads', { since, timeoutMs: lookEveryMs, stop })
  }
}

async function workDue(
  system: System,
  connection: Connection,
  provider: Provider,
  stop: AbortSignal,
): Promise<number> {
  const now = system.now()
  const leaseUntil = new Date(now.getTime() + leaseMs).toISOString()
  const rows = await rereads.claim(system.db.web, now.toISOString(), leaseUntil, [connection.id], rowsAtOnce)
  let isParked = false // by a refused key, and all that is due with it: a late refusal must not park what was woken since
  for (const [index, row] of rows.entries()) {
    if (row.answered_by !== null) await settle(system, row, row.answered_by)
    else if (isParked) continue
    else if (stop.aborted || rateOf(system, connection.id).blockedForMs() > 0) {
      for (const left of rows.slice(index)) await putBack(system, left, 'waits for the provider')
      break
    } else isParked = (await ask(system, connection, provider, row, stop)) === 'parked'
  }
  return rows.length
}

async function ask(
  system: System,
  connection: Connection,
  provider: Provider,
  row: rereads.RereadRow,
  stop: AbortSignal,
): Promise<'parked' | undefined> {
  const rate = rateOf(system, connection.id)
  try {
    await rate.acquire(stop)
    const readNo = (await rereads.nextReadNo(system.db.web))[0]!.read_no
    const askedAt = system.now().toISOString()
    const reading = await readResource(connection, provider, resourceOf(row), stop)
    rate.worked()
    const id = await storeReading(system, connection, resourceOf(row), {
      reading,
      readNo,
      receivedAt: askedAt,
    })
    await rereads.answer(system.db.web, ...keyOf(row), id, askedAt, soon(system, settleCheckMs))
    await wakeParked(system, connection.id)
  } catch (error) {
    if (!stop.aborted) return failed(system, row, error as Error)
    await putBack(system, row)
  }
  return undefined
}

/** The provider's word on one resource, under a deadline of our own. Throws `ApiError`, or what the provider folder did not expect. */
export async function readResource(
  connection: Connection,
  provider: Provider,
  resource: Ref,
  stop: AbortSignal,
): Promise<Reading> {
  const signalOfCall = AbortSignal.any([stop, AbortSignal.timeout(callTimeoutMs)])
  return provider.read(resource, { connection, signal: signalOfCall, timeoutMs: callTimeoutMs })
}

/** Identity of what a provider said of a resource, by poll or re-read: the same bytes again are the same event. */
export function readingIdentity(resource: Ref, body: Uint8Array): string {
  return `${resource.kind}:${resource.id}:${hash('sha256', body)}`
}

async function storeReading(
  system: System,
  connection: Connection,
  resource: Ref,
  { reading, readNo, receivedAt }: { reading: Reading; readNo: bigint; receivedAt: string },
): Promise<string> {
  const [stored] = await storeEvents(system, [
    {
      connection: connection.id,
      provider: connection.provider,
      providerEventId: readingIdentity(resource, reading.body),
      type: reading.type,
      mode: connection.mode,
      apiVersion: reading.apiVersion,
      source: 'reread',
      body: reading.body,
      receivedAt,
      readNo,
      isIdSigned: true,
    },
  ])
  return stored!.id
}

/** Once the answer was processed, so are the events that asked; what the order still lacks is asked for again later. */
async function settle(system: System, row: rereads.RereadRow, answeredBy: string): Promise<void> {
  const { web } = system.db
  const readAt = readAtOf(system, row)
  const [answer] = await eventStates(web, [answeredBy])
  if (answer?.status === 'pending' && answer.next_at !== null) {
    await rereads.answer(web, ...keyOf(row), answeredBy, readAt, soon(system, settleCheckMs))
    return
  }
  await rereads.settleAskers(web, row.connection, waitingFor(row), answeredBy, readAt, soon(system, 0))
  if (row.attempts < wantAttempts && (await isStillWanted(system, row))) {
    const delayMs = 5_000 * 4 ** Math.min(row.attempts, 7)
    const why = 'the answer did not have it yet'
    await rereads.postpone(web, ...keyOf(row), row.attempts + 1, soon(system, delayMs), why)
    return
  }
  await rereads.finish(web, ...keyOf(row), 'done', null)
  // Looked at after the row is done: who asks from now on makes it due again, who asked before holds its lock until seen.
  const left = await rereads.askersLeft(web, row.connection, waitingFor(row))
  if (left.length > 0) await rereads.reopen(web, ...keyOf(row), soon(system, 0))
}

/** When the provider was asked for the answer that this row holds. */
function readAtOf(system: System, row: rereads.RereadRow): string {
  return row.read_at ?? soon(system, 0)
}

async function isStillWanted(system: System, row: rereads.RereadRow): Promise<boolean> {
  const states = await rereads.orderStates(system.db.web, row.scope, row.kind, row.id)
  return states.some(({ state }) => {
    if (state === null) return false
    return orderOf(state).wants.some(
      (want) => want.reason === row.reason && want.resource.kind === row.kind && want.resource.id === row.id,
    )
  })
}

async function failed(system: System, row: rereads.RereadRow, error: Error): Promise<'parked' | undefined> {
  const kind = error instanceof ApiError ? error.kind : 'unavailable'
  const about = { connection: row.connection, resource: `${row.kind} ${row.id}`, error: error.message }
  const attempts = row.attempts + 1
  const rate = rateOf(system, row.connection)
  const later = (ms: number, counted: number) =>
    rereads.postpone(system.db.web, ...keyOf(row), counted, soon(system, ms), error.message)
  switch (kind) {
    case 'unauthorized':
      system.log.error('the provider refuses our key: re-reads are parked until a call works again', about)
      await rereads.park(system.db.web, row.connection, error.message)
      return 'parked'
    case 'rate_limited':
      await later(rate.blocked((error as ApiError).retryAfterMs), row.attempts)
      return undefined
    case 'unavailable':
      rate.blocked((error as ApiError).retryAfterMs)
      await later(backoffMs({ attempt: attempts, jitter: Math.random(), capMs: 300_000 }), attempts)
      return undefined
    case 'not_found':
      rate.worked()
      if (attempts >= notFoundAttempts) break
      await later(backoffMs({ attempt: attempts, jitter: 1, capMs: 60_000 }), attempts)
      return undefined
    case 'refused':
      rate.worked()
  }
  system.log.warn('a re-read was given up', about)
  await rereads.finish(system.db.web, ...keyOf(row), 'failed', error.message)
  await reviewAskers(system, row, error.message)
  return undefined
}

/** Tries one parked re-read: any answer but a refused key means that the key works again. */
async function probe(
  system: System,
  connection: Connection,
  provider: Provider,
  stop: AbortSignal,
): Promise<void> {
  for (const row of await rereads.probes(system.db.web, [connection.id])) {
    try {
      await rateOf(system, connection.id).acquire(stop)
      await readResource(connection, provider, resourceOf(row), stop)
    } catch (error) {
      const isAnswer = error instanceof ApiError && (error.kind === 'not_found' || error.kind === 'refused')
      if (!isAnswer) return
    }
    await wakeParked(system, connection.id)
  }
}

async function putBack(system: System, row: rereads.RereadRow, why: string | null = null): Promise<void> {
  if (row.answered_by !== null)
    await rereads.answer(
      system.db.web,
      ...keyOf(row),
      row.answered_by,
      readAtOf(system, row),
      soon(system, 0),
    )
  else await rereads.postpone(system.db.web, ...keyOf(row), row.attempts, soon(system, 0), why)
}

function resourceOf(row: rereads.RereadRow): Ref {
  return { kind: row.kind as Ref['kind'], id: row.id }
}

function keyOf(row: rereads.RereadRow): [connection: string, kind: string, id: string, reason: string] {
  return [row.connection, row.kind, row.id, row.reason]
}

function soon(system: System, ms: number): string {
  return new Date(system.now().getTime() + ms).toISOString()
}
