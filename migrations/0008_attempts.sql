-- What became of each attempt of an effect: the delivery log of what we send. A new table, so no lock on anything that exists.
create table effect_attempts (
  effect_id text not null,
  attempt integer not null,
  ended_at timestamptz not null,
  outcome text not null check (outcome in ('done', 'retry', 'failed', 'unknown')),
  error text,
  primary key (effect_id, attempt)
);
