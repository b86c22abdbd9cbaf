import * as z from 'zod'
import { refoldForSku, setOnHand } from '../../pipeline/operate.ts'
import { listStock, type StockRow, stockOf } from '../../store/reading/inventory.ts'
import { Problem } from '../problem.ts'
import { badCursor, decodeText, encodeText } from './cursor.ts'
import { ok, type Route, route } from './route.ts'
import { pageOf, textListQuery } from './schemas.ts'

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

const onHandMax = 1_000_000_000_000

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
      const sku = params.sku!
      if (sku.length > 200 || /\p{Cc}/u.test(sku))
        throw new Problem(
          'invalid_request',
          'A SKU has 200 characters or fewer, none of them a control character',
        )
      const [before] = await stockOf(system.db.web, sku)
      await setOnHand(system, sku, BigInt(body.on_hand))
      if (before === undefined) await refoldForSku(system, sku)
      return ok(stockView((await stockOf(system.db.web, sku))[0]!))
    },
  }),
]
