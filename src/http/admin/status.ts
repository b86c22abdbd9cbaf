import * as z from 'zod'
import { rateOf } from '../../pipeline/rate.ts'
import { canRead } from '../../pipeline/readable.ts'
import type { System } from '../../pipeline/system.ts'
import { head } from '../../store/chain.ts'
import { statusCounts } from '../../store/reading/status.ts'
import { ok, type Route, route } from './route.ts'
import { Time } from './schemas.ts'

const Counts = z.record(z.string(), z.number().int())

export const statusRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/status',
    role: 'viewer',
    tag: 'Status',
    summary: 'What is open, whether anything can be worked on now, and the head of the history chain',
    answers: {
      200: z
        .object({
          idle: z.boolean(),
          events: Counts,
          effects: Counts,
          orders: Counts,
          runs: Counts,
          findings: Counts,
          rereads: Counts,
          dead_letters: z.object({ events: z.number().int(), effects: z.number().int() }),
          head: z.object({ seq: z.string(), recorded_at: Time, hash: z.string() }),
        })
        .meta({ id: 'Status' }),
    },
    async handle({ system }) {
      const [[counts], [link]] = await Promise.all([
        statusCounts(system.db.web, system.now(), connectionsAnswering(system)),
        head(system.db.web),
      ])
      const c = counts!
      const busy = c.workable + c.due_now + c.performing + c.runs_queued + c.runs_running + c.rereads_due_now
      return ok({
        idle: busy === 0,
        events: { pending: c.pending, workable: c.workable, failed: c.failed, needs_review: c.needs_review },
        effects: {
          due: c.due,
          performing: c.performing,
          unknown: c.unknown,
          failed: c.failed_effects,
          needs_review: c.review_effects,
        },
        orders: { needs_review: c.orders_needs_review },
        runs: { queued: c.runs_queued, running: c.runs_running },
        findings: { open: c.findings_open },
        rereads: { due: c.rereads_due, parked: c.rereads_parked },
        dead_letters: { events: c.failed, effects: c.failed_effects },
        head: { seq: link!.seq.toString(), recorded_at: link!.recorded_at, hash: link!.hash.toString('hex') },
      })
    },
  }),
]

/** Connections whose provider may be asked now, as far as this process knows: an outage is nothing that can be worked on. */
function connectionsAnswering(system: System): string[] {
  return system.config.connections
    .filter((connection) => canRead(connection) && rateOf(system, connection.id).blockedForMs() === 0)
    .map(({ id }) => id)
}
