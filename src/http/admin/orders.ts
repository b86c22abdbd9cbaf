import * as z from 'zod'
import { orderOf } from '../../pipeline/record/state.ts'
import type { System } from '../../pipeline/system.ts'
import { personsById } from '../../store/persons.ts'
import { linkAt } from '../../store/reading/history.ts'
import { listOrders, type ListedOrder, referencesOf } from '../../store/reading/orders.ts'
import { emailHash } from '../../pipeline/record/people.ts'
import { inSnapshot } from '../../store/reading/snapshot.ts'
import type { Actor } from '../auth.ts'
import { Problem } from '../problem.ts'
import { page } from './cursor.ts'
import { OrderShape } from './order-shape.ts'
import { orderView, type OrderView } from '../../core/order-view.ts'
import { type Call, ok, type Route, route } from './route.ts'
import { BooleanQuery, listQuery, pageOf, Text, TimeQuery } from './schemas.ts'
import { isSeen, modeShown, ModeQuery } from './scope.ts'
import { factsAt, loadTimeline, rootAt, type Timeline, viewAt } from './timeline.ts'

const OrdersQuery = listQuery({
  reference: Text.optional().meta({ description: 'An order number or any external id' }),
  status: z.enum(['open', 'closed', 'cancelled']).optional(),
  payment_status: z
    .enum([
      'pending',
      'authorized',
      'partially_paid',
      'paid',
      'partially_refunded',
      'refunded',
      'voided',
      'failed',
    ])
    .optional(),
  fulfillment_status: z
    .enum(['unfulfilled', 'requested', 'partially_fulfilled', 'fulfilled', 'cancelled'])
    .optional(),
  connection: Text.optional(),
  needs_review: BooleanQuery.optional(),
  updated_since: TimeQuery.optional(),
  q: Text.optional().meta({
    description:
      "The beginning of a number, an external id, an order's id, or (not for viewers) a customer's address",
  }),
  mode: ModeQuery,
})

const AsOfQuery = z.strictObject({ as_of: TimeQuery.optional() })

export const orderRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/orders',
    role: 'viewer',
    tag: 'Orders',
    summary: 'Orders, newest first',
    query: OrdersQuery,
    answers: { 200: pageOf(OrderShape) },
    async handle({ system, actor, query }) {
      const isNarrow =
        query.connection !== undefined || query.reference !== undefined || query.q !== undefined
      const rows = await listOrders(system.db.web, {
        before: query.cursor,
        limit: query.limit,
        scopes: actor.connections,
        mode: query.mode ?? (isNarrow ? undefined : modeShown(system)),
        status: query.status,
        paymentStatus: query.payment_status,
        fulfillmentStatus: query.fulfillment_status,
        connection: query.connection,
        needsReview: query.needs_review,
        updatedSince: query.updated_since,
        reference: query.reference?.replace(/^#/, ''),
        q: query.q?.replace(/^#/, ''),
        emailHash:
          actor.role === 'viewer' || query.q === undefined ? undefined : emailHashOf(system, query.q),
      })
      const views = await viewsOf(system, actor, rows.slice(0, query.limit))
      return ok(page(rows, query.limit, (row) => views.get(row.id)!))
    },
  }),
  route({
    method: 'get',
    path: '/orders/{id}',
    role: 'viewer',
    tag: 'Orders',
    summary: 'One order, now or as we knew it at a time',
    query: AsOfQuery,
    answers: { 200: OrderShape },
    async handle(call) {
      return ok(await inSnapshot(call.system.db.web, (on) => orderAt(on, call, call.query.as_of)))
    },
  }),
]

/** Past every link there will be. */
export const everything = 9_223_372_036_854_775_807n

async function orderAt(
  on: Parameters<typeof loadTimeline>[0],
  call: Call<unknown, unknown>,
  asOf: string | undefined,
): Promise<object> {
  const timeline = await timelineFor(on, call)
  const link = asOf === undefined ? { seq: everything, recorded_at: undefined } : (await linkAt(on, asOf))[0]
  if (link === undefined) throw unknownThen()
  const root = rootAt(timeline, call.params.id!, link.seq)
  const facts = factsAt(timeline, root, link.seq)
  if (facts.length === 0) throw unknownThen()
  const { order, view } = viewAt(timeline, {
    root,
    facts,
    linkSeq: link.seq,
    isMasked: call.actor.role === 'viewer',
  })
  if (!order.isAttached) throw asOf === undefined ? noSuchOrder() : unknownThen()
  return link.recorded_at === undefined ? view : { ...view, as_of: inMicroseconds(link.recorded_at) }
}

/** The order's timeline; `not_found` when there is none, or none that this key may see. */
export async function timelineFor(
  on: Parameters<typeof loadTimeline>[0],
  call: Call<unknown, unknown>,
): Promise<Timeline> {
  const timeline = await loadTimeline(on, call.system.config, call.params.id!)
  const root = [...(timeline?.members.values() ?? [])].find((member) => member.alias_of === null)
  if (timeline === undefined || timeline.facts.length === 0 || !isSeen(call.actor, root!.connection)) {
    throw noSuchOrder()
  }
  return timeline
}

function noSuchOrder(): Problem {
  return new Problem('not_found', 'There is no order with this id')
}

function unknownThen(): Problem {
  return new Problem('not_found', 'This order was not known at that time')
}

/** Links have microseconds, and a time that is answered must name its link again. */
function inMicroseconds(time: string): string {
  return time.replace(/\.(\d{3})Z$/, '.$1000Z')
}

async function viewsOf(
  system: System,
  actor: Actor,
  rows: readonly ListedOrder[],
): Promise<Map<string, OrderView>> {
  const on = system.db.web
  const orders = rows.map((row) => ({ row, order: orderOf(row.state) }))
  const [references, persons] = await Promise.all([
    rows.length === 0
      ? []
      : referencesOf(
          on,
          rows.map((row) => row.id),
        ),
    personsById(
      on,
      orders.flatMap(({ order }) => order.personId ?? []),
    ),
  ])
  const byRoot = Map.groupBy(references, (reference) => reference.root)
  return new Map(
    orders.map(({ row, order }) => [
      row.id,
      orderView(order, {
        id: row.id,
        connection: row.connection,
        mode: row.mode,
        updatedAt: row.updated_at,
        persons,
        references: (byRoot.get(row.id) ?? []).map(({ connection, kind, id }) => ({ connection, kind, id })),
        isMasked: actor.role === 'viewer',
      }),
    ]),
  )
}

function emailHashOf(system: System, text: string): string | undefined {
  if (!text.includes('@')) return undefined
  return emailHash(system.personKey, text)
}
