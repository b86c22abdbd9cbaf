import * as z from 'zod'
import { NoReference, resolveEffect } from '../../pipeline/operate.ts'
import { signal } from '../../pipeline/signal.ts'
import { attemptsOf, resolve, retry } from '../../store/effects.ts'
import { effectById, type EffectRow, listEffects } from '../../store/reading/effects.ts'
import { inSnapshot } from '../../store/reading/snapshot.ts'
import { Problem } from '../problem.ts'
import { page } from './cursor.ts'
import { timelineFor } from './orders.ts'
import { type Call, ok, type Route, route } from './route.ts'
import { listQuery, pageOf, Text, Time } from './schemas.ts'
import { isSeen } from './scope.ts'

const State = z.enum(['due', 'performing', 'done', 'unknown', 'failed', 'cancelled', 'needs_review'])

export const EffectShape = z
  .object({
    id: z.string(),
    key: z.string(),
    sink: z.string(),
    kind: z.string(),
    state: State,
    order_id: z.string().nullable(),
    attempts: z.number().int(),
    due_at: Time,
    done_at: Time.nullable(),
    reference: z.string().nullable(),
    last_error: z.string().nullable(),
  })
  .meta({ id: 'Effect' })

export function effectView(row: EffectRow, isMasked = false): z.infer<typeof EffectShape> {
  const { id, key, sink, kind, order_id, attempts, due_at, done_at, reference } = row
  const state = row.state as z.infer<typeof State>
  const last_error = errorView(row.last_error, isMasked)
  return { id, key, sink, kind, state, order_id, attempts, due_at, done_at, reference, last_error }
}

/** A receiver's error may quote an address: viewers see that there was one. */
function errorView(error: string | null, isMasked: boolean): string | null {
  return isMasked ? (error?.replaceAll(/[^\s<>]+@[^\s<>]+/g, '***') ?? null) : error
}

// Of an integer column: the page before the first one ended there.
const attemptMax = 2_147_483_647

const AttemptShape = z
  .object({
    attempt: z.number().int(),
    ended_at: Time,
    outcome: z.enum(['done', 'retry', 'failed', 'unknown']),
    error: z.string().nullable(),
  })
  .meta({ id: 'Attempt' })

export const effectRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/effects',
    role: 'viewer',
    tag: 'Effects',
    summary: 'Effects, newest first',
    query: listQuery({
      state: State.optional(),
      sink: z
        .enum(['inventory', 'accounting', 'receipt', 'fulfillment', 'notify', 'outgoing', 'provider'])
        .optional(),
      order: Text.optional(),
    }),
    answers: { 200: pageOf(EffectShape) },
    async handle({ system, actor, query: { cursor, limit, state, sink, order } }) {
      const rows = await listEffects(system.db.web, {
        before: cursor,
        limit,
        scopes: actor.connections,
        state,
        sink,
        order,
      })
      return ok(page(rows, limit, (row) => effectView(row, actor.role === 'viewer')))
    },
  }),
  route({
    method: 'get',
    path: '/orders/{id}/effects',
    role: 'viewer',
    tag: 'Orders',
    summary: 'The effects of one order, newest first',
    query: listQuery({}),
    answers: { 200: pageOf(EffectShape) },
    async handle(call) {
      const { system, query } = call
      await inSnapshot(system.db.web, (on) => timelineFor(on, call))
      const rows = await listEffects(system.db.web, {
        before: query.cursor,
        limit: query.limit,
        scopes: null,
        state: undefined,
        sink: undefined,
        order: call.params.id!,
      })
      return ok(page(rows, query.limit, (row) => effectView(row, call.actor.role === 'viewer')))
    },
  }),
  route({
    method: 'get',
    path: '/effects/{id}/attempts',
    role: 'viewer',
    tag: 'Effects',
    summary: 'What became of each attempt of an effect, the last first',
    query: listQuery({}),
    answers: { 200: pageOf(AttemptShape) },
    async handle(call) {
      const { cursor, limit } = call.query
      const effect = await effectFor(call)
      const before = Math.min(Number(cursor), attemptMax)
      const rows = await attemptsOf(call.system.db.web, effect.id, before, limit + 1)
      const withPlace = rows.map((row) => ({ ...row, seq: BigInt(row.attempt) }))
      return ok(
        page(withPlace, limit, ({ seq: _, ...row }) => attemptView(row, call.actor.role === 'viewer')),
      )
    },
  }),
  route({
    method: 'post',
    path: '/effects/{id}/retry',
    role: 'operator',
    tag: 'Effects',
    summary: 'Carries an effect out (again), whatever became of it; each retry is one attempt more',
    answers: { 200: EffectShape },
    async handle(call) {
      const { system } = call
      const effect = await effectFor(call)
      const rows = await retry(system.db.web, effect.id, system.now().toISOString())
      if (rows.length === 0) throw new Problem('conflict', 'The effect is being performed right now')
      signal.emit('effects')
      return ok(effectView(await effectFor(call)))
    },
  }),
  route({
    method: 'post',
    path: '/effects/{id}/resolve',
    role: 'operator',
    tag: 'Effects',
    summary: 'Says what became of an effect that is in doubt or failed: it happened, or it is dropped',
    body: z.strictObject({ as: z.enum(['done', 'cancelled']), note: z.string().max(1000).default('') }),
    answers: { 200: EffectShape },
    async handle(call) {
      const effect = await effectFor(call)
      const isSettled = await settle(call, effect, call.body)
      if (!isSettled) throw new Problem('conflict', `An effect that is ${effect.state} is not in doubt`)
      return ok(effectView(await effectFor(call)))
    },
  }),
]

function attemptView(
  { outcome, error, ...row }: Awaited<ReturnType<typeof attemptsOf>>[number],
  isMasked: boolean,
): z.infer<typeof AttemptShape> {
  return {
    ...row,
    outcome: outcome as z.infer<typeof AttemptShape>['outcome'],
    error: errorView(error, isMasked),
  }
}

/** What a person says became of it is a fact of its order; where there is no order to say it of, the row alone says so. */
async function settle(
  { system, actor }: Call<unknown, unknown>,
  effect: EffectRow,
  { as, note }: { as: 'done' | 'cancelled'; note: string },
): Promise<boolean> {
  const rowAlone = async () =>
    (await resolve(system.db.web, effect.id, as, note, system.now().toISOString())).length > 0
  if (effect.order_id === null) return rowAlone()
  const act = { orderId: effect.order_id, connection: effect.connection, by: actor.keyId, note }
  try {
    return await resolveEffect(system, act, effect, as)
  } catch (error) {
    if (error instanceof NoReference) return rowAlone()
    throw error
  }
}

async function effectFor(call: Call<unknown, unknown>): Promise<EffectRow> {
  const [effect] = await effectById(call.system.db.web, call.params.id!)
  if (effect === undefined || !isSeen(call.actor, effect.connection))
    throw new Problem('not_found', 'There is no effect with this id')
  return effect
}
