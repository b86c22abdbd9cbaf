import { setTimeout as delay } from 'node:timers/promises'
import { isWanted } from '../core/due-outgoing.ts'
import { type Fact, factId, type Ref, type RefKind } from '../core/fact.ts'
import { inTransaction } from '../store/database.ts'
import * as dueEffects from '../store/due-effects.ts'
import * as effects from '../store/effects.ts'
import { nextTx } from '../store/facts.ts'
import * as stock from '../store/stock.ts'
import { newId } from './ids.ts'
import { record } from './record.ts'
import { signal } from './signal.ts'
import type { System } from './system.ts'
import { type Working, working } from './working.ts'

const pollMs = 5_000 // behind the in-memory signal: what other processes sold
const restMs = 200 // between two looks, however much is sold meanwhile
const movesMax = 2_000 // an order that took goods before so many others did is not the one that is to wait

/**
 * Says of which orders goods are missing. More can be sold than is there: two shops sell the last one in one second. Whoever
 * took goods last waits, and who took them first is served when some come. What an order is told is a fact of it.
 */
export function startStockKeeper(system: System): Working {
  return working(system.config.sinks.inventory === undefined ? [] : [(stop) => loop(system, stop)])
}

async function loop(system: System, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const since = signal.seen('stock')
    try {
      await keepStock(system)
    } catch (error) {
      system.log.warn('stock could not be looked at', { error: error as Error })
    }
    await signal.wait('stock', { since, timeoutMs: pollMs, stop })
    await delay(restMs, undefined, { signal: stop }).catch(() => {})
  }
}

/** One look: tells orders what they are short of, and apps what runs low. */
export async function keepStock(system: System): Promise<void> {
  for (const { sku, on_hand, committed } of await stock.contested(system.db.worker))
    await allot(system, sku, committed - on_hand)
  await tellOfLow(system)
}

/** Gives what is missing to the orders that took the SKU last, and tells each whose share has changed. */
async function allot(system: System, sku: string, missing: bigint): Promise<void> {
  const on = system.db.worker
  const known = await stock.shortsOf(on, sku)
  const holders = await stock.holders(on, sku, movesMax)
  const shares = new Map<string, { short: bigint; connection: string }>()
  let left = missing
  for (const { root, connection, committed } of holders) {
    if (left <= 0n) break
    const short = committed < left ? committed : left
    shares.set(root, { short, connection })
    left -= short
  }
  for (const { root, connection } of known) if (!shares.has(root)) shares.set(root, { short: 0n, connection })
  for (const [orderId, { short, connection }] of shares) {
    const before = known.filter(({ root }) => root === orderId)
    const was = before.toSorted((a, b) => b.turn - a.turn)[0] ?? { short: 0n, turn: 0 }
    if (was.short !== short) await tell(system, { orderId, connection, sku, short, turn: was.turn + 1 })
  }
}

type Short = { orderId: string; connection: string; sku: string; short: bigint; turn: number }

async function tell(system: System, { orderId, connection, sku, short, turn }: Short): Promise<void> {
  const [found] = await effects.subjectOf(system.db.worker, orderId, connection)
  if (found === undefined) return
  const subject: Ref = { kind: found.kind as RefKind, id: found.id }
  const holds = system.config.sinks.inventory?.oversold !== 'backorder'
  const fact: Fact<'stock_short'> = {
    id: factId('stock_short', subject, `${sku}:${turn}`),
    kind: 'stock_short',
    subject,
    occurredAt: system.now().toISOString(),
    rank: 0,
    data: { sku, short: Number(short), turn, holds },
  }
  await record(system, {
    items: [
      {
        connection: found.connection,
        source: 'effect',
        statements: [{ fact, joins: [], level: 'order' }],
      },
    ],
    alongside: (on) => stock.noteShort(on, sku, orderId, short, turn),
  })
}

/** Once for each time that a SKU comes down to the threshold. */
async function tellOfLow(system: System): Promise<void> {
  const { inventory, outgoing } = system.config.sinks
  if (inventory?.lowAt === undefined) return
  const threshold = inventory.lowAt
  const apps = outgoing.filter((endpoint) => isWanted(endpoint, 'inventory.low'))
  const [connection] = system.config.connections
  await inTransaction(system.db.worker, async (on) => {
    await stock.noLongerLow(on, BigInt(threshold))
    const rows = (await stock.nowLow(on, BigInt(threshold))).flatMap((row) =>
      apps.map(({ id }) => ({ ...row, endpoint: id })),
    )
    if (rows.length === 0) return
    const [next] = await nextTx(on)
    const now = system.now().toISOString()
    await dueEffects.insertDue(
      on,
      rows.map(() => newId('eff', system.now())),
      rows.map(({ endpoint, sku }) => `outgoing:${endpoint}:inventory.low:${sku}:${next!.tx}`),
      rows.map(() => 'outgoing'),
      rows.map(() => 'inventory.low'),
      rows.map(() => 'due'),
      rows.map(() => null),
      rows.map(() => connection!.id),
      rows.map(({ endpoint, sku, on_hand, committed }) =>
        JSON.stringify({
          endpoint,
          resource: sku,
          resource_kind: 'product',
          sku,
          on_hand: Number(on_hand),
          committed: Number(committed),
          available: Number(on_hand - committed),
          threshold,
        }),
      ),
      rows.map(() => now),
      rows.map(() => null),
      next!.tx,
    )
  })
  signal.emit('effects')
}
