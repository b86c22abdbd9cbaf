-- Why: the whole line, from a delivery to an effect. First migration, so no lock on anything that exists.

-- Drawn at the start of every recording transaction; `links` maps it to the commit order.
create sequence tx_seq;
-- Drawn before a provider is read, so that of two readings the later one is known.
create sequence read_seq;

-- One row for what concerns the whole installation (first start, keys for hashing people).
create table settings (
  name text primary key,
  value text not null
);

-- ── deliveries and events ────────────────────────────────────────────────────────────────────────────────────────

-- Kept for ever and small: identity and state. The first delivery is part of it; its bytes are in payloads.
create table events (
  seq bigint generated always as identity,
  id text primary key, -- derived from connection + identity, so a duplicate's id needs no reading back
  connection text not null,
  scope text not null, -- whose money: connections of one account share facts
  provider text not null,
  provider_event_id text not null,
  type text not null,
  mode text not null check (mode in ('test', 'live')),
  api_version text,
  source text not null check (source in ('webhook', 'poll', 'reread')),
  status text not null default 'pending' check (status in ('pending', 'processed', 'failed', 'ignored', 'needs_review')),
  reason text,
  review_code text,
  attempts integer not null default 0,
  next_at timestamptz, -- when it can be worked on; null: done, or waiting for something other than time
  occurred_at timestamptz,
  received_at timestamptz not null,
  processed_at timestamptz,
  read_no bigint,
  body_sha256 bytea not null,
  body_bytes integer not null,
  remote_address text,
  duration_us integer,
  deliveries integer not null default 1,
  order_ids text[] not null default '{}',
  tx bigint -- the recording transaction that settled it
);
create unique index events_seq on events (seq);
create index events_connection_seq on events (connection, seq);
create index events_type_seq on events (type, seq);
create index events_status_seq on events (status, seq) where status <> 'processed';
create index events_provider_event_id on events (provider_event_id);
create index events_received_at on events (received_at);
create index events_next_at on events (next_at) where status = 'pending' and next_at is not null;
create index events_tx on events (tx) where tx is not null;
create index events_order_ids on events using gin (order_ids); -- an order's events, those that brought no new fact too

-- Bytes exactly as received (never jsonb: it reorders and rejects \u0000), by month, so that retention drops a partition.
create table payloads (
  event_id text not null,
  received_at timestamptz not null,
  body bytea not null,
  headers text not null, -- JSON array of [name, value], secrets masked
  path text not null,
  primary key (event_id, received_at)
) partition by range (received_at);
-- Not compressed, and kept beside their key up to a page's size: compressing 2 KB costs more than all else in storing it.
alter table payloads alter column body set storage external;
create table payloads_default partition of payloads default with (toast_tuple_target = 8160);

-- Repeats and refusals; the first delivery of an event is columns of the event.
create table deliveries (
  seq bigint generated always as identity,
  id text not null,
  connection text not null,
  event_id text,
  received_at timestamptz not null,
  remote_address text not null,
  method text not null,
  path text not null,
  headers text not null,
  body_bytes integer not null,
  response_status integer not null,
  duration_us integer not null,
  duplicate boolean not null,
  refused_count integer not null default 1, -- refusals beyond the first 20 a minute are counted here, not kept as rows
  primary key (id, received_at)
) partition by range (received_at);
create table deliveries_default partition of deliveries default;
create index deliveries_received_at on deliveries (received_at, id);
create index deliveries_event_id on deliveries (event_id) where event_id is not null;
create index deliveries_connection on deliveries (connection, received_at, id);

-- Makes the partitions of the month of $1 and of the next one. Called at start and daily; safe to call at any time.
create function ensure_partitions(at timestamptz) returns void language plpgsql as $$
declare
  month timestamptz;
  parent text;
begin
  for month in select generate_series(date_trunc('month', at at time zone 'UTC') at time zone 'UTC',
                                      (date_trunc('month', at at time zone 'UTC') + interval '1 month') at time zone 'UTC', interval '1 month') loop
    foreach parent in array array['payloads', 'deliveries'] loop
      if to_regclass(parent || to_char(month at time zone 'UTC', '_YYYY_MM')) is null then
        execute format('create table %I partition of %I for values from (%L) to (%L) with (toast_tuple_target = 8160)',
          parent || to_char(month at time zone 'UTC', '_YYYY_MM'), parent, month,
          (date_trunc('month', month at time zone 'UTC') + interval '1 month') at time zone 'UTC');
      end if;
    end loop;
  end loop;
end $$;

