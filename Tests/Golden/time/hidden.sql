-- by hand: a statement
select count(*) n, max(ts) l from transactions where ts < '2026-07-01';
-- by hand: 05-31 to 06-29: the thirtieth is today and not counted
-- by hand: mtd includes today
select count(*) n from transactions where ts >= '2026-04-01' and ts < '2026-07-01';
select 0 n;
select 8 n, date '2025-06-15' l;
select 1 n;
select 0 n;
-- by hand: a definition
select 'big', 'transactions', count(*) filter (amount > 100), count(*), 0, null, false from transactions where ts < '2026-07-01';
-- by hand: a message, with the counts of the line above
-- by hand: a message, with the counts of the line above
select 'big', date '2026-06-30', count(*) filter (amount > 100), count(*), null, null from transactions where ts < '2026-07-01';
select amount > 100, count(*), round(count(*) / sum(count(*)) over (), 6) from transactions where ts < '2026-07-01' group by 1 order by 1 desc;
