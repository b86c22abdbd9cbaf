import { hash } from 'node:crypto'
import { type Fact, factId, type Instant, type Ref, type RefKind } from '../core/fact.ts'
import type { Review } from '../core/order.ts'
import type { Connection } from '../store/database.ts'
import * as effects from '../store/effects.ts'
import * as facts from '../store/facts.ts'
import * as chain from '../store/chain.ts'
import { ordersUnderReviewWith } from '../store/reading/inventory.ts'
import * as stock from '../store/stock.ts'
import { inTransaction } from '../store/database.ts'
import { record } from './record.ts'
import type { ScopedRef } from './record/prepare.ts'
import { signal } from './signal.ts'
import type { System } from './system.ts'

/** What every act of an operator says: on which order, and who. */
export type Act = {
  readonly orderId: string
  readonly connection: string
  readonly by: string
  readonly note: string
}

/** A person closes a review. It counts while the figures stand that were accepted; when they change the code returns. */
export async function resolveReview(
  system: System,
  act: Act,
  { review, as }: { review: Review; as: string },
): Promise<void> {
  const { code, figures } = review
  await recordAct(system, act, (ref) => ({
    id: factId('operator_resolved', ref, `${code}:${shortDigest(`${figures}\n${as}`)}`),
    kind: 'operator_resolved',
    subject: ref,
    occurredAt: system.now().toISOString(),
    rank: 0,
    data: { code, as, note: act.note, figures, by: act.by },
  }))
}

/** A person lets an order go although a review holds it: reviews up to now hold no longer. */
export async function releaseOrder(system: System, act: Act): Promise<void> {
  const occurredAt = system.now().toISOString()
  await recordAct(system, act, (ref) => ({
    id: factId('operator_released', ref, occurredAt),
    kind: 'operator_released',
    subject: ref,
    occurredAt,
    rank: 0,
    data: { note: act.note, by: act.by },
  }))
}

/** A person says that a reference is this order's: what hangs on it joins the order, as if a provider had said so. */
export async function linkReference(
  system: System,
  act: Act,
  reference: Ref & { readonly scope?: string },
): Promise<void> {
  const { kind, id, scope } = reference
  const figures = `${kind}:${id}`
  await recordAct(
    system,
    act,
    (ref) => ({
      id: factId('operator_resolved', ref, `unmatched_payment:${shortDigest(figures)}`),
      kind: 'operator_resolved',
      subject: ref,
      occurredAt: system.now().toISOString(),
      rank: 0,
      data: { code: 'unmatched_payment', as: 'linked', note: act.note, figures, by: act.by },
    }),
    scope === undefined ? { joins: [{ kind, id }] } : { links: [{ kind, id, scope }] },
  )
}

/** Money that no provider can see, taken by hand. `id` tells one payment from another and makes a repeat the same one. */
export async function recordPayment(
  system: System,
  act: Act,
  payment: {
    id: string
    amountMinor: bigint
    currency: string
    tender: 'cash' | 'manual'
    receivedAt: Instant
  },
): Promise<void> {
  const subject: Ref = { kind: 'capture', id: payment.id }
  const { amountMinor, currency, tender, receivedAt } = payment
  await recordAct(
    system,
    act,
    () => ({
      id: factId('payment_captured', subject, amountMinor),
      kind: 'payment_captured',
      subject,
      occurredAt: receivedAt,
      rank: 0,
      data: { amountMinor, currency, tender },
    }),
    { joinsOrder: true },
  )
}

/** A person says what became of an effect in doubt: its row and the order's history say so together. False: it is in none. */
export async function resolveEffect(
  system: System,
  act: Act,
  effect: Pick<effects.EffectRow, 'id' | 'key' | 'sink' | 'kind' | 'attempts'>,
  state: 'done' | 'cancelled',
): Promise<boolean> {
  let settled = 0
  await recordAct(
    system,
    act,
    (ref) => ({
      id: factId('effect_performed', ref, `${effect.key}:${effect.attempts}:operator`),
      kind: 'effect_performed',
      subject: ref,
      occurredAt: system.now().toISOString(),
      rank: 0,
      data: { key: effect.key, sink: effect.sink, effectKind: effect.kind, state },
    }),
    {
      alongside: async (on) => {
        const rows = await effects.resolve(on, effect.id, state, act.note, system.now().toISOString())
        settled = rows.length
        if (settled === 0) throw new NotInDoubt()
      },
    },
  ).catch((error) => {
    if (!(error instanceof NotInDoubt)) throw error
  })
  return settled > 0
}

class NotInDoubt extends Error {}

/** The order has no reference that is still configured, so there is nothing to record an act under. */
export class NoReference extends Error {
  override readonly name = 'NoReference'
}

/** Records one fact that a person asserts of an order, with what else is to be written in the same transaction. */
export async function recordAct(
  system: System,
  act: Act,
  factOf: (ref: Ref) => Fact,
  options: {
    joins?: readonly Ref[]
    links?: readonly ScopedRef[]
    joinsOrder?: boolean
    alongside?: (on: Connection) => Promise<unknown>
  } = {},
): Promise<void> {
  const [row] = await effects.subjectOf(system.db.web, act.orderId, act.connection)
  const scope = system.config.connections.find(({ id }) => id === row?.connection)?.account
  if (row === undefined || scope !== row.scope)
    throw new NoReference(`order ${act.orderId} has no reference of a configured connection`)
  const ref: Ref = { kind: row.kind as RefKind, id: row.id }
  const joins = [...(options.joins ?? []), ...(options.joinsOrder === true ? [ref] : [])]
  await record(system, {
    items: [
      {
        connection: row.connection,
        source: 'operator',
        statements: [{ fact: factOf(ref), joins, level: 'order' }],
        ...(options.links === undefined ? {} : { links: options.links }),
      },
    ],
    ...(options.alongside === undefined ? {} : { alongside: options.alongside }),
  })
}

/** Sets what is on hand of a SKU, as one move with a link in the history; makes the SKU known when it was not. */
export async function setOnHand(system: System, sku: string, onHand: bigint): Promise<void> {
  await inTransaction(system.db.worker, async (on) => {
    const tx = (await facts.nextTx(on))[0]!.tx
    await stock.make(on, sku, tx)
    const [held] = await stock.lock(on, [sku])
    const delta = onHand - held!.on_hand
    const move = {
      key: `set:${sku}:${tx}`,
      sku,
      onHandDelta: Number(delta),
      committedDelta: 0,
      reason: 'set' as const,
    }
    await stock.move(on, [move.key], [sku], [delta.toString()], ['0'], [move.reason], [null], tx)
    await chain.append(on, tx, chain.contentOf([stock.moveDigest(move)]))
  })
  signal.emit('stock')
}

const refoldBatch = 100

/** Orders that were held because this SKU was unknown are folded anew, a few in each transaction. */
export async function refoldForSku(system: System, sku: string): Promise<void> {
  const line = JSON.stringify({ sku }).slice(1, -1)
  for (let after = 0n; ; ) {
    const rows = await ordersUnderReviewWith(system.db.web, line, after, refoldBatch)
    for (const row of rows) {
      const [ref] = await effects.subjectOf(system.db.web, row.id, row.connection)
      if (ref === undefined) continue
      const refold = [{ kind: ref.kind as RefKind, id: ref.id, scope: ref.scope }]
      await record(system, {
        items: [{ connection: ref.connection, source: 'operator', statements: [], refold }],
      })
    }
    if (rows.length < refoldBatch) return
    after = rows.at(-1)!.seq
  }
}

function shortDigest(text: string): string {
  return hash('sha256', text).slice(0, 16)
}
