-- One-time marks of deliveries (a transmission id) whose signature covers the body only weakly: the first body under a
-- mark has it, and the same mark with another body is no delivery of theirs.
create table delivery_claims (
  connection text not null,
  claim text not null,
  body_sha256 bytea not null,
  claimed_at timestamptz not null default now(),
  primary key (connection, claim)
);
