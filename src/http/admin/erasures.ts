import * as z from 'zod'
import { eraseCustomer } from '../../pipeline/acts/erase.ts'
import { exports } from '../../store/acts.ts'
import { slice } from './cursor.ts'
import { ok, type Route, route } from './route.ts'
import { pageOf, textListQuery, Time } from './schemas.ts'

const Count = z.number().int()
const ErasureShape = z
  .object({
    persons: Count.meta({ description: 'Descriptions of people that are gone' }),
    orders: Count,
    events: Count.meta({ description: 'Events whose bytes are gone' }),
  })
  .meta({ id: 'Erasure' })

const ExportShape = z
  .object({ id: z.string(), connection: z.string(), made_at: Time, data: z.unknown() })
  .meta({ id: 'CustomerExport' })

const exportsShown = 1_000

export const erasureRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/erasures',
    role: 'admin',
    tag: 'People',
    isForAll: true,
    summary:
      'Erases a customer, by address or by the id that a provider has of them; books and history stay whole',
    body: z.strictObject({ customer: z.string().trim().min(3).max(320) }),
    answers: { 200: ErasureShape },
    async handle({ system, actor, address, body }) {
      const subject = body.customer.includes('@') ? { email: body.customer } : { customerId: body.customer }
      return ok(await eraseCustomer(system, subject, { actor: actor.keyId, address }))
    },
  }),
  route({
    method: 'get',
    path: '/exports',
    role: 'admin',
    tag: 'People',
    isForAll: true,
    isAudited: true,
    summary: 'What was gathered for customers who asked to see their data, newest first',
    query: textListQuery({}),
    answers: { 200: pageOf(ExportShape) },
    async handle({ system, query }) {
      const rows = await exports(system.db.web, exportsShown)
      const views = rows.map((row) => ({ ...row, data: JSON.parse(row.data) as unknown }))
      return ok(slice(views, query))
    },
  }),
]
