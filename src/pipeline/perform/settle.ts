import { backoffMs } from '../../core/backoff.ts'
import type { StockLine } from '../../core/effect.ts'
import { type Fact, factId, type Ref, type RefKind } from '../../core/fact.ts'
import type { Performed, Sink } from '../../sinks/sink.ts'
import { type Connection, inTransaction } from '../../store/database.ts'
import * as effects from '../../store/effects.ts'
import { nextTx } from '../../store/facts.ts'
import { type Notice, tellTeam } from '../notices.ts'
import { point } from '../point.ts'
import { record, type RecordItem } from '../record.ts'
import type { System } from '../system.ts'

/** The attempt that ends: whose it is, and whether what it called may have been reached. */
export type Ending = {
  readonly row: effects.EffectRow
  readonly token: string
  readonly attempts: number
  /** What the receiver knows it by, once it may have left. */
  readonly reference: string | undefined
}

/** Another attempt has taken over: this one has no say, and what it would have written is rolled back. */
class Superseded extends Error {
  override readonly name = 'Superseded'
}

/**
 * Writes down what became of an attempt. What ends an order's effect is a fact as well, recorded in one transaction
 * with the effect's state; a repeat is not. Answers false, with nothing written, when the attempt was superseded.
 */
export async function settle(
  system: System,
  sink: Sink,
  ending: Ending,
  performed: Performed,
): Promise<boolean> {
  const outcome = exhausted(sink, ending, performed)
  if (outcome.kind === 'retry') return settleRetry(system, sink, ending, outcome)
  return isSettled(system, endOf(system, ending, outcome))
}

/** The end of an attempt that is not to be repeated, as `recordEnds` takes it. Writing it throws where it was superseded. */
export function endOf(system: System, ending: Ending, outcome: Exclude<Performed, { kind: 'retry' }>): End {
  const reference = (outcome.kind === 'done' ? outcome.reference : undefined) ?? ending.reference
  const error = outcome.kind === 'done' ? null : outcome.error
  const { row, token } = ending
  return {
    ended: { ...ending, state: outcome.kind, reference, source: 'effect' },
    async write(on) {
      const at = system.now().toISOString()
      const rows = await effects.settle(
        on,
        row.id,
        token,
        outcome.kind,
        at,
        null,
        reference ?? null,
        error,
        at,
      )
      if (rows.length === 0) throw new Superseded('another attempt has taken over')
      if (outcome.kind === 'failed') await tellOfFailure(on, system, row, outcome.error)
    },
  }
}

/** Writes one end; false where the attempt was superseded. */
export async function isSettled(system: System, end: End): Promise<boolean> {
  try {
    await recordEnds(system, [end])
  } catch (error) {
    if (error instanceof Superseded) return false
    throw error
  }
  point('perform.after_done_commit')
  return true
}

/** An effect that was refused or given up is a dead letter; of an endpoint and of the channel itself the news are others. */
export async function tellOfFailure(
  on: Connection,
  system: System,
  row: effects.EffectRow,
  detail: string,
): Promise<void> {
  if (row.sink === 'notify' || row.sink === 'outgoing') return
  const notice: Notice = {
    rule: 'dead_letter',
    code: `${row.kind}_failed`,
    about: row.key,
    connection: row.connection,
    body: { order_id: row.order_id, resource: row.key, detail },
  }
  await tellTeam(on, system, [notice], (await nextTx(on))[0]!.tx)
}

/** A repeat beyond the last is a failure; where it can have been received on some try, doubt. */
export function exhausted(sink: Sink, ending: Ending, performed: Performed): Performed {
  if (performed.kind !== 'retry' || ending.attempts < sink.attemptsMax) return performed
  return { kind: 'failed', error: `given up after ${ending.attempts} attempts: ${performed.error}` }
}

