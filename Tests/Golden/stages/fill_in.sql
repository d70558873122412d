with g as (select unnest(generate_series(timestamp '2026-01-01', timestamp '2026-05-01', interval 1 month)) as m), t as (select date_trunc('month', ts) as m, count(*) as n from transactions where type = 'deposit' group by 1) select strftime(m, '%Y-%m') as m, coalesce(n, 0) from g full join t using (m) order by m;
-- by hand: deposits 3 (February, 2 of March: 3 rows of Q1), none in Q2, 2 in Q3 (both September), none in Q4
select channel, k, coalesce(n, 0) from (select 'branch' as channel union all select 'online') cross join (values (2), (3)) g(k) left join (select channel, month(ts) as k, count(*) as n from transactions where type = 'deposit' group by 1, 2) t using (channel, k) order by 1, 2;
select d, 0 from (values (date '2026-02-27'), (date '2026-02-28'), (date '2026-03-01')) t(d);
-- by hand: no group, so none to fill
select d, n from (select unnest(generate_series(timestamp '2025-12-29', timestamp '2026-01-04', interval 1 day))::date as d) left join (select ts::date as d, count(*) as n from transactions group by 1) using (d) order by d;
-- by hand: an error
-- by hand: an error
-- by hand: an error
