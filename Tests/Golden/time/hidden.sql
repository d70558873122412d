-- by hand: a statement
select count(*) n, max(ts) l from transactions where ts < '2026-07-01';
-- by hand: 05-31 to 06-29: the thirtieth is today and not counted
-- by hand: mtd includes today
select count(*) n from transactions where ts >= '2026-04-01' and ts < '2026-07-01';
select 0 n;
select 8 n, date '2025-06-15' l;
select 1 n;
select 0 n;
