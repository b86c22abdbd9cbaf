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

/** SKUs of which more is sold than is there, and those of which some order still waits. */
export const contested = statement<[], { sku: string; on_hand: bigint; committed: bigint }>({
  name: 'stock.contested',
  uses: ['stock_oversold', 'stock_shorts_open', 'stock_pkey'],
  text: `select sku, on_hand, committed from stock where committed > on_hand
          union
         select s.sku, s.on_hand, s.committed from (select distinct sku from stock_shorts where short > 0) w join stock s using (sku)`,
})

/** Orders that hold goods of a SKU, the one that took them last first, among its newest moves. */
export const holders = statement<
  [sku: string, moves: number],
  { root: string; connection: string; committed: bigint }
>({
  name: 'stock.holders',
  uses: ['stock_moves_sku', 'orders_pkey'],
  text: `select r.id as root, r.connection, sum(m.committed_delta)::bigint as committed
           from (select * from stock_moves where sku = $1 order by seq desc limit $2) m
           join orders o on o.id = m.order_id join orders r on r.id = coalesce(o.alias_of, o.id)
          group by r.id, r.connection having sum(m.committed_delta) > 0
          order by max(m.seq) desc`,
})

/** What orders were told of a SKU. */
export const shortsOf = statement<
  [sku: string],
  { order_id: string; root: string; connection: string; short: bigint; turn: number }
>({
  name: 'stock.shortsOf',
  uses: ['stock_shorts_pkey', 'orders_pkey'],
  text: `select w.order_id, r.id as root, r.connection, w.short, w.turn
           from stock_shorts w join orders o on o.id = w.order_id join orders r on r.id = coalesce(o.alias_of, o.id)
          where w.sku = $1`,
})

/** Notes what an order is told. No row: somebody else has told it this turn. */
export const noteShort = statement<
  [sku: string, orderId: string, short: bigint, turn: number],
  { turn: number }
>({
  name: 'stock.noteShort',
  uses: ['stock_shorts_pkey'],
  text: `insert into stock_shorts (sku, order_id, short, turn) values ($1, $2, $3, $4)
             on conflict (sku, order_id) do update set short = excluded.short, turn = excluded.turn
          where stock_shorts.turn < excluded.turn returning turn`,
})

/** What a shop showed of its stock, the newest observations first. */
export const observations = statement<[scope: string, limit: number], { data: string }>({
  name: 'stock.observations',
  uses: ['facts_account'],
  text: `select data from facts where scope = $1 and kind = 'stock_observed' and order_id is null order by seq desc limit $2`,
})

export const figures = statement<
  [skus: string[]],
  { sku: string; on_hand: bigint; committed: bigint; updated_at: string }
>({
  name: 'stock.figures',
  uses: ['stock_pkey'],
  text: `select sku, on_hand, committed, updated_at from stock where sku = any($1::text[])`,
})

/** SKUs that came down to this many or fewer since they were looked at last. */
export const nowLow = statement<[threshold: bigint], { sku: string; on_hand: bigint; committed: bigint }>({
  name: 'stock.nowLow',
  uses: ['stock_levels'],
  text: `update stock set is_low = true where not is_low and on_hand - committed <= $1
         returning sku, on_hand, committed`,
})

/** SKUs of which there is more again: the next time that they run low is news. */
export const noLongerLow = statement<[threshold: bigint], never>({
  name: 'stock.noLongerLow',
  uses: ['stock_levels'],
  text: `update stock set is_low = false where is_low and on_hand - committed > $1`,
})

export function moveDigest(move: StockMove): Buffer {
  return hash(
    'sha256',
    ['stock', move.key, move.sku, move.onHandDelta, move.committedDelta, move.reason].join('\n'),
    'buffer',
  )
}
