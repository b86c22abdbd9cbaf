import * as z from 'zod'
import { listAudit } from '../../store/audit.ts'
import { page } from './cursor.ts'
import { ok, type Route, route } from './route.ts'
import { listQuery, pageOf, Time } from './schemas.ts'

const AuditShape = z
  .object({
    id: z.string(),
    at: Time,
    actor: z.string().meta({ description: "The key's id" }),
    action: z.string(),
    target: z.string(),
    address: z.string().nullable(),
    result: z.string().meta({ description: 'The status that was answered' }),
  })
  .meta({ id: 'AuditRow' })

export const auditRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/audit',
    role: 'viewer',
    tag: 'Audit',
    summary: 'Who did what, newest first: every write, and every read of raw data',
    query: listQuery({}),
    answers: { 200: pageOf(AuditShape) },
    async handle({ system, actor: caller, query: { cursor, limit } }) {
      // A key that is limited to connections sees what it did itself.
      const rows = await listAudit(
        system.db.web,
        cursor,
        limit + 1,
        caller.connections === null ? null : caller.keyId,
      )
      return ok(
        page(rows, limit, ({ seq, at, actor, action, target, address, result }) => ({
          id: `aud_${seq}`,
          at,
          actor,
          action,
          target,
          address,
          result,
        })),
      )
    },
  }),
]
