import * as z from 'zod'
import { listDeliveries } from '../../store/reading/deliveries.ts'
import { badCursor, decodeText, encodeText } from './cursor.ts'
import { deliveryView } from './event-view.ts'
import { DeliveryShape } from './events.ts'
import { ok, type Route, route } from './route.ts'
import { pageOf, Text, textListQuery, TimeQuery } from './schemas.ts'

export const deliveryRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/deliveries',
    role: 'viewer',
    tag: 'Events',
    summary: 'Every request that reached a webhook, refused ones too, newest first',
    query: textListQuery({
      connection: Text.optional(),
      response_status: z
        .string()
        .regex(/^[1-5]\d\d$/, 'must be an HTTP status')
        .transform(Number)
        .optional()
        .meta({ override: { type: 'integer' } }),
      since: TimeQuery.optional(),
    }),
    answers: { 200: pageOf(DeliveryShape) },
    async handle({ system, actor, query: { connection, response_status, since, limit, cursor } }) {
      const [beforeAt, beforeId] = placeOf(cursor)
      const rows = await listDeliveries(
        system.db.web,
        beforeAt,
        beforeId,
        limit + 1,
        actor.connections,
        connection,
        response_status,
        since,
      )
      const data = rows.slice(0, limit)
      const last = data.at(-1)
      return ok({
        data: data.map((row) => deliveryView(row, actor.role === 'viewer')),
        next_cursor:
          rows.length > limit && last !== undefined ? encodeText(`${last.received_at} ${last.id}`) : null,
      })
    },
  }),
]

/** Attempts have no common number: their place is their time, then their id. */
function placeOf(cursor: string | undefined): [at: string, id: string] {
  if (cursor === undefined) return ['9999-12-31T00:00:00Z', '']
  const place = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,6}Z) (\S+)$/.exec(decodeText(cursor) ?? '')
  if (place === null || Number.isNaN(Date.parse(place[1]!))) throw badCursor()
  return [place[1]!, place[2]!]
}
