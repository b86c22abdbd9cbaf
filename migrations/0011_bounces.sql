-- A mail that came back is found by its Message-ID. The index takes a share lock on effects for as long as it reads the table
-- once; the check is of a small table.
create index effects_mail_reference on effects (reference) where sink = 'receipt' and reference is not null;
alter table acts drop constraint acts_kind_check;
alter table acts add constraint acts_kind_check
  check (kind in ('disable_connection', 'export_customer', 'erase_customer', 'erase_shop', 'mail_bounced'));