export async function settleRetry(
  system: System,
  sink: Sink,
  ending: Ending,
  outcome: Performed & { kind: 'retry' },
): Promise<boolean> {
  const waitMs = backoffMs({ attempt: ending.attempts, jitter: Math.random(), ...sink.backoff })
  const now = system.now()
  const dueAt = new Date(now.getTime() + Math.max(waitMs, outcome.retryAfterMs ?? 0)).toISOString()
  // A repeatable call that may have arrived keeps its reference: such an effect cannot simply be taken back any more.
  const reference = sink.isRepeatable ? (ending.reference ?? null) : null
  const rows = await effects.settle(
    system.db.worker,
    ending.row.id,
    ending.token,
    'due',
    null,
    dueAt,
    reference,
    outcome.error,
    now.toISOString(),
  )
  return rows.length > 0
}

/** What became of an effect, as the order's history is to tell it. */
export type Ended = {
  readonly row: effects.EffectRow
  readonly attempts: number
  readonly state: string
  readonly reference: string | undefined
  readonly source: 'effect' | 'operator'
}

export type End = { readonly ended: Ended; write(on: Connection): Promise<unknown> }

/**
 * Writes the effects' rows and records the facts in one transaction; what a `write` throws rolls all of it back. An effect
 * of no order has its row alone.
 */
export async function recordEnds(system: System, ends: readonly End[]): Promise<void> {
  const items = (await Promise.all(ends.map(({ ended }) => itemOf(system, ended)))).flatMap(
    (item) => item ?? [],
  )
  const write = (on: Connection) => Promise.all(ends.map((end) => end.write(on)))
  point('perform.before_done_commit')
  if (items.length === 0) await inTransaction(system.db.worker, write)
  else await record(system, { items, alongside: write })
}

async function itemOf(
  system: System,
  { row, attempts, state, reference, source }: Ended,
): Promise<RecordItem | undefined> {
  const subject = await subjectOf(system, row)
  if (subject === undefined) return undefined
  const fact: Fact<'effect_performed'> = {
    id: factId('effect_performed', subject.ref, `${row.key}:${attempts}:${state}`),
    kind: 'effect_performed',
    subject: subject.ref,
    occurredAt: system.now().toISOString(),
    rank: 0,
    data: {
      key: row.key,
      sink: row.sink,
      effectKind: row.kind,
      state,
      ...(reference === undefined ? {} : { reference }),
      ...askedOf(row),
    },
  }
  const statements = [{ fact, joins: await ownIds(system, row), level: 'order' as const }]
  return { connection: subject.connection, source, statements }
}

/**
 * Our ids of an order that a warehouse was told: from then on each is a number of the order, by which the warehouse's own
 * word on a shipment finds it.
 */
async function ownIds(system: System, row: effects.EffectRow): Promise<Ref[]> {
  if (row.sink !== 'fulfillment' || row.order_id === null) return []
  const found = await effects.ordersOf(system.db.worker, [row.order_id])
  const ids = new Set([row.order_id, ...found.map(({ root }) => root)])
  return [...ids].map((id) => ({ kind: 'number', id }))
}

/** What a request asked for, so that a later change of the order shows. */
function askedOf(row: effects.EffectRow): { lines?: StockLine[]; shipTo?: string } {
  if (row.sink !== 'fulfillment' || row.kind !== 'request') return {}
  const body = JSON.parse(row.body) as { lines?: unknown; ship_to?: unknown }
  return {
    ...(Array.isArray(body.lines) ? { lines: body.lines as StockLine[] } : {}),
    ...(typeof body.ship_to === 'string' ? { shipTo: body.ship_to } : {}),
  }
}

/**
 * A reference by which the recording finds the order; the effect's own order id is not one. None where the connection
 * that it came by is configured no more: a reference in another scope would make an order of its own.
 */
async function subjectOf(
  system: System,
  row: effects.EffectRow,
): Promise<{ ref: Ref; connection: string } | undefined> {
  if (row.order_id === null) return undefined
  const [found] = await effects.subjectOf(system.db.worker, row.order_id, row.connection)
  const scope = system.config.connections.find(({ id }) => id === found?.connection)?.account
  if (found === undefined || scope !== found.scope) return undefined
  return { ref: { kind: found.kind as RefKind, id: found.id }, connection: found.connection }
}
