import * as z from 'zod'
import type { StockMove } from '../../core/effect.ts'
import { refoldForSku, setOnHand } from '../../pipeline/operate.ts'
import type { System } from '../../pipeline/system.ts'
import { listStock, movesOf, type StockRow, stockOf } from '../../store/reading/inventory.ts'
import { Problem } from '../problem.ts'
import { badCursor, decodeText, encodeText, page } from './cursor.ts'
import { ok, type Route, route } from './route.ts'
import { listQuery, pageOf, textListQuery, Time } from './schemas.ts'
import { type Counted, countsIn, needSku, onHandMax } from './stock-file.ts'

const StockShape = z
  .object({
    sku: z.string(),
    on_hand: z.number().int(),
    committed: z.number().int().meta({ description: 'Sold and not yet shipped' }),
    available: z.number().int().meta({ description: 'on_hand − committed' }),
  })
  .meta({ id: 'Stock' })

function stockView({ sku, on_hand, committed }: StockRow): z.infer<typeof StockShape> {
  return {
    sku,
    on_hand: Number(on_hand),
    committed: Number(committed),
    available: Number(on_hand - committed),
  }
}

const MoveShape = z
  .object({
    id: z.string(),
    on_hand: z.number().int().meta({ description: 'By how much it changed' }),
    committed: z.number().int(),
    reason: z.enum(['commit', 'release', 'ship', 'restock', 'write_off', 'set']),
    order_id: z.string().nullable(),
    recorded_at: Time.nullable(),
  })
  .meta({ id: 'StockMove' })

export const inventoryRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/inventory',
    role: 'viewer',
    tag: 'Inventory',
    summary: 'Stock by SKU',
    query: textListQuery({}),
    answers: { 200: pageOf(StockShape) },
    async handle({ system, query: { cursor, limit } }) {
      const after = cursor === undefined ? '' : decodeText(cursor)
      if (after === undefined) throw badCursor()
      const rows = await listStock(system.db.web, after, limit + 1)
      const data = rows.slice(0, limit)
      return ok({
        data: data.map(stockView),
        next_cursor: rows.length > limit ? encodeText(data.at(-1)!.sku) : null,
      })
    },
  }),
  route({
    method: 'get',
    path: '/inventory/{sku}',
    role: 'viewer',
    tag: 'Inventory',
    summary: 'Stock of one SKU',
    answers: { 200: StockShape },
    async handle({ system, params }) {
      const [row] = await stockOf(system.db.web, params.sku!)
      if (row === undefined) throw new Problem('not_found', 'No stock is kept of this SKU')
      return ok(stockView(row))
    },
  }),
  route({
    method: 'put',
    path: '/inventory/{sku}',
    role: 'operator',
    tag: 'Inventory',
    isForAll: true,
    summary: 'Says what is on hand; what is committed stays as the orders have it',
    body: z.strictObject({ on_hand: z.number().int().min(0).max(onHandMax) }),
    answers: { 200: StockShape },
    async handle({ system, params, body }) {
      const sku = needSku(params.sku!)
      await count(system, { sku, onHand: body.on_hand })
      return ok(stockView((await stockOf(system.db.web, sku))[0]!))
    },
  }),
  route({
    method: 'get',
    path: '/inventory/{sku}/moves',
    role: 'viewer',
    tag: 'Inventory',
    summary: 'What changed the stock of one SKU, newest first',
    query: listQuery({}),
    answers: { 200: pageOf(MoveShape) },
    async handle({ system, params, query: { cursor, limit } }) {
      const sku = params.sku!
      if ((await stockOf(system.db.web, sku)).length === 0)
        throw new Problem('not_found', 'No stock is kept of this SKU')
      return ok(page(await movesOf(system.db.web, sku, cursor, limit + 1), limit, moveView))
    },
  }),
  route({
    method: 'post',
    path: '/inventory/import',
    role: 'operator',
    tag: 'Inventory',
    isForAll: true,
    summary:
      'Says what is on hand of every SKU in a CSV file with the columns sku and on_hand; one bad row refuses the file',
    body: z.strictObject({ csv: z.string() }),
    answers: { 200: z.object({ imported: z.number().int() }) },
    async handle({ system, body }) {
      const counts = countsIn(body.csv)
      for (const counted of counts) await count(system, counted)
      return ok({ imported: counts.length })
    },
  }),
]

async function count(system: System, { sku, onHand }: Counted): Promise<void> {
  const [before] = await stockOf(system.db.web, sku)
  await setOnHand(system, sku, BigInt(onHand))
  if (before === undefined) await refoldForSku(system, sku)
}

function moveView(row: Awaited<ReturnType<typeof movesOf>>[number]): z.infer<typeof MoveShape> {
  return {
    id: row.key,
    on_hand: Number(row.on_hand_delta),
    committed: Number(row.committed_delta),
    reason: row.reason as StockMove['reason'],
    order_id: row.order_id,
    recorded_at: row.recorded_at,
  }
}
