import * as z from 'zod'
import type { Order } from '../../core/order.ts'
import { replayEvent } from '../../pipeline/replay.ts'
import { personsById } from '../../store/persons.ts'
import { orderFrames, referencesOf } from '../../store/reading/orders.ts'
import { Problem } from '../problem.ts'
import { eventFor } from './events.ts'
import { OrderShape } from './order-shape.ts'
import { orderView } from '../../core/order-view.ts'
import { type Call, ok, type Route, route } from './route.ts'

const ReplayShape = z
  .object({
    event_id: z.string(),
    dry_run: z.boolean(),
    facts: z.array(z.string()).meta({ description: 'Facts that were not known before' }),
    orders: z.array(z.object({ id: z.string(), before: OrderShape.nullable(), after: OrderShape })),
    effects: z.array(z.object({ key: z.string(), sink: z.string(), kind: z.string(), order_id: z.string() })),
  })
  .meta({ id: 'Replay' })

export const replayRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/events/{id}/replay',
    role: 'operator',
    tag: 'Events',
    summary: 'Enters a stored event again, or says what that would change',
    body: z.strictObject({ dry_run: z.boolean().default(false) }),
    answers: { 200: ReplayShape },
    async handle(call) {
      const { system, body } = call
      const event = await eventFor(call)
      const replayed = await replayEvent(system, event.id, { dryRun: body.dry_run })
      if (replayed === undefined) throw new Problem('conflict', 'The bytes of this event are no longer kept')
      const view = await viewerOf(call, event, replayed.orders)
      return ok({
        event_id: event.id,
        dry_run: body.dry_run,
        facts: replayed.facts,
        orders: replayed.orders.map(({ id, before, after }) => ({
          id,
          before: before === undefined ? null : view(id, before),
          after: view(id, after),
        })),
        effects: replayed.effects.map(({ key, sink, kind, orderId }) => ({
          key,
          sink,
          kind,
          order_id: orderId,
        })),
      })
    },
  }),
]

/** Shows the orders of one replay as they are framed now; one that would only be made stands under the event's connection. */
async function viewerOf(
  { system }: Call<unknown, unknown>,
  event: { connection: string; mode: string },
  orders: readonly { id: string; before: Order | undefined; after: Order }[],
): Promise<(id: string, order: Order) => object> {
  const ids = orders.map(({ id }) => id)
  const personIds = orders.flatMap(({ before, after }) =>
    [before?.personId ?? [], after.personId ?? []].flat(),
  )
  const [frames, references, persons] = await Promise.all([
    orderFrames(system.db.web, ids),
    referencesOf(system.db.web, ids),
    personsById(system.db.web, personIds),
  ])
  return (id, order) => {
    const frame = frames.find((row) => row.id === id)
    return orderView(order, {
      id,
      connection: frame?.connection ?? event.connection,
      mode: frame?.mode ?? event.mode,
      updatedAt: frame?.updated_at ?? system.now().toISOString(),
      persons,
      references: references
        .filter((row) => row.root === id)
        .map(({ connection, kind, id: reference }) => ({ connection, kind, id: reference })),
      isMasked: false,
    })
  }
}
