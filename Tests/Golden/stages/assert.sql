select 10 n;
select 10 n;
-- by hand: an error, read by hand
-- by hand: an error, read by hand
select 8 n;
