import { hash } from 'node:crypto'
import type { StockMove } from '../core/effect.ts'
import { statement } from './statement.ts'

/** What each order has moved so far, by SKU, merged members together. */
export const movedByRefs = statement<
  [scopes: string[], kinds: string[], ids: string[]],
  { root: string; sku: string; on_hand: bigint; committed: bigint; moves: number }
>({
  name: 'stock.movedByRefs',
  uses: ['refs_pkey', 'orders_pkey', 'orders_alias_of', 'stock_moves_order_id'],
  text: `select m.root, s.sku, sum(s.on_hand_delta)::bigint as on_hand, sum(s.committed_delta)::bigint as committed,
                count(*)::int as moves
           from members_of($1, $2, $3) m
           cross join lateral (select * from stock_moves s where s.order_id = m.id offset 0) s
          group by m.root, s.sku`,
})

/** SKUs that somebody has given stock for, with the transaction that first did. */
export const known = statement<[skus: string[]], { sku: string; tx: bigint | null }>({
  name: 'stock.known',
  uses: ['stock_pkey'],
  text: `select s.sku, s.tx from unnest($1::text[]) as w (sku) join stock s using (sku)`,
})

/** Locks the counters, by SKU: third in the order references → orders → stock → head. */
export const lock = statement<[skus: string[]], { sku: string; on_hand: bigint; committed: bigint }>({
  name: 'stock.lock',
  uses: ['stock_pkey'],
  text: `select sku, on_hand, committed from stock where sku = any($1::text[]) order by sku for no key update`,
})

/** Appends moves and adds them to the counters, one row a SKU. */
export const move = statement<
  [
    keys: string[],
    skus: string[],
    onHand: string[],
    committed: string[],
    reasons: string[],
    orderIds: (string | null)[],
    tx: bigint,
  ],
  never
>({
  name: 'stock.move',
  uses: ['stock_pkey'],
  text: `with m as (
           insert into stock_moves (key, sku, on_hand_delta, committed_delta, reason, order_id, tx)
           select w.*, $7 from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[]) as w
           returning sku, on_hand_delta, committed_delta)
         update stock s set on_hand = s.on_hand + d.on_hand, committed = s.committed + d.committed, updated_at = now()
           from (select sku, sum(on_hand_delta) as on_hand, sum(committed_delta) as committed from m group by sku) d
          where s.sku = d.sku`,
})

/** Makes a SKU known, with nothing on hand. */
export const make = statement<[sku: string, tx: bigint], never>({
  name: 'stock.make',
  uses: ['stock_pkey'],
  text: `insert into stock (sku, tx) values ($1, $2) on conflict do nothing`,
})

export function moveDigest(move: StockMove): Buffer {
  return hash(
    'sha256',
    ['stock', move.key, move.sku, move.onHandDelta, move.committedDelta, move.reason].join('\n'),
    'buffer',
  )
}
