import type { Person } from '../../core/fact.ts'
import type { Order } from '../../core/order.ts'
import type { Item, Prepared, Sink } from '../../sinks/sink.ts'
import { type Connection, inTransaction } from '../../store/database.ts'
import * as effects from '../../store/effects.ts'
import { personsById } from '../../store/persons.ts'
import { newId } from '../ids.ts'
import { point } from '../point.ts'
import { orderOf } from '../record/state.ts'
import { announcedOf } from './announced.ts'
import { tellOfFailure } from './settle.ts'
import type { System } from '../system.ts'

/** An attempt that is committed as under way: it may be called now, by whoever holds the token. */
export type Claimed = {
  /** The effects that this one call carries out: several only where they are told together. */
  readonly rows: readonly [effects.EffectRow, ...effects.EffectRow[]]
  readonly token: string
  readonly bytes: Uint8Array
  readonly to: readonly string[]
}

/**
 * Takes up to `limit` due effects of a sink, decides what to send, and commits that before anything leaves: state,
 * token, lease and, where the receiver is to get the same again, the very bytes. What turns out to need no call is
 * settled here, and `hasMore` counts it: the places that it leaves are free at once. Two processes never take the same
 * one: the second finds the rows locked and skips them.
 */
export async function claim(
  system: System,
  sink: Sink,
  limit: number,
  leaseMs: number,
): Promise<{ sending: Claimed[]; hasMore: boolean }> {
  const claimed = await inTransaction(system.db.worker, async (on) => {
    const now = system.now().toISOString()
    const rows = await dueRows(on, sink, limit, new Date(now))
    if (rows.length === 0) return { sending: [], hasMore: false }
    point('perform.after_claim')
    const decided = await decide(on, sink, rows, now)
    const unsent = decided
      .filter(({ prepared }) => prepared.kind !== 'send')
      .flatMap(({ rows, prepared }) => rows.map((row) => ({ row, prepared })))
    if (unsent.length > 0) {
      const reasons = unsent.map(({ prepared }) => (prepared.kind === 'send' ? '' : prepared.reason))
      await effects.settleUnsent(
        on,
        unsent.map(({ row }) => row.id),
        unsent.map(({ prepared }) => prepared.kind),
        reasons,
        now,
      )
      for (const { row, prepared } of unsent)
        if (prepared.kind === 'failed') await tellOfFailure(on, system, row, prepared.reason)
    }
    const sending = decided.flatMap(({ rows, prepared }) =>
      prepared.kind === 'send' ? [attemptOf(rows, prepared)] : [],
    )
    const starting = sending.flatMap(({ rows, token, bytes }) => rows.map(({ id }) => ({ id, token, bytes })))
    if (starting.length > 0) {
      await effects.markPerforming(
        on,
        starting.map(({ id }) => id),
        starting.map(({ token }) => token),
        starting.map(({ bytes }) => (sink.keepsRequest ? Buffer.from(bytes) : null)),
        leaseMs,
      )
    }
    return { sending, hasMore: sink.together === undefined && rows.length === limit }
  })
  if (claimed.sending.length > 0) point('perform.after_performing_commit')
  return claimed
}

function dueRows(on: Connection, sink: Sink, limit: number, now: Date): Promise<effects.EffectRow[]> {
  const { name, endpoint, together, keysFrom = '' } = sink
  if (together !== undefined) {
    const since = new Date(now.getTime() - together.waitMs()).toISOString()
    return effects.claimTogether(on, name, keysFrom, since, together.max, now.toISOString())
  }
  return endpoint === undefined
    ? effects.claimDue(on, name, now.toISOString(), limit)
    : effects.claimDueOf(on, name, endpoint, now.toISOString(), limit)
}

function attemptOf(rows: Rows, prepared: Prepared & { kind: 'send' }): Claimed {
  return { rows, token: newId('att'), bytes: prepared.bytes, to: prepared.to ?? [] }
}

type Rows = Claimed['rows']
type Decided = { rows: Rows; prepared: Prepared }

async function decide(
  on: Connection,
  sink: Sink,
  rows: readonly effects.EffectRow[],
  now: string,
): Promise<Decided[]> {
  const known = await knownOf(on, rows)
  if (sink.together !== undefined) {
    const items: Item[] = []
    for (const row of rows) items.push(await itemOf(on, row, known, now))
    return [{ rows: rows as unknown as Rows, prepared: await sink.together.prepare(items) }]
  }
  const announced = sink.name === 'outgoing' ? await announcedOf(on, rows) : undefined
  const decided: Decided[] = []
  for (const row of rows) {
    if (await isTakenBack(on, row))
      decided.push({
        rows: [row],
        prepared: { kind: 'cancelled', reason: 'overtaken: its cancellation follows' },
      })
    else if (row.request !== null)
      decided.push({ rows: [row], prepared: { kind: 'send', bytes: row.request } })
    else
      decided.push({
        rows: [row],
        prepared: await sink.prepare({
          ...(await itemOf(on, row, known, now)),
          ...announced?.get(row.id),
        }),
      })
  }
  return decided
}

/**
 * A request that may have arrived on an earlier try and was undone since: repeating it would ask to ship what must not
 * be shipped. The cancellation, which waits for this one to be settled, goes out in its stead.
 */
async function isTakenBack(on: Connection, row: effects.EffectRow): Promise<boolean> {
  if (row.kind !== 'request' || row.reference === null) return false
  const [cancellation] = await effects.requestByKey(on, cancellationOf(row.key))
  return cancellation !== undefined && cancellation.state !== 'cancelled'
}

type Known = {
  readonly orders: ReadonlyMap<string, { root: string; order: Order | undefined }>
  readonly persons: ReadonlyMap<string, Person>
}

/** Orders and people of all rows in two statements. */
async function knownOf(on: Connection, rows: readonly effects.EffectRow[]): Promise<Known> {
  const orderIds = [...new Set(rows.flatMap((row) => row.order_id ?? []))]
  const found = orderIds.length === 0 ? [] : await effects.ordersOf(on, orderIds)
  const orders = new Map(
    found.map(({ order_id, root, state }) => [
      order_id,
      { root, order: state === null ? undefined : orderOf(state) },
    ]),
  )
  const personIds = [...orders.values()].flatMap(({ order }) =>
    [order?.personId, order?.shipTo?.personId].filter((id) => id !== undefined),
  )
  return { orders, persons: personIds.length === 0 ? new Map() : await personsById(on, personIds) }
}

async function itemOf(on: Connection, row: effects.EffectRow, known: Known, now: string): Promise<Item> {
  const held = row.order_id === null ? undefined : known.orders.get(row.order_id)
  const personOf = (id: string | undefined) => (id === undefined ? undefined : known.persons.get(id))
  const [requested] = row.kind === 'cancellation' ? await effects.requestByKey(on, requestOf(row.key)) : []
  return {
    id: row.id,
    key: row.key,
    kind: row.kind,
    connection: row.connection,
    body: JSON.parse(row.body),
    orderId: held?.root,
    order: held?.order,
    customer: personOf(held?.order?.personId),
    shipTo: personOf(held?.order?.shipTo?.personId),
    requested: requested?.request ?? undefined,
    now,
    announced: undefined,
    forwarded: undefined,
  }
}

// A request and its cancellation have keys that differ in their first word only: `fulfil:…:1`, `cancel:…:1`.
function cancellationOf(requestKey: string): string {
  return `cancel${requestKey.slice('fulfil'.length)}`
}

function requestOf(cancellationKey: string): string {
  return `fulfil${cancellationKey.slice('cancel'.length)}`
}
