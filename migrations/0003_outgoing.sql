-- What is to go to other apps, by endpoint: the second part of the key.
create index effects_outgoing_due on effects (split_part(key, ':', 2), due_at) where state = 'due' and sink = 'outgoing';

-- Endpoints that want or can take nothing any more. A row goes when one takes something again.
create table disabled_endpoints (
  id text primary key,
  disabled_at timestamptz not null default now(),
  reason text not null
);
