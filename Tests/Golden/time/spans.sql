-- by hand: a statement
select count(*) n from transactions where ts >= '2026-09-01' and ts < '2026-10-01';
select txn_id from transactions where ts::date = '2026-09-30' order by 1;
select 7 n;
select 20 n;
-- by hand: the week of Monday 2026-08-31 to Sunday 2026-09-06: 16 and 17
select txn_id from transactions where ts::date between '2026-02-28' and '2026-03-15' order by 1;
select txn_id from transactions where ts < '2026-02-01' order by 1;
select count(*) n from transactions where ts < '2026-03-01';
select count(*) n from transactions where ts >= '2026-09-01';
select count(*) n from transactions where ts >= '2026-07-01';
select 2 n;
select 18 n;
select 4 n;
select txn_id from transactions where ts >= '2026-09-30' order by 1;
select 0 n;
select 2 n;
select customer_id from customers where opened >= '2025-01-01' order by 1;
select customer_id from customers where year(opened) = 2024 order by 1;
select customer_id from customers where birthday < '1980-01-01' order by 1;
