-- Why: summaries of the books are written into accounting programs, each entry in one of them and once. New tables, so no
-- lock on anything that exists.

-- Entries that are to be written there, from the link at which that began. `grp` is what they are summed up by; an entry
-- that waits for its payout has none yet. `part` numbers the summaries of one group: the first, and what came later.
create table summary_entries (
  entry_seq bigint primary key references journal_entries (seq),
  grp text,
  part integer
);
create index summary_entries_open on summary_entries (grp, entry_seq) where part is null;
create index summary_entries_waiting on summary_entries (entry_seq) where part is null and grp is null;
create index summary_entries_grp on summary_entries (grp, part);

create table summary_progress (
  singleton boolean primary key default true check (singleton),
  link_seq bigint not null
);

-- OAuth tokens of what we write to. A refresh token is good once, so the newest is kept before it is used.
create table oauth_tokens (
  id text primary key,
  given_hash bytea not null, -- of the operator's token that these come from: a new one starts anew
  access_token text not null,
  refresh_token text not null,
  expires_at timestamptz not null,
  renewing_until timestamptz
);
