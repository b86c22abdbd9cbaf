import type { Reference } from '../../core/order-view.ts'
import type { Announced, Item } from '../../sinks/sink.ts'
import type { Connection } from '../../store/database.ts'
import type { EffectRow } from '../../store/effects.ts'
import { load } from '../../store/event-states.ts'
import { announcedWith } from '../../store/endpoints.ts'
import { personsById } from '../../store/persons.ts'
import { orderOf } from '../record/state.ts'

/** What effects say that is not of now, by effect. */
export async function announcedOf(
  on: Connection,
  rows: readonly EffectRow[],
): Promise<ReadonlyMap<string, Said>> {
  const said = new Map<string, Said>()
  for (const [id, announced] of await ordersThen(on, rows)) said.set(id, { announced })
  for (const [id, forwarded] of await payloadsOf(on, rows)) said.set(id, { forwarded })
  return said
}

type Said = Partial<Pick<Item, 'announced' | 'forwarded'>>

/** Of events that go on as they came, the bytes. */
async function payloadsOf(on: Connection, rows: readonly EffectRow[]): Promise<Map<string, Uint8Array>> {
  const asked = rows.flatMap((row) => {
    const { event_id: event } = JSON.parse(row.body) as { event_id?: string }
    return event === undefined ? [] : [{ id: row.id, event }]
  })
  if (asked.length === 0) return new Map()
  const found = await load(
    on,
    asked.map(({ event }) => event),
  )
  const bodies = new Map(found.map((event) => [event.id, event.body]))
  return new Map(
    asked.flatMap(({ id, event }) => {
      const body = bodies.get(event)
      return body === undefined ? [] : [[id, body] as const]
    }),
  )
}

/**
 * The order as it was when the effect was made: its fold was kept with the effect, and people are kept by what they said of
 * themselves then. Whoever was erased meanwhile is nobody. Absent for what is about no order.
 */
async function ordersThen(on: Connection, rows: readonly EffectRow[]): Promise<Map<string, Announced>> {
  const kept = rows.flatMap((row) => {
    const body = JSON.parse(row.body) as { order?: string; mode?: string }
    if (row.order_id === null || body.order === undefined) return []
    return [{ row, orderId: row.order_id, mode: body.mode ?? 'test', order: orderOf(body.order) }]
  })
  if (kept.length === 0) return new Map()
  const found = await announcedWith(
    on,
    kept.map(({ row }) => row.id),
  )
  const byEffect = Map.groupBy(found, (row) => row.effect_id)
  const persons = await personsById(
    on,
    kept.flatMap(({ order }) => order.personId ?? []),
  )
  return new Map(
    kept.map(({ row, orderId, mode, order }) => {
      const frames = byEffect.get(row.id) ?? []
      const updatedAt = frames[0]?.updated_at ?? order.placedAt ?? new Date(0).toISOString()
      const references = frames.flatMap(referenceOf)
      const frame = {
        id: orderId,
        connection: row.connection,
        mode,
        updatedAt,
        persons,
        references,
        isMasked: false,
      }
      return [row.id, { order, frame }]
    }),
  )
}

function referenceOf(row: {
  connection: string | null
  kind: string | null
  ref_id: string | null
}): Reference[] {
  if (row.connection === null || row.kind === null || row.ref_id === null) return []
  return [{ connection: row.connection, kind: row.kind, id: row.ref_id }]
}
