import { factId } from '../core/fact.ts'
import * as dueEffects from '../store/due-effects.ts'
import * as effects from '../store/effects.ts'
import { nextTx } from '../store/facts.ts'
import { newId } from './ids.ts'
import { type Act, recordAct } from './operate.ts'
import type { System } from './system.ts'

/**
 * Sends again every receipt of an order that has left or was given up, each as an effect under a key of its own, so with a
 * Message-ID of its own. Answers their keys; none where there is nothing to repeat: one that is still due will go anyway.
 */
export async function resendReceipts(system: System, act: Act): Promise<string[]> {
  const known = await effects.receiptsOf(system.db.web, act.orderId)
  const receipts = known.filter(({ kind, state }) => kind === 'receipt' && !isUnderWay.has(state))
  if (receipts.length === 0) return []
  const rows = receipts.map((receipt) => ({ ...receipt, key: nextKey(receipt.key, known) }))
  const keys = rows.map(({ key }) => key)
  const now = system.now().toISOString()
  await recordAct(
    system,
    act,
    (ref) => ({
      id: factId('operator_resent', ref, keys.join(' ')),
      kind: 'operator_resent',
      subject: ref,
      occurredAt: now,
      rank: 0,
      data: { note: act.note, by: act.by, keys },
    }),
    {
      alongside: async (on) => {
        const [next] = await nextTx(on)
        await dueEffects.insertDue(
          on,
          rows.map(() => newId('eff', system.now())),
          keys,
          rows.map(() => 'receipt'),
          rows.map(() => 'resend'),
          rows.map(() => 'due'),
          rows.map(({ order_id }) => order_id),
          rows.map(({ connection }) => connection),
          rows.map(({ body }) => body),
          rows.map(() => now),
          rows.map(() => null),
          next!.tx,
        )
      },
    },
  )
  return keys
}

const isUnderWay = new Set(['due', 'performing'])

/** `resend:<n>:<key of the receipt>`, the n-th time that it is sent again. */
function nextKey(key: string, known: readonly { key: string }[]): string {
  const before = known.filter((other) => other.key.startsWith('resend:') && other.key.endsWith(`:${key}`))
  return `resend:${before.length + 1}:${key}`
}
