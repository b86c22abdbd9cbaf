-- Which orders wait for goods that are not there, and which SKUs run low. New columns and a new table; the indexes take a
-- share lock on stock for as long as it takes to read one row a SKU.
create table stock_shorts (
  sku text not null,
  order_id text not null,
  short bigint not null check (short >= 0), -- 0: filled again
  turn integer not null, -- counts what the order was told of this SKU
  primary key (sku, order_id)
);
create index stock_shorts_open on stock_shorts (sku) where short > 0;
create index stock_oversold on stock (sku) where committed > on_hand;

alter table stock add column is_low boolean not null default false; -- and apps were told so
create index stock_levels on stock (is_low, (on_hand - committed));
