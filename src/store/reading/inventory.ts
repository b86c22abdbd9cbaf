import { statement } from '../statement.ts'

export type StockRow = { sku: string; on_hand: bigint; committed: bigint; updated_at: string }

/** By SKU, from the one after `after`. */
export const listStock = statement<[after: string, limit: number], StockRow>({
  name: 'inventory.list',
  uses: ['stock_pkey'],
  text: 'select sku, on_hand, committed, updated_at from stock where sku > $1 order by sku limit $2',
})

export const stockOf = statement<[sku: string], StockRow>({
  name: 'inventory.bySku',
  uses: ['stock_pkey'],
  text: 'select sku, on_hand, committed, updated_at from stock where sku = $1',
})

/** What changed one SKU's figures, newest first, each with the order that it was for. */
export const movesOf = statement<
  [sku: string, before: bigint, limit: number],
  {
    seq: bigint
    key: string
    on_hand_delta: bigint
    committed_delta: bigint
    reason: string
    order_id: string | null
    recorded_at: string | null
  }
>({
  name: 'inventory.moves',
  uses: ['stock_moves_sku', 'orders_pkey', 'links_tx_key'],
  text: `select m.seq, m.key, m.on_hand_delta, m.committed_delta, m.reason, coalesce(o.alias_of, o.id) as order_id, l.recorded_at
           from (select * from stock_moves where sku = $1 and seq < $2 order by seq desc limit $3) m
           left join orders o on o.id = m.order_id left join links l on l.tx = m.tx
          order by m.seq desc`,
})

/**
 * Orders under review that have a line of this SKU (`$1` is the line's `"sku":"…"` as the state has it): the review may
 * be that the SKU was unknown. In batches, because a new SKU may set many free.
 */
export const ordersUnderReviewWith = statement<
  [line: string, after: bigint, limit: number],
  { seq: bigint; id: string; connection: string }
>({
  name: 'inventory.ordersUnderReviewWith',
  uses: ['orders_needs_review'],
  text: `select seq, id, connection from orders
          where needs_review and is_attached and alias_of is null and position($1 in state) > 0 and seq > $2
          order by seq limit $3`,
})
