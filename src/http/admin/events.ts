import * as z from 'zod'
import { resolutionReason, resolveEvent } from '../../store/event-review.ts'
import { eventById, type EventRow, listEvents, payloadOf } from '../../store/reading/events.ts'
import { deliveriesOfEvent } from '../../store/reading/deliveries.ts'
import { Problem } from '../problem.ts'
import { page, slice } from './cursor.ts'
import { deliveryView, eventView, withPayload } from './event-view.ts'
import { type Call, ok, type Route, route } from './route.ts'
import { listQuery, pageOf, Text, textListQuery, Time, TimeQuery } from './schemas.ts'
import { isSeen, ModeFilter } from './scope.ts'

export const EventShape = z
  .object({
    id: z.string(),
    connection: z.string(),
    provider: z.string(),
    provider_event_id: z.string(),
    type: z.string(),
    mode: z.enum(['test', 'live']),
    api_version: z.string().nullable(),
    source: z.enum(['webhook', 'poll', 'reread']),
    status: z.enum(['pending', 'processed', 'failed', 'ignored', 'needs_review']),
    status_reason: z.string().nullable(),
    review_code: z.string().nullable(),
    occurred_at: Time.nullable(),
    received_at: Time,
    processed_at: Time.nullable(),
    attempts: z.number().int(),
    deliveries: z.number().int(),
    order_ids: z.array(z.string()),
    payload_sha256: z.string(),
  })
  .meta({ id: 'Event' })

export const DeliveryShape = z
  .object({
    id: z.string(),
    connection: z.string(),
    event_id: z.string().nullable(),
    received_at: Time,
    remote_address: z.string(),
    method: z.string(),
    path: z.string(),
    headers: z.record(z.string(), z.string()),
    body_bytes: z.number().int(),
    response_status: z.number().int(),
    duration_ms: z.number(),
    duplicate: z.boolean(),
    refused_count: z.number().int().meta({ description: 'Refusals that this row stands for' }),
  })
  .meta({ id: 'Delivery' })

/** The filters of `GET /events`; a replay of many takes the same names. */
export const eventFilters = {
  connection: Text.optional(),
  type: Text.optional(),
  status: z.enum(['pending', 'processed', 'failed', 'ignored', 'needs_review']).optional(),
  source: z.enum(['webhook', 'poll', 'reread']).optional(),
  provider_event_id: Text.optional(),
  order: Text.optional().meta({ description: "An order's id" }),
  since: TimeQuery.optional().meta({ description: 'Received at or after' }),
  until: TimeQuery.optional().meta({ description: 'Received before' }),
  mode: ModeFilter,
}

export const eventRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/events',
    role: 'viewer',
    tag: 'Events',
    summary: 'Events, newest first',
    query: listQuery(eventFilters),
    answers: { 200: pageOf(EventShape) },
    async handle({ system, actor, query }) {
      const {
        connection,
        type,
        status,
        source,
        provider_event_id: providerEventId,
        order,
        since,
        until,
        mode,
      } = query
      const filter = { connection, type, status, source, providerEventId, order, since, until, mode }
      const rows = await listEvents(system.db.web, {
        ...filter,
        before: query.cursor,
        limit: query.limit,
        scopes: actor.connections,
      })
      return ok(page(rows, query.limit, eventView))
    },
  }),
  route({
    method: 'get',
    path: '/events/{id}',
    role: 'viewer',
    tag: 'Events',
    summary: 'One event with its parsed payload',
    answers: {
      200: EventShape.extend({ retained: z.boolean(), payload: z.unknown() }).meta({
        id: 'EventWithPayload',
      }),
    },
    async handle(call) {
      const event = await eventFor(call)
      const [payload] = await payloadOf(call.system.db.web, event.id)
      const bytes = withPayload(eventView(event), payload?.body, call.actor.role === 'viewer')
      return { status: 200, type: 'application/json; charset=utf-8', bytes }
    },
  }),
  route({
    method: 'get',
    path: '/events/{id}/deliveries',
    role: 'viewer',
    tag: 'Events',
    summary: 'The attempts by which an event reached us, newest first',
    query: textListQuery({}),
    answers: { 200: pageOf(DeliveryShape) },
    async handle(call) {
      const event = await eventFor(call)
      const rows = await deliveriesOfEvent(call.system.db.web, event.id)
      const views = rows.map((row) => deliveryView(row, call.actor.role === 'viewer'))
      return ok(slice(views, call.query))
    },
  }),
  route({
    method: 'get',
    path: '/events/{id}/raw',
    role: 'operator',
    tag: 'Events',
    summary: 'The bytes exactly as received',
    answers: { 200: 'application/octet-stream' },
    isAudited: true,
    async handle(call) {
      const event = await eventFor(call)
      const [payload] = await payloadOf(call.system.db.web, event.id)
      if (payload === undefined) throw new Problem('not_found', 'The payload of this event is no longer kept')
      return { status: 200, type: 'application/octet-stream', bytes: payload.body }
    },
  }),
  route({
    method: 'post',
    path: '/events/{id}/resolve',
    role: 'operator',
    tag: 'Events',
    summary: 'Closes a review of an event',
    body: z.strictObject({ as: z.enum(['processed', 'ignored']), note: z.string().max(1000).default('') }),
    answers: { 200: EventShape },
    async handle(call) {
      const { system, body } = call
      const event = await eventFor(call)
      const reason = resolutionReason(body.note)
      const closed = await resolveEvent(system.db.web, event.id, body.as, reason, system.now())
      if (closed.length === 0)
        throw new Problem('conflict', `An event that is ${event.status} has no review to close`)
      return ok(eventView((await eventById(system.db.web, event.id))[0]!))
    },
  }),
]

/** The event of the path; `not_found` when there is none, or none that this key may see. */
export async function eventFor(call: Call<unknown, unknown>): Promise<EventRow> {
  const [event] = await eventById(call.system.db.web, call.params.id!)
  if (event === undefined || !isSeen(call.actor, event.connection))
    throw new Problem('not_found', 'There is no event with this id')
  return event
}
