-- by hand: an empty table
select 0 n;
-- by hand: by name
select customer_id id, name from customers where balance > 200000 order by 1;
-- by hand: columns that are not given stay missing
select 16 n, 7 a;
-- by hand: an error, read by hand
-- by hand: an error, read by hand
-- by hand: an error, read by hand
