-- Why: a payout whose lines the provider does not name is made up of what its balance saw since the payout before. Building
-- the index locks facts against writing: some seconds for a million.
create index facts_lines on facts (scope, occurred_at) where kind = 'balance_line';