-- Drops the oldest month of a partitioned table that ended by `before`; answers with its name, or null where there is none.
-- The payload of an event that is still open is kept: it goes over to the default partition.
create function drop_oldest_partition(parent text, before timestamptz) returns text language plpgsql as $$
declare
  oldest text;
begin
  perform set_config('lock_timeout', '2s', true); -- rather later than in the way of the intake
  select c.relname into oldest from pg_inherits i join pg_class c on c.oid = i.inhrelid
   where i.inhparent = to_regclass(parent) and c.relname ~ '_\d{4}_\d\d$'
     and (to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month') at time zone 'UTC' <= before
   order by c.relname limit 1;
  if oldest is null then
    return null;
  end if;
  if parent = 'payloads' then
    execute format('create temporary table still_open on commit drop as
                    select p.* from %I p join events e on e.id = p.event_id
                     where e.status in (''pending'', ''needs_review'', ''failed'')', oldest);
    execute format('drop table %I', oldest);
    insert into payloads select * from still_open;
    drop table still_open;
  else
    execute format('drop table %I', oldest);
  end if;
  return oldest;
end $$;

-- ── facts, references, orders ────────────────────────────────────────────────────────────────────────────────────

create table orders (
  seq bigint generated always as identity,
  id text primary key, -- sorts by when it was made: the older of two that prove to be one lives
  alias_of text, -- always the root
  alias_tx bigint,
  merged_into text, -- the root it first became part of, at alias_tx: history as of a time follows this, not alias_of
  connection text not null,
  mode text not null,
  is_attached boolean not null default false,
  number text,
  status text not null default 'open',
  payment_status text not null default 'pending',
  dispute_status text not null default 'none',
  fulfillment_status text not null default 'unfulfilled',
  needs_review boolean not null default false,
  state text, -- the folded order, as JSON; always rebuildable from facts
  version integer not null default 0,
  tx bigint -- the recording transaction that changed it last
);
create unique index orders_seq on orders (seq);
create index orders_alias_of on orders (alias_of) where alias_of is not null;
create index orders_listed on orders (seq) where is_attached and alias_of is null;
create index orders_number on orders (number text_pattern_ops) where number is not null; -- equality, and beginnings of a number
create index orders_status on orders (status, seq) where is_attached and alias_of is null;
create index orders_payment_status on orders (payment_status, seq) where is_attached and alias_of is null;
create index orders_fulfillment_status on orders (fulfillment_status, seq) where is_attached and alias_of is null;
create index orders_needs_review on orders (seq) where needs_review and is_attached and alias_of is null;
create index orders_connection on orders (connection, seq) where is_attached and alias_of is null;
create index orders_tx on orders (tx);

-- Every external id, and the order it belongs to. A reference's order never changes; merges write orders.alias_of.
create table refs (
  scope text not null,
  kind text not null,
  id text not null,
  order_id text not null,
  connection text not null,
  -- The recording transaction that claimed it, so that an order as of a time shows the references known then.
  tx bigint not null default currval('tx_seq'),
  primary key (id, kind, scope) -- ids first: a reference is also looked for by its id alone
);
create index refs_order_id on refs (order_id);

-- The orders that references lead to, as root and member: an order, and everything that became part of it.
create function members_of(scopes text[], kinds text[], ids text[]) returns table (root text, id text)
language sql stable as $$
  with roots as (
    select distinct coalesce(o.alias_of, o.id) as root
      from unnest(scopes, kinds, ids) as w (scope, kind, id)
      join refs r using (scope, kind, id) join orders o on o.id = r.order_id)
  select roots.root, roots.root from roots
  union all
  select roots.root, o.id from roots join orders o on o.alias_of = roots.root
$$;

create table persons (
  id text primary key, -- keyed hash of what it says, so that two witnesses of one person agree
  data text, -- JSON; null once erased
  email_hash text,
  customer_hash text
);
create index persons_email_hash on persons (email_hash) where email_hash is not null;
create index persons_customer_hash on persons (customer_hash) where customer_hash is not null;

create table facts (
  seq bigint generated always as identity primary key,
  scope text not null,
  id text not null,
  digest bytea not null,
  kind text not null,
  subject_kind text not null,
  subject_id text not null,
  occurred_at timestamptz not null,
  rank smallint not null,
  data text not null, -- JSON as core/fact.ts writes it; no personal data
  order_id text, -- null: account level
  connection text not null,
  source text not null check (source in ('webhook', 'poll', 'reread', 'operator', 'effect')),
  event_id text,
  tx bigint not null,
  unique (scope, id, digest)
);
create index facts_order_id on facts (order_id) where order_id is not null;
create index facts_event_id on facts (event_id) where event_id is not null;
create index facts_tx on facts (tx);
create index facts_person on facts (substring(data from '"personId":"([^"]+)"')) where kind = 'customer_seen'; -- a buyer's orders
-- Payouts, and the lines that the provider says a payout is made of.
create index facts_payouts on facts (seq) where kind = 'payout_state';
create index facts_payout_lines on facts (substring(data from '"payout":"([^"]+)"')) where kind = 'balance_line';
create index facts_account on facts (scope, kind, seq) where order_id is null;
create index facts_account_subject on facts (scope, subject_kind, subject_id) where order_id is null;

-- ── what an order obliges us to do ───────────────────────────────────────────────────────────────────────────────

create table effects (
  seq bigint generated always as identity,
  id text primary key,
  key text not null unique,
  sink text not null,
  kind text not null,
  state text not null check (state in ('due', 'performing', 'done', 'unknown', 'failed', 'cancelled', 'needs_review')),
  order_id text,
  connection text not null,
  body text not null,
  request bytea, -- the very bytes that went out, for receivers that keep ids: a repeat sends the same
  attempts integer not null default 0,
  token text, -- of the attempt under way; a superseded attempt writes nothing
  lease_until timestamptz,
  due_at timestamptz not null,
  done_at timestamptz,
  reference text,
  last_error text,
  tx bigint not null
);
create unique index effects_seq on effects (seq);
create index effects_due_at on effects (sink, due_at) where state = 'due';
create index effects_lease on effects (lease_until) where state = 'performing';
create index effects_order_id on effects (order_id) where order_id is not null;
create index effects_state_seq on effects (state, seq) where state <> 'done';
create index effects_sink_seq on effects (sink, seq);
create index effects_tx on effects (tx);

create table stock (
  sku text primary key,
  on_hand bigint not null default 0,
  committed bigint not null default 0,
  updated_at timestamptz not null default now(),
  tx bigint -- the recording transaction that made it known
);

-- Append-only; the counters of `stock` are the sums of these.
create table stock_moves (
  seq bigint generated always as identity primary key,
  key text not null unique,
  sku text not null,
  on_hand_delta bigint not null,
  committed_delta bigint not null,
  reason text not null,
  order_id text,
  tx bigint not null
);
create index stock_moves_sku on stock_moves (sku, seq);
create index stock_moves_order_id on stock_moves (order_id) where order_id is not null;
create index stock_moves_tx on stock_moves (tx);

create table journal_entries (
  seq bigint generated always as identity primary key,
  key text not null,
  layer text not null check (layer in ('movement', 'recognition')),
  scope text not null,
  connection text not null,
  mode text not null,
  order_id text,
  occurred_at timestamptz not null,
  description text not null,
  fact_ids text[] not null,
  digest bytea not null,
  tx bigint not null,
  unique (scope, key)
);
create index journal_entries_order_id on journal_entries (order_id) where order_id is not null;
create index journal_entries_tx on journal_entries (tx);

create table journal_lines (
  entry_seq bigint not null references journal_entries (seq),
  position smallint not null,
  account text not null,
  currency text not null,
  amount numeric(30, 0) not null check (amount <> 0),
  primary key (entry_seq, position)
);
create index journal_lines_account on journal_lines (account, currency) include (amount);

-- The rule once and for all: what a statement inserts balances, entry by entry and currency by currency.
create function journal_lines_balance() returns trigger language plpgsql as $$
declare
  unbalanced bigint;
begin
  select entry_seq into unbalanced from inserted group by entry_seq, currency having sum(amount) <> 0 limit 1;
  if unbalanced is not null then
    raise exception 'journal entry % does not balance', unbalanced using errcode = 'check_violation';
  end if;
  return null;
end $$;
create trigger journal_lines_balance after insert on journal_lines
  referencing new table as inserted for each statement execute function journal_lines_balance();

create function append_only() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: write a correcting row', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger journal_lines_append_only before update or delete on journal_lines for each statement execute function append_only();
create trigger journal_entries_append_only before update or delete on journal_entries for each statement execute function append_only();
create trigger facts_append_only before update or delete on facts for each statement execute function append_only();
create trigger stock_moves_append_only before update or delete on stock_moves for each statement execute function append_only();

-- ── the history chain ────────────────────────────────────────────────────────────────────────────────────────────

create table links (
  seq bigint primary key,
  tx bigint not null unique,
  recorded_at timestamptz not null,
  content bytea not null, -- digest of the sorted digests of what the transaction recorded
  hash bytea not null
);
create index links_recorded_at on links (recorded_at);

create table chain_head (
  singleton boolean primary key default true check (singleton),
  seq bigint not null,
  recorded_at timestamptz not null,
  hash bytea not null
);
insert into chain_head values (true, 0, 'epoch', sha256('ordersync'::bytea));

-- The last lock of every recording transaction, so that commit order is seq order and history never gets a row before
-- an older one. The time is read after the lock is held; each statement here has a snapshot of its own.
create function append_link(a_tx bigint, a_content bytea, out link_seq bigint, out link_at timestamptz)
language plpgsql as $$
declare
  head chain_head;
  link_hash bytea;
begin
  select * into head from chain_head for update;
  link_seq := head.seq + 1;
  link_at := greatest(clock_timestamp(), head.recorded_at + interval '1 microsecond');
  link_hash := sha256(head.hash || int8send(link_seq) || int8send((extract(epoch from link_at) * 1000000)::bigint) || a_content);
  insert into links values (link_seq, a_tx, link_at, a_content, link_hash);
  update chain_head set seq = link_seq, recorded_at = link_at, hash = link_hash;
end $$;

-- ── asking the provider: re-reads, runs, findings ────────────────────────────────────────────────────────────────

create table rereads (
  seq bigint generated always as identity,
  connection text not null,
  scope text not null,
  kind text not null,
  id text not null,
  reason text not null,
  state text not null default 'due' check (state in ('due', 'done', 'parked', 'failed')),
  attempts integer not null default 0,
  next_at timestamptz not null default now(),
  asked_by text, -- the event that waits for the answer
  answered_by text, -- the event that the answer became
  read_at timestamptz, -- when the provider was asked for that answer: who asked later is not served by it
  last_error text,
  primary key (connection, kind, id, reason)
);
create index rereads_next_at on rereads (next_at) where state = 'due';
create index rereads_parked on rereads (connection) where state = 'parked';

create table runs (
  seq bigint generated always as identity,
  id text primary key,
  kind text not null check (kind in ('reconciliation', 'replay')),
  connection text,
  dry_run boolean not null,
  scheduled boolean not null default false,
  status text not null default 'queued' check (status in ('queued', 'running', 'completed', 'failed')),
  parameters text not null,
  progress text not null default '{}', -- JSON: lists done, cursor within the current one
  scanned integer not null default 0,
  found integer not null default 0,
  repaired integer not null default 0,
  findings text not null default '{}', -- JSON: count per kind
  error text,
  queued_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  lease_until timestamptz,
  token text
);
create unique index runs_seq on runs (seq);
create index runs_connection on runs (connection, seq);
create index runs_open on runs (connection) where status in ('queued', 'running');
create index runs_scheduled on runs (connection, queued_at) where scheduled;

create table findings (
  seq bigint generated always as identity,
  id text primary key,
  run_id text not null,
  connection text not null,
  dry_run boolean not null,
  kind text not null check (kind in ('missing', 'behind', 'drift', 'orphan', 'unmatched', 'gap', 'subscription')),
  resource_kind text not null,
  resource_id text not null,
  order_id text,
  detail text not null, -- JSON: {reason, …}
  ours text not null,
  theirs text not null,
  repair text not null,
  repaired boolean not null default false,
  opened_at timestamptz not null default now(),
  closed_at timestamptz
);
create index findings_run on findings (run_id, seq);
create index findings_order_id on findings (order_id, seq) where order_id is not null;
create unique index findings_open on findings (connection, kind, resource_kind, resource_id) where closed_at is null and not dry_run;

-- Where the next listing starts; moves only after its page is stored.
create table cursors (
  connection text not null,
  list text not null,
  until timestamptz not null,
  primary key (connection, list)
);

-- ── who may do what, and who did ─────────────────────────────────────────────────────────────────────────────────

create table keys (
  seq bigint generated always as identity,
  id text primary key,
  prefix text not null,
  hash bytea not null unique, -- SHA-256: enough for 256 random bits
  role text not null check (role in ('viewer', 'operator', 'admin')),
  connections text[], -- null: all
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz
);
create unique index keys_seq on keys (seq);

create table audit (
  seq bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  actor text not null,
  action text not null,
  target text not null,
  address text,
  result text not null,
  detail text not null default '{}',
  tx bigint
);
create index audit_tx on audit (tx) where tx is not null;

create table idempotency (
  key text not null,
  actor text not null,
  request_sha256 bytea not null,
  status integer, -- null: under way
  body text,
  created_at timestamptz not null default now(),
  primary key (actor, key)
);
create index idempotency_created_at on idempotency (created_at);
