-- by hand: a statement
select txn_id from transactions where ts >= date '2026-10-01' - interval 90 day and ts < '2026-10-01' order by 1;
select 2 n;
select count(*) n from transactions where ts >= '2026-07-01' and ts < '2026-10-01';
select txn_id from transactions where ts >= date '2026-10-01' - interval 14 day and ts < '2026-10-01' order by 1;
select count(*) n from transactions where ts >= '2026-07-01' and ts < '2026-10-01';
select count(*) n from transactions where ts >= '2025-10-01' and ts < '2026-10-01';
select 0 n;
select 4 n;
select 8 n;
select 20 n;
select 0 n;
select 20 n;
select 2 n;
select 0 n;
-- by hand: Thursday 2026-10-01: the week before is 09-21 to 09-27, empty
-- by hand: 2026-09-28 to 2026-10-04
select 2 n;
-- by hand: periods are values
select count(*) n from transactions where ts < date '2026-10-01' - interval 90 day;
select count(*) n from transactions where ts >= date '2026-10-01' - interval 90 day;
select count(*) n from transactions where ts < '2026-09-01';
select 20 n;
select 0 n;
select 2 n;
select 2 n;
select count(*) n from transactions where ts >= '2026-09-01';
select name, date_diff('year', birthday, date '2026-10-01') - (case when strftime(birthday, '%m%d') > '1001' then 1 else 0 end) as years from customers where years >= 50 order by name collate "C";
