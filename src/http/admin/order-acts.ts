import { hash } from 'node:crypto'
import * as z from 'zod'
import type { Ref, RefKind } from '../../core/fact.ts'
import { parseDecimal } from '../../core/money.ts'
import type { Order } from '../../core/order.ts'
import {
  type Act,
  linkReference,
  NoReference,
  recordPayment,
  releaseOrder,
  resolveReview,
} from '../../pipeline/operate.ts'
import { resendReceipts } from '../../pipeline/resend.ts'
import { signal } from '../../pipeline/signal.ts'
import { retry } from '../../store/effects.ts'
import { listEffects } from '../../store/reading/effects.ts'
import { referencesById } from '../../store/reading/orders.ts'
import { inSnapshot } from '../../store/reading/snapshot.ts'
import { Problem } from '../problem.ts'
import { EffectShape, effectView } from './effects.ts'
import { OrderShape } from './order-shape.ts'
import { everything, timelineFor } from './orders.ts'
import { type Answer, type Call, ok, type Route, route } from './route.ts'
import { Text } from './schemas.ts'
import { factsAt, viewAt } from './timeline.ts'

const Note = z.string().max(1000).default('')

const actOn = { method: 'post', role: 'operator', tag: 'Orders', answers: { 200: OrderShape } } as const

export const orderActRoutes: readonly Route[] = [
  route({
    ...actOn,
    path: '/orders/{id}/resolve',
    summary: 'Closes a review of an order; it counts while the figures stand that were accepted',
    body: z.strictObject({ code: Text, as: Text, note: Note }),
    async handle(call) {
      const { code, as, note } = call.body
      return act(call, note, async (order, by) => {
        const review = order.reviews.find((open) => open.code === code)
        if (review === undefined) throw new Problem('conflict', `The order has no open review ${code}`)
        await resolveReview(call.system, by, { review, as })
      })
    },
  }),
  route({
    ...actOn,
    path: '/orders/{id}/release',
    summary: 'Lets an order go to fulfillment although a review holds it',
    body: z.strictObject({ note: Note }),
    async handle(call) {
      return act(call, call.body.note, async (_order, by) => {
        await releaseOrder(call.system, by)
        await releaseCancelled(call)
      })
    },
  }),
  route({
    ...actOn,
    path: '/orders/{id}/link',
    summary: 'Says that a payment or another reference is this order’s',
    body: z.strictObject({ reference: Text, note: Note }),
    async handle(call) {
      return act(call, call.body.note, async (_order, by) =>
        linkReference(call.system, by, await referenceOf(call, call.body.reference)),
      )
    },
  }),
  route({
    ...actOn,
    path: '/orders/{id}/receipts',
    summary: 'Sends the receipts of an order again, each as a mail of its own',
    body: z.strictObject({ note: Note }),
    answers: { 200: z.object({ data: z.array(EffectShape) }) },
    async handle(call) {
      let keys = new Set<string>()
      await act(call, call.body.note, async (_order, by) => {
        keys = new Set(await resendReceipts(call.system, by))
        if (keys.size === 0)
          throw new Problem('conflict', 'The order has no receipt that could be sent again')
      })
      const sent = (await effectsOf(call)).filter((effect) => keys.has(effect.key))
      return ok({ data: sent.map((effect) => effectView(effect)) })
    },
  }),
  route({
    ...actOn,
    path: '/orders/{id}/payments',
    summary: 'Records a payment that was taken by hand',
    body: z.strictObject({
      amount: Text,
      method: z.enum(['cash', 'manual', 'bank_deposit', 'cash_on_delivery']),
      received_at: z.iso.datetime({ offset: true }),
      note: Note,
    }),
    async handle(call) {
      const { amount, method, received_at: receivedAt, note } = call.body
      return act(call, note, async (order, by) => {
        if (order.currency === undefined)
          throw new Problem('conflict', 'The currency of the order is not known yet')
        const amountMinor = parseDecimal(amount, order.currency)
        if (amountMinor === undefined || amountMinor <= 0n)
          throw new Problem('invalid_request', `amount must be a positive decimal in ${order.currency}`)
        const at = new Date(receivedAt).toISOString()
        // The same payment said twice is one: its id is made of what it says.
        const id = `hand_${hash('sha256', `${by.orderId}\n${amountMinor}\n${method}\n${at}`).slice(0, 24)}`
        const tender = method === 'cash' || method === 'cash_on_delivery' ? 'cash' : 'manual'
        await recordPayment(call.system, by, {
          id,
          amountMinor,
          currency: order.currency,
          tender,
          receivedAt: at,
        })
      })
    },
  }),
]

/** Does something to the order of the path as the caller, and answers with the order as it is then. */
async function act(
  call: Call<unknown, unknown>,
  note: string,
  work: (order: Order, by: Act) => Promise<unknown>,
): Promise<Answer> {
  const before = await orderNow(call)
  const { id: orderId, connection } = before.view
  try {
    await work(before.order, { orderId, connection, by: call.actor.keyId, note })
  } catch (error) {
    if (error instanceof NoReference)
      throw new Problem('conflict', 'The connection of this order is configured no more')
    throw error
  }
  signal.emit('effects')
  return ok((await orderNow(call)).view)
}

function orderNow(call: Call<unknown, unknown>) {
  return inSnapshot(call.system.db.web, async (on) => {
    const timeline = await timelineFor(on, call)
    const root = [...timeline.members.values()].find((member) => member.alias_of === null)!.id
    const facts = factsAt(timeline, root, everything)
    return viewAt(timeline, { root, facts, linkSeq: everything, isMasked: false })
  })
}

async function effectsOf(call: Call<unknown, unknown>) {
  await orderNow(call)
  const all = {
    before: everything,
    limit: 1000,
    scopes: null,
    state: undefined,
    sink: undefined,
    order: call.params.id!,
  }
  return listEffects(call.system.db.web, all)
}

async function again(call: Call<unknown, unknown>, list: readonly { id: string }[]): Promise<void> {
  for (const { id } of list) await retry(call.system.db.web, id, call.system.now().toISOString())
  signal.emit('effects')
}

/** Effects that were not made because the facts were older than the service: a release asks for them after all. */
async function releaseCancelled(call: Call<unknown, unknown>): Promise<void> {
  const held = (await effectsOf(call)).filter(
    (effect) => effect.state === 'cancelled' && effect.last_error === 'before_start',
  )
  await again(call, held)
}

/** A reference that is known, else an order number. Two orders that could be meant are for the caller to tell apart. */
async function referenceOf(
  call: Call<unknown, unknown>,
  text: string,
): Promise<Ref & { readonly scope?: string }> {
  const known = await referencesById(call.system.db.web, text)
  if (known.length === 0) return { kind: 'number', id: text }
  if (new Set(known.map((row) => row.root)).size > 1)
    throw new Problem('conflict', 'Several orders have this reference')
  return { kind: known[0]!.kind as RefKind, id: text, scope: known[0]!.scope }
}
