-- Why: months of the books are closed, and what is learned of them later stands under the first open day. The new column
-- of journal_entries rewrites that table under an exclusive lock: some seconds for a million entries.

-- The accounting day, which is the provider's instant in the books' time zone, or the first open day after it.
alter table journal_entries add column day date, add column late_into text check (late_into ~ '^\d{4}-\d\d$');
alter table journal_entries disable trigger journal_entries_append_only;
update journal_entries set day = (occurred_at at time zone 'UTC')::date;
alter table journal_entries enable trigger journal_entries_append_only;
alter table journal_entries alter column day set not null;
create index journal_entries_late_into on journal_entries (mode, late_into) where late_into is not null;

-- One row a closing; it is kept when the month is opened again.
create table periods (
  seq bigint generated always as identity primary key,
  mode text not null check (mode in ('test', 'live')),
  month text not null check (month ~ '^\d{4}-\d\d$'),
  closed_at timestamptz not null,
  closed_by text not null,
  note text not null,
  report text not null, -- JSON: trial balance, what was open, what was closed despite of
  chain_seq bigint not null,
  chain_hash bytea not null,
  reopened_at timestamptz,
  reopened_by text
);
create unique index periods_closed on periods (mode, month) where reopened_at is null;

-- The last closed month of each mode. A recording holds it until it commits, and a closing waits for all that do: nothing
-- is posted into a month after its trial balance was drawn. Each statement here has a snapshot of its own.
create function closed_through() returns table (mode text, month text) language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('ordersync:periods', 0));
  return query select p.mode, max(p.month) from periods p where p.reopened_at is null group by p.mode;
end $$;
