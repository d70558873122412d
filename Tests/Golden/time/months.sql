select 3 n;
select 4 n;
select 7 n;
select date_trunc('month', ts)::date m, count(*) n from transactions group by 1 order by 1 desc limit 2;
select date '2026-01-01' f, date '2026-09-01' l;
-- by hand: a difference of months is a number of months: 8
-- by hand: an error, read by hand
select txn_id from transactions where amount > 2017 order by 1;
select 0 n;
select 2 customer_id;
