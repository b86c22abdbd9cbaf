-- Why: one order told by several connections. A new table each, so no lock on anything that exists.

-- Payments that name an order by a bare number which orders of several connections could carry, and that found none yet.
create table bare_numbers (
  scope text not null, -- of the payment's own reference
  kind text not null,
  id text not null,
  number text not null,
  candidates text[] not null, -- scopes whose orders it may mean
  occurred_at timestamptz not null,
  primary key (scope, kind, id, number)
);
create index bare_numbers_number on bare_numbers (number);

-- What events ask of us besides facts: made with the event's recording, carried out once, outside that transaction.
create table acts (
  id text primary key, -- of the event, and which of its acts
  event_id text not null,
  connection text not null,
  kind text not null check (kind in ('disable_connection', 'export_customer', 'erase_customer', 'erase_shop')),
  body text, -- JSON; cleared when it is done, as it names a person
  state text not null default 'due' check (state in ('due', 'done', 'failed')),
  attempts integer not null default 0,
  next_at timestamptz not null default now(),
  done_at timestamptz,
  error text
);
create index acts_next_at on acts (next_at) where state = 'due';
create index acts_event_id on acts (event_id);

-- Connections whose provider has sent us away: not polled and not read until somebody sets them up anew.
create table disabled_connections (
  connection text primary key,
  disabled_at timestamptz not null default now(),
  reason text not null
);

-- What a customer asked to see of their data: kept for the operator to hand over.
create table customer_exports (
  id text primary key,
  connection text not null,
  made_at timestamptz not null,
  data text not null
);

-- Who was erased, as keyed hashes only: what comes in later about them is reduced, and a restore erases them again.
create table erased_subjects (
  hash text primary key,
  erased_at timestamptz not null
);

-- People who were erased and are told of again: whoever finds them erases them anew.
create index persons_reborn on persons (id) where data is null and (email_hash is not null or customer_hash is not null);
