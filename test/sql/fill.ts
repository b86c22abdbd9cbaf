import type pg from 'pg'

const rows = 4_000

// A year of a shop in miniature: nearly everything is done, little is open; into every partition. Plans of empty tables say nothing.
const at = "'2026-11-01Z'::timestamptz + (n / 4) * interval '80 minutes'"
const tables: readonly (readonly [table: string, columns: string, values: string])[] = [
  [
    'events',
    'id, connection, scope, provider, provider_event_id, type, mode, source, status, next_at, received_at, body_sha256, body_bytes, order_ids, tx',
    `'evt_' || n, 'c' || n % 3, 'c' || n % 3, 'p', 'e' || n, 't' || n % 20, 'test', 'webhook', case n % 100 when 1 then 'pending' when 2 then 'failed' else 'processed' end,
     case n % 200 when 1 then ${at} end, ${at}, 'x', 100, array['ord_' || n % 2000], n`,
  ],
  ['payloads', 'event_id, received_at, body, headers, path', `'evt_' || n, ${at}, 'x', '[]', '/'`],
  [
    'deliveries',
    'id, connection, event_id, received_at, remote_address, method, path, headers, body_bytes, response_status, duration_us, duplicate',
    `'del_' || n, 'c' || n % 3, case when n % 2 = 0 then 'evt_' || n end, ${at}, '::1', 'POST', '/', '[]', 1, 200, 1, true`,
  ],
  [
    'orders',
    'id, alias_of, connection, mode, is_attached, number, status, payment_status, needs_review, tx',
    `'ord_' || n, case when n % 50 = 0 then 'ord_' || n - 1 end, 'c' || n % 3, 'test', n % 10 > 0, '#' || n, case n % 3 when 0 then 'open' else 'closed' end, 'paid', n % 100 = 1, n`,
  ],
  [
    'refs',
    'scope, kind, id, order_id, connection',
    `'c' || n % 3, 'charge', 'ch_' || n, 'ord_' || n % 2000, 'c' || n % 3`,
  ],
  ['persons', 'id, data, email_hash, customer_hash', `'per_' || n, '{}', 'h' || n, 'k' || n`],
  [
    'facts',
    'scope, id, digest, kind, subject_kind, subject_id, occurred_at, rank, data, order_id, connection, source, event_id, tx',
    `'c' || n % 3, 'fact:' || n, 'x', case n % 20 when 0 then 'payout_state' when 1 then 'balance_line' when 2 then 'customer_seen' else 'payment_captured' end,
     case n % 20 when 0 then 'payout' when 1 then 'transaction' else 'charge' end, case n % 20 when 0 then 'po_' || n % 100 when 1 then 'txn_' || n else 'ch_' || n end,
     ${at}, 0, '{"personId":"per_' || n || '","payout":"po_' || n % 100 || '"}', case when n % 20 > 1 then 'ord_' || n % 2000 end, 'c' || n % 3, 'webhook', 'evt_' || n, n`,
  ],
  [
    'effects',
    'id, key, sink, kind, state, order_id, connection, body, lease_until, due_at, tx',
    `'eff_' || n, 'key:' || n, (array['receipt', 'fulfillment', 'notify'])[1 + n % 3], 'k', case n % 100 when 1 then 'due' when 2 then 'performing' when 3 then 'failed' else 'done' end,
     'ord_' || n % 2000, 'c' || n % 3, '{}', ${at}, ${at}, n`,
  ],
  [
    'effect_attempts',
    'effect_id, attempt, ended_at, outcome',
    `'eff_' || n % 500, n, ${at}, case n % 10 when 1 then 'retry' else 'done' end`,
  ],
  ['stock', 'sku', `'sku-' || n`],
  ['stock_shorts', 'sku, order_id, short, turn', `'sku-' || n % 500, 'ord_' || n, n % 100 / 99, 1`],
  [
    'stock_moves',
    'key, sku, on_hand_delta, committed_delta, reason, order_id, tx',
    `'m' || n, 'sku-' || n % 500, 0, 1, 'commit', 'ord_' || n % 2000, n`,
  ],
  [
    'journal_entries',
    'key, layer, scope, connection, mode, order_id, occurred_at, description, fact_ids, digest, day, late_into, tx',
    `'journal:' || n, case n % 2 when 0 then 'movement' else 'recognition' end, 'c' || n % 3, 'c' || n % 3, 'test', 'ord_' || n % 2000, ${at}, 'd', array['fact:' || n], 'x', (${at})::date, case n % 100 when 1 then '2026-10' end, n`,
  ],
  [
    'summary_entries',
    'entry_seq, grp, part',
    `n, case n % 100 when 1 then null else 'day:' || n / 10 end, case n % 50 when 1 then null else 1 end`,
  ],
  [
    'periods',
    'mode, month, closed_at, closed_by, note, report, chain_seq, chain_hash, reopened_at',
    `'test', to_char('1700-01-01'::date + n * interval '1 month', 'YYYY-MM'), ${at}, 'k', '', '{}', n, 'x', case n % 100 when 1 then null else now() end`,
  ],
  [
    'acts',
    'id, event_id, connection, kind, state, next_at',
    `'evt_' || n || ':0', 'evt_' || n, 'c' || n % 3, 'export_customer', case n % 100 when 1 then 'due' else 'done' end, ${at}`,
  ],
  ['disabled_connections', 'connection, reason', `'gone' || n, 'r'`],
  [
    'bare_numbers',
    'scope, kind, id, number, candidates, occurred_at',
    `'c' || n % 3, 'charge', 'ch_' || n, '#' || n, array['s1', 's2'], ${at}`,
  ],
  ['erased_subjects', 'hash, erased_at', `'e' || n, ${at}`],
  ['delivery_claims', 'connection, claim, body_sha256', `'c' || n % 3, 'claim ' || n, 'x'`],
  ['links', 'seq, tx, recorded_at, content, hash', `n, n, ${at}, 'x', 'x'`],
  [
    'rereads',
    'connection, scope, kind, id, reason, state, next_at',
    `'c' || n % 3, 'c', 'charge', 'ch_' || n, 'fee', case n % 100 when 1 then 'due' when 2 then 'parked' else 'done' end, ${at}`,
  ],
  [
    'runs',
    'id, kind, connection, dry_run, scheduled, status, parameters, queued_at',
    `'run_' || n, 'reconciliation', 'c' || n % 3, false, n % 2 = 0, case when n > ${rows - 3} then 'queued' else 'completed' end, '{}', ${at}`,
  ],
  [
    'findings',
    'id, run_id, connection, dry_run, kind, resource_kind, resource_id, order_id, detail, ours, theirs, repair, closed_at',
    `'fin_' || n, 'run_' || n % 500, 'c' || n % 3, false, 'missing', 'charge', 'ch_' || n, 'ord_' || n % 2000, '{}', '{}', '{}', '', case when n % 50 > 0 then now() end`,
  ],
  ['audit', 'actor, action, target, result, tx', `'key_' || n % 5, 'replay', 'evt_' || n, '200', n`],
  ['idempotency', 'key, actor, request_sha256, created_at', `'k' || n, 'key_' || n % 5, 'x', ${at}`],
]

/** Gives every growing table some thousand rows and statistics, so that a plan is chosen as on a grown one. */
export async function fill(on: pg.ClientBase): Promise<void> {
  await on.query("select nextval('tx_seq')") // the stock's triggers ask for this session's
  for (const [table, columns, values] of tables) {
    await on.query(`insert into ${table} (${columns}) select ${values} from generate_series(1, ${rows}) n`)
  }
  await on.query(`insert into journal_lines (entry_seq, position, account, currency, amount)
    select j.seq, p, 'account ' || j.seq % 30, 'USD', case p when 1 then 100 else -100 end
      from journal_entries j, generate_series(1, 2) p`)
  await on.query('analyze')
}
