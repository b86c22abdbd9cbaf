import * as chain from '../store/chain.ts'
import { inTransaction } from '../store/database.ts'
import * as facts from '../store/facts.ts'
import * as stock from '../store/stock.ts'
import { newId } from './ids.ts'
import { record } from './record.ts'
import type { System } from './system.ts'

export type StockCount = { readonly sku: string; readonly onHand: bigint; readonly committed: bigint }

/**
 * What somebody counted: appended as a move that makes `on_hand` this number; what orders have committed stays. A SKU that
 * was unknown becomes known, and the orders that waited for it are folded anew.
 */
export async function setOnHand(system: System, sku: string, onHand: bigint): Promise<StockCount> {
  const { counted, isNew } = await inTransaction(system.db.web, async (on) => {
    const [{ tx }] = (await facts.nextTx(on)) as [{ tx: bigint }]
    const isNew = (await stock.known(on, [sku])).length === 0
    await stock.make(on, sku, tx)
    const [row] = await stock.lock(on, [sku])
    const move = { key: `count:${newId('cnt')}`, sku, onHandDelta: Number(onHand - row!.on_hand), committedDelta: 0, reason: 'set' as const }
    if (move.onHandDelta !== 0 || isNew) {
      await stock.move(on, [move.key], [sku], [move.onHandDelta.toString()], ['0'], [move.reason], [null], tx)
      await chain.append(on, tx, chain.contentOf([stock.moveDigest(move)]))
    }
    return { counted: { sku, onHand, committed: row!.committed }, isNew }
  })
  if (!isNew) return counted
  await refoldWaiting(system, sku)
  const [now] = await stock.counts(system.db.web, [sku])
  return { sku, onHand: now!.on_hand, committed: now!.committed }
}

/** Orders under review because this SKU was unknown. Open reviews are few, so they are looked through. */
async function refoldWaiting(system: System, sku: string): Promise<void> {
  for (const row of await stock.waitingFor(system.db.web, JSON.stringify(sku))) {
    await record(system, { items: [{ connection: row.connection, source: 'operator', statements: [], refold: [row as never] }] })
  }
}
