import * as z from 'zod'
import type { Connection } from '../../config.ts'
import { clockOf, clockWords } from '../../pipeline/clock.ts'
import { canRead } from '../../pipeline/readable.ts'
import type { System } from '../../pipeline/system.ts'
import { healthOf } from '../../store/reading/connections.ts'
import { Problem } from '../problem.ts'
import { slice } from './cursor.ts'
import { ok, type Route, route } from './route.ts'
import { pageOf, textListQuery, Time } from './schemas.ts'
import { isSeen } from './scope.ts'

const ConnectionShape = z
  .object({
    id: z.string(),
    provider: z.string(),
    mode: z.enum(['test', 'live']),
    speaks_for: z.array(z.string()),
    account: z.string(),
    orders_from: z.array(z.string()),
    owner: z.string().nullable(),
    purpose: z.string().nullable(),
    failure_plan: z.string().nullable(),
    webhook_path: z.string(),
    webhook_url: z.string().nullable(),
    has_api_key: z.boolean(),
    webhook_secrets: z.number().int().meta({ description: 'How many verify; never what they are' }),
    tolerance_seconds: z.number().int(),
    allow_ips: z.array(z.string()),
    subscription: z.object({ status: z.enum(['healthy', 'unknown', 'faulty']), detail: z.unknown() }),
    disabled: z
      .object({ at: Time, reason: z.string() })
      .nullable()
      .meta({ description: 'Its provider has sent us away: it is not polled and not read' }),
    last_event_at: Time.nullable(),
    last_event_id: z.string().nullable(),
    last_poll_at: Time.nullable().meta({ description: 'When a reconciliation of it last completed' }),
    clock: z
      .object({
        skew_seconds: z.number().int(),
        deliveries: z.number().int(),
        last_at: Time,
        text: z.string(),
      })
      .nullable()
      .meta({
        description: 'Deliveries are signed rightly and refused: our clock less the signed times is this',
      }),
    success_rate: z
      .number()
      .nullable()
      .meta({ description: 'Of the last 200 events that are settled, those without a fault' }),
    latency_ms: z
      .object({ p50: z.number().nullable(), p95: z.number().nullable() })
      .meta({ description: 'From receipt to processed' }),
  })
  .meta({ id: 'Connection' })

export const connectionRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/connections',
    role: 'viewer',
    tag: 'Connections',
    summary: 'Connections as configured, without secrets, and how they are doing',
    query: textListQuery({}),
    answers: { 200: pageOf(ConnectionShape) },
    async handle({ system, actor, query }) {
      const seen = slice(
        system.config.connections.filter(({ id }) => isSeen(actor, id)),
        query,
      )
      return ok({
        ...seen,
        data: await Promise.all(seen.data.map((connection) => connectionView(system, connection))),
      })
    },
  }),
  route({
    method: 'get',
    path: '/connections/{id}',
    role: 'viewer',
    tag: 'Connections',
    summary: 'One connection',
    answers: { 200: ConnectionShape },
    async handle({ system, actor, params }) {
      const connection = system.config.connections.find(({ id }) => id === params.id)
      if (connection === undefined || !isSeen(actor, connection.id))
        throw new Problem('not_found', 'There is no connection with this id')
      return ok(await connectionView(system, connection))
    },
  }),
]

/** Field by field, so that a setting added later is not shown until somebody decides that it is no secret. */
async function connectionView(
  system: System,
  connection: Connection,
): Promise<z.infer<typeof ConnectionShape>> {
  const health = (await healthOf(system.db.web, connection.id))[0]!
  const clock = await clockOf(system.db.web, connection.id, system.now())
  const path = `/webhooks/${connection.provider}/${connection.id}`
  return {
    id: connection.id,
    provider: connection.provider,
    mode: connection.mode,
    speaks_for: [...connection.speaksFor],
    account: connection.account,
    orders_from: [...connection.ordersFrom],
    owner: connection.owner ?? null,
    purpose: connection.purpose ?? null,
    failure_plan: connection.failurePlan ?? null,
    webhook_path: path,
    webhook_url: system.config.publicUrl === undefined ? null : new URL(path, system.config.publicUrl).href,
    has_api_key: canRead(connection),
    webhook_secrets: connection.webhookSecrets.length,
    tolerance_seconds: connection.toleranceSeconds,
    allow_ips: [...connection.allowIps],
    subscription: subscriptionOf(health),
    disabled:
      health.disabled_at === null ? null : { at: health.disabled_at, reason: health.disabled_reason ?? '' },
    last_event_at: health.last_event_at,
    last_event_id: health.last_event_id,
    last_poll_at: health.last_poll_at,
    clock: clock === undefined ? null : { ...clock, text: clockWords(clock) },
    success_rate: health.settled === 0 ? null : health.good / health.settled,
    latency_ms: { p50: health.latency_p50_ms, p95: health.latency_p95_ms },
  }
}

/** What the last reconciliation said of the webhook: an open finding, or none; unknown where none has looked. */
function subscriptionOf(health: { subscription: string | null; last_poll_at: string | null }) {
  if (health.subscription !== null)
    return { status: 'faulty' as const, detail: JSON.parse(health.subscription) as unknown }
  return { status: health.last_poll_at === null ? ('unknown' as const) : ('healthy' as const), detail: null }
}
