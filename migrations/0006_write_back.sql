-- Writes to a provider are claimed by connection as announcements are by endpoint: both stand second in the key, and one
-- index serves both. Takes a share lock on effects for as long as it reads what is due.
drop index effects_outgoing_due;
create index effects_endpoint_due on effects (sink, split_part(key, ':', 2), due_at)
  where state = 'due' and sink in ('outgoing', 'provider');
