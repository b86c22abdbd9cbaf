import * as z from 'zod'
import { newId } from '../../pipeline/ids.ts'
import { createKey, type KeyRow, listKeys, revokeKey } from '../../store/keys.ts'
import { Problem } from '../problem.ts'
import { page } from './cursor.ts'
import { ok, type Route, route } from './route.ts'
import { Id, listQuery, pageOf, Time } from './schemas.ts'

const Role = z.enum(['viewer', 'operator', 'admin'])
const KeyShape = z
  .object({
    id: z.string(),
    prefix: z.string().meta({ description: 'The beginning of the key, to recognise it by' }),
    role: Role,
    connections: z.array(z.string()).nullable().meta({ description: 'What it may see; null: all' }),
    created_at: Time,
    expires_at: Time.nullable(),
    last_used_at: Time.nullable(),
    revoked_at: Time.nullable(),
  })
  .meta({ id: 'Key' })

const NewKey = z.strictObject({
  role: Role,
  connections: z.array(Id).min(1).max(100).optional(),
  expires_at: z.iso.datetime({ offset: true }).optional(),
})

function keyView({ seq: _seq, ...key }: KeyRow): z.infer<typeof KeyShape> {
  return key
}

export const keyRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/keys',
    role: 'admin',
    tag: 'Keys',
    isForAll: true,
    summary: 'API keys, newest first; never the keys themselves',
    query: listQuery({}),
    answers: { 200: pageOf(KeyShape) },
    async handle({ system, query: { cursor, limit } }) {
      return ok(page(await listKeys(system.db.web, cursor, limit + 1), limit, keyView))
    },
  }),
  route({
    method: 'post',
    path: '/keys',
    role: 'admin',
    tag: 'Keys',
    isForAll: true,
    summary: 'Makes an API key; it is in this answer and never shown again',
    body: NewKey,
    answers: { 201: KeyShape.extend({ key: z.string() }).meta({ id: 'NewKey' }) },
    async handle({ system, body }) {
      const unknown = body.connections?.find(
        (id) => !system.config.connections.some((connection) => connection.id === id),
      )
      if (unknown !== undefined)
        throw new Problem('invalid_request', `connections: there is no connection ${unknown}`)
      const now = system.now()
      const expiresAt = body.expires_at ?? null
      if (expiresAt !== null && new Date(expiresAt) <= now)
        throw new Problem('invalid_request', 'expires_at must be in the future')
      const id = newId('key', now)
      const made = await createKey(system.db.web, {
        id,
        role: body.role,
        connections: body.connections ?? null,
        expiresAt,
        now,
      })
      return { status: 201, json: { ...keyView(made.row), key: made.key } }
    },
  }),
  route({
    method: 'delete',
    path: '/keys/{id}',
    role: 'admin',
    tag: 'Keys',
    isForAll: true,
    summary: 'Revokes a key: the next request with it is refused',
    answers: { 200: KeyShape },
    async handle({ system, params }) {
      const row = await revokeKey(system.db.web, params.id!, system.now())
      if (row === undefined) throw new Problem('not_found', 'There is no key with this id')
      return ok(keyView(row))
    },
  }),
]
