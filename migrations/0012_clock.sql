-- Of a refusal whose signature was right and whose time was not: by how much. A clock of ours that is off refuses everything,
-- and is to be seen at once; the index holds nothing in a service whose clock is right.
alter table deliveries add column skew_seconds integer;
create index deliveries_skew on deliveries (connection, received_at) where skew_seconds is not null;
